//! Lists of addresses as one match for all the others: a rule that keeps out whoever is not listed.
//!
//! It is one rule, and not a RETURN for each address with a DROP behind them: what returns from DOCKER-USER passes by the rules
//! of other scripts there, and a chain of its own would have to be taken off with it.

use std::fmt::Write as _;

use rhai::{Dynamic, NativeCallContext};

use super::fault::{Fault, Native, raise};
use super::rule::raise_spelling;
use super::session::{origin, session};
use super::spelling::value::{Kind, Value};
use crate::diagnostic::Diagnostic;
use crate::model::Family;
use crate::model::value::Sink;
use crate::model::value::address::{self, Address};

/// The most ranges of addresses in a rule: a line of iptables' text has 10,240 bytes at most.
const MOST: usize = 64;

/// Which end of a packet a list is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    Source,
    Destination,
}

/// Who is not in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Others {
    /// Nobody: the list has all of the family.
    Nobody,
    /// Everybody that this match takes; everyone where it is empty.
    Match(String),
}

/// A range of addresses, both ends in it.
type Range = (u128, u128);

/// Whoever is not in the list that the function `name` was given. `what` is cut off from all of the family where the list has
/// none of it, and that is said.
pub(super) fn others(
    context: &NativeCallContext,
    (name, what): (&str, &str),
    list: &Dynamic,
    end: End,
) -> Native<Others> {
    let value = Value::of(name, list).map_err(|error| raise_spelling(context, &error))?;
    let items = value.items.iter().flat_map(|item| item.split(',')).map(str::trim);
    let items: Vec<&str> = items.filter(|item| !item.is_empty()).collect();
    if value.negated || items.is_empty() {
        return Err(raise(context, unusable(name, what, &value)));
    }
    let family = session(context).borrow().ruleset.family();
    let ranges = ranges(&items, family).map_err(|fault| raise(context, fault))?;
    if ranges.is_empty() {
        warn_of_closed(context, (name, what), family);
    }
    if ranges.len() > MOST {
        return Err(raise(context, too_many(ranges.len(), end)));
    }
    Ok(of(&ranges, family, end))
}

fn unusable(name: &str, what: &str, value: &Value) -> Fault {
    if value.negated || !matches!(value.kind, Kind::List | Kind::Scalar) {
        let message = format!("`{name}` takes the addresses that are let through, and nothing else");
        return Fault::new("bad-value", message).help("for example `[\"192.0.2.0/24\", \"2001:db8::/32\"]`");
    }
    let fault = Fault::new("empty-list", format!("`{name}` was given no address, and {what} stays as it is"))
        .help("leave the call out where anyone is meant: `if !list.is_empty() { … }`");
    match name {
        "restrict" => fault.help("`host_only(port)` closes a port to all but this host"),
        _ => fault.help("`docker network create --internal` makes a network without a way out"),
    }
}

fn too_many(count: usize, end: End) -> Fault {
    // Without an interface it would drop what containers send as well, or what comes in to them.
    let asked = match end {
        End::Source => r#".in_interface("eth0").set(#{ not: "friends" }, "src")"#,
        End::Destination => r#".in_interface("docker0").set(#{ not: "friends" }, "dst")"#,
    };
    Fault::new("long-list", format!("the list comes to {count} ranges of addresses, and a rule takes {MOST}"))
        .help(format!("put it into a set: `ipset(\"friends\", list)`, and `{asked}` in a rule of your own"))
}

fn warn_of_closed(context: &NativeCallContext, (name, what): (&str, &str), family: Family) {
    let family = if family == Family::Ipv4 { "IPv4" } else { "IPv6" };
    let place = origin(context);
    let span = place.script.expression_span(place.line, place.column);
    let message = format!("{what} is closed to all of {family}: the list has no address of it");
    let warning = Diagnostic::warning("emptied-list", message)
        .at(&place.script, span, "")
        .help(format!("add an {family} address, or skip `{name}` where `family` is not the list's"));
    session(context).borrow_mut().warnings.push(warning);
}

/// The ranges that a list comes to, ascending, those that meet or overlap as one. Addresses of the other family do not count.
fn ranges(items: &[&str], family: Family) -> Result<Vec<Range>, Fault> {
    let mut found: Vec<Range> = Vec::with_capacity(items.len());
    for item in items.iter().filter(|item| item.contains(':') == (family == Family::Ipv6)) {
        found.push(range(item, family)?);
    }
    found.sort_unstable();
    found.dedup_by(|next, kept| {
        let meets = next.0 <= kept.1.saturating_add(1);
        kept.1 = if meets { kept.1.max(next.1) } else { kept.1 };
        meets
    });
    Ok(found)
}

fn range(item: &str, family: Family) -> Result<Range, Fault> {
    let bad = |code, message: String| {
        Fault::new(code, message).help("write it as `192.0.2.1`, `192.0.2.0/24` or `2001:db8::/32`")
    };
    let parsed = address::parse(item, family).map_err(|error| bad(error.code(), error.to_string()))?;
    let range = parsed.prefix().map(|_| match parsed {
        Address::V4 { address, mask } => (u128::from(address), u128::from(address | !mask)),
        Address::V6 { address, mask } => (address, address | !mask),
    });
    range.ok_or_else(|| bad("bad-address", format!("the mask of `{item}` is no prefix")))
}

/// The match for all addresses outside these ranges.
fn of(ranges: &[Range], family: Family, end: End) -> Others {
    let all = if family == Family::Ipv4 { u128::from(u32::MAX) } else { u128::MAX };
    let (option, range_option) = match end {
        End::Source => ("-s", "--src-range"),
        End::Destination => ("-d", "--dst-range"),
    };
    if let [range] = ranges {
        if *range == (0, all) {
            return Others::Nobody;
        }
        if let Some(length) = prefix(*range, family) {
            return Others::Match(format!("! {option} {}/{length}", shown(range.0, family)));
        }
    }
    let mut text = String::new();
    for (low, high) in ranges {
        let (low, high) = (shown(*low, family), shown(*high, family));
        let _ = write!(text, "-m iprange ! {range_option} {low}-{high} ");
    }
    Others::Match(text.trim_end().to_owned())
}

/// The length of the prefix that a range is, if it is one.
fn prefix((low, high): Range, family: Family) -> Option<u32> {
    let width = if family == Family::Ipv4 { 32 } else { 128 };
    let free = (low ^ high).count_ones();
    let host = (low ^ high).trailing_ones();
    (free == host && low.trailing_zeros() >= free).then_some(width - free)
}

fn shown(number: u128, family: Family) -> String {
    let mut text = String::new();
    let mut sink = Sink::to(&mut text);
    match family {
        #[expect(clippy::cast_possible_truncation, reason = "an address of IPv4 has 32 bits")]
        Family::Ipv4 => address::push_v4(number as u32, &mut sink),
        Family::Ipv6 => address::push_v6(number, &mut sink),
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(items: &[&str], family: Family) -> String {
        match ranges(items, family) {
            Ok(ranges) => match of(&ranges, family, End::Source) {
                Others::Nobody => "nobody".to_owned(),
                Others::Match(text) => text,
            },
            Err(fault) => fault.code.to_owned(),
        }
    }

    #[test]
    fn lists_become_one_match() {
        let cases: [(&[&str], &str); 9] = [
            (&["10.0.0.0/8"], "! -s 10.0.0.0/8"),
            (&["192.0.2.1", "2001:db8::1"], "! -s 192.0.2.1/32"),
            (&["10.0.0.0/9", "10.128.0.0/9"], "! -s 10.0.0.0/8"),
            (&["10.0.0.0/9", "10.64.0.0/10"], "! -s 10.0.0.0/9"),
            (
                &["10.0.0.0/8", "192.0.2.7"],
                "-m iprange ! --src-range 10.0.0.0-10.255.255.255 -m iprange ! --src-range 192.0.2.7-192.0.2.7",
            ),
            (&["192.0.2.1", "192.0.2.2"], "-m iprange ! --src-range 192.0.2.1-192.0.2.2"),
            (&["0.0.0.0/0", "10.0.0.1"], "nobody"),
            (&["2001:db8::/32"], ""),
            (&["10.0.0.0/255.0.255.0"], "bad-address"),
        ];
        for (items, expected) in cases {
            assert_eq!(text(items, Family::Ipv4), expected, "{items:?}");
        }
        assert_eq!(text(&["2001:db8::/32"], Family::Ipv6), "! -s 2001:db8::/32");
        assert_eq!(text(&["::/0"], Family::Ipv6), "nobody");
        assert_eq!(text(&["ffff::/16", "::/16"], Family::Ipv6).matches("iprange").count(), 2);
    }
}
