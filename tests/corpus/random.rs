//! Words at random: nothing panics, and what is printed prints as itself.

use std::sync::LazyLock;

use dwscript::model::Family;
use dwscript::model::extension::Kind;
use dwscript::model::spec::Spec;
use proptest::prelude::*;
use proptest::sample::Index;

use super::{extensions, values};

/// Words of the language: names of options, matches and targets, values of every kind, and what is none of these.
static WORDS: LazyLock<Vec<String>> = LazyLock::new(|| {
    let odd = [
        "!", "-", "--", "-p", "-s", "-d", "-i", "-o", "-f", "-c", "-g", "\"\"", "\"a b\"", "x", "=", "\u{e9}",
    ];
    let mut words: Vec<String> = odd.iter().map(|word| (*word).to_owned()).collect();
    for family in [Family::Ipv4, Family::Ipv6] {
        for extension in extensions(family) {
            let flag = if extension.kind == Kind::Match { "-m" } else { "-j" };
            words.push(format!("{flag} {}", extension.name));
            for option in extension.options {
                words.extend(option.names().map(|name| format!("--{name}")));
                let values = values::good(&option.value, family).into_iter();
                words.extend(values.map(|value| format!("--{} {value}", option.long)).take(4));
                words.extend(values::doubtful(&option.value, family).into_iter().take(6));
            }
        }
    }
    words.extend(["tcp", "udp", "icmp", "ipv6-icmp", "sctp", "dccp"].map(|name| format!("-p {name}")));
    words
});

fn rules() -> impl Strategy<Value = String> {
    let word = prop_oneof![
        8 => prop::sample::select(WORDS.as_slice()),
        1 => "[ -~]{0,12}",
        1 => any::<String>(),
    ];
    prop::collection::vec(word, 0..14).prop_map(|words| words.join(" "))
}

/// One match or target with options of its own, some of them twice, some negated, most with a good value.
fn likely_rules(family: Family) -> impl Strategy<Value = String> {
    let all: Vec<_> = extensions(family).filter(|extension| !extension.options.is_empty()).collect();
    let option = (any::<Index>(), any::<Index>(), 0..10_u8);
    (prop::sample::select(all), prop::collection::vec(option, 1..5)).prop_map(move |(extension, chosen)| {
        let flag = if extension.kind == Kind::Match { "-m" } else { "-j" };
        let protocol = extension.protocols.first().map_or(String::new(), |number| format!("-p {number} "));
        let mut rule = format!("{protocol}{flag} {}", extension.name);
        for (option, value, luck) in chosen {
            let option = option.get(extension.options);
            let values = match luck {
                0 => values::doubtful(&option.value, family),
                _ => values::good(&option.value, family),
            };
            let not = if luck == 1 { " !" } else { "" };
            rule += &format!("{not} --{} {}", option.long, value.get(&values));
        }
        rule
    })
}

/// What is printed is understood, and prints as itself.
fn check_printed(rule: &str, family: Family) -> Result<(), TestCaseError> {
    let Ok(spec) = Spec::parse(rule, family) else { return Ok(()) };
    let _ = (spec.hooks(), spec.tables(), spec.notes());
    if !spec.is_understood() || spec.is_passed_over() {
        return Ok(());
    }
    for rule in spec.expand() {
        let printed = rule.canonical();
        let again = Spec::parse(&printed, family).map(|spec| spec.canonical());
        prop_assert_eq!(again, Ok(printed));
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_words_are_taken_or_refused(rule in rules()) {
        for family in [Family::Ipv4, Family::Ipv6] {
            check_printed(&rule, family)?;
        }
    }

    #[test]
    fn options_in_any_order_print_as_themselves(four in likely_rules(Family::Ipv4), six in likely_rules(Family::Ipv6)) {
        check_printed(&four, Family::Ipv4)?;
        check_printed(&six, Family::Ipv6)?;
    }
}
