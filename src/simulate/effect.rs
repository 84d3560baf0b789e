//! The steps of a packet's way, and what rules did to it there.

use std::net::IpAddr;

use crate::model::{ChainId, RuleId, Ruleset, TableName, equal};

/// What a rule did to the packet, or what the end of a chain did.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Effect {
    /// It was counted, and nothing else.
    Counted,
    /// A target that changes nothing that rules see: `LOG`, say.
    Passed(Box<str>),
    /// A jump to this chain.
    Jumped(ChainId),
    /// A goto to this chain.
    WentTo(ChainId),
    /// `RETURN`: back to the chain that jumped here, or to the policy.
    Returned,
    /// No rule of the chain decided: back to the chain that jumped here.
    Ended,
    /// The policy of a built-in chain: to go on.
    PolicyAccepted,
    /// The policy of a built-in chain: to be gone.
    PolicyDropped,
    /// The table lets it go on.
    Accepted,
    /// It is gone.
    Dropped,
    /// It is gone, and its sender told.
    Rejected(Box<str>),
    /// It has this mark now.
    Marked(u32),
    /// Its connection has this mark now.
    ConnectionMarked(u32),
    /// It has a mark that nobody can say.
    MarkedSomehow,
    /// It is exempt from connection tracking.
    Untracked,
    /// Its destination is this now; the port stands where the protocol has ports.
    Destination(IpAddr, Option<u16>),
    /// Its source is this now.
    Source(IpAddr, Option<u16>),
    /// Its type of service, or how many hops it has left, was changed.
    Changed,
    /// Something beyond the rules decides: `NFQUEUE`, say.
    Handed(Box<str>),
}

impl Effect {
    /// The effect in words; `ruleset` names the chains.
    #[must_use]
    pub fn describe(&self, ruleset: &Ruleset) -> String {
        let endpoint = |address: &IpAddr, port: &Option<u16>| match (address, port) {
            (IpAddr::V4(address), Some(port)) => format!("{address}:{port}"),
            (IpAddr::V6(address), Some(port)) => format!("[{address}]:{port}"),
            (address, None) => address.to_string(),
        };
        match self {
            Self::Counted => "counted".to_owned(),
            Self::Passed(target) => format!("{target}, and on"),
            Self::Jumped(chain) => format!("jump to {}", ruleset.chain_name(*chain)),
            Self::WentTo(chain) => format!("goto {}", ruleset.chain_name(*chain)),
            Self::Returned => "return".to_owned(),
            Self::Ended => "end of chain: no rule decided, so it returns".to_owned(),
            Self::PolicyAccepted => "policy ACCEPT".to_owned(),
            Self::PolicyDropped => "policy DROP".to_owned(),
            Self::Accepted => "accept".to_owned(),
            Self::Dropped => "drop".to_owned(),
            Self::Rejected(with) => format!("reject with {with}"),
            Self::Marked(mark) => format!("mark {mark:#x}"),
            Self::ConnectionMarked(mark) => format!("connection mark {mark:#x}"),
            Self::MarkedSomehow => "a mark that the packet does not tell".to_owned(),
            Self::Untracked => "not tracked".to_owned(),
            Self::Destination(address, port) => format!("destination {}", endpoint(address, port)),
            Self::Source(address, port) => format!("source {}", endpoint(address, port)),
            Self::Changed => "header changed".to_owned(),
            Self::Handed(target) => format!("{target} decides"),
        }
    }
}

/// One step of a packet's way: a rule that matched, or the end of a chain.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Step {
    /// The table.
    pub table: TableName,
    /// The chain.
    pub chain: ChainId,
    /// The rule's number in its chain, from 1 as `iptables -L --line-numbers` counts; 0 for the end of the chain.
    pub number: usize,
    /// The rule; none for the end of the chain.
    pub rule: Option<RuleId>,
    /// Which of the rules that the rule's lists of addresses stand for, from 0.
    pub part: u16,
    /// What it did.
    pub effect: Effect,
    /// Whether it is not sure that the rule matched, and what follows is the same either way.
    pub maybe: bool,
}

impl Step {
    /// The rule as iptables-save prints it, `-A CHAIN …`; the policy, or nothing, for the end of a chain.
    #[must_use]
    pub fn text(&self, ruleset: &Ruleset) -> String {
        let chain = ruleset.chain_name(self.chain);
        match self.rule {
            Some(rule) => rule_text(ruleset, chain, rule),
            None if ruleset.chain(self.chain).hook().is_some() => {
                format!("-P {chain} {}", ruleset.policy_word(self.chain))
            }
            None => String::new(),
        }
    }
}

pub(super) fn rule_text(ruleset: &Ruleset, chain: &str, rule: RuleId) -> String {
    let body = equal::canonical(ruleset.body(rule), ruleset.family());
    format!("-A {chain} {body}").trim_end().to_owned()
}
