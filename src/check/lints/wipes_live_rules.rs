//! A whole ruleset that would take the place of another one, and lacks rules of it.

use rustc_hash::FxHashMap;

use super::known::Known;
use super::view::View;
use super::{About, At, Findings, Lint, Looks};
use crate::check::report::Words;
use crate::docker::Owned;
use crate::model::equal::Canonical;
use crate::model::{RuleId, Ruleset, Table, TableName};

pub(super) const LINT: Lint = Lint {
    code: "wipes-live-rules",
    about: "a whole ruleset that lacks rules which the host has: loading it wipes them",
    explanation: include_str!("wipes_live_rules.md"),
    looks: Looks::AtHost(run),
    of_forwarded: false,
};

fn run<'v>(view: &'v View<'_>, known: &Known, found: &mut Findings<'v>) {
    let Some(live) = known.replaced() else { return };
    let wiped = Wiped::of(live, view.ruleset());
    let Some(first) = wiped.docker.or(wiped.first).map(|rule| live.line(rule).into_owned()) else { return };
    found.push(About::Name("wipes-live-rules".to_owned()), At::Nowhere, move || wiped.words(&first));
}

/// The rules that are lost.
#[derive(Debug, Default)]
struct Wiped {
    all: usize,
    lost: usize,
    /// How many of them are Docker's.
    of_docker: usize,
    first: Option<RuleId>,
    docker: Option<RuleId>,
}

impl Wiped {
    /// Those of `live` that `text` lacks, in the tables that it names: `iptables-restore` empties no others.
    fn of(live: &Ruleset, text: &Ruleset) -> Self {
        let mut wiped = Self::default();
        let owned = Owned::of_base(live);
        for table in text.tables().map(Table::name) {
            let mut there = counted(text, table);
            let mut canonical = Canonical::new(live.family());
            for chain in live.live_chains(table) {
                let name = live.chain_name(chain);
                for rule in live.chain(chain).rules().iter() {
                    wiped.all += 1;
                    let key = [name, " ", &canonical.of(live.body(rule))].concat();
                    match there.get_mut(&key).filter(|count| **count > 0) {
                        Some(count) => *count -= 1,
                        None => wiped.lose(rule, owned.is_docker(chain, rule)),
                    }
                }
            }
        }
        wiped
    }

    fn lose(&mut self, rule: RuleId, is_docker: bool) {
        self.lost += 1;
        self.first = self.first.or(Some(rule));
        if is_docker {
            self.of_docker += 1;
            self.docker = self.docker.or(Some(rule));
        }
    }

    fn words(&self, first: &str) -> Words {
        let Self { all, lost, of_docker, .. } = self;
        let docker = match of_docker {
            0 => String::new(),
            1 => ", one of them Docker's".to_owned(),
            count => format!(", {count} of them Docker's"),
        };
        let words = Words::new(format!(
            "loading this wipes {lost} of the host's {all} rules in these tables{docker}"
        ))
        .note(format!("the first is `{first}`"));
        let words = if *of_docker > 0 {
            words.note("published ports and networks are dead then, until each network is made anew or dockerd is restarted")
        } else {
            words
        };
        words.help(
            "load the change alone: `dwscript SCRIPT --apply`, or `--delta` and `iptables-restore --noflush`",
        )
    }
}

/// How often each rule of a table is there, by its chain and specification.
fn counted(ruleset: &Ruleset, table: TableName) -> FxHashMap<String, usize> {
    let mut canonical = Canonical::new(ruleset.family());
    let mut found = FxHashMap::default();
    for chain in ruleset.live_chains(table) {
        let name = ruleset.chain_name(chain);
        for rule in ruleset.chain(chain).rules().iter() {
            let key = [name, " ", &canonical.of(ruleset.body(rule))].concat();
            *found.entry(key).or_default() += 1;
        }
    }
    found
}
