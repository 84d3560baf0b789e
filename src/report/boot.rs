//! The ruleset as it is loaded at boot, before there is a Docker Engine: without any rule or chain that is Docker's.
//!
//! The text goes into `/etc/iptables/rules.v4` or `rules.v6` and is right for `iptables-restore` with and without `--noflush`
//! on a host that has no rules yet. DOCKER-USER stays with its rules: an engine that starts finds them and leaves them
//! alone. A jump to a chain of Docker's cannot be loaded before that chain is there, whoever made it.

use std::io::{self, Write};
use std::sync::Arc;

use crate::check::Checked;
use crate::docker::{Docker, is_own_chain};
use crate::model::{ChainId, Policy, RuleId, Ruleset, TableName};
use crate::save;
use crate::source::SourceFile;

/// Writes what is to be loaded at boot.
///
/// # Errors
/// What `out` answers.
pub fn write(checked: &Checked, out: &mut impl Write) -> io::Result<()> {
    let mut text = Vec::new();
    save::write_canonical(checked.ruleset(), &mut text)?;
    let source = SourceFile::from_bytes("boot", text).map_err(io::Error::other)?;
    let mut ruleset = save::parse(&Arc::new(source), checked.ruleset().family())
        .map_err(|error| io::Error::other(format!("the result is no ruleset: {}", error.kind)))?;
    ruleset.read_owners();
    let docker = Docker::default();
    TableName::ALL.into_iter().try_for_each(|table| write_table(&ruleset, &docker, table, out))
}

/// Writes a table, unless it has neither rules nor chains nor policies that count.
fn write_table(ruleset: &Ruleset, docker: &Docker, table: TableName, out: &mut impl Write) -> io::Result<()> {
    let is_own = |chain: &ChainId| is_own_chain(table, ruleset.chain_name(*chain));
    let chains: Vec<ChainId> = ruleset.live_chains(table).filter(|chain| !is_own(chain)).collect();
    let mut rules = Vec::new();
    chains.iter().try_for_each(|chain| write_rules(ruleset, docker, *chain, &mut rules))?;
    let counts = |chain: &ChainId| ruleset.chain(*chain).policy() != Policy::Accept;
    if rules.is_empty() && !chains.iter().any(counts) {
        return Ok(());
    }
    writeln!(out, "*{table}")?;
    for chain in chains {
        let declaration = format!(":{} {} [0:0]\n", ruleset.chain_name(chain), ruleset.policy_word(chain));
        out.write_all(&ruleset.source().original(&declaration))?;
    }
    out.write_all(&rules)?;
    out.write_all(b"COMMIT\n")
}

fn write_rules(ruleset: &Ruleset, docker: &Docker, chain: ChainId, out: &mut Vec<u8>) -> io::Result<()> {
    let table = ruleset.chain(chain).table();
    let rules = ruleset.chain(chain).rules().iter();
    for rule in rules
        .filter(|rule| !docker.is_docker(ruleset, chain, *rule) && !leads_to_docker(ruleset, table, *rule))
    {
        out.write_all(&ruleset.source().original(without_counters(&ruleset.line(rule))))?;
        out.write_all(b"\n")?;
    }
    Ok(())
}

fn leads_to_docker(ruleset: &Ruleset, table: TableName, rule: RuleId) -> bool {
    is_own_chain(table, ruleset.symbols().name(ruleset.target(rule)))
}

/// Packets that were counted before the boot do not count after it.
fn without_counters(line: &str) -> &str {
    let line = line.trim_start();
    let behind = line.strip_prefix('[').and_then(|rest| rest.split_once(']'));
    behind.map_or(line, |(_, rest)| rest.trim_start())
}
