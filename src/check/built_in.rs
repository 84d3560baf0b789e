//! Jumps to built-in chains, which only hooks call.

use super::Check;
use super::report::{Report, Words};
use super::survey::Survey;

const CODE: &str = "jump-to-built-in";

pub(super) const CHECK: Check = Check { codes: &[CODE], run };

fn run(survey: &Survey<'_>, report: &mut Report<'_>) {
    for place in &survey.built_in {
        report.rule(place.rule, CODE, || {
            let name = survey.ruleset.symbols().name(survey.ruleset.target(place.rule));
            Words::new(format!("`{name}` is a built-in chain, and no rule can jump to one"))
                .help("put the shared rules into a chain of your own, and jump to that from both")
        });
    }
}
