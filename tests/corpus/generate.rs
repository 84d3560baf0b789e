//! Rules made from the table of matches and targets: every option, its negation, its bounds, and pairs of options.

use dwscript::model::extension::{Extension, Kind, Negation, OptionSpec, Rule};
use dwscript::model::names::{Hook, TableName};
use dwscript::model::spec::Spec;
use dwscript::model::value::{Value, protocol};
use dwscript::model::{Family, matches, targets};

use super::values;

/// A rule with its place, as one line of the corpus.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Line {
    pub(crate) table: String,
    pub(crate) chain: String,
    pub(crate) rule: String,
}

/// An option as it will stand in a rule.
#[derive(Clone)]
struct Chosen {
    option: &'static OptionSpec,
    text: String,
}

/// What depends on the host: on kernel modules, daemons, files and names that this one need not have.
const HOSTS_OWN: [&str; 7] = ["CLUSTERIP", "LED", "SECMARK", "ULOG", "ipvs", "nfacct", "QUEUE"];

/// Options of which the same is true.
const HOSTS_OWN_OPTIONS: [(&str, &str); 4] =
    [("CT", "helper"), ("CT", "timeout"), ("bpf", "object-pinned"), ("cgroup", "path")];

/// Whether any host can say what is right for an extension.
pub(crate) fn is_judged(extension: &Extension) -> bool {
    !HOSTS_OWN.contains(&extension.name)
}

fn hosts_own(extension: &Extension, option: &OptionSpec) -> bool {
    HOSTS_OWN_OPTIONS.contains(&(extension.name, option.long))
}

/// Every match and target that `family` has.
pub(crate) fn extensions(family: Family) -> impl Iterator<Item = &'static Extension> {
    matches::ALL
        .iter()
        .chain(targets::ALL)
        .copied()
        .filter(move |extension| extension.families.contains(family))
}

/// Rules that ought to be taken, for one match or target.
pub(crate) fn good(extension: &'static Extension, family: Family) -> Vec<Line> {
    let mut lines = Vec::new();
    let mut push = |chosen: &[Chosen]| {
        let line = place(extension, family, chosen).map(|line| apart(line, lines.len()));
        lines.extend(line.filter(|line| !lines.contains(line)));
    };
    push(&[]);
    for option in extension.options.iter().filter(|option| !hosts_own(extension, option)) {
        for value in values::good(&option.value, family) {
            push(&[chosen(option, option.long, &value, false)]);
        }
        let value = sample(option, family);
        if option.negation != Negation::Refused {
            push(&[chosen(option, option.long, &value, true)]);
        }
        for alias in option.aliases {
            push(&[chosen(option, alias, &value, false)]);
        }
        push(&[Chosen { option, text: joined(option, &value) }]);
    }
    for distance in [1, 3] {
        for (first, second) in extension.options.iter().zip(extension.options.iter().skip(distance)) {
            let pair =
                |option: &'static OptionSpec| chosen(option, option.long, &sample(option, family), false);
            push(&[pair(second), pair(first)]);
        }
    }
    lines
}

/// Rules that may or may not be taken, for one match or target: the kernel says.
pub(crate) fn doubtful(extension: &'static Extension, family: Family) -> Vec<Line> {
    let mut lines = Vec::new();
    let context = context(extension, family);
    let mut push = |rule: String| {
        let (table, chain) = context.clone();
        let line = Line { table, chain, rule };
        if !lines.contains(&line) {
            lines.push(line);
        }
    };
    let bare = |chosen: &[Chosen]| render(extension, family, chosen);
    push(bare(&[]));
    for option in extension.options {
        for value in values::doubtful(&option.value, family) {
            push(bare(&completed(extension, family, &[chosen(option, option.long, &value, false)])));
        }
        let value = sample(option, family);
        let once = chosen(option, option.long, &value, false);
        push(bare(std::slice::from_ref(&once)));
        push(bare(&completed(extension, family, &[chosen(option, option.long, &value, true)])));
        push(bare(&completed(extension, family, &[once.clone(), once.clone()])));
        push(bare(&completed(extension, family, &[Chosen { option, text: format!("--{}", option.long) }])));
        push(bare(&completed(extension, family, &[Chosen { option, text: format!("--{}=1", option.long) }])));
        let without = without_protocol(extension, family, &completed(extension, family, &[once]));
        push(without);
        push(bare(&completed(
            extension,
            family,
            &[Chosen { option, text: format!("--{}x {value}", option.long) }],
        )));
    }
    for first in extension.options {
        for second in extension.options.iter().filter(|second| second.long != first.long) {
            let pair =
                |option: &'static OptionSpec| chosen(option, option.long, &sample(option, family), false);
            push(bare(&completed(extension, family, &[pair(first), pair(second)])));
        }
    }
    lines
}

/// The line, with a name of its own where rules of one name must agree.
fn apart(line: Line, number: usize) -> Line {
    let rule = line.rule.replace("--hashlimit-name plain", &format!("--hashlimit-name h{number}"));
    Line { rule: rule.replace("--rateest-name plain", &format!("--rateest-name e{number}")), ..line }
}

fn sample(option: &OptionSpec, family: Family) -> String {
    let values = values::good(&option.value, family);
    values.into_iter().next().unwrap_or_default()
}

fn chosen(option: &'static OptionSpec, name: &str, value: &str, negated: bool) -> Chosen {
    let not = if negated { "! " } else { "" };
    let text = if value.is_empty() { format!("{not}--{name}") } else { format!("{not}--{name} {value}") };
    Chosen { option, text }
}

fn joined(option: &OptionSpec, value: &str) -> String {
    if option.value.words() == 1 && !value.is_empty() && !matches!(option.value, Value::Optional(_)) {
        format!("--{}={value}", option.long)
    } else {
        format!("--{} {value}", option.long).trim_end().to_owned()
    }
}

/// The options with those that the extension cannot do without.
fn completed(extension: &'static Extension, family: Family, given: &[Chosen]) -> Vec<Chosen> {
    let mut all = given.to_vec();
    let has = |all: &[Chosen], long: &str| all.iter().any(|chosen| chosen.option.long == long);
    for rule in extension.rules {
        let wanted = match rule {
            Rule::AnyOf(options) if !options.iter().any(|long| has(&all, long)) => options.first(),
            Rule::Needs(option, needed) if has(&all, option) && !has(&all, needed) => Some(needed),
            _ => None,
        };
        if let Some((_, option)) = wanted.and_then(|long| extension.option(long)) {
            all.push(chosen(option, option.long, &sample(option, family), false));
        }
    }
    all
}

fn render(extension: &'static Extension, family: Family, chosen: &[Chosen]) -> String {
    let protocol = match extension.protocols.first() {
        Some(number) => format!("-p {} ", protocol::name(*number)),
        None if wants_ports(extension) => "-p tcp ".to_owned(),
        None => String::new(),
    };
    format!("{protocol}{}", without_protocol(extension, family, chosen))
}

fn without_protocol(extension: &'static Extension, _: Family, chosen: &[Chosen]) -> String {
    let mut text = match extension.kind {
        Kind::Match => format!("-m {}", extension.name),
        Kind::Target => format!("-j {}", extension.name),
    };
    for option in chosen {
        text.push(' ');
        text.push_str(&option.text);
    }
    text
}

/// Whether a value of the extension is a port, for which the protocol must be known.
fn wants_ports(extension: &Extension) -> bool {
    let names = ["to-destination", "to-source", "to-ports", "reject-with", "ecn-tcp-cwr", "set-mss"];
    let ports = |option: &OptionSpec| matches!(option.value, Value::PortList) || names.contains(&option.long);
    extension.options.iter().any(ports)
}

/// The first table and hook that allow the extension.
fn context(extension: &'static Extension, family: Family) -> (String, String) {
    let chosen = completed(extension, family, &[]);
    let places = places(extension, &chosen);
    let (table, hook) = places.first().copied().unwrap_or((TableName::Filter, Hook::Input));
    (table.as_str().to_owned(), hook.as_str().to_owned())
}

fn places(extension: &Extension, chosen: &[Chosen]) -> Vec<(TableName, Hook)> {
    let tables = [TableName::Filter, TableName::Mangle, TableName::Nat, TableName::Raw, TableName::Security];
    let allowed = |table: &TableName, hook: &Hook| {
        let table_fits = extension.tables.contains(*table)
            && chosen.iter().all(|chosen| chosen.option.tables.contains(*table));
        table_fits
            && extension.hooks.contains(*hook)
            && chosen.iter().all(|chosen| chosen.option.hooks.contains(*hook))
    };
    let pairs = tables.into_iter().flat_map(|table| table.hooks().iter().map(move |hook| (table, *hook)));
    pairs.filter(|(table, hook)| allowed(table, hook)).collect()
}

/// The rule with these options in a place that allows it, where there is one and the rule is taken at all.
fn place(extension: &'static Extension, family: Family, given: &[Chosen]) -> Option<Line> {
    let all = completed(extension, family, given);
    let rule = render(extension, family, &all);
    let spec = Spec::parse(&rule, family).ok()?;
    let fits =
        |(table, hook): &(TableName, Hook)| spec.tables().contains(*table) && spec.hooks().contains(*hook);
    let (table, hook) = places(extension, &all).into_iter().find(fits)?;
    Some(Line { table: table.as_str().to_owned(), chain: hook.as_str().to_owned(), rule: rule.clone() })
}
