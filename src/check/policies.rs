//! Policies of the text that was read: what a policy cannot be, and chains that cannot have one.

use super::Check;
use super::report::{Report, Words};
use super::survey::Survey;
use crate::model::{Policy, TableName};

const BAD: &str = "bad-policy";
const USER: &str = "policy-on-user-chain";
const NONE: &str = "no-policy";

pub(super) const CHECK: Check = Check { codes: &[BAD, USER, NONE], run };

fn run(survey: &Survey<'_>, report: &mut Report<'_>) {
    let ruleset = survey.ruleset;
    for id in TableName::ALL.into_iter().flat_map(|table| ruleset.live_chains(table)) {
        let chain = ruleset.chain(id);
        let Some(span) = chain.declaration().map(|declaration| declaration.policy) else { continue };
        let name = || ruleset.chain_name(id);
        match (chain.hook(), chain.policy()) {
            (Some(_), Policy::Other(_)) => report.input(span, BAD, || {
                Words::new(format!("`{}` is no policy of `{}`", ruleset.policy_word(id), name()))
                    .help("a policy is ACCEPT or DROP")
            }),
            (Some(_), Policy::None) => report.input_warning(span, NONE, || {
                Words::new(format!("what the policy of `{}` becomes is left to the backend", name()))
                    .note("iptables-nft sets ACCEPT, iptables-legacy keeps what there is")
                    .help("write ACCEPT or DROP")
            }),
            (None, policy) if policy != Policy::None => report.input(span, USER, || {
                Words::new(format!("`{}` is a user chain and has no policy: only built-in chains do", name()))
                    .help("write `-`, and end the chain with a rule if it should not return")
            }),
            _ => {}
        }
    }
}
