//! The chains of a ruleset as lists that an engine's start rearranges.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::sync::Arc;

use super::shape::{Part, Shapes};
use crate::docker::bridges::bridges;
use crate::docker::layout::{Layout, is_own_chain};
use crate::docker::owned::Docker;
use crate::model::equal::canonical;
use crate::model::{ChainId, Family, RuleId, Ruleset, TableName};
use crate::save;
use crate::source::SourceFile;

/// A ruleset after something happened.
#[derive(Clone, Debug)]
pub struct After {
    family: Family,
    pub(super) layout: Layout,
    /// Docker's bridges, in the order of their names.
    pub(super) bridges: BTreeSet<String>,
    chains: Vec<ChainAfter>,
    lost: Vec<RuleId>,
}

/// A chain.
#[derive(Clone, Debug)]
pub struct ChainAfter {
    /// Its table.
    pub table: TableName,
    /// Its name.
    pub name: String,
    /// Its policy; `-` for a user chain.
    pub policy: String,
    pub(super) entries: Vec<Entry>,
}

/// A rule of a chain.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    /// The rule that it was before; none for one that Docker writes.
    pub(super) rule: Option<RuleId>,
    /// Which of Docker's rules it is; none for those of others.
    pub(super) part: Option<Part>,
    /// The specification, as `iptables-save` prints it.
    pub(super) text: String,
}

impl Entry {
    /// One that Docker writes.
    pub(super) fn new(part: Part, text: String) -> Self {
        Self { rule: None, part: Some(part), text }
    }
}

impl ChainAfter {
    /// The rules' specifications, from the top, each with the rule that it was before; none for one that Docker writes anew.
    pub fn rules(&self) -> impl Iterator<Item = (Option<RuleId>, &str)> {
        self.entries.iter().map(|entry| (entry.rule, entry.text.as_str()))
    }

    /// For each of the others' rules: how many of those of Docker's rules stand before it that have been there all along.
    /// Those of containers do not count: they come and go.
    pub(super) fn others(&self) -> impl Iterator<Item = (RuleId, usize)> {
        let mut before = 0;
        self.entries.iter().filter_map(move |entry| match (entry.part, entry.rule) {
            (None, Some(rule)) => Some((rule, before)),
            (Some(part), Some(_)) if part != Part::Endpoint => {
                before += 1;
                None
            }
            _ => None,
        })
    }

    /// Takes the entries out that `test` says yes to, in their order.
    pub(super) fn take(&mut self, test: impl Fn(&Entry) -> bool) -> Vec<Entry> {
        let (taken, kept) = std::mem::take(&mut self.entries).into_iter().partition(|entry| test(entry));
        self.entries = kept;
        taken
    }

    /// Puts entries at the top, in their order.
    pub(super) fn put_first(&mut self, entries: Vec<Entry>) {
        self.entries.splice(0..0, entries);
    }

    /// Puts entries at the end.
    pub(super) fn put_last(&mut self, entries: Vec<Entry>) {
        self.entries.extend(entries);
    }
}

impl After {
    /// The ruleset as scripts left it.
    pub(super) fn of(ruleset: &Ruleset, layout: Layout) -> Self {
        let mut after = Self {
            family: ruleset.family(),
            layout,
            bridges: bridges(ruleset),
            chains: Vec::new(),
            lost: Vec::new(),
        };
        let docker = Docker::default();
        let mut shapes = Shapes::new(ruleset.family(), after.bridges.clone());
        for table in TableName::ALL {
            for chain in ruleset.live_chains(table) {
                let read = Reader { ruleset, docker: &docker, table }.chain(chain, &mut shapes);
                after.chains.push(read);
            }
        }
        after
    }

    /// The chains of all tables.
    #[must_use]
    pub fn chains(&self) -> &[ChainAfter] {
        &self.chains
    }

    /// The chain of `table` called `name`.
    #[must_use]
    pub fn chain(&self, table: TableName, name: &str) -> Option<&ChainAfter> {
        self.chains.iter().find(|chain| chain.table == table && chain.name == name)
    }

    /// The rules that are gone, other than Docker's own.
    #[must_use]
    pub fn lost(&self) -> &[RuleId] {
        &self.lost
    }

    /// The ruleset as a text that `iptables-save` could have printed, without counters.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = String::new();
        for table in TableName::ALL {
            let chains: Vec<&ChainAfter> = self.chains.iter().filter(|chain| chain.table == table).collect();
            if chains.iter().all(|chain| chain.entries.is_empty() && matches!(&*chain.policy, "ACCEPT")) {
                continue;
            }
            let _ = writeln!(text, "*{}", table.as_str());
            for chain in &chains {
                let _ = writeln!(text, ":{} {} [0:0]", chain.name, chain.policy);
            }
            for chain in &chains {
                for entry in &chain.entries {
                    let _ = writeln!(text, "-A {} {}", chain.name, entry.text);
                }
            }
            text.push_str("COMMIT\n");
        }
        text
    }

    /// The same as a ruleset of its own; none where the ruleset held what no restore takes.
    #[must_use]
    pub fn ruleset(&self) -> Option<Ruleset> {
        let source = SourceFile::from_bytes("the ruleset after docker wrote to it", self.text().into_bytes());
        save::parse(&Arc::new(source.ok()?), self.family).ok()
    }

    /// The family.
    pub(super) const fn family(&self) -> Family {
        self.family
    }

    /// Changes a chain that exists.
    pub(super) fn edit(&mut self, table: TableName, name: &str, change: impl FnOnce(&mut ChainAfter)) {
        let mut chains = self.chains.iter_mut();
        if let Some(chain) = chains.find(|chain| chain.table == table && chain.name == name) {
            change(chain);
        }
    }

    /// Whether a chain exists.
    pub(super) fn exists(&self, table: TableName, name: &str) -> bool {
        self.chain(table, name).is_some()
    }

    /// Begins a user chain.
    pub(super) fn create(&mut self, table: TableName, name: &str) {
        let (name, policy) = (name.to_owned(), "-".to_owned());
        self.chains.push(ChainAfter { table, name, policy, entries: Vec::new() });
    }

    /// Flushes Docker's own chains: what is not Docker's is gone.
    pub(super) fn flush_others(&mut self) {
        for chain in self.chains.iter_mut().filter(|chain| is_own_chain(chain.table, &chain.name)) {
            let gone = chain.take(|entry| entry.part.is_none());
            self.lost.extend(gone.into_iter().filter_map(|entry| entry.rule));
        }
    }
}

/// Reads the chains of a table.
struct Reader<'r> {
    ruleset: &'r Ruleset,
    docker: &'r Docker,
    table: TableName,
}

impl Reader<'_> {
    fn chain(&self, chain: ChainId, shapes: &mut Shapes) -> ChainAfter {
        let name = self.ruleset.chain_name(chain).to_owned();
        let rules = self.ruleset.chain(chain).rules();
        let entries = rules.iter().map(|rule| self.entry((chain, &name), rule, shapes)).collect();
        let policy = self.ruleset.policy_word(chain).to_owned();
        ChainAfter { table: self.table, name, policy, entries }
    }

    fn entry(&self, (chain, name): (ChainId, &str), rule: RuleId, shapes: &mut Shapes) -> Entry {
        let ruleset = self.ruleset;
        let text = canonical(ruleset.body(rule), ruleset.family()).into_owned();
        let part = match is_own_chain(self.table, name) {
            true => shapes.in_own_chain(self.table, name, &text).filter(|_| ruleset.owner(rule).is_empty()),
            false if !self.docker.is_docker(ruleset, chain, rule) => None,
            false => shapes.in_built_in(self.table, name, &text),
        };
        Entry { rule: Some(rule), part, text }
    }
}
