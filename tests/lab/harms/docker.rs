//! The same of rules on the way to containers: what administrators write there, and what becomes of packets. Each engine
//! takes about 15 s.

use std::time::{Duration, Instant};

use dwscript::model::Family;
use serde_json::Value;

use crate::support::agent::{Knock, Outcome, Probe, probe};
use crate::support::command::dwscript;
use crate::support::engine::Engine;
use crate::support::lab::{CLIENT, HOST, Lab, Options};
use crate::support::process::text;
use crate::support::scene::Scene;
use crate::support::skip::available;

/// Who sends the packet, and where to.
#[derive(Clone, Copy, Debug)]
enum Way {
    /// The client, to a port of the host.
    Published(u16, &'static str),
    /// The client, to a port of the container `db` that is not published, by its address.
    Unpublished,
    /// A container in the network `app`, to the outside.
    Outside,
}

/// A flaw, and the packet that shows it.
struct Harm {
    code: &'static str,
    /// Commands of the filter table that bring it in, and those that mend it.
    flaw: &'static str,
    mend: &'static str,
    way: Way,
    /// What becomes of the packet, and what of it once that is mended.
    outcomes: [Outcome; 2],
    /// Whether table raw of engine 28 stands in the way of the packet, whatever DOCKER-USER says.
    kept_out_by_28: bool,
}

const HARMS: [Harm; 7] = [
    Harm {
        code: "docker-user-accept",
        flaw: "-I DOCKER-USER -s 10.9.0.2/32 -j ACCEPT",
        mend: "-D DOCKER-USER -s 10.9.0.2/32 -j ACCEPT\n-I DOCKER-USER -s 10.9.0.2/32 -j RETURN",
        way: Way::Unpublished,
        outcomes: [Outcome::Ok, Outcome::Drop],
        kept_out_by_28: true,
    },
    Harm {
        code: "published-port-match",
        flaw: "-I DOCKER-USER -i up0 -p tcp -m tcp --dport 8088 -j DROP",
        mend: "-I DOCKER-USER -i up0 -p tcp -m conntrack --ctorigdstport 8088 --ctdir ORIGINAL -j DROP\n-D DOCKER-USER -i up0 -p tcp -m tcp --dport 8088 -j DROP",
        way: Way::Published(8088, "solo"),
        outcomes: [Outcome::Ok, Outcome::Drop],
        kept_out_by_28: false,
    },
    // The container's port is one that others have as well.
    Harm {
        code: "published-port-match",
        flaw: "-I DOCKER-USER -i up0 -p tcp -m tcp --dport 80 -j DROP",
        mend: "-D DOCKER-USER -i up0 -p tcp -m tcp --dport 80 -j DROP\n-I DOCKER-USER -i up0 -p tcp -m conntrack --ctorigdstport 80 --ctdir ORIGINAL -j DROP",
        way: Way::Published(8088, "solo"),
        outcomes: [Outcome::Drop, Outcome::Ok],
        kept_out_by_28: false,
    },
    Harm {
        code: "docker-user-no-iface",
        flaw: "-I DOCKER-USER ! -s 10.9.0.3/32 -j DROP",
        mend: "-D DOCKER-USER ! -s 10.9.0.3/32 -j DROP\n-I DOCKER-USER ! -s 10.9.0.3/32 -i up0 -p tcp -m conntrack --ctorigdstport 80 --ctdir ORIGINAL -j DROP",
        way: Way::Outside,
        outcomes: [Outcome::Drop, Outcome::Ok],
        kept_out_by_28: false,
    },
    Harm {
        code: "drops-replies",
        flaw: "-I DOCKER-USER ! -s 10.9.0.3/32 -i up0 -j DROP",
        mend: "-I DOCKER-USER -m conntrack --ctstate RELATED,ESTABLISHED -j RETURN",
        way: Way::Outside,
        outcomes: [Outcome::Drop, Outcome::Ok],
        kept_out_by_28: false,
    },
    Harm {
        code: "docker-bypass",
        flaw: "-A INPUT -i up0 -p tcp -m tcp --dport 8090 -j DROP",
        mend: "-I DOCKER-USER -i up0 -p tcp -m conntrack --ctorigdstport 8090 --ctdir ORIGINAL -j DROP",
        way: Way::Published(8090, "peer"),
        outcomes: [Outcome::Ok, Outcome::Drop],
        kept_out_by_28: false,
    },
    Harm {
        code: "docker-user-unhooked",
        flaw: "-I DOCKER-USER -i up0 -p tcp -m conntrack --ctorigdstport 8090 --ctdir ORIGINAL -j DROP\n-D FORWARD -j DOCKER-USER",
        mend: "-I FORWARD -j DOCKER-USER",
        way: Way::Published(8090, "peer"),
        outcomes: [Outcome::Ok, Outcome::Drop],
        kept_out_by_28: false,
    },
];

#[test]
fn on_20_10() {
    check(Options::default(), true);
}

#[test]
fn on_28() {
    check(Options { engine: Engine::Sid, ..Options::default() }, false);
}

/// `is_old` says that it is an engine up to 27.
fn check(options: Options, is_old: bool) {
    let Some(scene) = available(Scene::new(options)) else { return };
    let lab = &scene.lab;
    for network in ["app", "side"] {
        lab.client(&["ip", "route", "add", &subnet(lab, network), "via", HOST]);
    }
    let clean = lab.save(Family::Ipv4);
    for harm in &HARMS {
        edit(lab, harm.flaw);
        shown(lab, harm, is_old, [true, false]);
        edit(lab, harm.mend);
        shown(lab, harm, is_old, [false, true]);
        let restored = lab.restore(Family::Ipv4, &clean, &[]);
        assert!(restored.status.success(), "{}", text(&restored.stderr));
    }
    dead_after_return(lab, is_old);
    direct_routing(lab, is_old);
    stale_docker(lab);
    lost_on_restart(lab);
    wipes_live_rules(lab);
}

fn subnet(lab: &Lab, network: &str) -> String {
    lab.docker(&["network", "inspect", "-f", "{{(index .IPAM.Config 0).Subnet}}", network])
}

/// The bridge of a network.
fn bridge(lab: &Lab, network: &str) -> String {
    let id = lab.docker(&["network", "inspect", "-f", "{{.Id}}", network]);
    format!("br-{}", id.get(..12).unwrap())
}

/// Makes changes to the filter table.
fn edit(lab: &Lab, commands: &str) {
    load(lab, &format!("*filter\n{commands}\nCOMMIT\n"));
}

fn load(lab: &Lab, delta: &str) {
    let output = lab.restore(Family::Ipv4, delta, &["-n"]);
    assert!(output.status.success(), "{}\n{delta}", text(&output.stderr));
}

/// What `dwscript lint` finds in the host's rules as a dump.
fn codes(lab: &Lab, args: &[&str]) -> Vec<String> {
    let run = dwscript(&[&["lint", "--json", "-i", "-"], args].concat(), lab.save(Family::Ipv4).as_bytes());
    found(&run.stdout)
}

fn found(json: &[u8]) -> Vec<String> {
    let report: Value = serde_json::from_slice(json).unwrap();
    let findings = report["diagnostics"].as_array().unwrap();
    findings.iter().map(|finding| finding["code"].as_str().unwrap().to_owned()).collect()
}

/// Asserts that the flaw is named or is not, and that the packet has the first or the second outcome.
#[track_caller]
fn shown(lab: &Lab, harm: &Harm, is_old: bool, [named, mended]: [bool; 2]) {
    let codes = codes(lab, &[]);
    assert_eq!(codes.iter().any(|code| code == harm.code), named, "{}: {codes:?}", harm.code);
    let kept_out = harm.kept_out_by_28 && !is_old;
    let expected = if kept_out { Outcome::Drop } else { harm.outcomes[usize::from(mended)] };
    assert_eq!(settled(lab, harm.way, expected), expected, "{}, mended: {mended}", harm.code);
}

/// What becomes of a packet, once it is what it should be or five tries are over.
fn settled(lab: &Lab, way: Way, expected: Outcome) -> Outcome {
    let (place, address, port, answer) = match way {
        Way::Published(port, answer) => (lab.client_namespace(), HOST.to_owned(), port, answer),
        Way::Unpublished => (lab.client_namespace(), lab.container_address("db", "app"), 5432, "db"),
        Way::Outside => (lab.container_namespace("web"), CLIENT.to_owned(), 80, "outside:80"),
    };
    let once = || probe(&place, &[Probe::new("it", Knock::Tcp, &address, port, answer)])["it"];
    (0..5).map(|_| once()).find(|outcome| *outcome == expected).unwrap_or_else(once)
}

/// What the client gets from port 80 of a container, by the container's own address.
fn by_address(lab: &Lab, address: &str) -> Outcome {
    probe(&lab.client_namespace(), &[Probe::new("it", Knock::Tcp, address, 80, "peer")])["it"]
}

/// No packet comes to a rule behind a RETURN for every packet; before it, the same rule drops them.
fn dead_after_return(lab: &Lab, is_old: bool) {
    let rule = "DOCKER-USER -i up0 -p tcp -m conntrack --ctorigdstport 8088 --ctdir ORIGINAL -j DROP";
    let is_named = || codes(lab, &[]).iter().any(|code| code == "dead-after-return");
    let counted = || {
        let saved = text(&lab.exec(&["iptables-save", "-c", "-t", "filter"], b"").stdout);
        let line = saved.lines().find(|line| line.contains(rule));
        let packets = line.and_then(|line| line.strip_prefix('[')?.split(':').next()?.parse::<u64>().ok());
        packets.unwrap_or_else(|| panic!("{saved}"))
    };
    let way = Way::Published(8088, "solo");
    // Engines up to 27 have one there themselves.
    let with =
        |command: &str| if is_old { String::new() } else { format!("{command} DOCKER-USER -j RETURN\n") };
    edit(lab, &format!("{}-A {rule}", with("-A")));
    assert!(is_named());
    assert_eq!((settled(lab, way, Outcome::Ok), counted()), (Outcome::Ok, 0));
    edit(lab, &format!("-D {rule}\n-I {rule}"));
    assert!(!is_named());
    assert_eq!(settled(lab, way, Outcome::Drop), Outcome::Drop);
    assert!(counted() > 0);
    edit(lab, &format!("{}-D {rule}", with("-D")));
}

/// A neighbour with a route to the bridge reaches what is published by the container's own address, up to 27.
fn direct_routing(lab: &Lab, open: bool) {
    let (subnet, bridge, address) =
        (subnet(lab, "side"), bridge(lab, "side"), lab.container_address("peer", "side"));
    let code = |codes: Vec<String>| codes.iter().any(|code| code == "direct-routing");
    assert_eq!(code(codes(lab, &[])), open);
    assert_eq!(by_address(lab, &address), if open { Outcome::Ok } else { Outcome::Drop });
    let drops: String = ["app", "side", "bridge"]
        .into_iter()
        .map(|network| match network {
            "bridge" => format!("-A PREROUTING -d {} ! -i docker0 -j DROP\n", self::subnet(lab, network)),
            _ => format!(
                "-A PREROUTING -d {} ! -i {} -j DROP\n",
                self::subnet(lab, network),
                self::bridge(lab, network)
            ),
        })
        .collect();
    load(lab, &format!("*raw\n{drops}COMMIT\n"));
    assert!(!code(codes(lab, &[])), "{subnet} {bridge}");
    assert_eq!(by_address(lab, &address), Outcome::Drop);
    assert_eq!(settled(lab, Way::Published(8090, "peer"), Outcome::Ok), Outcome::Ok);
    load(lab, &format!("*raw\n{}COMMIT\n", drops.replace("-A ", "-D ")));
}

/// A rule for a network that is gone is known by what Docker says, on the live host.
fn stale_docker(lab: &Lab) {
    let live = || found(&lab.exec(&[env!("CARGO_BIN_EXE_dwscript"), "lint", "--json", "-4"], b"").stdout);
    let is_named = |codes: &[String]| codes.iter().any(|code| code == "stale-docker");
    let codes = live();
    assert!(!is_named(&codes), "{codes:?}");
    let stale = "PREROUTING -d 172.31.99.2/32 ! -i br-00000000beef -j DROP";
    let old = "-A FORWARD -o br-00000000beef -j DOCKER";
    load(lab, &format!("*raw\n-A {stale}\nCOMMIT\n*filter\n{old}\nCOMMIT\n"));
    let codes = live();
    assert!(is_named(&codes), "{codes:?}");
    load(lab, &format!("*raw\n-D {stale}\nCOMMIT\n*filter\n{}\nCOMMIT\n", old.replace("-A", "-D")));
}

/// A rule before the jump to DOCKER-USER works until dockerd starts; one in DOCKER-USER works on.
fn lost_on_restart(lab: &Lab) {
    let shut = |port| format!("-i up0 -p tcp -m conntrack --ctorigdstport {port} --ctdir ORIGINAL -j DROP");
    edit(lab, &format!("-I DOCKER-USER {}", shut(8090)));
    assert!(!codes(lab, &[]).iter().any(|code| code == "lost-on-docker-restart"));
    edit(lab, &format!("-I FORWARD {}", shut(8088)));
    assert!(codes(lab, &[]).iter().any(|code| code == "lost-on-docker-restart"));
    let (first, kept) = (Way::Published(8088, "solo"), Way::Published(8090, "peer"));
    for way in [first, kept] {
        assert_eq!(settled(lab, way, Outcome::Drop), Outcome::Drop, "{way:?}");
    }
    lab.restart_engine();
    for name in ["web", "solo", "peer", "db"] {
        lab.docker(&["start", name]);
    }
    let begun = Instant::now();
    while settled(lab, first, Outcome::Ok) != Outcome::Ok {
        assert!(begun.elapsed() < Duration::from_secs(60), "{}", lab.save(Family::Ipv4));
    }
    assert_eq!(settled(lab, kept, Outcome::Drop), Outcome::Drop);
    edit(lab, &format!("-D DOCKER-USER {}\n-D FORWARD {}", shut(8090), shut(8088)));
}

/// The tutorial's file on a host with containers: most of the rules go, and what is published with them.
fn wipes_live_rules(lab: &Lab) {
    let file = "tests/fixtures/input-tutorial-combined.rules";
    let live = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(live.path(), lab.save(Family::Ipv4)).unwrap();
    let run = dwscript(&["lint", "--json", "-i", file, "--replaces", live.path().to_str().unwrap()], b"");
    let codes = found(&run.stdout);
    assert!(codes.iter().any(|code| code == "wipes-live-rules"), "{codes:?}");
    let published = Way::Published(8090, "peer");
    assert_eq!(settled(lab, published, Outcome::Ok), Outcome::Ok);
    let loaded = lab.restore(Family::Ipv4, include_str!("../../fixtures/input-tutorial-combined.rules"), &[]);
    assert!(loaded.status.success(), "{}", text(&loaded.stderr));
    assert_eq!(settled(lab, published, Outcome::Drop), Outcome::Drop);
}
