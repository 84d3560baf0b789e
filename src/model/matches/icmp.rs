//! `-m icmp` and `-m icmp6`: types and codes.

use crate::model::extension::{Extension, Families, OptionSpec, Rule};
use crate::model::value::fault::closest;
use crate::model::value::{Argument, Custom, Samples, Sink, SpecErrorKind, Value, number, protocol};

pub(super) static ICMP: Extension = Extension {
    families: Families::Ipv4,
    protocols: &[protocol::ICMP],
    options: &[OptionSpec::negatable("icmp-type", Value::Custom(&TYPE))],
    rules: &[Rule::AnyOf(&["icmp-type"])],
    ..Extension::matching("icmp")
};

pub(super) static ICMP6: Extension = Extension {
    aliases: &["icmpv6", "ipv6-icmp"],
    families: Families::Ipv6,
    protocols: &[protocol::ICMPV6],
    options: &[OptionSpec::negatable("icmpv6-type", Value::Custom(&TYPE6))],
    rules: &[Rule::AnyOf(&["icmpv6-type"])],
    ..Extension::matching("icmp6")
};

static TYPE: Custom = Custom {
    words: 1,
    read: |argument, out| read(argument, TYPES, out),
    samples: Samples::Either(&[
        "echo-request",
        "8",
        "any",
        "3/4",
        "ping",
        "fragmentation-needed",
        "destination-unreachable",
        "0",
        "11/0",
    ]),
};

static TYPE6: Custom = Custom {
    words: 1,
    read: |argument, out| read(argument, TYPES6, out),
    samples: Samples::Either(&[
        "echo-request",
        "128",
        "packet-too-big",
        "1/4",
        "neighbour-solicitation",
        "router-advertisement",
        "3/0",
    ]),
};

/// A name, its type, and its code where it has one.
type Name = (&'static str, u8, Option<u8>);

/// The type that stands for all of them.
const ANY: u8 = 255;

static TYPES: &[Name] = &[
    ("any", ANY, None),
    ("echo-reply", 0, None),
    ("pong", 0, None),
    ("destination-unreachable", 3, None),
    ("network-unreachable", 3, Some(0)),
    ("host-unreachable", 3, Some(1)),
    ("protocol-unreachable", 3, Some(2)),
    ("port-unreachable", 3, Some(3)),
    ("fragmentation-needed", 3, Some(4)),
    ("source-route-failed", 3, Some(5)),
    ("network-unknown", 3, Some(6)),
    ("host-unknown", 3, Some(7)),
    ("network-prohibited", 3, Some(9)),
    ("host-prohibited", 3, Some(10)),
    ("TOS-network-unreachable", 3, Some(11)),
    ("TOS-host-unreachable", 3, Some(12)),
    ("communication-prohibited", 3, Some(13)),
    ("host-precedence-violation", 3, Some(14)),
    ("precedence-cutoff", 3, Some(15)),
    ("source-quench", 4, None),
    ("redirect", 5, None),
    ("network-redirect", 5, Some(0)),
    ("host-redirect", 5, Some(1)),
    ("TOS-network-redirect", 5, Some(2)),
    ("TOS-host-redirect", 5, Some(3)),
    ("echo-request", 8, None),
    ("ping", 8, None),
    ("router-advertisement", 9, None),
    ("router-solicitation", 10, None),
    ("time-exceeded", 11, None),
    ("ttl-exceeded", 11, None),
    ("ttl-zero-during-transit", 11, Some(0)),
    ("ttl-zero-during-reassembly", 11, Some(1)),
    ("parameter-problem", 12, None),
    ("ip-header-bad", 12, Some(0)),
    ("required-option-missing", 12, Some(1)),
    ("timestamp-request", 13, None),
    ("timestamp-reply", 14, None),
    ("address-mask-request", 17, None),
    ("address-mask-reply", 18, None),
];

static TYPES6: &[Name] = &[
    ("destination-unreachable", 1, None),
    ("no-route", 1, Some(0)),
    ("communication-prohibited", 1, Some(1)),
    ("beyond-scope", 1, Some(2)),
    ("address-unreachable", 1, Some(3)),
    ("port-unreachable", 1, Some(4)),
    ("failed-policy", 1, Some(5)),
    ("reject-route", 1, Some(6)),
    ("packet-too-big", 2, None),
    ("time-exceeded", 3, None),
    ("ttl-exceeded", 3, None),
    ("ttl-zero-during-transit", 3, Some(0)),
    ("ttl-zero-during-reassembly", 3, Some(1)),
    ("parameter-problem", 4, None),
    ("bad-header", 4, Some(0)),
    ("unknown-header-type", 4, Some(1)),
    ("unknown-option", 4, Some(2)),
    ("echo-request", 128, None),
    ("ping", 128, None),
    ("echo-reply", 129, None),
    ("pong", 129, None),
    ("router-solicitation", 133, None),
    ("router-advertisement", 134, None),
    ("neighbour-solicitation", 135, None),
    ("neighbor-solicitation", 135, None),
    ("neighbour-advertisement", 136, None),
    ("neighbor-advertisement", 136, None),
    ("redirect", 137, None),
];

fn read(argument: &Argument<'_>, names: &'static [Name], out: &mut Sink<'_>) -> Result<(), SpecErrorKind> {
    let (kind, code) = named(argument, names)?.map_or_else(|| numbered(argument, names), Ok)?;
    if kind == ANY && argument.option == "icmp-type" {
        out.push_str("any");
        return Ok(());
    }
    out.push_number(kind.into());
    if let Some(code) = code {
        out.push('/');
        out.push_number(code.into());
    }
    Ok(())
}

/// The name that the word begins; two that do are ambiguous.
fn named(argument: &Argument<'_>, names: &'static [Name]) -> Result<Option<(u8, Option<u8>)>, SpecErrorKind> {
    let word = argument.text();
    let mut fits = names
        .iter()
        .filter(|(name, ..)| name.get(..word.len()).is_some_and(|head| head.eq_ignore_ascii_case(word)));
    match (fits.next(), fits.next()) {
        (Some((first, ..)), Some((second, ..))) => {
            Err(argument.bad(format!("it may be `{first}` or `{second}`; write the name out")))
        }
        (first, _) => Ok(first.map(|(_, kind, code)| (*kind, *code))),
    }
}

/// `type`, `type/code` or `type/code:code`, of which only the first code is printed.
fn numbered(argument: &Argument<'_>, names: &'static [Name]) -> Result<(u8, Option<u8>), SpecErrorKind> {
    let word = argument.text();
    let fault = || SpecErrorKind::UnknownName {
        option: argument.option,
        value: word.to_owned(),
        expected: "a type's name, its number, or `type/code`".to_owned(),
        hint: closest(word, names.iter().map(|(name, ..)| *name)),
    };
    let (kinds, rest) = range(word).ok_or_else(fault)?;
    if kinds.0 != kinds.1 {
        return Err(argument.bad("it cannot be a range; write one rule for each type"));
    }
    let Some(codes) = rest.strip_prefix('/') else {
        return if rest.is_empty() { Ok((kinds.0, None)) } else { Err(fault()) };
    };
    match range(codes) {
        Some(((0, 255), "")) => Ok((kinds.0, None)),
        Some(((first, _), "")) => Ok((kinds.0, Some(first))),
        _ => Err(fault()),
    }
}

fn range(text: &str) -> Option<((u8, u8), &str)> {
    let (first, rest) = number::leading_up_to(text, 255)?;
    let first = u8::try_from(first).ok()?;
    match rest.strip_prefix(':') {
        Some(second) => {
            let (second, rest) = number::leading_up_to(second, 255)?;
            Some(((first, u8::try_from(second).ok()?), rest))
        }
        None => Some(((first, first), rest)),
    }
}
