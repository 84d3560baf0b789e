//! What can be wrong with a rule's specification.

use std::borrow::Cow;

use crate::model::Family;

/// The kinds of fault in a specification. Each text names the user's words and ends in what to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SpecErrorKind {
    /// A quote opens and nothing closes it.
    #[error("a quote is opened and never closed; close it, or escape it as `\\\"` inside quotes")]
    UnterminatedQuote,
    /// A word is longer than iptables-restore takes.
    #[error("a word is {0} bytes long and iptables-restore takes 1023; shorten it")]
    WordTooLong(usize),
    /// The rule has more words than iptables-restore takes.
    #[error("the rule has {0} words and iptables-restore takes {1}; split it")]
    TooManyWords(usize, usize),
    /// A word that no option takes.
    #[error("`{word}` belongs to no option; {help}")]
    StrayWord {
        /// The word.
        word: String,
        /// What to do about it.
        help: &'static str,
    },
    /// No loaded match or target has the option.
    #[error("no option `{option}` here{}", meant(.hint.as_deref()))]
    UnknownOption {
        /// The option as it was written.
        option: String,
        /// What may have been meant.
        hint: Option<String>,
    },
    /// An abbreviation fits several options.
    #[error("`{option}` may be any of {}; write it out", listed(.candidates))]
    AmbiguousOption {
        /// The option as it was written.
        option: String,
        /// The options it fits.
        candidates: Vec<String>,
    },
    /// An option of the iptables command that a rule cannot have.
    #[error("`{option}` cannot stand in a rule; {help}")]
    NotInRule {
        /// The option as it was written.
        option: String,
        /// What to do about it.
        help: &'static str,
    },
    /// A value is joined to an option that takes none.
    #[error("`{option}` takes no value; leave out what follows the `=`")]
    UnexpectedValue {
        /// The option.
        option: String,
    },
    /// A value is joined to an option of which iptables wants it apart.
    #[error(
        "`{word}` must be two words, as iptables 1.8.9 takes all of it for the value; write `{option} {value}`"
    )]
    JoinedValue {
        /// The word as it was written.
        word: String,
        /// The option.
        option: &'static str,
        /// The value.
        value: String,
    },
    /// An option stands last and takes a value.
    #[error("`{option}` needs {} behind it; add {}", values(*.count), if *.count == 1 { "it" } else { "them" })]
    MissingValue {
        /// The option.
        option: String,
        /// How many words it takes.
        count: usize,
    },
    /// A `!` stands where none may.
    #[error("`!` cannot stand before {before}; leave it out")]
    BadNegation {
        /// What follows it, in backticks where it is a word.
        before: String,
    },
    /// A `!` before an address list.
    #[error("`!` cannot stand before a list of addresses; write one rule for each address")]
    NegatedList,
    /// `! -p all`, `! -s 0.0.0.0/0`.
    #[error("a rule with `! {0} {1}` would never match; leave the option out")]
    NegatedAll(&'static str, String),
    /// An option that may be given once is given again.
    #[error("`{option}` is given twice; keep one of them")]
    DuplicateOption {
        /// The option.
        option: String,
    },
    /// Options that exclude each other.
    #[error("`{first}` and `{second}` exclude each other; keep one of them")]
    Conflict {
        /// The one.
        first: String,
        /// The other.
        second: String,
    },
    /// An option that is of no use alone.
    #[error("`{option}` needs `{needed}` as well; add it")]
    NeedsOption {
        /// The option.
        option: String,
        /// What it needs.
        needed: String,
    },
    /// A match or target without an option that it cannot do without.
    #[error("`{extension}` needs {}; add {}", alternatives(.options), if .options.len() == 1 { "it" } else { "one of them" })]
    MissingOption {
        /// `-m conntrack`, `-j DNAT`.
        extension: String,
        /// The options of which one is needed.
        options: &'static [&'static str],
    },
    /// A match or target that works with some protocols only.
    #[error("`{extension}` needs {}; add it", named_protocols(.protocols))]
    NeedsProtocol {
        /// `-m tcp`, `-j TCPMSS`.
        extension: String,
        /// The protocols.
        protocols: &'static [u8],
    },
    /// A port is named and no protocol that has ports.
    #[error(
        "`--{option}` names a port and the rule no protocol that has ports; put `-p tcp` or `-p udp` before it"
    )]
    PortWithoutProtocol {
        /// The option.
        option: &'static str,
    },
    /// Not a port.
    #[error("`{value}` is not a port; give a number from 0 to 65535 or a service's name{}", meant(.hint.as_deref()))]
    BadPort {
        /// What was given.
        value: String,
        /// The service that may have been meant.
        hint: Option<String>,
    },
    /// A range of ports whose first is greater than its second.
    #[error("the ports `{value}` are upside down; put the smaller one first")]
    ReversedPorts {
        /// The range.
        value: String,
    },
    /// Not an address.
    #[error("`{value}` is not an {} address; {expected}", of(*.family))]
    BadAddress {
        /// What was given.
        value: String,
        /// The rule's family.
        family: Family,
        /// What to write.
        expected: &'static str,
    },
    /// A name that would have to be looked up.
    #[error(
        "`{value}` is a host's name, which iptables looks up once when the rule is loaded; write the address"
    )]
    HostName {
        /// The name.
        value: String,
    },
    /// An address or a protocol of the other family.
    #[error("`{value}` is {}, and this is an {} rule; {}", other(*.family), of(*.family), switch(*.family))]
    MixedFamily {
        /// What was given.
        value: String,
        /// The rule's family.
        family: Family,
    },
    /// Not a network interface's name.
    #[error("`{value}` cannot be an interface: {reason}")]
    BadInterface {
        /// What was given.
        value: String,
        /// Why, and what to do.
        reason: &'static str,
    },
    /// Not a protocol.
    #[error("`{value}` is not a protocol; give its name or a number from 0 to 255{}", meant(.hint.as_deref()))]
    BadProtocol {
        /// What was given.
        value: String,
        /// What may have been meant.
        hint: Option<String>,
    },
    /// A name that is none of those that the option takes.
    #[error("`--{option}` does not know `{value}`; it takes {}{}", .expected, meant(.hint.as_deref()))]
    UnknownName {
        /// The option.
        option: &'static str,
        /// What was given.
        value: String,
        /// The names it takes.
        expected: String,
        /// What may have been meant.
        hint: Option<String>,
    },
    /// A value that the option does not take.
    #[error("`{value}` is no value for `--{option}`; {expected}")]
    BadValue {
        /// The option.
        option: &'static str,
        /// What was given.
        value: String,
        /// What to write.
        expected: Cow<'static, str>,
    },
    /// A match or target of the other family.
    #[error("`{extension}` is for {}, and this is an {} rule; {}", plain_other(*.family), of(*.family), switch(*.family))]
    WrongFamily {
        /// `-m hl`, `-j TTL`.
        extension: String,
        /// The rule's family.
        family: Family,
    },
    /// A name that cannot be a target's.
    #[error("`{value}` cannot be a target: {reason}")]
    BadTarget {
        /// What was given.
        value: String,
        /// Why, and what to do.
        reason: &'static str,
    },
    /// A combination that the kernel refuses.
    #[error("the kernel refuses `{extension}` so: {reason}")]
    Refused {
        /// `-m recent`, `-j CT`.
        extension: String,
        /// Why, and what to do.
        reason: &'static str,
    },
}

impl SpecErrorKind {
    /// Every code.
    pub const CODES: &'static [&'static str] = &[
        "ambiguous-option",
        "bad-address",
        "bad-interface",
        "bad-negation",
        "bad-port",
        "bad-protocol",
        "bad-target",
        "bad-value",
        "conflicting-options",
        "duplicate-option",
        "host-name",
        "match-needs-protocol",
        "missing-option",
        "missing-value",
        "mixed-family",
        "not-in-rule",
        "port-without-protocol",
        "refused-by-kernel",
        "stray-word",
        "too-many-words",
        "unexpected-value",
        "joined-value",
        "unknown-name",
        "unknown-option",
        "unterminated-quote",
        "word-too-long",
        "wrong-family",
    ];

    /// The stable code of the fault.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::UnterminatedQuote => "unterminated-quote",
            Self::WordTooLong(_) => "word-too-long",
            Self::TooManyWords(..) => "too-many-words",
            Self::StrayWord { .. } => "stray-word",
            Self::UnknownOption { .. } => "unknown-option",
            Self::AmbiguousOption { .. } => "ambiguous-option",
            Self::NotInRule { .. } => "not-in-rule",
            Self::UnexpectedValue { .. } => "unexpected-value",
            Self::JoinedValue { .. } => "joined-value",
            Self::MissingValue { .. } => "missing-value",
            Self::BadNegation { .. } | Self::NegatedList | Self::NegatedAll(..) => "bad-negation",
            Self::DuplicateOption { .. } => "duplicate-option",
            Self::Conflict { .. } => "conflicting-options",
            Self::NeedsOption { .. } | Self::MissingOption { .. } => "missing-option",
            Self::NeedsProtocol { .. } => "match-needs-protocol",
            Self::PortWithoutProtocol { .. } => "port-without-protocol",
            Self::BadPort { .. } | Self::ReversedPorts { .. } => "bad-port",
            Self::BadAddress { .. } => "bad-address",
            Self::HostName { .. } => "host-name",
            Self::MixedFamily { .. } => "mixed-family",
            Self::BadInterface { .. } => "bad-interface",
            Self::BadProtocol { .. } => "bad-protocol",
            Self::UnknownName { .. } => "unknown-name",
            Self::BadValue { .. } => "bad-value",
            Self::WrongFamily { .. } => "wrong-family",
            Self::BadTarget { .. } => "bad-target",
            Self::Refused { .. } => "refused-by-kernel",
        }
    }
}

/// The candidate most like `word`, for a did-you-mean.
#[must_use]
pub fn closest<'c>(word: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<String> {
    let lower = word.to_ascii_lowercase();
    let likeness = |name: &str| strsim::normalized_damerau_levenshtein(&lower, &name.to_ascii_lowercase());
    let scored = candidates.into_iter().map(|name| (likeness(name), name));
    let best = scored.max_by(|(one, _), (other, _)| one.total_cmp(other));
    best.filter(|(score, _)| *score >= 0.6).map(|(_, name)| name.to_owned())
}

fn meant(name: Option<&str>) -> String {
    name.map(|name| format!("; did you mean `{name}`?")).unwrap_or_default()
}

fn listed(names: &[String]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

/// The first few of `names` as options.
fn alternatives(names: &[&str]) -> String {
    let shown = if names.len() > 4 { 3 } else { names.len() };
    let mut listed: Vec<String> = names.iter().take(shown).map(|name| format!("`--{name}`")).collect();
    if names.len() > shown {
        listed.push(format!("one of {} more", names.len() - shown));
    }
    listed.join(" or ")
}

fn named_protocols(numbers: &[u8]) -> String {
    let name = |number: &u8| format!("`-p {}`", super::protocols::name(*number));
    numbers.iter().map(name).collect::<Vec<_>>().join(" or ")
}

const fn values(count: usize) -> &'static str {
    if count == 1 { "a value" } else { "two values" }
}

const fn of(family: Family) -> &'static str {
    match family {
        Family::Ipv4 => "IPv4",
        Family::Ipv6 => "IPv6",
    }
}

const fn plain_other(family: Family) -> &'static str {
    match family {
        Family::Ipv4 => "IPv6",
        Family::Ipv6 => "IPv4",
    }
}

const fn other(family: Family) -> &'static str {
    match family {
        Family::Ipv4 => "of IPv6",
        Family::Ipv6 => "of IPv4",
    }
}

const fn switch(family: Family) -> &'static str {
    match family {
        Family::Ipv4 => "use its IPv4 counterpart, or put it into the IPv6 ruleset",
        Family::Ipv6 => "use its IPv6 counterpart, or put it into the IPv4 ruleset",
    }
}
