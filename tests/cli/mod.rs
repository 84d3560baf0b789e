//! The command line: what goes in, what comes out, and how a run ends.

mod diff;
mod input;
mod live;
mod output;
mod parameters;
mod persist;
mod pipes;
mod snapshot;
mod subcommands;
mod trace;

/// A ruleset of a few rules.
pub(crate) const RULES: &str = "*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n-A INPUT -i lo -j ACCEPT\nCOMMIT\n";
/// A script that adds a rule.
pub(crate) const ADD: &str = "append(\"INPUT\", \"-p tcp --dport 22 -j ACCEPT\");\n";
/// What the script makes of the ruleset.
pub(crate) const ADDED: &str = "*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n-A INPUT -i lo -j ACCEPT\n-A INPUT -p tcp -m tcp --dport 22 -m comment --comment \"dwscript/add\" -j ACCEPT\nCOMMIT\n";
