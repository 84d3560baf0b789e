//! Names of chains that iptables refuses, or takes to mean something else.

use super::Check;
use super::report::Report;
use super::survey::Survey;
use crate::model::names::{ChainName, ChainNameError};
use crate::model::{TableName, targets};

const BAD: &str = "bad-chain-name";
const TARGET: &str = "chain-named-as-target";

/// Names that iptables-restore refuses for a chain; others that targets have load.
const VERDICTS: [&str; 4] = ["ACCEPT", "DROP", "RETURN", "QUEUE"];

pub(super) const CHECK: Check = Check { codes: &[BAD, TARGET], run };

fn run(survey: &Survey<'_>, report: &mut Report<'_>) {
    let ruleset = survey.ruleset;
    for id in TableName::ALL.into_iter().flat_map(|table| ruleset.live_chains(table)) {
        let chain = ruleset.chain(id);
        let (None, Some(declaration)) = (chain.hook(), chain.declaration()) else { continue };
        let name = ruleset.chain_name(id);
        // Control characters and what unquoted words cannot hold are for iptables-restore to take: they load.
        let refused = match ChainName::parse(name) {
            Err(error @ (ChainNameError::TooLong(_) | ChainNameError::Leading(_))) => Some(error),
            _ if VERDICTS.contains(&name) => Some(ChainNameError::Target(name.to_owned())),
            _ => None,
        };
        if let Some(error) = refused {
            report.input(declaration.name, BAD, error.to_string(), |found| {
                found.help("give the chain another name")
            });
        } else if targets::find(name, ruleset.family()).is_some() {
            let message =
                format!("chain `{name}` has the name of a target, and a jump to it means the chain");
            report.input_warning(declaration.name, TARGET, message, |found| {
                found.help("give the chain another name")
            });
        }
    }
}
