//! Other programs that manage rules on this host, and what their next reload does to ours.
//!
//! What is said of each was seen with the packages of Debian 12: ufw 0.36 and firewalld 1.3.

use super::dump::Dump;
use crate::diagnostic::Diagnostic;
use crate::model::Family;

/// Where ufw is told to own the built-in chains too.
const UFW_DEFAULTS: &str = "/etc/default/ufw";

/// A family and what is live of it.
type Live<'d> = (Family, &'d Dump);

/// What is to be said of others, by what is live and by the tables of nftables that are not those of iptables.
pub(super) fn look(families: &[Live<'_>], tables: &[String]) -> Vec<Diagnostic> {
    let defaults = || std::fs::read_to_string(UFW_DEFAULTS).unwrap_or_default();
    let ufw = families.iter().any(|(family, dump)| has_ufw(*family, dump)).then(|| ufw(&defaults()));
    let others = other_tables(tables);
    others.into_iter().chain(ufw).chain(firewalld(families, tables)).collect()
}

/// Tables of nftables; firewalld has a warning of its own.
fn other_tables(tables: &[String]) -> Option<Diagnostic> {
    let others = tables.iter().filter(|table| !is_firewalld(table));
    let names: Vec<String> = others.map(|name| format!("`{name}`")).collect();
    (!names.is_empty()).then(|| {
        Diagnostic::warning("other-tables", format!("nftables holds other tables: {}", names.join(", ")))
            .note("a packet needs the verdict of each: what one accepts the other can drop")
    })
}

/// A table of nftables that is firewalld's.
fn is_firewalld(table: &str) -> bool {
    table.ends_with(" firewalld")
}

/// `ufw disable` leaves its other chains behind, and takes out only those of the user's rules.
fn has_ufw(family: Family, dump: &Dump) -> bool {
    dump.has_chain(match family {
        Family::Ipv4 => b"ufw-user-input ",
        Family::Ipv6 => b"ufw6-user-input ",
    })
}

fn ufw(defaults: &str) -> Diagnostic {
    let warning = Diagnostic::warning("ufw-active", "ufw is active");
    if owns_built_in_chains(defaults) {
        return warning
            .note("with MANAGE_BUILTINS=yes its reload takes every rule of others out of table filter and of the built-in chains, Docker's and those of this run too")
            .help(format!("set it to `no` in {UFW_DEFAULTS}, else run this again after each `ufw reload`"));
    }
    warning
        .note("`ufw reload` sets the policies of INPUT, FORWARD and OUTPUT to its own and empties its chains `ufw-…`; rules elsewhere stay")
        .note("`ufw disable` sets these policies to ACCEPT")
        .help("say such policies by `ufw default …` too, and run this again after a reload of ufw")
}

/// Whether ufw flushes the built-in chains, by the text of its defaults: a shell's assignments, of which the last counts.
fn owns_built_in_chains(defaults: &str) -> bool {
    let mut values = defaults.lines().filter_map(|line| line.trim().strip_prefix("MANAGE_BUILTINS="));
    values.next_back().is_some_and(|value| value.trim_matches(['"', '\'', ' ']).eq_ignore_ascii_case("yes"))
}

fn firewalld(families: &[Live<'_>], tables: &[String]) -> Option<Diagnostic> {
    let is_of_iptables = families.iter().any(|(_, dump)| dump.has_chain(b"INPUT_ZONES "));
    let warning = || Diagnostic::warning("firewalld-active", "firewalld is active");
    let help = "run this again after each reload or restart of firewalld; `dwscript persist` keeps the scripts for it";
    if is_of_iptables {
        return Some(
            warning()
                .note("`firewall-cmd --reload` takes every rule of others out of the tables of iptables, Docker's and those of this run too, and sets the policies to ACCEPT")
                .help(help),
        );
    }
    tables.iter().any(|table| is_firewalld(table)).then(|| {
        warning()
            .note("its zones, in nftables, can drop what the rules here accept")
            .note("`firewall-cmd --reload` can take every rule out of the tables of iptables, Docker's and those of this run too, and leaves their policies: with INPUT at DROP nothing gets in then (version 1.3 does so)")
            .help(help)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_assignment_of_a_shell_counts() {
        assert!(owns_built_in_chains("# MANAGE_BUILTINS=no\nMANAGE_BUILTINS=no\nMANAGE_BUILTINS=\"yes\"\n"));
        assert!(!owns_built_in_chains("#MANAGE_BUILTINS=yes\nMANAGE_BUILTINS=no\n"));
        assert!(!owns_built_in_chains(""));
    }
}
