//! The helpers for published ports and networks, and the shipped scripts on them, without a kernel: what they write is the
//! same again, survives a start of Docker, and means the same in any order.

use std::collections::BTreeSet;
use std::sync::Arc;

use dwscript::docker::restart::{Event, fates};
use dwscript::model::{Family, Ruleset};
use dwscript::save;
use dwscript::simulate::{Facts, Packet, Simulator};
use dwscript::source::SourceFile;

use crate::support::command::{Folder, Printed, dwscript};

/// Everything at once; networks by what the sample has.
const ALL: &str = r#"
for port in docker.published { if port.host_port % 2 == 0 { restrict(port, ["10.0.0.0/8", "192.0.2.7", "2001:db8::/32"]); } }
restrict("53/udp", "192.0.2.0/24");
restrict("8000-8010", ["198.51.100.1", "2001:db8::1"]);
host_only(443);
let networks = docker.networks;
if networks.len() > 1 { block_between(networks[0], networks[1].bridge); }
for network in docker.bridges { egress(network, ["10.0.0.0/8", "2001:db8::/32"]); }
let own = published(9000).from(["192.0.2.1", "2001:db8::1"]).drop();
if docker.user_chain == () { table("mangle").prepend("FORWARD", own); } else { prepend("DOCKER-USER", own); }
"#;

/// Samples of every layout and both families.
const SAMPLES: [(&str, &str); 9] = [
    ("docker19-containers", "-4"),
    ("docker20-published", "-4"),
    ("docker20-fresh", "-6"),
    ("docker20-ip6tables", "-6"),
    ("docker20-no-userland-proxy", "-4"),
    ("docker20-swarm-init", "-4"),
    ("docker20-iptables-false", "-4"),
    ("docker28-published", "-4"),
    ("docker28-published", "-6"),
];

fn read(text: &str, family: Family) -> Ruleset {
    let source = Arc::new(SourceFile::from_bytes("host.rules", text.as_bytes().to_vec()).unwrap());
    save::parse(&source, family).unwrap()
}

fn family(option: &str) -> Family {
    if option == "-6" { Family::Ipv6 } else { Family::Ipv4 }
}

#[track_caller]
fn printed(run: Printed) -> String {
    assert_eq!(run.status, Some(0), "{}", run.stderr);
    run.stdout
}

#[test]
fn what_they_write_is_the_same_again_and_survives_docker() {
    let folder = Folder::new(&[("all.rhai", ALL)]);
    for (sample, option) in SAMPLES {
        let once = printed(folder.run(&["all.rhai", option, "--sample", sample]));
        let count = once.lines().filter(|line| line.contains("\"dwscript/all")).count();
        assert!(count >= 7, "{sample} {option}: {once}");
        let again = printed(folder.run_with(&["all.rhai", option, "-i", "-"], &once));
        assert_eq!(again, once, "{sample} {option}");

        let ruleset = read(&once, family(option));
        let moved = fates(&ruleset, &[Event::Start])
            .concat()
            .into_iter()
            .map(|(rule, _)| ruleset.line(rule).to_string());
        let moved: Vec<String> = moved.filter(|line| line.contains("dwscript/all")).collect();
        assert!(moved.is_empty(), "{sample} {option}: {moved:?}");
    }
}

#[test]
fn an_engine_that_uses_nftables_is_met_in_mangle() {
    let folder = Folder::new(&[("all.rhai", ALL)]);
    let text = printed(folder.run(&["all.rhai", "--sample", "docker29-nftables"]));
    let rules: Vec<&str> = text.lines().filter(|line| line.starts_with("-A FORWARD ")).collect();
    assert_eq!(rules.len(), 6, "{text}");
    assert!(!text.contains("DOCKER-USER"), "{text}");
    let mangle = text.split("COMMIT").find(|table| table.contains("*mangle")).unwrap();
    assert!(rules.iter().all(|rule| mangle.contains(rule)), "{text}");
}

/// The shipped scripts that guard a host, and what they are asked.
const SHIPPED: [&str; 7] =
    ["harden", "blocklist", "restrict-published", "egress", "isolate", "allowlist", "ratelimit-ssh"];
const ASKED: [&str; 12] = [
    "-D",
    "cidrs=203.0.113.0/24",
    "-D",
    "ports=80",
    "-D",
    "from=192.0.2.0/24,203.0.113.7",
    "-D",
    "others=198.51.100.0/24",
    "-D",
    "to=192.0.2.0/24,9.9.9.9",
    "-D",
    "allow=80,443",
];

/// Packets of all kinds through `docker20-published`: the bridge `br-f6fffc594a04` publishes 80 and 443, `docker0` 8090.
const PACKETS: [&str; 16] = [
    "in=eth0 src=192.0.2.5 proto=tcp dport=80",
    "in=eth0 src=203.0.113.7 proto=tcp dport=80",
    "in=eth0 src=198.51.100.5 proto=tcp dport=80",
    "in=eth0 src=192.0.2.5 proto=tcp dport=443",
    "in=eth0 src=198.51.100.5 proto=tcp dport=443",
    "in=eth0 src=198.51.100.5 proto=tcp dport=8090",
    "in=eth0 src=203.0.113.9 proto=tcp dport=22",
    "in=eth0 src=198.51.100.5 proto=tcp dport=22",
    "in=eth0 src=198.51.100.5 proto=tcp dport=25",
    "in=docker0 src=172.17.0.2 dst=192.0.2.9 proto=tcp dport=80 out=eth0",
    "in=docker0 src=172.17.0.2 dst=9.9.9.9 proto=udp dport=53 out=eth0",
    "in=docker0 src=172.17.0.2 dst=198.51.100.9 proto=tcp dport=80 out=eth0",
    "in=br-f6fffc594a04 src=172.18.0.2 dst=198.51.100.9 proto=tcp dport=443 out=eth0",
    "in=docker0 src=172.17.0.2 dst=172.18.0.2 proto=tcp dport=80",
    "in=br-f6fffc594a04 src=172.18.0.2 dst=172.17.0.2 proto=tcp dport=80",
    "in=docker0 src=172.17.0.2 dst=192.0.2.9 proto=tcp dport=80 out=eth0 ctstate=ESTABLISHED",
];

/// The verdict of each packet.
#[track_caller]
fn verdicts(text: &str) -> Vec<&'static str> {
    let ruleset = read(text, Family::Ipv4);
    let simulator = Simulator::new(&ruleset, Facts::inferred(&ruleset));
    let verdict = |packet: &&str| {
        let packet = Packet::parse(packet).unwrap_or_else(|error| panic!("{packet}: {error}"));
        simulator.trace(&packet).unwrap_or_else(|error| panic!("{packet:?}: {error}")).verdict().as_str()
    };
    PACKETS.iter().map(verdict).collect()
}

fn lines(text: &str) -> BTreeSet<&str> {
    text.lines().collect()
}

/// What two shipped scripts make of the sample, in one run.
fn both(one: &str, other: &str) -> String {
    let paths = [one, other].map(|name| format!("scripts/{name}.rhai"));
    let args =
        [&[&*paths[0], &*paths[1], "--sample", "docker20-published"], &asked(&[one, other])[..]].concat();
    printed(dwscript(&args, b"").into())
}

/// The parameters that these scripts know: one that no script asks for is an error.
fn asked(scripts: &[&str]) -> Vec<&'static str> {
    let of = |name: &str| match name {
        "blocklist" => 0..2,
        "restrict-published" => 2..8,
        "egress" => 8..10,
        "allowlist" => 10..12,
        _ => 0..0,
    };
    scripts.iter().flat_map(|name| ASKED[of(name)].iter().copied()).collect()
}

#[test]
fn shipped_scripts_go_together_in_any_order() {
    for (index, one) in SHIPPED.iter().enumerate() {
        for other in &SHIPPED[index + 1..] {
            let (here, there) = (both(one, other), both(other, one));
            assert_eq!(lines(&here), lines(&there), "{one} and {other}: other rules");
            assert_eq!(verdicts(&here), verdicts(&there), "{one} and {other}");

            let paths = [one, other].map(|name| format!("scripts/{name}.rhai"));
            let [first, second] = paths.each_ref().map(String::as_str);
            let alone = [&[first, "--sample", "docker20-published"], &asked(&[one])[..]].concat();
            let text = printed(dwscript(&alone, b"").into());
            let next = [&[second, "-i", "-"], &asked(&[other])[..]].concat();
            let piped = printed(dwscript(&next, text.as_bytes()).into());
            assert_eq!(lines(&piped), lines(&here), "{one} | {other}: other rules");
            assert_eq!(verdicts(&piped), verdicts(&here), "{one} | {other}");
            let again = [&[first, second, "-i", "-"], &asked(&[one, other])[..]].concat();
            let again = printed(dwscript(&again, here.as_bytes()).into());
            assert_eq!(again, here, "{one} and {other}: not the same again");
        }
    }
}

#[test]
fn each_shipped_script_drops_what_it_is_for() {
    let alone = |name: &str| {
        let path = format!("scripts/{name}.rhai");
        let args = [&[&*path, "--sample", "docker20-published"], &asked(&[name])[..]].concat();
        verdicts(&printed(dwscript(&args, b"").into()))
    };
    let dropped = |verdicts: &[&str]| {
        let dropped = verdicts.iter().enumerate().filter(|(_, verdict)| **verdict == "drop");
        dropped.map(|(index, _)| index).collect::<Vec<_>>()
    };
    // Docker itself keeps bridges apart: 13 and 14.
    assert_eq!(dropped(&alone("restrict-published")), [2, 3, 13, 14]);
    assert_eq!(dropped(&alone("egress")), [11, 12, 13, 14]);
    assert_eq!(dropped(&alone("isolate")), [13, 14]);
}

/// What a run says that must fail, on a sample of an engine with two networks.
fn refused(script: &str) -> String {
    let folder = Folder::new(&[("s.rhai", script)]);
    let run = folder.run(&["s.rhai", "--sample", "docker20-published"]);
    assert!(matches!(run.status, Some(1 | 2)) && run.stdout.is_empty(), "{script}: {}", run.stderr);
    run.stderr
}

#[test]
fn what_makes_no_sense_is_refused() {
    let cases = [
        ("restrict(8080, [])", "error[empty-list]", "host_only(port)"),
        ("egress(\"docker0\", [\"\"])", "error[empty-list]", "--internal"),
        ("restrict(docker.published, \"10.0.0.1\")", "error[bad-value]", "for port in docker.published"),
        ("restrict(8080, true)", "error[bad-value]", "for example"),
        ("restrict(80, #{ not: \"10.0.0.1\" })", "error[bad-value]", "for example"),
        ("restrict(80, [\"10.0.0.300\"])", "error[bad-address]", "10.0.0.300"),
        ("restrict(80, [\"example.com\"])", "error[host-name]", "example.com"),
        ("restrict(70000, \"10.0.0.1\")", "error[bad-port]", "65535"),
        ("published(53, \"icmp\")", "error[bad-value]", "`tcp`, `udp` or `sctp`"),
        ("host_only(docker.networks[0])", "error[bad-value]", "this is a network"),
        ("egress(8080, \"10.0.0.1\")", "error[bad-value]", "docker.networks"),
        ("egress(docker.published[0], \"10.0.0.1\")", "error[bad-value]", "a published port"),
        ("block_between(\"docker1\", \"docker0\")", "error[unknown-network]", "did you mean `docker0`?"),
        (
            "block_between(\"app\", \"docker0\")",
            "error[unknown-network]",
            "there are `br-f6fffc594a04`, `docker0`",
        ),
        ("block_between(\"docker0\", \"docker0\")", "error[bad-value]", "twice"),
        ("block_between(\"br-+\", \"docker0\")", "error[bad-value]", "docker.networks"),
        ("restrict(8080)", "error[bad-arguments]", "restrict(port, cidrs)"),
    ];
    for (script, code, part) in cases {
        let said = refused(script);
        assert!(said.starts_with(code) && said.contains(part), "{script}: {said}");
    }
    let many: Vec<String> = (0..65).map(|number| format!("10.{number}.0.1")).collect();
    let said = refused(&format!("restrict(80, {many:?})"));
    assert!(said.starts_with("error[long-list]") && said.contains("ipset"), "{said}");
}

#[test]
fn what_stays_open_or_closes_more_is_said() {
    let said = |script: &str, args: &[&str]| {
        let folder = Folder::new(&[("s.rhai", script)]);
        let run = folder.run(&[&["s.rhai", "--sample", "docker20-published"], args].concat());
        assert_eq!(run.status, Some(0), "{}", run.stderr);
        run.stderr
    };
    let one = "for port in docker.published { restrict(port, \"10.0.0.0/8\"); }";
    assert_eq!(said(one, &[]).matches("warning[open-over-ipv6]").count(), 1);
    assert_eq!(said(&["allow(\"open-over-ipv6\", \"no IPv6 here\");", one].concat(), &[]), "");
    assert_eq!(said("restrict(8090, \"10.0.0.0/8\"); host_only(\"53/udp\");", &[]), "");
    let closed = said("restrict(8090, \"2001:db8::1\");", &[]);
    assert!(closed.contains("warning[emptied-list]: port 8090 is closed to all of IPv4"), "{closed}");
}

#[test]
fn everyone_needs_no_rule() {
    let folder =
        Folder::new(&[("s.rhai", "restrict(80, [\"0.0.0.0/0\"]); egress(\"docker0\", \"0.0.0.0/0\");")]);
    let run = folder.run(&["s.rhai", "--sample", "docker20-published", "--diff"]);
    assert_eq!((run.status, run.stdout.as_str()), (Some(0), ""));
}
