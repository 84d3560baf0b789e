//! The builder: a rule put together by methods. Each method gives a new builder, so that one can be the base of several.

use std::net::IpAddr;

use super::value::{Kind, Value};
use super::{Spelled, SpellingError};
use crate::model::Family;
use crate::syntax;

/// The most ports of one `multiport`; a range counts as two.
const PORTS_LIMIT: usize = 15;

/// A rule that is being put together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct RuleBuilder {
    protocol: Option<Value>,
    /// `icmp(TYPE)`: the protocol and the option's name depend on the family.
    icmp: Option<Value>,
    source: Value,
    destination: Value,
    sport: Value,
    dport: Value,
    /// Further options as iptables text, in the order in which they were given.
    pieces: Vec<String>,
    /// The jump with its options, as iptables text.
    target: Vec<String>,
}

impl RuleBuilder {
    /// The same with the protocol set.
    pub(crate) fn protocol(mut self, value: Value) -> Self {
        self.protocol = (value.kind != Kind::Absent).then_some(value);
        self
    }

    /// The same for the family's own ICMP, of this type.
    pub(crate) fn icmp(mut self, value: Value) -> Self {
        self.icmp = Some(value);
        self
    }

    /// The same from these addresses.
    pub(crate) fn source(mut self, value: Value) -> Self {
        self.source = value;
        self
    }

    /// The same to these addresses.
    pub(crate) fn destination(mut self, value: Value) -> Self {
        self.destination = value;
        self
    }

    /// The same from these ports.
    pub(crate) fn sport(mut self, value: Value) -> Self {
        self.sport = value;
        self
    }

    /// The same to these ports.
    pub(crate) fn dport(mut self, value: Value) -> Self {
        self.dport = value;
        self
    }

    /// The same with a piece of iptables text.
    pub(crate) fn piece(mut self, text: impl Into<String>) -> Self {
        self.pieces.push(text.into());
        self
    }

    /// The same with `option` (say, `--ctstate`) set to `value`; `module` is the match that knows it.
    pub(crate) fn option(self, module: Option<&str>, option: &str, value: &Value) -> Self {
        let text = option_text(module, option, value);
        if text.is_empty() { self } else { self.piece(text) }
    }

    /// The same with a piece of the jump: the jump itself or an option of its target.
    pub(crate) fn target(mut self, text: impl Into<String>) -> Self {
        self.target.push(text.into());
        self
    }

    /// Whether a jump was given.
    pub(crate) const fn has_target(&self) -> bool {
        !self.target.is_empty()
    }

    /// The rules as iptables text: one for each source, destination and group of ports.
    pub(crate) fn spell(&self, family: Family) -> Result<Spelled, SpellingError> {
        let mut emptied = Vec::new();
        let sources = addresses("source", &self.source, family, &mut emptied)?;
        let destinations = addresses("destination", &self.destination, family, &mut emptied)?;
        if !emptied.is_empty() {
            return Ok(Spelled { texts: Vec::new(), emptied });
        }
        let ports = self.port_groups()?;
        let mut texts = Vec::new();
        for source in &sources {
            for destination in &destinations {
                for port in &ports {
                    texts.push(self.text(family, [source, destination], port));
                }
            }
        }
        Ok(Spelled { texts, emptied })
    }

    fn text(&self, family: Family, [source, destination]: [&Option<String>; 2], port: &str) -> String {
        let mut words = Vec::new();
        if let Some(icmp) = &self.icmp {
            words.push(icmp_text(icmp, family));
        } else if let Some(protocol) = &self.protocol {
            words.push(option_text(None, "-p", protocol));
        }
        words.extend(source.clone());
        words.extend(destination.clone());
        words.push(port.to_owned());
        words.extend(self.pieces.iter().cloned());
        words.extend(self.target.iter().cloned());
        words.retain(|word| !word.is_empty());
        words.join(" ")
    }

    /// The port options of each rule; one empty group where there are no ports.
    fn port_groups(&self) -> Result<Vec<String>, SpellingError> {
        let sports = self.port_texts("sport", &self.sport)?;
        let dports = self.port_texts("dport", &self.dport)?;
        let pairs =
            sports.iter().flat_map(|sport| dports.iter().map(move |dport| [sport.as_str(), dport].join(" ")));
        Ok(pairs.map(|pair| pair.trim().to_owned()).collect())
    }

    fn port_texts(&self, name: &str, value: &Value) -> Result<Vec<String>, SpellingError> {
        if value.items.is_empty() {
            return Ok(vec![String::new()]);
        }
        if self.protocol.is_none() {
            return Err(SpellingError::NoProtocol(name.to_owned()));
        }
        if let ([port], false) = (value.items.as_slice(), value.items.iter().any(|port| port.contains(','))) {
            let port = Value { items: vec![port.replace('-', ":")], ..value.clone() };
            return Ok(vec![option_text(None, &format!("--{name}"), &port)]);
        }
        let groups = port_groups(&value.items);
        if value.negated && groups.len() > 1 {
            return Err(SpellingError::NegatedList { name: name.to_owned() });
        }
        let option = format!("--{name}s");
        let group = |items: Vec<String>| Value { items, ..value.clone() };
        Ok(groups.into_iter().map(|items| option_text(Some("multiport"), &option, &group(items))).collect())
    }
}

/// The ports in groups that one `multiport` takes.
fn port_groups(items: &[String]) -> Vec<Vec<String>> {
    let mut groups: Vec<Vec<String>> = Vec::new();
    let mut room = 0;
    for port in items.iter().flat_map(|item| item.split(',')).map(|port| port.trim().replace('-', ":")) {
        let size = if port.contains(':') { 2 } else { 1 };
        if room < size {
            groups.push(Vec::new());
            room = PORTS_LIMIT;
        }
        room -= size;
        if let Some(group) = groups.last_mut() {
            group.push(port);
        }
    }
    groups
}

fn icmp_text(value: &Value, family: Family) -> String {
    let (protocol, module, option) = match family {
        Family::Ipv4 => ("-p icmp", "icmp", "--icmp-type"),
        Family::Ipv6 => ("-p ipv6-icmp", "icmp6", "--icmpv6-type"),
    };
    let kind = option_text(Some(module), option, value);
    if kind.is_empty() { protocol.to_owned() } else { [protocol, &kind].join(" ") }
}

/// `-m MODULE ! OPTION VALUE`, or nothing for an absent value.
pub(crate) fn option_text(module: Option<&str>, option: &str, value: &Value) -> String {
    if value.kind == Kind::Absent || (value.kind == Kind::List && value.items.is_empty()) {
        return String::new();
    }
    let mut text = module.map(|module| ["-m ", module, " "].concat()).unwrap_or_default();
    if value.negated {
        text.push_str("! ");
    }
    text.push_str(option);
    if value.kind != Kind::Switch {
        text.push(' ');
        push_value(&mut text, &value.items.join(","));
    }
    text
}

/// Appends a value as one word; a leading `-` or `!` is quoted so that it reads as a value.
pub(super) fn push_value(text: &mut String, value: &str) {
    if value.starts_with(['!', '#']) || value.contains(['\'', '\\']) {
        text.push('"');
        text.push_str(&value.replace('\\', "\\\\").replace('"', "\\\""));
        text.push('"');
    } else {
        syntax::push_word(text, value);
    }
}

/// The address options of each rule: `None` for from anywhere. A list that has no address of the family goes into
/// `emptied`.
fn addresses(
    name: &'static str,
    value: &Value,
    family: Family,
    emptied: &mut Vec<String>,
) -> Result<Vec<Option<String>>, SpellingError> {
    let items: Vec<&str> = value.items.iter().flat_map(|item| item.split(',')).map(str::trim).collect();
    let given: Vec<&str> = items.into_iter().filter(|item| !item.is_empty()).collect();
    if given.is_empty() {
        return Ok(vec![None]);
    }
    if value.negated && given.len() > 1 {
        return Err(SpellingError::NegatedList { name: name.to_owned() });
    }
    let kept: Vec<&str> = given.into_iter().filter(|address| !is_of_other_family(address, family)).collect();
    if kept.is_empty() {
        emptied.push(name.to_owned());
    }
    let option = if name == "source" { "-s" } else { "-d" };
    let one = |address: &str| {
        let value = Value { negated: value.negated, items: vec![address.to_owned()], kind: Kind::Scalar };
        Some(option_text(None, option, &value))
    };
    Ok(kept.into_iter().map(one).collect())
}

/// Whether `address` is an address, or one with a mask, of the family that is not `family`.
fn is_of_other_family(address: &str, family: Family) -> bool {
    let bare = address.split('/').next().unwrap_or_default();
    match bare.parse::<IpAddr>() {
        Ok(parsed) => parsed.is_ipv6() != (family == Family::Ipv6),
        Err(_) => false,
    }
}
