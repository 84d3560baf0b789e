//! Values of each kind that an option can have: good ones, at their bounds and in several spellings, and bad ones.

use dwscript::model::Family;
use dwscript::model::value::host::Mask;
use dwscript::model::value::{Flags, Keyword, Number, NumberRange, Reading, Spelling, Text, Value};

/// Values that the kind takes.
pub(crate) fn good(value: &Value, family: Family) -> Vec<String> {
    match value {
        Value::Nothing => vec![String::new()],
        Value::Number(number) => numbers(*number),
        Value::NumberRange(range) => ranges(*range),
        Value::PortRange(reading) => ports(*reading),
        Value::PortList => strings(&[
            "80",
            "22,80,443",
            "1000:2000,3000",
            "http,https",
            "1,2,3,4,5,6,7,8,9,10,11,12,13,14,15",
            "0x50,010",
        ]),
        Value::Mask => strings(&["1", "0x10/0xff", "0xffffffff", "010/07", "0/0", "4294967295/1"]),
        Value::Protocol => strings(&["6", "udp", "esp", "0x11"]),
        Value::Host(mask) => hosts(*mask, family),
        Value::Prefix => {
            by_family(family, &["0", "24", "32", "255.255.0.0"], &["0", "64", "128", "ffff:ffff::"])
        }
        Value::Named(_) => strings(&["0", "5", "0x2a", "0x1/0xf", "7/7"]),
        Value::DscpClass => strings(&["EF", "CS0", "af13", "BE", "cs7", "AF42"]),
        Value::Tos => {
            strings(&["0x10", "8/0x3f", "Minimize-Delay", "normal-service", "0/0", "255", "Minimize-Cost"])
        }
        Value::Interface => strings(&["eth0", "br-+", "docker0", "abcdefghijklmno", "eth0.100", "a+"]),
        Value::Mac => strings(&["00:00:5e:00:53:01", "1:2:3:4:5:6", "FF:ff:Ff:00:aA:0"]),
        Value::Text(text) => texts(*text),
        Value::Keyword(keyword) => keywords(keyword),
        Value::Flags(flags) => flag_lists(flags),
        Value::Custom(custom) | Value::Optional(custom) => strings(custom.samples.of(family)),
    }
}

/// Values that may or may not be taken: the kernel says.
pub(crate) fn doubtful(value: &Value, family: Family) -> Vec<String> {
    let common = [
        "\"\"",
        "x",
        "-",
        "!",
        "0x",
        "65536",
        "1:",
        ":",
        "1,",
        ",1",
        "1/",
        "/1",
        "4294967296",
        "18446744073709551616",
        "\" 5\"",
        "+5",
        "5x",
        "1.5",
        "1:2:3",
        "9:1",
    ];
    let own: Vec<String> = match value {
        Value::Nothing => Vec::new(),
        Value::Number(Number { min, max, .. }) => [Some(max.wrapping_add(1)), min.checked_sub(1)]
            .into_iter()
            .flatten()
            .map(|number| number.to_string())
            .collect(),
        Value::NumberRange(NumberRange { max, .. }) => {
            vec![
                format!("{}", u128::from(*max) + 1),
                format!("0:{}", u128::from(*max) + 1),
                format!("5:{max}"),
                "5:4".to_owned(),
            ]
        }
        Value::PortRange(_) => strings(&[
            "0:65535",
            "0",
            "65535",
            "65536",
            "80:79",
            "nosuchservice",
            "80-90",
            "80,90",
            "0x50",
            "010",
            "ssh:http",
            ":80",
            "80:",
        ]),
        Value::PortList => strings(&[
            "65536",
            "90:80",
            "80:80",
            "1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16",
            "1:2,3:4,5:6,7:8,9:10,11:12,13:14,15:16",
            "80,,90",
            "nosuch",
            ":80",
            "80:",
        ]),
        Value::Mask => strings(&["0x1ffffffff", "1/0x1ffffffff", "1/1/1", "0xfg", "1/"]),
        Value::Protocol => strings(&["256", "nosuch", "TCP", "all", "0"]),
        Value::Host(_) | Value::Prefix => addresses(family),
        Value::Named(_) => strings(&["nosuch", "0x1/", "default", "cosmos"]),
        Value::DscpClass => strings(&["AF14", "CS8", "EFX", "B", "0x0a", "64"]),
        Value::Tos => strings(&["256", "0x10/256", "Minimize", "0x10/", "Minimize-Delay/1"]),
        Value::Interface => strings(&["abcdefghijklmnop", "+", "a/b", "\"a b\""]),
        Value::Mac => strings(&[
            "00:11:22:33:44",
            "00:11:22:33:44:55:66",
            "0:0:0:0:0:0:",
            "00:11:22:33:44:5g",
            "001:1:2:3:4:5",
            "00-11-22-33-44-55",
            ":::::",
            "0x:1:2:3:4:5",
        ]),
        Value::Text(_) => vec![
            "x".repeat(300),
            "\"\u{e9}\"".to_owned(),
            "'x'".to_owned(),
            "a\\b".to_owned(),
            "a/b".to_owned(),
        ],
        Value::Keyword(keyword) => misspelled(keyword.names.iter().copied()),
        Value::Flags(flags) => misspelled(flags.names.iter().map(|(name, _)| *name)),
        Value::Custom(custom) | Value::Optional(custom) => {
            custom.samples.of(family).iter().flat_map(|sample| mangled(sample)).collect()
        }
    };
    own.into_iter().chain(strings(&common)).collect()
}

fn strings(values: &[&str]) -> Vec<String> {
    values.iter().map(|value| (*value).to_owned()).collect()
}

fn by_family(family: Family, four: &[&str], six: &[&str]) -> Vec<String> {
    strings(if family == Family::Ipv4 { four } else { six })
}

fn numbers(Number { min, max, .. }: Number) -> Vec<String> {
    let middle = min.midpoint(max);
    let mut values: Vec<String> =
        [min, max, middle, min.saturating_add(1).min(max)].iter().map(u64::to_string).collect();
    values.push(format!("{middle:#x}"));
    values.push(format!("0{max:o}"));
    values.dedup();
    values
}

fn ranges(NumberRange { max, .. }: NumberRange) -> Vec<String> {
    let mut values = strings(&["5", "1:10", ":7", "3:", "0x10:0x20", "0", "9:9"]);
    values.push(format!("0:{max}"));
    values.push(format!("{max}"));
    values
}

fn ports(reading: Reading) -> Vec<String> {
    let mut values = strings(&["80", "1024:65535", ":1023", "6000:", "0", "65535", "1:65534"]);
    match reading {
        Reading::Strict("tcp") => values.extend(strings(&["http", "ssh:smtp", "0x50", "010"])),
        Reading::Strict(_) => values.push("0x50".to_owned()),
        Reading::Lookup => values.extend(strings(&["domain", "bootps:bootpc", "010"])),
    }
    values
}

fn hosts(mask: Mask, family: Family) -> Vec<String> {
    let plain =
        by_family(family, &["10.1.2.3", "0x0a000001", "10.1"], &["2001:db8::1", "::ffff:192.0.2.1", "::1"]);
    if mask == Mask::None {
        return plain;
    }
    let masked = by_family(
        family,
        &["10.1.2.3/8", "192.0.2.0/255.255.255.0", "10.0.0.0/32", "0.0.0.0/0"],
        &["2001:db8::/32", "2001:db8:1:2::/64", "::1/128", "2001:db8::/ffff:ffff::", "::/0"],
    );
    [plain, masked].concat()
}

fn addresses(family: Family) -> Vec<String> {
    by_family(
        family,
        &[
            "256.1.1.1",
            "10.0.0.0/33",
            "10.0.0.0/",
            "2001:db8::1",
            "1.2.3.4.5",
            "10.0.0.0/255.0.255.0",
            "1.2.3",
            "33",
        ],
        &["10.0.0.1", "2001:db8::/129", "2001:db8:::1", "::1/", "fe80::1%lo", "1:2:3:4:5:6:7:8:9", "129"],
    )
}

fn texts(Text { min, kept, quoted, .. }: Text) -> Vec<String> {
    let mut values = strings(&["plain", "with-dash_1"]);
    if quoted {
        values.extend(strings(&[
            "\"two words\"",
            "\"it's\"",
            "\"say \\\"x\\\"\"",
            "\"back\\\\slash\"",
            "a.b",
            "\"ends in blank \"",
        ]));
        if min == 0 {
            values.push("\"\"".to_owned());
        }
    }
    if kept < 300 {
        values.push("k".repeat(kept));
        values.push("k".repeat(kept + 1));
    }
    values
}

fn keywords(keyword: &Keyword) -> Vec<String> {
    let mut values: Vec<String> = keyword.names.iter().map(|name| (*name).to_owned()).collect();
    values.extend(keyword.aliases.iter().map(|(alias, _)| (*alias).to_owned()));
    respelled(keyword.spelling, keyword.names.iter().copied(), &mut values);
    values
}

fn flag_lists(flags: &Flags) -> Vec<String> {
    let names: Vec<&str> = flags.names.iter().chain(flags.aliases).map(|(name, _)| *name).collect();
    let mut values: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let reversed: Vec<&str> = flags.names.iter().rev().map(|(name, _)| *name).collect();
    values.push(reversed.join(","));
    values.extend(reversed.windows(2).map(|pair| pair.join(",")));
    values.push(format!("{0},{0}", names[0]));
    respelled(flags.spelling, flags.names.iter().map(|(name, _)| *name), &mut values);
    values
}

fn respelled<'n>(spelling: Spelling, names: impl Iterator<Item = &'n str>, values: &mut Vec<String>) {
    for name in names.take(3) {
        match spelling {
            Spelling::Exact => {}
            Spelling::AnyCase => values.push(if name == name.to_uppercase() {
                name.to_lowercase()
            } else {
                name.to_uppercase()
            }),
            Spelling::Abbreviated => {
                values.push(name.to_lowercase());
                values.push(name[..name.len() - 1].to_owned());
            }
        }
    }
}

fn misspelled<'n>(names: impl Iterator<Item = &'n str>) -> Vec<String> {
    let names: Vec<&str> = names.collect();
    let mut values: Vec<String> = names
        .iter()
        .take(2)
        .flat_map(|name| {
            [format!("{name}x"), name[..name.len() - 1].to_owned(), name.to_uppercase(), name.to_lowercase()]
        })
        .collect();
    values.push(format!("{},nosuch", names[0]));
    values.push(format!("{},", names[0]));
    values.push(format!(",{}", names[0]));
    values.push(format!("{},,{}", names[0], names[0]));
    values.push("nosuch".to_owned());
    values
}

/// A good value with a character dropped, doubled or exchanged.
fn mangled(sample: &str) -> Vec<String> {
    let mut values = Vec::new();
    let characters: Vec<char> = sample.chars().collect();
    for at in 0..characters.len() {
        let (head, tail): (String, String) =
            (characters[..at].iter().collect(), characters[at + 1..].iter().collect());
        values.push(format!("{head}{tail}"));
        if at % 3 == 0 {
            values.push(format!("{head}{}{}{tail}", characters[at], characters[at]));
            values.push(format!("{head}g{tail}"));
            values.push(format!("{head}9{tail}"));
        }
    }
    values.retain(|value| !value.trim().is_empty() && value.matches('"').count() % 2 == 0);
    values
}
