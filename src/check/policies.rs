//! Policies of the text that was read: what a policy cannot be, and chains that cannot have one.

use super::Check;
use super::report::Report;
use super::survey::Survey;
use crate::model::{Policy, TableName};

const BAD: &str = "bad-policy";
const USER: &str = "policy-on-user-chain";

pub(super) const CHECK: Check = Check { codes: &[BAD, USER], run };

fn run(survey: &Survey<'_>, report: &mut Report<'_>) {
    let ruleset = survey.ruleset;
    for id in TableName::ALL.into_iter().flat_map(|table| ruleset.live_chains(table)) {
        let chain = ruleset.chain(id);
        let Some(declaration) = chain.declaration() else { continue };
        let name = ruleset.chain_name(id);
        let word = ruleset.policy_word(id);
        match (chain.hook(), chain.policy()) {
            (Some(_), Policy::Other(_)) => {
                report.input(
                    declaration.policy,
                    BAD,
                    format!("`{word}` is no policy of `{name}`"),
                    |found| found.help("a policy is ACCEPT or DROP"),
                );
            }
            (None, policy) if policy != Policy::None => {
                let message = format!("`{name}` is a user chain and has no policy: only built-in chains do");
                report.input(declaration.policy, USER, message, |found| {
                    found.help("write `-`, and end the chain with a rule if it should not return")
                });
            }
            _ => {}
        }
    }
}
