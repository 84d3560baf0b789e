//! Names of tables, hooks and chains, valid once made.

use std::fmt;

/// The longest name of a chain, in bytes (`XT_EXTENSION_MAXNAMELEN` less the terminator, `linux/netfilter/x_tables.h`).
pub const CHAIN_NAME_LIMIT: usize = 28;

/// A table of iptables.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum TableName {
    /// Exempts packets from connection tracking, and drops early.
    Raw,
    /// Changes packets.
    Mangle,
    /// Rewrites addresses of new connections.
    Nat,
    /// Lets packets through or not; the table that is meant where none is named.
    Filter,
    /// Mandatory access control.
    Security,
}

impl TableName {
    /// Every table, in the order in which a packet meets them.
    pub const ALL: [Self; 5] = [Self::Raw, Self::Mangle, Self::Nat, Self::Filter, Self::Security];

    /// The table called `name`.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|table| table.as_str() == name)
    }

    /// The table's name as iptables spells it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Raw => "raw",
            Self::Mangle => "mangle",
            Self::Nat => "nat",
            Self::Filter => "filter",
            Self::Security => "security",
        }
    }

    /// The hooks that the table's built-in chains are called from, in iptables-save's order.
    #[must_use]
    pub const fn hooks(self) -> &'static [Hook] {
        match self {
            Self::Raw => &[Hook::Prerouting, Hook::Output],
            Self::Mangle => &[Hook::Prerouting, Hook::Input, Hook::Forward, Hook::Output, Hook::Postrouting],
            Self::Nat => &[Hook::Prerouting, Hook::Input, Hook::Output, Hook::Postrouting],
            Self::Filter | Self::Security => &[Hook::Input, Hook::Forward, Hook::Output],
        }
    }

    /// The table's built-in chain called `name`.
    #[must_use]
    pub fn builtin(self, name: &str) -> Option<Hook> {
        self.hooks().iter().copied().find(|hook| hook.as_str() == name)
    }
}

impl fmt::Display for TableName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// A netfilter hook; the built-in chain at it has its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Hook {
    /// A packet has come in and is not routed yet.
    Prerouting,
    /// It is for this host.
    Input,
    /// It passes through.
    Forward,
    /// This host made it.
    Output,
    /// It is about to leave.
    Postrouting,
}

impl Hook {
    /// Every hook, in the order in which a packet can meet them.
    pub const ALL: [Self; 5] =
        [Self::Prerouting, Self::Input, Self::Forward, Self::Output, Self::Postrouting];

    /// The hook's built-in chain.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Prerouting => "PREROUTING",
            Self::Input => "INPUT",
            Self::Forward => "FORWARD",
            Self::Output => "OUTPUT",
            Self::Postrouting => "POSTROUTING",
        }
    }
}

/// Why a name cannot be a chain's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChainNameError {
    /// Nothing is there.
    #[error("a chain needs a name")]
    Empty,
    /// It is longer than the kernel keeps.
    #[error("`{0}` is too long for a chain: {len} bytes, {CHAIN_NAME_LIMIT} at most", len = .0.len())]
    TooLong(String),
    /// A character that iptables or its text format refuses.
    #[error("`{0}` cannot be a chain: {1:?} must not occur in a chain's name")]
    Character(String, char),
    /// It begins like an option or a negation.
    #[error("`{0}` cannot be a chain: a name must not begin with `-` or `!`")]
    Leading(String),
    /// A target has the name.
    #[error("`{0}` cannot be a chain: it is the name of a target")]
    Target(String),
}

/// The name of a chain that iptables takes.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ChainName(String);

impl ChainName {
    /// Checks `name`; whether a target has that name is for [`ChainName::user`].
    ///
    /// # Errors
    /// What iptables refuses: an empty or too long name, blanks and control characters and quotes, a leading `-` or `!`.
    pub fn parse(name: &str) -> Result<Self, ChainNameError> {
        Self::check(name).map(|()| Self(name.to_owned()))
    }

    /// Checks the name of a chain that exists.
    ///
    /// # Errors
    /// As [`ChainName::parse`].
    pub fn check(name: &str) -> Result<(), ChainNameError> {
        if name.is_empty() {
            return Err(ChainNameError::Empty);
        }
        if name.len() > CHAIN_NAME_LIMIT {
            return Err(ChainNameError::TooLong(name.to_owned()));
        }
        if name.starts_with(['-', '!']) {
            return Err(ChainNameError::Leading(name.to_owned()));
        }
        if name.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'"') {
            return Ok(());
        }
        let refused =
            |character: &char| character.is_whitespace() || character.is_control() || *character == '"';
        match name.chars().find(refused) {
            Some(character) => Err(ChainNameError::Character(name.to_owned(), character)),
            None => Ok(()),
        }
    }

    /// Checks the name of a chain to be created, `is_target` telling the names of targets.
    ///
    /// # Errors
    /// As [`ChainName::parse`], and when a target has the name.
    pub fn user(name: &str, is_target: impl Fn(&str) -> bool) -> Result<Self, ChainNameError> {
        let parsed = Self::parse(name)?;
        if is_target(name) { Err(ChainNameError::Target(name.to_owned())) } else { Ok(parsed) }
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
