//! The ipsets that rules name: a rule that names one is refused where there is none.

use std::collections::BTreeSet;

use super::process;
use super::tools::{limit, system_program};

/// The options behind which an ipset's name stands.
const OPTIONS: [&str; 4] = ["--match-set", "--add-set", "--del-set", "--map-set"];

/// The names of ipsets in a text of rules.
#[must_use]
pub fn named(text: &str) -> BTreeSet<&str> {
    let lines = text.lines().filter(|line| line.contains("-set "));
    lines
        .flat_map(|line| {
            let words = line.split(' ');
            words
                .clone()
                .zip(words.skip(1))
                .filter(|(option, _)| OPTIONS.contains(option))
                .map(|(_, name)| name)
        })
        .collect()
}

/// What makes these ipsets, empty ones, as the host has them; those that it does not have are left out.
pub(super) fn creation(names: &BTreeSet<&str>) -> Vec<u8> {
    let Some(ipset) = system_program("ipset") else { return Vec::new() };
    let mut text = Vec::new();
    for name in names {
        let mut command = process::command(&ipset);
        command.args(["list", name, "-terse", "-output", "save"]);
        let Ok(listed) = process::run(command, Vec::new(), limit(0)) else { continue };
        let lines = listed.stdout.split_inclusive(|byte| *byte == b'\n');
        text.extend(lines.filter(|line| line.starts_with(b"create ")).flatten());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stand_behind_their_options() {
        let text = "-A INPUT -m set --match-set bad src -j DROP\n-A INPUT -j SET --add-set seen src\n-A X -m comment --comment \"a-set b\"";
        assert_eq!(named(text).into_iter().collect::<Vec<_>>(), ["bad", "seen"]);
    }
}
