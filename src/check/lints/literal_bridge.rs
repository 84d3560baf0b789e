//! Names of bridges and addresses of containers in rules of one's own, which are others when they are made anew.

use rustc_hash::FxHashMap;

use super::condition::Test;
use super::forwarded;
use super::view::{Depth, Rule, View};
use super::{Findings, Lint, Looks};
use crate::check::report::Words;
use crate::docker;
use crate::model::value::address::Address;
use crate::model::{Ruleset, TableName, owner};

pub(super) const LINT: Lint = Lint {
    code: "literal-bridge",
    about: "a rule names a `br-…` interface or a container's address, which change",
    explanation: include_str!("literal_bridge.md"),
    looks: Looks::AtOne(run),
    of_forwarded: false,
};

fn run<'v>(view: &'v View<'_>, found: &mut Findings<'v>) {
    let subnets: Vec<Address> =
        forwarded::subnets(view).iter().flat_map(|(_, subnets)| subnets).copied().collect();
    let mut written = Written { ruleset: view.ruleset(), known: FxHashMap::default() };
    for (table, chain) in
        TableName::ALL.into_iter().flat_map(|table| view.focus(table).map(move |id| (table, id)))
    {
        let Some(rules) = view.typed(chain) else { continue };
        for rule in rules.iter() {
            let Some(literal) = literal(rule, &subnets) else { continue };
            // One that Docker left behind is `stale-docker`.
            if table == TableName::Nat && forwarded::masqueraded(rule).is_some() {
                continue;
            }
            let is_own =
                !forwarded::is_docker(view, chain, rule.id) && written.is_literal(view, rule, literal.text());
            if is_own {
                found.rule(rule.id, move || literal.words());
            }
        }
    }
}

/// What is named.
enum Literal {
    Bridge(String),
    Container(String),
}

impl Literal {
    /// As a script would write it.
    fn text(&self) -> &str {
        match self {
            Self::Bridge(name) | Self::Container(name) => name,
        }
    }

    fn words(self) -> Words {
        match self {
            Self::Bridge(name) => {
                Words::new(format!("`{name}` is the bridge of one network, and gets another name when that is made anew"))
                    .help("find it by the network's name, in `docker.networks`; or give the network a bridge of a fixed name: `docker network create -o com.docker.network.bridge.name=NAME`")
            }
            Self::Container(address) => {
                Words::new(format!("{address} is a container's address, and may be another one's after a restart"))
                    .help("find it in `docker.published` or by the network's name in `docker.networks`; or fix it: `docker run --ip`")
            }
        }
    }
}

/// The first bridge or container that a rule names.
fn literal(rule: &Rule, subnets: &[Address]) -> Option<Literal> {
    rule.conditions.iter().find_map(|one| match &one.test {
        Test::In(name) | Test::Out(name) if !name.ends_with('+') && docker::is_generated(name) => {
            Some(Literal::Bridge(name.clone()))
        }
        Test::Source(addresses) | Test::Destination(addresses) => {
            let own = addresses.iter().find(|own| is_container(**own, subnets))?;
            let text = own.to_string();
            Some(Literal::Container(text.split('/').next().unwrap_or_default().to_owned()))
        }
        _ => None,
    })
}

/// Whether it is one address in the subnet of a network, and not that of the bridge, which is the first.
fn is_container(own: Address, subnets: &[Address]) -> bool {
    let is_one = matches!(own, Address::V4 { mask: u32::MAX, .. } | Address::V6 { mask: u128::MAX, .. });
    is_one && subnets.iter().any(|subnet| subnet.contains(own) && forwarded::nth(*subnet, 1) != own)
}

/// Tells what somebody wrote from what a script found out.
struct Written<'r> {
    ruleset: &'r Ruleset,
    /// By the script's name and the literal.
    known: FxHashMap<(String, String), bool>,
}

impl Written<'_> {
    /// Whether someone wrote the literal into a rule, or into the script that added it. A rule in a dump that carries an
    /// owner's tag is a script's, which finds the name anew with every run.
    fn is_literal(&mut self, view: &View<'_>, rule: &Rule, text: &str) -> bool {
        let Some(origin) = self.ruleset.origin(rule.id) else {
            return view.depth() == Depth::Brief
                || owner::of(self.ruleset.body(rule.id), view.family()).is_none();
        };
        let key = (origin.script.name().to_owned(), text.to_owned());
        let script = &origin.script;
        *self.known.entry(key).or_insert_with(|| script.text().contains(text))
    }
}
