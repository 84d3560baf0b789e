//! Names of chains that iptables refuses, or takes to mean something else.

use super::Check;
use super::report::{Report, Words};
use super::survey::Survey;
use crate::model::names::{ChainName, ChainNameError};
use crate::model::{TableName, targets};
use crate::source::Span;

const BAD: &str = "bad-chain-name";
const TARGET: &str = "chain-named-as-target";

/// Names that no line can give to a chain; those of other targets load where a `:` line declares the chain.
const VERDICTS: [&str; 4] = ["ACCEPT", "DROP", "RETURN", "QUEUE"];

const HELP: &str = "give the chain another name";

pub(super) const CHECK: Check = Check { codes: &[BAD, TARGET], run };

fn run(survey: &Survey<'_>, report: &mut Report<'_>) {
    let ruleset = survey.ruleset;
    for id in TableName::ALL.into_iter().flat_map(|table| ruleset.live_chains(table)) {
        let chain = ruleset.chain(id);
        // A name that a script gave was checked when it was given.
        let (None, None, Some(line)) = (chain.hook(), chain.name_edit(), chain.introduced()) else {
            continue;
        };
        let name = ruleset.chain_name(id);
        let is_target = targets::find(name, ruleset.family()).is_some();
        let by_command = chain.declaration().is_none();
        let span = chain.declaration().map_or(line, |declaration| declaration.name);
        if let Some(error) = refused(name, by_command, is_target) {
            report.input(span, BAD, || Words::new(error.to_string()).help(HELP));
        } else if is_target {
            named_as_target(name, span, report);
        }
    }
}

/// Why iptables-restore refuses the name. Control characters, and what unquoted words cannot hold, load in a `:` line.
fn refused(name: &str, by_command: bool, is_target: bool) -> Option<ChainNameError> {
    match ChainName::check(name) {
        Err(error @ (ChainNameError::TooLong(_) | ChainNameError::Leading(_))) => Some(error),
        Err(error) if by_command => Some(error),
        _ if VERDICTS.contains(&name) || by_command && is_target => {
            Some(ChainNameError::Target(name.to_owned()))
        }
        _ => None,
    }
}

fn named_as_target(name: &str, span: Span, report: &mut Report<'_>) {
    report.input_warning(span, TARGET, || {
        Words::new(format!("chain `{name}` has the name of a target, and `-j {name}` means the chain"))
            .help(HELP)
    });
}
