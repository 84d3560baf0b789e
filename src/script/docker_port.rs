//! Published ports as the helpers take them: a view of one, a number, a range, or text with a protocol.

use rhai::{Dynamic, NativeCallContext};

use super::docker_view::{ContainerView, NetworkView, ProxiedView, PublishedView};
use super::fault::{Fault, Native, raise, shortened};
use super::spelling::RuleBuilder;
use super::spelling::value::{Kind, Value, type_name};
use crate::docker;

/// What Docker publishes ports of.
const PROTOCOLS: [&str; 3] = ["tcp", "udp", "sctp"];

/// A port that clients dial.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Port {
    pub(super) protocol: String,
    /// A number, or a range `8000:8010`.
    pub(super) number: String,
    /// The address of the host that it is bound to; none for all of them.
    pub(super) host_ip: Option<String>,
}

impl Port {
    /// What a script gave the function `name`.
    pub(super) fn of(context: &NativeCallContext, name: &str, given: &Dynamic) -> Native<Self> {
        read(name, given).map_err(|fault| raise(context, fault))
    }

    /// The same with the protocol beside.
    pub(super) fn with(self, context: &NativeCallContext, protocol: &str) -> Native<Self> {
        let protocol = known(protocol).map_err(|fault| raise(context, fault))?;
        Ok(Self { protocol, ..self })
    }

    /// The port as messages have it.
    pub(super) fn shown(&self) -> String {
        let Self { number, protocol, .. } = self;
        if protocol == "tcp" { format!("port {number}") } else { format!("port {number}/{protocol}") }
    }

    /// Whether only this host itself can dial it.
    pub(super) fn is_local(&self) -> bool {
        docker::is_local(self.host_ip.as_deref())
    }

    /// The match behind DNAT. The state DNAT is that of a connection which was sent on: what containers themselves dial on
    /// that port elsewhere is none.
    pub(super) fn forwarded(&self) -> String {
        let bound = self.host_ip.as_ref().map(|host| format!(" --ctorigdst {host}")).unwrap_or_default();
        let number = &self.number;
        format!("-m conntrack --ctstate DNAT{bound} --ctorigdstport {number} --ctdir ORIGINAL")
    }

    /// The match in INPUT, where docker-proxy's packets come by; what the host itself sends comes by its loopback.
    pub(super) fn proxied(&self) -> String {
        let Self { protocol, number, host_ip } = self;
        let bound = host_ip.as_ref().map(|host| format!("-d {host} ")).unwrap_or_default();
        format!("! -i lo {bound}-p {protocol} -m {protocol} --dport {number}")
    }

    /// A rule with the match behind DNAT.
    pub(super) fn builder(&self) -> RuleBuilder {
        let protocol = Value { negated: false, items: vec![self.protocol.clone()], kind: Kind::Scalar };
        RuleBuilder::default().protocol(protocol).piece(self.forwarded())
    }
}

fn read(name: &str, given: &Dynamic) -> Result<Port, Fault> {
    if let Some(view) = given.read_lock::<PublishedView>() {
        let port = &view.0;
        let (protocol, host_ip) = (port.protocol.clone(), port.host_ip.clone());
        return Ok(Port { protocol, number: port.host_port.to_string(), host_ip });
    }
    if let Some(view) = given.read_lock::<ProxiedView>() {
        let port = &view.0;
        let (protocol, host_ip) = (port.protocol.clone(), port.host_ip.clone());
        return Ok(Port { protocol, number: port.host_port.to_string(), host_ip });
    }
    if let Ok(number) = given.as_int() {
        return text(&number.to_string());
    }
    match given.read_lock::<rhai::ImmutableString>() {
        Some(given) => text(given.trim()),
        None => Err(no_port(name, given)),
    }
}

fn text(given: &str) -> Result<Port, Fault> {
    // Docker writes `53/udp`, and firewalls `udp/53`.
    let (number, protocol) = match given.split_once('/') {
        Some((protocol, number)) if protocol.starts_with(|first: char| first.is_ascii_alphabetic()) => {
            (number, protocol)
        }
        Some(parts) => parts,
        None => (given, "tcp"),
    };
    let protocol = known(protocol.trim())?;
    let (from, to) = number.split_once([':', '-']).unwrap_or((number, number));
    let port = |text: &str| text.trim().parse::<u16>().ok().filter(|port| *port > 0);
    let (Some(from), Some(to)) = (port(from), port(to)) else {
        let fault = Fault::new("bad-port", format!("`{}` is no published port", shortened(&given)));
        return Err(fault.help("ports go from 1 to 65535: `8080`, `\"8000:8010\"`, `\"53/udp\"`"));
    };
    if from > to {
        let fault = Fault::new("bad-port", format!("the range `{number}` ends before it begins"));
        return Err(fault.help(format!("write `{to}:{from}`")));
    }
    let number = if from == to { from.to_string() } else { format!("{from}:{to}") };
    Ok(Port { protocol, number, host_ip: None })
}

fn known(protocol: &str) -> Result<String, Fault> {
    let lower = protocol.to_ascii_lowercase();
    if PROTOCOLS.contains(&lower.as_str()) {
        return Ok(lower);
    }
    let message = format!("Docker publishes no ports of `{}`", shortened(&protocol));
    Err(Fault::new("bad-value", message).help("the protocol is `tcp`, `udp` or `sctp`"))
}

fn no_port(name: &str, given: &Dynamic) -> Fault {
    let what = if given.is::<NetworkView>() {
        "a network"
    } else if given.is::<ContainerView>() {
        "a container"
    } else {
        type_name(given)
    };
    let fault = Fault::new("bad-value", format!("`{name}` takes a published port, and this is {what}"));
    let fault = fault.help("give one of `docker.published`, or what clients dial: `8080`, `\"53/udp\"`");
    if given.is_array() {
        fault.help("`for port in docker.published { … }` goes through several")
    } else {
        fault
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(given: Dynamic) -> String {
        match read("restrict", &given) {
            Ok(port) => format!("{} {}", port.protocol, port.number),
            Err(fault) => fault.code.to_owned(),
        }
    }

    #[test]
    fn ports_are_numbers_ranges_and_text_with_a_protocol() {
        let cases: [(Dynamic, &str); 13] = [
            (8080.into(), "tcp 8080"),
            ("8080".into(), "tcp 8080"),
            (" 53/UDP ".into(), "udp 53"),
            ("sctp/3868".into(), "sctp 3868"),
            ("8000:8010".into(), "tcp 8000:8010"),
            ("8000-8010/sctp".into(), "sctp 8000:8010"),
            ("80:80".into(), "tcp 80"),
            (0.into(), "bad-port"),
            (65536.into(), "bad-port"),
            (rhai::INT::from(-1).into(), "bad-port"),
            ("90:80".into(), "bad-port"),
            ("80/icmp".into(), "bad-value"),
            (true.into(), "bad-value"),
        ];
        for (given, expected) in cases {
            let words = given.to_string();
            assert_eq!(shown(given), expected, "{words}");
        }
    }
}
