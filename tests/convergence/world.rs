//! A host as histories see it: its ruleset as text, scripts that run on it, and what is read off the result.

use std::path::PathBuf;
use std::sync::Arc;

use dwscript::model::{Family, owner};
use dwscript::save;
use dwscript::script::{self, Script, Settings, Tagging};
use dwscript::source::SourceFile;

/// Runs scripts, each the owner that its name says, in order on a ruleset; the result as text, or the code of the error.
pub(super) fn run(text: &str, scripts: &[(&str, String)]) -> Result<String, String> {
    run_with(text, scripts, Tagging::default())
}

/// The same, rules told as `tagging` says.
pub(super) fn run_with(text: &str, scripts: &[(&str, String)], tagging: Tagging) -> Result<String, String> {
    let source = SourceFile::from_bytes("host.rules", text.as_bytes().to_vec()).unwrap();
    let ruleset = save::parse(&Arc::new(source), Family::Ipv4).expect("the histories make texts that load");
    let scripts: Vec<Script> = scripts.iter().map(|(name, text)| script_of(name, text)).collect();
    let settings = Settings { tagging, ..Settings::default() };
    let outcome = script::run(&scripts, ruleset, &settings);
    let outcome = outcome.map_err(|failure| {
        failure.diagnostics.last().map_or_else(String::new, |error| error.code.to_owned())
    })?;
    let mut out = Vec::new();
    save::write(&outcome.ruleset, &mut out).unwrap();
    Ok(String::from_utf8(out).unwrap())
}

fn script_of(name: &str, text: &str) -> Script {
    let source = SourceFile::from_bytes(format!("{name}.rhai"), text.as_bytes().to_vec()).unwrap();
    Script { source: Arc::new(source), path: PathBuf::from(format!("{name}.rhai")) }
}

/// The specifications of a chain's rules, in order.
pub(super) fn rules<'t>(text: &'t str, chain: &str) -> Vec<&'t str> {
    let head = format!("-A {chain} ");
    text.lines().filter_map(|line| line.strip_prefix(&head)).collect()
}

/// The owner of a rule.
pub(super) fn owner_of(rule: &str) -> Option<String> {
    owner::of(rule, Family::Ipv4)
}

/// The text without the rules that these owners have.
pub(super) fn without(text: &str, owners: &[&str]) -> String {
    let own = |line: &str| owner_of_line(line).is_some_and(|owner| owners.contains(&owner.as_str()));
    text.lines().filter(|line| !own(line)).map(|line| format!("{line}\n")).collect()
}

fn owner_of_line(line: &str) -> Option<String> {
    let (_, rule) = line.strip_prefix("-A ")?.split_once(' ')?;
    owner_of(rule)
}
