//! `-j DNAT`, `-j SNAT`, `-j MASQUERADE` and `-j REDIRECT`: other addresses and ports for a connection.

use crate::model::Family;
use crate::model::extension::{Extension, HookSet, OptionSpec, Rule, TableSet};
use crate::model::names::{Hook, TableName};
use crate::model::value::protocol::{DCCP, ICMP, SCTP, TCP, UDP};
use crate::model::value::{Argument, Custom, Samples, Sink, SpecErrorKind, Value, address, number, port};

pub(super) static DNAT: Extension = Extension {
    hooks: HookSet::of(&[Hook::Prerouting, Hook::Output]),
    options: &[
        OptionSpec::new("to-destination", Value::Custom(&TO_DESTINATION)),
        RANDOM,
        OptionSpec::new("persistent", Value::Nothing),
    ],
    rules: &[Rule::AnyOf(&["to-destination"])],
    ..nat("DNAT")
};

pub(super) static SNAT: Extension = Extension {
    hooks: HookSet::of(&[Hook::Input, Hook::Postrouting]),
    options: &[
        OptionSpec::new("to-source", Value::Custom(&TO_SOURCE)),
        RANDOM,
        OptionSpec::new("random-fully", Value::Nothing),
        OptionSpec::new("persistent", Value::Nothing),
    ],
    rules: &[Rule::AnyOf(&["to-source"])],
    ..nat("SNAT")
};

pub(super) static MASQUERADE: Extension = Extension {
    hooks: HookSet::of(&[Hook::Postrouting]),
    options: &[
        OptionSpec::new("to-ports", Value::Custom(&TO_PORTS)),
        RANDOM,
        OptionSpec::new("random-fully", Value::Nothing),
    ],
    ..nat("MASQUERADE")
};

pub(super) static REDIRECT: Extension = Extension {
    hooks: HookSet::of(&[Hook::Prerouting, Hook::Output]),
    options: &[OptionSpec::new("to-ports", Value::Custom(&TO_PORTS)), RANDOM],
    ..nat("REDIRECT")
};

const RANDOM: OptionSpec = OptionSpec::new("random", Value::Nothing);

const fn nat(name: &'static str) -> Extension {
    Extension { tables: TableSet::of(&[TableName::Nat]), ..Extension::target(name) }
}

static TO_DESTINATION: Custom = Custom {
    words: 1,
    read: |argument, out| read_to(argument, Shift::Allowed, out),
    samples: Samples::Each(
        &[
            "10.0.0.1",
            "10.0.0.1-10.0.0.9",
            "10.0.0.1:80",
            "10.0.0.1-10.0.0.9:80-90",
            ":8080",
            "10.0.0.1:80-90/5000",
        ],
        &[
            "2001:db8::1",
            "[2001:db8::1]",
            "2001:db8::1-2001:db8::9",
            "[2001:db8::1]:80",
            "[2001:db8::1-2001:db8::9]:80-90",
        ],
    ),
};

static TO_SOURCE: Custom = Custom {
    words: 1,
    read: |argument, out| read_to(argument, Shift::Refused, out),
    samples: Samples::Each(
        &["192.0.2.1", "192.0.2.1-192.0.2.9", "192.0.2.1:1024-65535", ":1024-2000"],
        &["2001:db8::1"],
    ),
};

static TO_PORTS: Custom =
    Custom { words: 1, read: read_ports, samples: Samples::Either(&["80", "1024-2000", "http", "0x50"]) };

/// Whether a range of ports may be shifted with `/base`.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shift {
    Allowed,
    Refused,
}

/// `[address[-address]][:port[-port[/base]]]`, an address of IPv6 in brackets where a port follows.
fn read_to(argument: &Argument<'_>, shift: Shift, out: &mut Sink<'_>) -> Result<(), SpecErrorKind> {
    let (addresses, ports) = split(argument)?;
    if addresses.is_empty() && ports.is_some() {
        out.push(':');
        return push_ports(ports.unwrap_or_default(), argument, shift, out);
    }
    let brackets = argument.family == Family::Ipv6 && ports.is_some();
    let (low, high) = addresses.split_once('-').map_or((addresses, None), |(low, high)| (low, Some(high)));
    if brackets {
        out.push('[');
    }
    let first = push_address(low, argument, out)?;
    if let Some(high) = high {
        let start = out.len();
        out.push('-');
        if push_address(high, argument, out)? == first {
            out.truncate(start);
        }
    }
    if brackets {
        out.push(']');
    }
    match ports {
        Some(ports) => {
            out.push(':');
            push_ports(ports, argument, shift, out)
        }
        None => Ok(()),
    }
}

/// The addresses and the ports of the argument, at the colon between them.
fn split<'a>(argument: &'a Argument<'_>) -> Result<(&'a str, Option<&'a str>), SpecErrorKind> {
    let text = argument.text();
    if let Some((_, bracketed)) = text.split_once('[') {
        let closed = bracketed.split_once(']').filter(|_| argument.family == Family::Ipv6);
        let (addresses, rest) = closed.ok_or_else(|| bad_address(text, argument))?;
        return Ok((addresses, rest.split_once(':').map(|(_, ports)| ports)));
    }
    match text.split_once(':') {
        // A second colon makes it an address of IPv6.
        Some((addresses, ports)) if !ports.contains(':') => Ok((addresses, Some(ports))),
        _ => Ok((text, None)),
    }
}

fn bad_address(text: &str, argument: &Argument<'_>) -> SpecErrorKind {
    address::not_address(text, argument.family)
}

fn push_address(text: &str, argument: &Argument<'_>, out: &mut Sink<'_>) -> Result<u128, SpecErrorKind> {
    let fault = || match bad_address(text, argument) {
        SpecErrorKind::HostName { .. } => argument.bad("a host's name cannot stand here; write the address"),
        fault => fault,
    };
    match argument.family {
        Family::Ipv4 => {
            let address = text.parse::<std::net::Ipv4Addr>().map_err(|_| fault())?.to_bits();
            address::push_v4(address, out);
            Ok(address.into())
        }
        Family::Ipv6 => {
            let address = text.parse::<std::net::Ipv6Addr>().map_err(|_| fault())?.to_bits();
            address::push_v6(address, out);
            Ok(address)
        }
    }
}

fn read_ports(argument: &Argument<'_>, out: &mut Sink<'_>) -> Result<(), SpecErrorKind> {
    push_ports(argument.text(), argument, Shift::Refused, out)
}

/// `port[-port[/base]]`, for a rule that has named a protocol with ports.
fn push_ports(
    text: &str,
    argument: &Argument<'_>,
    shift: Shift,
    out: &mut Sink<'_>,
) -> Result<(), SpecErrorKind> {
    if ![TCP, UDP, SCTP, DCCP, ICMP].contains(&argument.protocol.number) {
        return Err(SpecErrorKind::PortWithoutProtocol { option: argument.option });
    }
    let Some((first, rest)) = number::leading_up_to(text, 65_535) else {
        let port = port::service(text, None).ok_or_else(|| port::bad(text))?;
        out.push_number(port.into());
        return Ok(());
    };
    out.push_number(first);
    if rest.is_empty() {
        return Ok(());
    }
    let last = rest.strip_prefix('-').and_then(|last| number::leading_up_to(last, 65_535));
    let (last, rest) = last.ok_or_else(|| port::bad(text))?;
    if last < first {
        return Err(SpecErrorKind::ReversedPorts { value: text.to_owned() });
    }
    // iptables-save leaves a range of one port out and keeps its shift, which it would not read back.
    if last > first || !rest.is_empty() {
        out.push('-');
        out.push_number(last);
    }
    match rest.strip_prefix('/') {
        Some(base) if shift == Shift::Allowed => push_base(base, out),
        Some(_) => Err(argument.bad("only `--to-destination` takes a shift; leave out what follows the `/`")),
        None if rest.is_empty() => Ok(()),
        None => Err(port::bad(text)),
    }
}

fn push_base(text: &str, out: &mut Sink<'_>) -> Result<(), SpecErrorKind> {
    let base = match number::leading_up_to(text, 65_535) {
        Some((base, _)) if base > 0 => base,
        _ => port::service(text, None).ok_or_else(|| port::bad(text))?.into(),
    };
    out.push('/');
    out.push_number(base);
    Ok(())
}
