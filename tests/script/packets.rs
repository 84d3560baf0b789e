//! Packets in scripts.

use super::{error, run, run_with, said};

#[test]
fn a_trace_tells_verdict_way_and_what_it_depends_on() {
    let script = r#"
        set_policy("INPUT", "DROP");
        let ssh = trace("in=eth0 src=10.1.2.3 proto=tcp dport=22");
        print([ssh.verdict, ssh.path.len(), ssh.path[0].rule, ssh.path[0].number, ssh.path[0].effect, ssh.rewritten].to_string());
        let other = trace(#{ in_interface: "eth0", source: "198.51.100.7", to: "host", protocol: "tcp", dport: 22 });
        print(other.verdict + " " + other.path[1].effect + " " + other.path[2].rule);
        append("INPUT", "-p udp -m limit --limit 1/sec -j ACCEPT");
        print(trace("in=eth0 proto=udp dport=53").depends_on.to_string());
        table("nat").append("PREROUTING", "-p tcp --dport 80 -j REDIRECT --to-ports 8080");
        let web = trace("in=eth0 proto=tcp dport=80 src=198.51.100.7").rewritten;
        print(`${web.source}:${web.sport} ${web.dport}`);
        print(type_of(ssh));
    "#;
    let said = said(script);
    let lines: Vec<&str> = said.lines().take(5).collect();
    assert_eq!(
        lines,
        [
            r#"["accept", 1, "-A INPUT -s 10.0.0.0/8 -p tcp -m tcp --dport 22 -m comment --comment \"a b\" -j ACCEPT", 2, "accept", ()]"#,
            "drop end of chain: no rule decided, so it returns -P INPUT DROP",
            r#"["limit"]"#,
            "198.51.100.7:40000 8080",
            "trace",
        ],
        "{said}"
    );
}

#[test]
fn a_trace_follows_the_draft_as_it_is() {
    let script = r#"
        let verdict = || trace("in=eth0 proto=tcp dport=443").verdict;
        let before = verdict.call();
        prepend("INPUT", "-p tcp --dport 443 -j REJECT");
        print(before + " " + verdict.call());
    "#;
    assert!(said(script).starts_with("accept reject\n"), "{}", said(script));
}

#[test]
fn what_is_no_packet_is_told_with_its_place_in_the_script() {
    for (packet, words) in [
        (r#""in=eth0 dprt=22""#, "a packet has no `dprt`|did you mean `dport`?|in `in=eth0 dprt=22`"),
        ("#{ dprt: 22 }", "a packet has no `dprt`|did you mean `dport`?"),
        (r#"#{ dport: "22 in=eth0" }"#, "`22 in=eth0` is no value of `dport`"),
        ("#{ dport: 22, destination_port: 23 }", "is said twice"),
        ("#{ dport: true }", "`true` is no value of `dport`|give a text or a number"),
        ("22", "is no packet|give a text such as"),
    ] {
        for call in
            ["trace(PACKET)", "admin(PACKET)", "must_accept(PACKET, \"why\")", "must_drop(PACKET, \"\")"]
        {
            let script = call.replace("PACKET", packet);
            let stderr = error(&format!("\n{script};"));
            assert!(
                stderr.contains("error[bad-packet]") && stderr.contains("s.rhai:2:"),
                "{script}\n{stderr}"
            );
            for word in words.split('|') {
                assert!(stderr.contains(word), "{script}\n{stderr}");
            }
        }
    }
    assert!(error("trace(\"src=2001:db8::1 dport=22\");").contains("cannot meet rules of ipv4"));
    assert!(error("must_drop(\"proto=tcp\", \"\");").contains("a packet of tcp needs a port"));
    assert!(error("trace(\"dport=22\").verdct;").contains("did you mean `verdict`?"));
    assert!(error("let t = trace(\"dport=22\"); t.verdict = \"drop\";").contains("error[read-only]"));
}

#[test]
fn each_expectation_that_is_not_met_is_told_and_nothing_is_printed() {
    let run = run(
        "must_drop(\"in=eth0 proto=tcp dport=80\", \"one\");\nmust_drop(\"in=eth0 proto=tcp dport=81\", \"two\");\nmust_accept(\"in=eth0 proto=tcp dport=82\", \"three\");",
    );
    assert_eq!((run.status, run.stdout.as_str()), (Some(1), ""));
    assert_eq!(run.stderr.matches("error[must-drop]").count(), 2, "{}", run.stderr);
    assert!(!run.stderr.contains("must-accept"), "{}", run.stderr);
    let json = run_with("must_drop(\"in=eth0 proto=tcp dport=80\", \"one\");", &["--json"]);
    let object: serde_json::Value = serde_json::from_str(&json.stdout).unwrap();
    assert_eq!((json.status, &object["diagnostics"][0]["code"]), (Some(1), &"must-drop".into()));
    assert!(object["ruleset"].is_null());
}

#[test]
fn expectations_do_not_depend_on_how_the_script_goes_on() {
    let met = "must_drop(\"in=eth0 proto=tcp dport=80\", \"\");\nappend(\"INPUT\", \"-p tcp --dport 80 -j DROP\");\nexit();";
    assert_eq!(run(met).status, Some(0));
    let allowed = run_with("must_drop(\"in=eth0 proto=tcp dport=80\", \"\");", &["--allow", "warnings"]);
    assert_eq!(allowed.status, Some(1), "what a script asks for is no finding: {}", allowed.stderr);
}
