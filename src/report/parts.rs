//! A result and what its scripts have to do with it: the whole, the same without what they asked for, and what can be
//! loaded of theirs before the network is up.
//!
//! Two such texts say what the scripts do, by the difference between them: that can be made later in a ruleset that others
//! changed meanwhile (see [`crate::delta::write_merged`]), without the scripts.

use std::io::{self, Write};

use rustc_hash::FxHashSet;

use crate::check::Checked;
use crate::docker::{USER_CHAIN, is_own_chain};
use crate::model::{ChainId, EditKind, Hook, Policy, RuleId, Ruleset, Symbol, TableName};

/// Part of a result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// All of it.
    Whole,
    /// What is not the scripts'. A policy that they set is another one here, so that the difference tells it.
    Others,
    /// The scripts' rules in INPUT and OUTPUT, in the scripts' own chains that these lead to, and the policies of the two.
    Early,
    /// [`Part::Early`] without what is the scripts': nothing but the policies of before.
    EarlyOthers,
}

/// Writes part of a result, as the text of a whole ruleset without counters.
///
/// # Errors
/// What `out` answers.
pub fn write(checked: &Checked, part: Part, out: &mut impl Write) -> io::Result<()> {
    let ruleset = checked.ruleset();
    let asked = Asked::of(ruleset);
    TableName::ALL.into_iter().try_for_each(|table| {
        let reached = asked.reached(table);
        let keeps_chain = |id: ChainId| match part {
            Part::Whole => true,
            Part::Others => !asked.is_scripts_chain(id),
            Part::Early => is_hosts(ruleset, id) || reached.contains(&id),
            Part::EarlyOthers => is_hosts(ruleset, id),
        };
        let keeps_rule = |chain: ChainId, rule: RuleId| match part {
            Part::Whole => true,
            Part::Others => ruleset.asked_by(rule).is_none(),
            Part::Early => ruleset.asked_by(rule).is_some() && asked.is_early(&reached, chain, rule),
            Part::EarlyOthers => false,
        };
        let policy = |id: ChainId| {
            let policy = ruleset.chain(id).policy();
            let is_before = matches!(part, Part::Others | Part::EarlyOthers);
            if is_before && asked.sets_policy(id) { other(policy) } else { policy }
        };
        write_table(ruleset, table, &Choice { keeps_chain, keeps_rule, policy }, out)
    })
}

/// Writes a ruleset without the rules of these owners.
///
/// # Errors
/// What `out` answers.
pub fn write_without(ruleset: &mut Ruleset, owners: &[String], out: &mut impl Write) -> io::Result<()> {
    ruleset.read_owners();
    let owners: Vec<Symbol> = owners.iter().map(|name| ruleset.owner_symbol(name)).collect();
    let ruleset = &*ruleset;
    let choice = Choice {
        keeps_chain: |_| true,
        keeps_rule: |_, rule| !owners.contains(&ruleset.owner(rule)),
        policy: |id| ruleset.chain(id).policy(),
    };
    TableName::ALL.into_iter().try_for_each(|table| write_table(ruleset, table, &choice, out))
}

/// What is written of a table.
struct Choice<C, R, P> {
    keeps_chain: C,
    keeps_rule: R,
    policy: P,
}

fn write_table<C, R, P>(
    ruleset: &Ruleset,
    table: TableName,
    choice: &Choice<C, R, P>,
    out: &mut impl Write,
) -> io::Result<()>
where
    C: Fn(ChainId) -> bool,
    R: Fn(ChainId, RuleId) -> bool,
    P: Fn(ChainId) -> Policy,
{
    let chains: Vec<ChainId> = ruleset.live_chains(table).filter(|id| (choice.keeps_chain)(*id)).collect();
    writeln!(out, "*{table}")?;
    for id in &chains {
        let policy = match (choice.policy)(*id) {
            _ if ruleset.chain(*id).hook().is_none() => "-",
            Policy::Drop => "DROP",
            _ => "ACCEPT",
        };
        let declaration = format!(":{} {policy} [0:0]\n", ruleset.chain_name(*id));
        out.write_all(&ruleset.source().original(&declaration))?;
    }
    for id in &chains {
        let rules = ruleset.chain(*id).rules().iter();
        for rule in rules.filter(|rule| (choice.keeps_rule)(*id, *rule)) {
            let line = format!("-A {} {}\n", ruleset.chain_name(*id), ruleset.body(rule).trim());
            out.write_all(&ruleset.source().original(&line))?;
        }
    }
    out.write_all(b"COMMIT\n")
}

/// The policy that a chain does not have.
const fn other(policy: Policy) -> Policy {
    match policy {
        Policy::Drop => Policy::Accept,
        _ => Policy::Drop,
    }
}

/// Whether the chain sees what comes for the host itself, or from it.
fn is_hosts(ruleset: &Ruleset, id: ChainId) -> bool {
    matches!(ruleset.chain(id).hook(), Some(Hook::Input | Hook::Output))
}

/// What scripts asked for beside rules.
struct Asked<'r> {
    ruleset: &'r Ruleset,
    policies: FxHashSet<(TableName, Symbol)>,
    chains: FxHashSet<(TableName, Symbol)>,
}

impl<'r> Asked<'r> {
    fn of(ruleset: &'r Ruleset) -> Self {
        let mut asked = Self { ruleset, policies: FxHashSet::default(), chains: FxHashSet::default() };
        for edit in ruleset.edits() {
            match edit.kind {
                EditKind::SetPolicy(_) => asked.policies.insert((edit.table, edit.chain)),
                EditKind::NewChain => asked.chains.insert((edit.table, edit.chain)),
                _ => false,
            };
        }
        asked
    }

    fn key(&self, id: ChainId) -> (TableName, Symbol) {
        let chain = self.ruleset.chain(id);
        (chain.table(), chain.name())
    }

    fn sets_policy(&self, id: ChainId) -> bool {
        self.policies.contains(&self.key(id))
    }

    /// Whether a chain is there for the scripts alone: nobody else's rule is in it.
    fn is_scripts_chain(&self, id: ChainId) -> bool {
        let chain = self.ruleset.chain(id);
        let name = self.ruleset.chain_name(id);
        if chain.hook().is_some() || name == USER_CHAIN || is_own_chain(chain.table(), name) {
            return false;
        }
        let mut rules = chain.rules().iter();
        let is_asked = |rule: RuleId| self.ruleset.asked_by(rule).is_some();
        rules.all(is_asked) && (!chain.rules().is_empty() || self.chains.contains(&self.key(id)))
    }

    /// The scripts' chains that their rules in INPUT and OUTPUT lead to, directly or not.
    fn reached(&self, table: TableName) -> FxHashSet<ChainId> {
        let ruleset = self.ruleset;
        let mut unseen: Vec<ChainId> =
            ruleset.live_chains(table).filter(|id| is_hosts(ruleset, *id)).collect();
        let mut reached = FxHashSet::default();
        while let Some(id) = unseen.pop() {
            let rules = ruleset.chain(id).rules().iter();
            for rule in rules.filter(|rule| ruleset.asked_by(*rule).is_some()) {
                let target = self.chain_behind(table, rule).filter(|target| self.is_scripts_chain(*target));
                if let Some(target) = target.filter(|target| reached.insert(*target)) {
                    unseen.push(target);
                }
            }
        }
        reached
    }

    /// Whether a rule can be loaded with nothing but the scripts' chains: it leads to no chain of anybody else.
    fn is_early(&self, reached: &FxHashSet<ChainId>, chain: ChainId, rule: RuleId) -> bool {
        let target = self.chain_behind(self.ruleset.chain(chain).table(), rule);
        target.is_none_or(|target| reached.contains(&target))
    }

    fn chain_behind(&self, table: TableName, rule: RuleId) -> Option<ChainId> {
        self.ruleset.chain_id(table, self.ruleset.symbols().name(self.ruleset.target(rule)))
    }
}
