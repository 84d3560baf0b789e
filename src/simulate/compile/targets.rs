//! Targets as actions.

use super::network;
use crate::model::extension::Instance;
use crate::model::spec::Part;
use crate::model::value::{mask, number, tos};
use crate::model::{Family, Ruleset, TableName};
use crate::simulate::action::{Action, Hops, Range, Shift};

/// What a target, or a jump to a chain, does.
pub(super) fn compile(ruleset: &Ruleset, table: TableName, target: &Part<'_>, goto: bool) -> Action {
    let name = target.name();
    match target.instance() {
        Some(instance) if !goto => extension(&instance),
        _ => match ruleset.chain_id(table, &name) {
            Some(chain) if goto => Action::Goto(chain),
            Some(chain) => Action::Jump(chain),
            None => Action::Hand(name.into()),
        },
    }
}

fn extension(target: &Instance<'_>) -> Action {
    let known = match target.extension.name {
        "ACCEPT" => Some(Action::Accept),
        "DROP" => Some(Action::Drop),
        "RETURN" => Some(Action::Return),
        "REJECT" => Some(Action::Reject(answer(target))),
        "MARK" => mark(target),
        "CONNMARK" => connection_mark(target),
        "HMARK" => Some(Action::UnknownMark),
        "SET" if target.has("map-mark") => Some(Action::UnknownMark),
        "NOTRACK" => Some(Action::NoTrack),
        "CT" if target.has("notrack") => Some(Action::NoTrack),
        "DNAT" => range(target, "to-destination").map(Action::Destination),
        "SNAT" => range(target, "to-source").map(Action::Source),
        "MASQUERADE" => Some(Action::Masquerade(to_ports(target))),
        "REDIRECT" => Some(Action::Redirect(to_ports(target))),
        "NETMAP" => target
            .get("to")
            .and_then(|given| network(&given.value(), target.family))
            .map(|(address, mask)| Action::MapNetwork { address, mask }),
        "TOS" => type_of_service(target),
        "DSCP" => code_point(target),
        "TTL" | "HL" => hops(target).map(Action::Hops),
        "QUEUE" | "NFQUEUE" | "TPROXY" | "SYNPROXY" | "CLUSTERIP" | "DNPT" | "SNPT" => None,
        name => Some(Action::Pass(name.into())),
    };
    known.unwrap_or_else(|| Action::Hand(target.extension.name.into()))
}

fn answer(target: &Instance<'_>) -> Box<str> {
    let default = match target.family {
        Family::Ipv4 => "icmp-port-unreachable",
        Family::Ipv6 => "icmp6-port-unreachable",
    };
    target.get("reject-with").map_or_else(|| default.into(), |given| given.value().into())
}

/// The options that the target is printed with, each with its value.
fn printed(target: &Instance<'_>) -> Vec<(String, String)> {
    let text = target.printed();
    let mut words = text.split(' ').peekable();
    let mut options = Vec::new();
    while let Some(word) = words.next() {
        let Some(long) = word.strip_prefix("--") else { continue };
        let value = words.next_if(|next| !next.starts_with("--")).unwrap_or_default();
        options.push((long.to_owned(), value.to_owned()));
    }
    options
}

fn mark(target: &Instance<'_>) -> Option<Action> {
    let options = printed(target);
    let (_, value) = options.iter().find(|(long, _)| long == "set-xmark")?;
    let (flip, clear) = mask::split(value)?;
    Some(Action::Mark { clear, flip })
}

fn connection_mark(target: &Instance<'_>) -> Option<Action> {
    let options = printed(target);
    let value = |long: &str| options.iter().find(|(known, _)| known == long).map(|(_, value)| value.as_str());
    let bits = |long: &str| value(long).and_then(mask::split).map_or(u32::MAX, |(bits, _)| bits);
    let shifted = |long: &str| value(long).and_then(|bits| bits.parse().ok());
    let shift = match (shifted("left-shift-mark"), shifted("right-shift-mark")) {
        (_, Some(bits)) => Shift::Right(bits),
        (bits, None) => Shift::Left(bits.unwrap_or(0)),
    };
    let (of_packet, of_connection) = (bits("nfmask"), bits("ctmask"));
    if value("save-mark").is_some() {
        return Some(Action::SaveMark { from: of_packet, to: of_connection, shift });
    }
    if value("restore-mark").is_some() {
        return Some(Action::RestoreMark { from: of_connection, to: of_packet, shift });
    }
    let (flip, clear) = mask::split(value("set-xmark")?)?;
    Some(Action::ConnectionMark { clear, flip, shift })
}

fn is_random(target: &Instance<'_>) -> bool {
    ["random", "random-fully"].iter().any(|long| target.has(long))
}

fn to_ports(target: &Instance<'_>) -> Range {
    let value = target.get("to-ports").map(|given| given.value());
    let (ports, _) = value.as_deref().map_or((None, None), port_range);
    Range { addresses: None, ports, base: None, random: is_random(target) }
}

/// `80`, `80-90` or `80-90/5000`.
fn port_range(text: &str) -> (Option<(u16, u16)>, Option<u16>) {
    let (range, base) = text.split_once('/').map_or((text, None), |(range, base)| (range, Some(base)));
    let (from, to) = range.split_once('-').unwrap_or((range, range));
    let ports = from.parse().ok().zip(to.parse().ok());
    (ports, base.and_then(|base| base.parse().ok()))
}

/// `[address[-address]][:port[-port[/base]]]`, as iptables-save prints it.
fn range(target: &Instance<'_>, long: &str) -> Option<Range> {
    let value = target.get(long)?.value();
    let (addresses, ports) = match (target.family, value.strip_prefix('[')) {
        (Family::Ipv6, Some(bracketed)) => {
            let (addresses, ports) = bracketed.split_once(']')?;
            (addresses, ports.strip_prefix(':'))
        }
        (Family::Ipv6, None) => value
            .strip_prefix(':')
            .filter(|ports| !ports.contains(':'))
            .map_or((value.as_str(), None), |ports| ("", Some(ports))),
        (Family::Ipv4, _) => value
            .split_once(':')
            .map_or((value.as_str(), None), |(addresses, ports)| (addresses, Some(ports))),
    };
    let (ports, base) = ports.map_or((None, None), port_range);
    let one = |text: &str| Some(network(text, target.family)?.0);
    let addresses = match addresses.split_once('-') {
        Some((from, to)) => Some((one(from)?, one(to)?)),
        None if addresses.is_empty() => None,
        None => Some((one(addresses)?, one(addresses)?)),
    };
    Some(Range { addresses, ports, base, random: is_random(target) })
}

fn type_of_service(target: &Instance<'_>) -> Option<Action> {
    let given = ["set-tos", "and-tos", "or-tos", "xor-tos"].iter().find_map(|long| target.get(long))?;
    let bits = || number::whole(given.argument.text(), 0, 255).and_then(|bits| u8::try_from(bits).ok());
    let (flip, clear) = match given.option.long {
        "set-tos" => tos::parse(&given.argument).ok()?,
        "and-tos" => (0, !bits()?),
        "or-tos" => (bits()?, bits()?),
        _ => (bits()?, 0),
    };
    Some(Action::Tos { clear, flip })
}

fn code_point(target: &Instance<'_>) -> Option<Action> {
    let given = ["set-dscp", "set-dscp-class"].iter().find_map(|long| target.get(long))?;
    let point = u8::try_from(number::whole(&given.value(), 0, 63)? << 2).ok()?;
    Some(Action::Tos { clear: 0xfc, flip: point })
}

fn hops(target: &Instance<'_>) -> Option<Hops> {
    let given = target.own().next_back().and_then(|used| target.given(used))?;
    let hops = given.value().parse().ok()?;
    match given.option.long.rsplit('-').next()? {
        "set" => Some(Hops::Set(hops)),
        "dec" => Some(Hops::Less(hops)),
        "inc" => Some(Hops::More(hops)),
        _ => None,
    }
}
