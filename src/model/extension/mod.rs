//! What a match or a target of iptables is: its options, their values, and where it may stand.
//!
//! Each extension is one static [`Extension`], in a file of its own under `matches/` or `targets/`. The options stand in
//! the order in which iptables-save prints them.

pub mod instance;
mod rules;

pub use instance::{Given, Instance, Token, Used};

use rustc_hash::FxHashMap;

use super::Family;
use super::names::{Hook, TableName};
use super::value::{Sink, SpecErrorKind, Value};

/// The extensions by every name that loads them; two families may share a name.
#[must_use]
pub fn by_name(all: &[&'static Extension]) -> FxHashMap<&'static str, Vec<&'static Extension>> {
    let mut named: FxHashMap<&'static str, Vec<&'static Extension>> = FxHashMap::default();
    for extension in all {
        for name in std::iter::once(extension.name).chain(extension.aliases.iter().copied()) {
            named.entry(name).or_default().push(extension);
        }
    }
    named
}

/// The one of `extensions` that `family` has; the first where it has none of them.
#[must_use]
pub fn of_family(extensions: &[&'static Extension], family: Family) -> Option<&'static Extension> {
    let fits = extensions.iter().find(|extension| extension.families.contains(family));
    fits.or_else(|| extensions.first()).copied()
}

/// Whether an extension is loaded by `-m` or by `-j`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `-m NAME`.
    Match,
    /// `-j NAME`.
    Target,
}

impl Kind {
    /// `match` or `target`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Match => "match",
            Self::Target => "target",
        }
    }
}

/// A match or a target that is understood.
#[derive(Debug)]
pub struct Extension {
    /// The name as iptables-save prints it.
    pub name: &'static str,
    /// Other names that load it.
    pub aliases: &'static [&'static str],
    /// Match or target.
    pub kind: Kind,
    /// The families that have it.
    pub families: Families,
    /// The protocols of which `-p` must name one; any where there is none.
    pub protocols: &'static [u8],
    /// The tables it may stand in.
    pub tables: TableSet,
    /// The hooks it may be reached from.
    pub hooks: HookSet,
    /// The options, in printed order.
    pub options: &'static [OptionSpec],
    /// What must hold between its options.
    pub rules: &'static [Rule],
    /// What else must hold, where a [`Rule`] does not say it.
    pub check: Option<Check>,
    /// How it is printed.
    pub printing: Printing,
    /// The hooks that its values leave of [`Extension::hooks`], where they matter.
    pub narrow: Option<fn(&Instance<'_>) -> HookSet>,
    /// Whether this one is printed as one with others of its kind; none where it never is.
    pub joins: Option<fn(&Instance<'_>) -> bool>,
}

/// Checks a match or target with all its options.
pub type Check = fn(&Instance<'_>) -> Result<(), SpecErrorKind>;

/// How an extension is printed.
#[derive(Clone, Copy, Debug)]
pub enum Printing {
    /// Its options as their list says.
    Listed,
    /// Its options by a function of its own.
    Options(fn(&Instance<'_>, &mut Sink<'_>)),
    /// All of it, its name included, by a function of its own.
    Whole(fn(&Instance<'_>, &mut Sink<'_>)),
}

impl Extension {
    /// A match that has no options and may stand anywhere, to be filled in.
    #[must_use]
    pub const fn matching(name: &'static str) -> Self {
        Self::new(name, Kind::Match)
    }

    /// A target that has no options and may stand anywhere, to be filled in.
    #[must_use]
    pub const fn target(name: &'static str) -> Self {
        Self::new(name, Kind::Target)
    }

    const fn new(name: &'static str, kind: Kind) -> Self {
        Self {
            name,
            aliases: &[],
            kind,
            families: Families::Both,
            protocols: &[],
            tables: TableSet::ALL,
            hooks: HookSet::ALL,
            options: &[],
            rules: &[],
            check: None,
            printing: Printing::Listed,
            narrow: None,
            joins: None,
        }
    }

    /// The option called `name` and its index; abbreviations do not count.
    #[must_use]
    pub fn option(&'static self, name: &str) -> Option<(usize, &'static OptionSpec)> {
        self.options.iter().enumerate().find(|(_, option)| option.is_called(name))
    }
}

/// Whether `!` may stand before an option.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Negation {
    /// It turns the option round.
    Allowed,
    /// It is refused.
    Refused,
    /// It is taken and means nothing.
    Ignored,
}

/// One long option of an extension.
#[derive(Debug)]
pub struct OptionSpec {
    /// The name that is printed, without `--`.
    pub long: &'static str,
    /// Other spellings.
    pub aliases: &'static [&'static str],
    /// Whether `!` may stand before it.
    pub negation: Negation,
    /// What stands behind it.
    pub value: Value,
    /// Whether it may come again; the last one counts.
    pub repeats: bool,
    /// How it is printed.
    pub print: Print,
    /// The hooks that a rule with it can be reached from.
    pub hooks: HookSet,
    /// The tables that a rule with it may stand in.
    pub tables: TableSet,
}

/// When and how an option is printed.
#[derive(Clone, Copy, Debug)]
pub enum Print {
    /// When it was given.
    Given,
    /// When it was given with another value than this.
    Unless(&'static str),
    /// When it was given with another value than this, negated or not.
    UnlessEver(&'static str),
    /// Always; with this value when it was not given.
    Always(&'static str),
    /// Never: it means nothing, or is printed as part of another option.
    Never,
    /// As another option with a fixed value, at that option's place.
    As(&'static str, &'static str),
}

impl OptionSpec {
    /// The option `--long VALUE`, which cannot be negated.
    #[must_use]
    pub const fn new(long: &'static str, value: Value) -> Self {
        Self {
            long,
            aliases: &[],
            negation: Negation::Refused,
            value,
            repeats: false,
            print: Print::Given,
            hooks: HookSet::ALL,
            tables: TableSet::ALL,
        }
    }

    /// The option `[!] --long VALUE`.
    #[must_use]
    pub const fn negatable(long: &'static str, value: Value) -> Self {
        Self { negation: Negation::Allowed, ..Self::new(long, value) }
    }

    /// The same with other spellings.
    #[must_use]
    pub const fn aliases(self, aliases: &'static [&'static str]) -> Self {
        Self { aliases, ..self }
    }

    /// The same, printed as `print` says.
    #[must_use]
    pub const fn print(self, print: Print) -> Self {
        Self { print, ..self }
    }

    /// The same, for rules that can be reached from these hooks only.
    #[must_use]
    pub const fn at(self, hooks: &[Hook]) -> Self {
        Self { hooks: HookSet::of(hooks), ..self }
    }

    /// The same, for rules in these tables only.
    #[must_use]
    pub const fn within(self, tables: &[TableName]) -> Self {
        Self { tables: TableSet::of(tables), ..self }
    }

    /// The same; a `!` before it means nothing.
    #[must_use]
    pub const fn ignoring_negation(self) -> Self {
        Self { negation: Negation::Ignored, ..self }
    }

    /// The same; it may come again, and the last one counts.
    #[must_use]
    pub const fn repeated(self) -> Self {
        Self { repeats: true, ..self }
    }

    /// Whether `name` is one of its spellings.
    #[must_use]
    pub fn is_called(&self, name: &str) -> bool {
        self.long == name || self.aliases.contains(&name)
    }

    /// Every spelling.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        std::iter::once(self.long).chain(self.aliases.iter().copied())
    }
}

/// What must hold between the options of an extension.
#[derive(Clone, Copy, Debug)]
pub enum Rule {
    /// At least one of these is given.
    AnyOf(&'static [&'static str]),
    /// At most one of these is given.
    OneOf(&'static [&'static str]),
    /// The first is not given without the second.
    Needs(&'static str, &'static str),
}

/// A set of families.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Families {
    /// iptables and ip6tables.
    Both,
    /// iptables alone.
    Ipv4,
    /// ip6tables alone.
    Ipv6,
}

impl Families {
    /// Whether `family` is in it.
    #[must_use]
    pub const fn contains(self, family: Family) -> bool {
        matches!((self, family), (Self::Both, _) | (Self::Ipv4, Family::Ipv4) | (Self::Ipv6, Family::Ipv6))
    }
}

/// A set of tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TableSet(u8);

impl TableSet {
    /// Every table.
    pub const ALL: Self = Self::of(&TableName::ALL);

    /// The set of these tables.
    #[must_use]
    #[expect(
        clippy::indexing_slicing,
        reason = "a const function has no iterators; the bound is checked beside it"
    )]
    pub const fn of(tables: &[TableName]) -> Self {
        let mut bits = 0;
        let mut at = 0;
        while at < tables.len() {
            bits |= 1 << tables[at] as u8;
            at += 1;
        }
        Self(bits)
    }

    /// Whether `table` is in it.
    #[must_use]
    pub const fn contains(self, table: TableName) -> bool {
        self.0 & (1 << table as u8) != 0
    }

    /// The tables in both sets.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// The tables in it, in the order in which a packet meets them.
    pub fn iter(self) -> impl Iterator<Item = TableName> {
        TableName::ALL.into_iter().filter(move |table| self.contains(*table))
    }
}

/// A set of hooks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HookSet(u8);

impl HookSet {
    /// Every hook.
    pub const ALL: Self = Self::of(&Hook::ALL);
    /// The hooks at which a packet has an interface that it came in by.
    pub const INCOMING: Self = Self::of(&[Hook::Prerouting, Hook::Input, Hook::Forward]);
    /// The hooks at which a packet has an interface that it leaves by.
    pub const OUTGOING: Self = Self::of(&[Hook::Forward, Hook::Output, Hook::Postrouting]);
    /// No hook.
    pub const NONE: Self = Self::of(&[]);

    /// The hooks in either set.
    #[must_use]
    pub const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// The set of these hooks.
    #[must_use]
    #[expect(
        clippy::indexing_slicing,
        reason = "a const function has no iterators; the bound is checked beside it"
    )]
    pub const fn of(hooks: &[Hook]) -> Self {
        let mut bits = 0;
        let mut at = 0;
        while at < hooks.len() {
            bits |= 1 << hooks[at] as u8;
            at += 1;
        }
        Self(bits)
    }

    /// Whether `hook` is in it.
    #[must_use]
    pub const fn contains(self, hook: Hook) -> bool {
        self.0 & (1 << hook as u8) != 0
    }

    /// The hooks in both sets.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// The hooks in it, in the order in which a packet can meet them.
    pub fn iter(self) -> impl Iterator<Item = Hook> {
        Hook::ALL.into_iter().filter(move |hook| self.contains(*hook))
    }
}
