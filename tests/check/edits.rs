//! Faults that scripts bring in.

use dwscript::model::TableName;

use super::Draft;

#[test]
fn what_is_sound_passes() {
    let mut draft =
        Draft::filter(":WEB - [0:0]\n-A INPUT -p tcp -m tcp --dport 80 -j WEB\n-A WEB -j ACCEPT\n");
    draft.append("INPUT", "-i lo -j ACCEPT").new_chain("SITE").append("INPUT", "-j SITE");
    draft.append("SITE", "-m geoip --src-cc CN -j TARPIT --honeypot").finds(&[]);
}

#[test]
fn a_jump_needs_its_chain() {
    let mut draft = Draft::filter(":WEB - [0:0]\n-A INPUT -j WEB\n");
    draft.append("INPUT", "-j NOWHERE").finds(&["error missing-chain site.rhai:1"]);
    draft.new_chain("NOWHERE").finds(&[]);
    draft.remove_chain(TableName::Filter, "WEB").finds(&["error missing-chain site.rhai:3"]);
    draft.remove(TableName::Filter, "INPUT", 0).finds(&[]);
}

#[test]
fn a_renamed_chain_takes_its_jumps_along() {
    let mut draft = Draft::filter(":WEB - [0:0]\n-A INPUT -j WEB\n-A WEB -j NOWHERE\n");
    draft.rename_chain(TableName::Filter, "WEB", "SITE").finds(&["warning missing-chain host.rules:7"]);
}

#[test]
fn goto_leads_to_chains_alone() {
    Draft::filter("").append("INPUT", "-g ACCEPT").finds(&["error bad-target site.rhai:1"]);
    Draft::filter("").append("INPUT", "-g NOWHERE").finds(&["error missing-chain site.rhai:1"]);
}

#[test]
fn no_rule_jumps_to_a_built_in_chain() {
    Draft::filter("").append("FORWARD", "-j INPUT").finds(&["error jump-to-built-in site.rhai:1"]);
}

#[test]
fn a_loop_is_blamed_on_the_jump_that_closes_it() {
    let mut draft = Draft::filter(":A - [0:0]\n:B - [0:0]\n-A INPUT -j A\n-A A -j B\n");
    draft.append("B", "-s 192.0.2.1 -g A").finds(&["error jump-loop site.rhai:1"]);
}

#[test]
fn a_loop_is_an_error_though_nothing_leads_there_yet() {
    Draft::filter(":A - [0:0]\n").append("A", "-j A").finds(&["error jump-loop site.rhai:1"]);
}

#[test]
fn a_loop_of_the_input_is_blamed_on_the_first_jump_to_it() {
    let mut draft = Draft::filter(":A - [0:0]\n:B - [0:0]\n-A A -j B\n-A B -j A\n");
    draft.finds(&["warning jump-loop host.rules:7"]);
    draft.append("INPUT", "-j B").finds(&["error jump-loop site.rhai:1"]);
}

#[test]
fn jumps_are_followed_fifteen_deep() {
    let mut draft = Draft::filter("");
    (1..=16).for_each(|level| {
        draft.new_chain(&format!("L{level}"));
    });
    draft.append("INPUT", "-j L1");
    for level in 1..15 {
        draft.append(&format!("L{level}"), &format!("-j L{}", level + 1));
    }
    draft.finds(&[]);
    draft.append("L15", "-j L16").finds(&["error jump-depth site.rhai:32"]);
    // Without the way from a built-in chain nobody follows.
    draft.remove(TableName::Filter, "INPUT", 0).finds(&[]);
}

#[test]
fn a_jump_that_makes_old_chains_too_deep_is_blamed() {
    let chains: String = (1..=15).map(|level| format!(":L{level} - [0:0]\n")).collect();
    let jumps: String = (1..15).map(|level| format!("-A L{level} -j L{}\n", level + 1)).collect();
    let mut draft = Draft::filter(&format!("{chains}-A INPUT -j L1\n{jumps}"));
    draft.finds(&[]);
    draft.new_chain("TOP").append("TOP", "-j L1").append("INPUT", "-j TOP");
    draft.finds(&["error jump-depth site.rhai:2"]);
}

#[test]
fn tables_take_what_is_theirs() {
    let mut draft = Draft::filter("");
    draft.append("FORWARD", "-p tcp -j DNAT --to-destination 192.0.2.1:80");
    draft.finds(&["error wrong-table site.rhai:1"]);
    let mut draft = Draft::filter(":U - [0:0]\n");
    draft.append("U", "-j MASQUERADE").finds(&["error wrong-table site.rhai:1"]);
    let mut draft = Draft::filter("");
    draft.insert(TableName::Nat, "PREROUTING", 0, "-j DROP").finds(&["error wrong-table site.rhai:1"]);
    draft.insert(TableName::Mangle, "FORWARD", 0, "-j REJECT");
    draft.finds(&["error wrong-table site.rhai:2", "error wrong-table site.rhai:1"]);
}

#[test]
fn hooks_take_what_is_theirs() {
    let mut draft = Draft::filter("");
    draft.append("INPUT", "-m owner --uid-owner 0 -j ACCEPT").finds(&["error wrong-hook site.rhai:1"]);
    let mut draft = Draft::filter("");
    draft.insert(TableName::Nat, "OUTPUT", 0, "-j MASQUERADE").finds(&["error wrong-hook site.rhai:1"]);
    let mut draft = Draft::filter("");
    draft
        .append("INPUT", "-m policy --dir out --pol ipsec -j ACCEPT")
        .finds(&["error wrong-hook site.rhai:1"]);
}

#[test]
fn a_jump_that_brings_a_rule_to_a_wrong_hook_is_blamed() {
    let nat = "*nat\n:U - [0:0]\n:V - [0:0]\n-A POSTROUTING -j U\n-A U -j MASQUERADE\n-A V -j U\nCOMMIT\n";
    let mut draft = Draft::new(nat);
    draft.finds(&[]);
    draft.insert(TableName::Nat, "OUTPUT", 0, "-s 192.0.2.1 -g V").finds(&["error wrong-hook site.rhai:1"]);
}

#[test]
fn interfaces_are_known_at_some_hooks_only() {
    Draft::filter("").append("INPUT", "! -o eth0 -j DROP").finds(&["error wrong-interface site.rhai:1"]);
    Draft::filter("").append("OUTPUT", "-i lo -j DROP").finds(&["error wrong-interface site.rhai:1"]);
    let mut draft = Draft::filter(":U - [0:0]\n-A OUTPUT -j U\n");
    draft.append("U", "-i lo -j ACCEPT").finds(&["warning wrong-interface site.rhai:1"]);
    draft.append("FORWARD", "-j U").finds(&[]);
}

#[test]
fn a_chain_is_declared_before_it_is_jumped_to() {
    let lines = "-A INPUT -i lo -j ACCEPT\n:WEB - [0:0]\n-A INPUT -p tcp -j WEB\n";
    let mut draft = Draft::filter(lines);
    draft.finds(&[]);
    draft.append("OUTPUT", "-j WEB").append("INPUT", "-p udp -j WEB").finds(&[]);
    draft.insert(TableName::Filter, "INPUT", 0, "-p icmp -j WEB").finds(&["error late-chain site.rhai:3"]);
}

#[test]
fn a_rule_stands_as_iptables_reads_it() {
    let faults = [
        ("-p tcp --dport 65536 -j ACCEPT", "bad-port"),
        ("--dport 22 -j ACCEPT", "port-without-protocol"),
        ("-p icmp --dport 22 -j ACCEPT", "port-without-protocol"),
        ("-m udp --dport 22 -j ACCEPT", "match-needs-protocol"),
        ("-s 2001:db8::1 -j ACCEPT", "mixed-family"),
        ("-s 192.0.2.256 -j ACCEPT", "bad-address"),
        ("-i an-interface-with-a-name -j ACCEPT", "bad-interface"),
        ("-p tcp --dprot 22 -j ACCEPT", "unknown-option"),
        ("-m conntrack --ctstate NWE -j ACCEPT", "unknown-name"),
        ("-m hl --hl-eq 1 -j ACCEPT", "wrong-family"),
    ];
    for (body, code) in faults {
        Draft::filter("").append("INPUT", body).finds(&[&format!("error {code} site.rhai:1")]);
    }
}

#[test]
fn what_iptables_changes_in_silence_is_a_warning() {
    let long = format!("-m comment --comment {} -j ACCEPT", "x".repeat(300));
    Draft::filter("").append("INPUT", &long).finds(&["warning text-cut site.rhai:1"]);
    Draft::filter("").append("INPUT", "-p icmpv6 -j ACCEPT").finds(&["warning never-matches site.rhai:1"]);
}

#[test]
fn a_hundred_faults_are_not_a_hundred_messages() {
    let mut draft = Draft::filter("");
    (0..90).for_each(|_| {
        draft.append("INPUT", "-j NOWHERE");
    });
    let findings = draft.findings();
    assert_eq!(findings.len(), 21);
    assert_eq!(findings[20].message, "70 more of this kind are not shown");
}
