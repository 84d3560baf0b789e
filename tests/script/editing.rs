//! Editing: spellings, anchors, positions, tables, families.

use super::{error, rules, run, run_with, said};

const SSH: &str = "-s 10.0.0.0/8 -i eth0 -p tcp -m tcp --dport 2222 -m conntrack --ctstate NEW -j DROP";

#[test]
fn three_spellings_are_one_rule() {
    for rule in [
        "\"-p tcp --dport 2222 -s 10.0.0.0/8 -i eth0 -m conntrack --ctstate NEW -j DROP\"",
        "#{ protocol: \"tcp\", dport: 2222, source: \"10.0.0.0/8\", in_interface: \"eth0\", ctstate: [\"NEW\"], jump: \"DROP\" }",
        "tcp().dport(2222).from(\"10.0.0.0/8\").in_interface(\"eth0\").ctstate(\"NEW\").drop()",
    ] {
        assert_eq!(rules(&format!("append(\"INPUT\", {rule});"), "INPUT").last().unwrap(), SSH, "{rule}");
    }
}

#[test]
fn every_method_of_the_builder_is_iptables_text() {
    for (rule, line) in [
        (
            "rule().protocol(\"udp\").sport([1, 2]).to(\"192.0.2.1\").accept()",
            "-d 192.0.2.1/32 -p udp -m multiport --sports 1,2 -j ACCEPT",
        ),
        (
            "udp().dport(\"8000:8100\").in_interface(\"eth+\").reject()",
            "-i eth+ -p udp -m udp --dport 8000:8100 -j REJECT --reject-with icmp-port-unreachable",
        ),
        ("tcp().reject(\"tcp-reset\")", "-p tcp -j REJECT --reject-with tcp-reset"),
        ("icmp().accept()", "-p icmp -j ACCEPT"),
        ("icmp(\"echo-request\").accept()", "-p icmp -m icmp --icmp-type 8 -j ACCEPT"),
        ("rule().limit(\"3/min\").returns()", "-m limit --limit 3/min -j RETURN"),
        (
            "rule().limit(\"3/min\", 9).log(\"x \")",
            "-m limit --limit 3/min --limit-burst 9 -j LOG --log-prefix \"x \"",
        ),
        ("rule().mark(1).log()", "-m mark --mark 0x1 -j LOG"),
        ("rule().set(\"admins\", \"src\").jump(\"SITE\")", "-m set --match-set admins src -j SITE"),
        ("rule().comment(\"it's\").go_to(\"SITE\")", "-m comment --comment \"it\\'s\" -g SITE"),
        ("rule().options(\"-m addrtype --dst-type LOCAL\").drop()", "-m addrtype --dst-type LOCAL -j DROP"),
        ("rule().from(#{ not: \"10.0.0.0/8\" }).drop()", "! -s 10.0.0.0/8 -j DROP"),
    ] {
        assert_eq!(rules(&format!("append(\"INPUT\", {rule});"), "INPUT").last().unwrap(), line, "{rule}");
    }
    for (rule, chain, line) in [
        (
            "tcp().dport(80).dnat(\"172.18.0.2:80\")",
            "PREROUTING",
            "-p tcp -m tcp --dport 80 -j DNAT --to-destination 172.18.0.2:80",
        ),
        (
            "tcp().dport(80).redirect(8080)",
            "PREROUTING",
            "-p tcp -m tcp --dport 80 -j REDIRECT --to-ports 8080",
        ),
        ("rule().out_interface(\"eth0\").masquerade()", "POSTROUTING", "-o eth0 -j MASQUERADE"),
        (
            "rule().out_interface(\"eth0\").snat(\"203.0.113.1\")",
            "POSTROUTING",
            "-o eth0 -j SNAT --to-source 203.0.113.1",
        ),
    ] {
        assert_eq!(rules(&format!("table(\"nat\").append({chain:?}, {rule});"), chain), [line], "{rule}");
    }
    let mark = rules("table(\"mangle\").append(\"FORWARD\", rule().set_mark(\"0x1/0xff\"));", "FORWARD");
    assert_eq!(mark, ["-j MARK --set-xmark 0x1/0xff"]);
}

#[test]
fn anchors_of_every_kind() {
    for anchor in [
        "\"SITE\"",
        "3",
        "\"-j SITE\"",
        "rule().jump(\"SITE\")",
        "#{ jump: \"SITE\" }",
        "matching(\"SITE$\")",
        "|r| r.target == \"SITE\"",
    ] {
        let before = rules(&format!("insert_before(\"INPUT\", {anchor}, \"-j DROP\");"), "INPUT");
        assert_eq!(before[2..], ["-j DROP", "-j SITE"], "{anchor}");
        let after = rules(&format!("insert_after(\"INPUT\", {anchor}, \"-j DROP\");"), "INPUT");
        assert_eq!(after[2..], ["-j SITE", "-j DROP"], "{anchor}");
        let replaced = rules(&format!("replace_rule(\"INPUT\", {anchor}, \"-j DROP\");"), "INPUT");
        assert_eq!(replaced[2..], ["-j DROP"], "{anchor}");
        assert_eq!(said(&format!("print(remove_rule(\"INPUT\", {anchor}));")), "1\n", "{anchor}");
        assert_eq!(said(&format!("print(count(\"INPUT\", {anchor}));")), "1\n", "{anchor}");
    }
    assert_eq!(said("print(remove_rule(\"INPUT\", \"DROP\"));"), "0\n");
}

#[test]
fn heads_positions_and_arrays_keep_their_order() {
    let both = "[\"-p udp -j DROP\", \"-p tcp -j DROP\"]";
    assert_eq!(
        rules(&format!("prepend(\"INPUT\", {both});"), "INPUT")[..2],
        ["-p udp -j DROP", "-p tcp -j DROP"]
    );
    assert_eq!(
        rules(&format!("insert(\"INPUT\", 2, {both});"), "INPUT")[1..3],
        ["-p udp -j DROP", "-p tcp -j DROP"]
    );
    assert_eq!(
        rules(&format!("insert(\"INPUT\", 4, {both});"), "INPUT")[3..],
        ["-p udp -j DROP", "-p tcp -j DROP"]
    );
}

#[test]
fn errors_list_what_is_there() {
    for (script, words) in [
        ("insert_before(\"INPUT\", \"NOWHERE\", \"-j DROP\");", &["SITE", "ACCEPT"][..]),
        ("insert(\"INPUT\", 9, \"-j DROP\");", &["9", "3"]),
        ("insert(\"INPUT\", 0, \"-j DROP\");", &["0"]),
        ("append(\"INPUTS\", \"-j DROP\");", &["did you mean `INPUT`?"]),
        ("table(\"nut\");", &["did you mean `nat`?"]),
        ("append(\"INPUT\", #{ dprot: 1 });", &["did you mean `dport`?"]),
        ("append(\"INPUT\", 5);", &["a rule is text, a map or a builder"]),
        ("append(\"INPUT\", rule().dport(80).accept());", &["tcp()"]),
        ("append(\"INPUT\", tcp().accept().drop());", &["already"]),
        ("apend(\"INPUT\", \"-j DROP\");", &["did you mean `append`?"]),
        ("append(\"INPUT\");", &["append(chain, rule)"]),
        ("set_policy(\"INPUT\", \"REJECT\");", &["DROP"]),
        ("find(\"INPUT\", matching(\"(\"));", &["("]),
        ("remove_chain(\"INPUT\");", &["INPUT"]),
        ("fail(\"no more\");", &["error[fail]: no more"]),
    ] {
        let said = error(&format!("\n{script}"));
        assert!(said.contains("s.rhai:2:"), "{script}\n{said}");
        words.iter().for_each(|word| assert!(said.contains(word), "{script} {word}\n{said}"));
    }
}

#[test]
fn all_tables_are_edited_by_the_same_methods() {
    for name in ["raw", "mangle", "nat", "filter", "security"] {
        let script = format!(
            "let t = table({name:?}); t.flush(\"OUTPUT\"); t.new_chain(\"A\"); t.append(\"OUTPUT\", \"-j A\");\n\
             t.prepend(\"OUTPUT\", \"-p tcp -j A\"); t.insert(\"OUTPUT\", 2, \"-p udp -j A\");\n\
             t.insert_before(\"OUTPUT\", 1, \"-p sctp -j A\"); t.insert_after(\"OUTPUT\", \"-p udp -j A\", \"-p icmp -j A\");\n\
             t.replace_rule(\"OUTPUT\", \"-p udp -j A\", \"-p gre -j A\"); t.remove_rule(\"OUTPUT\", \"-p tcp -j A\");\n\
             t.rename_chain(\"A\", \"B\"); t.new_chain(\"C\"); t.remove_chain(\"C\"); t.set_policy(\"OUTPUT\", \"ACCEPT\");\n\
             print(t.has_chain(\"B\") && !t.has_chain(\"A\") && !t.has_chain(\"C\") && t.has_rule(\"OUTPUT\", \"-j B\"));\n\
             print(t.find(\"OUTPUT\", \"B\").len() == t.count(\"OUTPUT\", \"B\")); print(t.name);"
        );
        // A second run finds both A, which it makes, and B.
        let said = said(&script);
        assert!(said.starts_with(&format!("true\ntrue\n{name}\nwarning[not-idempotent]")), "{said}");
        let lines = ["-p sctp -j B", "-p gre -j B", "-p icmp -j B", "-j B"];
        assert_eq!(rules(&script, "OUTPUT"), lines, "{name}");
    }
}

#[test]
fn chains_and_policies_of_the_filter_table() {
    let run = run(
        "new_chain(\"A\"); rename_chain(\"SITE\", \"PLACE\"); flush(\"PLACE\"); set_policy(\"INPUT\", \"DROP\"); new_chain(\"B\"); remove_chain(\"B\");",
    );
    assert_eq!(run.status, Some(0), "{}", run.stderr);
    for line in [":A - ", ":PLACE - ", ":INPUT DROP ", "-A INPUT -j PLACE\n"] {
        assert!(run.stdout.contains(line), "{line}\n{}", run.stdout);
    }
    assert!(!run.stdout.contains("-A PLACE") && !run.stdout.contains(":B "), "{}", run.stdout);
}

#[test]
fn ipv6_has_its_own_icmp_and_a_list_without_its_addresses_opens_nothing() {
    let script = "append(\"INPUT\", icmp(\"echo-request\").accept());\n\
        append(\"INPUT\", tcp().dport(22).from([\"192.0.2.1\"]).accept()); print(family);";
    let run = run_with(script, &["-6", "--no-tag"]);
    assert_eq!(run.status, Some(0), "{}", run.stderr);
    assert!(run.stdout.contains("-p ipv6-icmp -m icmp6 --icmpv6-type 128 -j ACCEPT"), "{}", run.stdout);
    assert!(!run.stdout.contains("--dport 22 -j ACCEPT"), "{}", run.stdout);
    assert!(run.stderr.contains("emptied-list") && run.stderr.contains("ipv6\n"), "{}", run.stderr);
}
