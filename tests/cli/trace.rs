//! `dwscript trace`; what it prints for people is in the golden cases `trace-…`.

use serde_json::{Value, json};

use crate::support::command::{Folder, Printed};

const RULES: &str = "*mangle\n:PREROUTING ACCEPT [0:0]\n-A PREROUTING -i eth0 -p tcp -j MARK --set-xmark 0x1/0xffffffff\nCOMMIT\n\
    *nat\n:PREROUTING ACCEPT [0:0]\n-A PREROUTING -p tcp -m tcp --dport 80 -j REDIRECT --to-ports 8080\nCOMMIT\n\
    *filter\n:INPUT DROP [0:0]\n:LATE - [0:0]\n-A INPUT -m mark --mark 0x1 -j LATE\n\
    -A LATE -p tcp -m tcp --dport 8080 -m limit --limit 5/sec -j ACCEPT\nCOMMIT\n";

fn folder() -> Folder {
    Folder::new(&[
        ("host.rules", RULES),
        ("add.rhai", "append(\"INPUT\", \"-p tcp --dport 8080 -j ACCEPT\");\n"),
    ])
}

#[track_caller]
fn traced(printed: &Printed) -> Value {
    assert_eq!(printed.status, Some(0), "{}", printed.stderr);
    serde_json::from_str(&printed.stdout).unwrap()
}

#[test]
fn json_has_the_way_as_iptables_save_prints_it() {
    let folder = folder();
    let args = ["trace", "in=eth0 src=198.51.100.7 dport=80", "-i", "host.rules", "--json"];
    let depends = traced(&folder.run(&args));
    assert_eq!(depends["verdict"], "depends");
    assert_eq!(depends["depends_on"][0]["matches"], json!(["limit"]));
    assert_eq!(
        depends["depends_on"][0]["rule"],
        "-A LATE -p tcp -m tcp --dport 8080 -m limit --limit 5/sec -j ACCEPT"
    );
    assert_eq!(depends["branches"].as_array().unwrap().len(), 2);
    let settled = traced(&folder.run(&[&args[..], &["--assume", "limit=yes"]].concat()));
    let step = |number: usize, table: &str, chain: &str, rule: &str, effect: &str| json!({"table": table, "chain": chain, "number": number, "rule": rule, "effect": effect});
    assert_eq!(
        settled["path"],
        json!([
            step(
                1,
                "mangle",
                "PREROUTING",
                "-A PREROUTING -i eth0 -p tcp -j MARK --set-xmark 0x1/0xffffffff",
                "mark 0x1"
            ),
            step(0, "mangle", "PREROUTING", "-P PREROUTING ACCEPT", "policy ACCEPT"),
            step(
                1,
                "nat",
                "PREROUTING",
                "-A PREROUTING -p tcp -m tcp --dport 80 -j REDIRECT --to-ports 8080",
                "destination 192.0.2.1:8080"
            ),
            step(1, "filter", "INPUT", "-A INPUT -m mark --mark 0x1 -j LATE", "jump to LATE"),
            step(
                1,
                "filter",
                "LATE",
                "-A LATE -p tcp -m tcp --dport 8080 -m limit --limit 5/sec -j ACCEPT",
                "accept"
            ),
        ])
    );
    assert_eq!((&settled["verdict"], &settled["arrival"]), (&json!("accept"), &json!("host")));
    assert_eq!(
        settled["rewritten"],
        json!({"source": "198.51.100.7", "source_port": 40000, "destination": "192.0.2.1", "destination_port": 8080})
    );
    assert_eq!(settled["depends_on"], json!([]));
    let assumed: Vec<_> = settled["assumed"].as_array().unwrap().iter().map(|one| &one["what"]).collect();
    assert!(assumed.contains(&&json!("dst")), "{assumed:?}");
    assert_eq!(settled.get("before"), None);
}

#[test]
fn scripts_run_first_and_what_was_before_is_told_too() {
    let folder = folder();
    let packet = "in=eth1 src=198.51.100.7 dport=8080";
    let args = ["trace", packet, "add.rhai", "-i", "host.rules"];
    let both = traced(&folder.run(&[&args[..], &["--json"]].concat()));
    assert_eq!((&both["verdict"], &both["before"]["verdict"]), (&json!("accept"), &json!("drop")));
    assert_eq!(both["before"]["path"].as_array().unwrap().last().unwrap()["rule"], "-P INPUT DROP");
    let text = folder.run(&args).stdout;
    assert!(text.contains("\nverdict: accept, at the host\n"), "{text}");
    assert!(text.contains("\nbefore the scripts: drop\n"), "{text}");
    let missing = folder.run(&["trace", packet, "nowhere.rhai", "-i", "host.rules"]);
    assert_eq!((missing.status, missing.stdout.as_str()), (Some(2), ""));
}

#[test]
fn the_family_is_that_of_the_packet_unless_it_is_said() {
    let folder = folder();
    let run = |packet: &str, more: &[&str]| {
        folder.run(&[&["trace", packet, "--sample", "docker28-published"], more].concat())
    };
    assert!(run("dport=22 in=eth0", &[]).stdout.starts_with("ipv4 tcp "));
    assert!(run("src=2001:db8:6::7 dport=22", &[]).stdout.starts_with("ipv6 tcp [2001:db8:6::7]:40000 to "));
    assert!(run("icmp-type=packet-too-big", &[]).stdout.starts_with("ipv6 ipv6-icmp "));
    let both = run("in=eth0 dport=22", &["-46"]).stdout;
    assert!(both.starts_with("ipv4 ") && both.contains("\nipv6 "), "{both}");
    let wrong = run("src=2001:db8:6::7 dport=22", &["-4"]);
    assert_eq!((wrong.status, wrong.stdout.as_str()), (Some(2), ""));
    assert!(wrong.stderr.contains("error[bad-packet]"), "{}", wrong.stderr);
}

#[test]
fn whatever_becomes_of_the_packet_it_is_an_answer() {
    let folder = folder();
    for (packet, verdict) in [
        ("in=eth1 dport=22", "drop"),
        ("in=eth0 dport=80", "depends"),
        ("in=eth0 dst=127.0.0.1 dport=22", "lost"),
    ] {
        let printed = folder.run(&["trace", packet, "-i", "host.rules"]);
        assert_eq!(printed.status, Some(0), "{}", printed.stderr);
        assert!(printed.stdout.contains(&format!("\nverdict: {verdict}")), "{}", printed.stdout);
    }
}

#[test]
fn what_is_no_packet_is_told_as_json_too() {
    let folder = folder();
    let printed = folder.run(&["trace", "dprt=22", "-i", "host.rules", "--json"]);
    assert_eq!(printed.status, Some(2));
    let object: Value = serde_json::from_str(&printed.stdout).unwrap();
    assert_eq!(object["diagnostics"][0]["code"], "bad-packet");
    for args in [&["--assume", "limit"][..], &["--address", "10.0.0.1/8"]] {
        let printed = folder.run(&[&["trace", "dport=22", "-i", "host.rules"], args].concat());
        assert_eq!((printed.status, printed.stdout.as_str()), (Some(2), ""), "{}", printed.stderr);
    }
}

/// A host with an address of its own, a bridge and an ipset.
const SNAPSHOT: &str = r#"{"version":1,"taken":1,"versions":{},"backend":"legacy",
    "ipv4":{"nft":null,"legacy":"*filter\n:INPUT DROP [0:0]\n:FORWARD DROP [0:0]\n-A INPUT -i up0 -m set --match-set office src -j ACCEPT\nCOMMIT\n"},
    "ipv6":{"nft":null,"legacy":""},
    "ipsets":"create office hash:net family inet hashsize 1024 maxelem 65536\nadd office 198.51.100.0/24\n",
    "host":{"interfaces":[{"name":"lo","up":true},{"name":"up0","up":true}],
        "addresses":[{"interface":"up0","address":"10.9.0.1","prefix":24},{"interface":"up0","address":"2001:db8:9::1","prefix":64}],
        "routes":[{"family":"ipv4","to":"default","kind":"unicast","via":"10.9.0.254","interface":"up0","table":"main","metric":0}],
        "sysctls":{"net.ipv4.ip_forward":"0"},"tables":[]},
    "docker":null}"#;

#[test]
fn a_snapshot_tells_addresses_routes_settings_and_sets() {
    let folder = Folder::new(&[("host.json", SNAPSHOT)]);
    let run = |packet: &str| folder.run(&["trace", packet, "--snapshot", "host.json", "-4"]).stdout;
    let office = run("src=198.51.100.7 dst=10.9.0.1 dport=22");
    assert!(office.starts_with("ipv4 tcp 198.51.100.7:40000 to 10.9.0.1:22, in by up0\n"), "{office}");
    assert!(office.contains("\nverdict: accept, at the host\n"), "{office}");
    assert!(run("src=203.0.113.7 dst=host dport=22").contains("\nverdict: drop\n"));
    let forwarded = run("in=up0 src=198.51.100.7 dst=192.0.2.1 dport=22");
    assert!(forwarded.contains("verdict: lost: the host does not forward"), "{forwarded}");
    let both = folder.run(&["trace", "in=up0 dport=22", "--snapshot", "host.json"]).stdout;
    assert!(both.contains("\nipv6 tcp "), "{both}");
    assert!(both.contains(" to [2001:db8:9::1]:22, in by up0\n"), "{both}");
}
