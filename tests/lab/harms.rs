//! What lints warn of, by packets: each flawed ruleset does the harm and is named, and its mended form does neither.
//!
//! Other harms are cells of `connectivity.rs`: with the delta alone containers do not reach published ports through the host's
//! address (`bridge-to-host`, `app-own-published`), the host does not reach its containers (`host-to-container`,
//! `host-container-5432`), and IPv6 is open beside a closed IPv4 (`family-gap`, `client6-ssh`); the tutorial's file shuts
//! time sync, DNS over TCP and ping (`output-blocked`, `host-outside-udp-123`).

mod docker;

use std::path::PathBuf;

use dwscript::model::Family;

use crate::support::agent::{Knock, Outcome, Probe, probe, serve};
use crate::support::command::dwscript;
use crate::support::lab::{CLIENT, HOST, HOST6, Lab};
use crate::support::process::text;
use crate::support::skip::available;

/// Who sends the packet.
#[derive(Clone, Copy, Debug)]
enum From {
    Client,
    Host,
}

/// A flaw, and the packet that shows it.
struct Harm {
    code: &'static str,
    family: Family,
    /// Lines of the filter table; `MEND` stands for the line that mends it.
    rules: &'static str,
    mend: &'static str,
    from: From,
    /// How it knocks, where, and what a right answer says.
    knock: (Knock, &'static str, u16, &'static str),
    /// What becomes of it, and what of it once that is mended.
    outcomes: [Outcome; 2],
}

const HARMS: [Harm; 4] = [
    Harm {
        code: "stateless-input",
        family: Family::Ipv4,
        rules: ":INPUT DROP [0:0]\n-A INPUT -i lo -j ACCEPT\n-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT\nMEND\n",
        mend: "-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT",
        from: From::Host,
        knock: (Knock::Tcp, CLIENT, 80, "outside:80"),
        outcomes: [Outcome::Drop, Outcome::Ok],
    },
    Harm {
        code: "no-related",
        family: Family::Ipv4,
        rules: ":OUTPUT DROP [0:0]\n-A OUTPUT -o lo -j ACCEPT\n-A OUTPUT -m conntrack --ctstate ESTABLISHED -j ACCEPT\nMEND\n",
        mend: "-A OUTPUT -m conntrack --ctstate RELATED -j ACCEPT",
        from: From::Client,
        // That the port is closed is told by an ICMP error of the host's.
        knock: (Knock::Udp, HOST, 9999, ""),
        outcomes: [Outcome::Drop, Outcome::Refused],
    },
    Harm {
        code: "loopback-blocked",
        family: Family::Ipv4,
        rules: ":OUTPUT DROP [0:0]\n-A OUTPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\nMEND\n",
        mend: "-A OUTPUT -o lo -j ACCEPT",
        from: From::Host,
        knock: (Knock::Tcp, "127.0.0.1", 22, "host:22"),
        outcomes: [Outcome::Drop, Outcome::Ok],
    },
    Harm {
        code: "icmpv6-blocked",
        family: Family::Ipv6,
        rules: ":INPUT DROP [0:0]\n-A INPUT -i lo -j ACCEPT\n-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT\nMEND\n",
        mend: "-A INPUT -p ipv6-icmp -j ACCEPT",
        from: From::Client,
        knock: (Knock::Tcp, HOST6, 22, "host:22"),
        outcomes: [Outcome::Drop, Outcome::Ok],
    },
];

#[test]
fn what_lints_warn_of_does_harm() {
    let Some(lab) = available(Lab::new()) else { return };
    let _services = [
        serve(&lab.host_namespace(), "host", &["tcp:22"]),
        serve(&lab.client_namespace(), "outside", &["tcp:80"]),
    ];
    for harm in &HARMS {
        for (mend, outcome) in ["", harm.mend].into_iter().zip(harm.outcomes) {
            load(&lab, harm.family, &harm.rules.replace("MEND", mend));
            let named = codes(&lab, harm.family).iter().any(|code| code == harm.code);
            assert_eq!(named, mend.is_empty(), "{} is named: {named}\n{}", harm.code, lab.save(harm.family));
            assert_eq!(settled(&lab, harm, outcome), outcome, "{} with {mend:?}", harm.code);
        }
        load(&lab, harm.family, ":INPUT ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n");
    }
}

/// Gives INPUT and OUTPUT these lines; FORWARD stays Docker's. What was learnt of neighbours is forgotten.
fn load(lab: &Lab, family: Family, lines: &str) {
    let (policies, rules): (Vec<&str>, Vec<&str>) = lines.lines().partition(|line| line.starts_with(':'));
    let (policies, rules) = (policies.join("\n"), rules.join("\n"));
    let loaded = format!("*filter\n{policies}\n-F INPUT\n-F OUTPUT\n{rules}\nCOMMIT\n");
    let output = lab.restore(family, &loaded, &["-n"]);
    assert!(output.status.success(), "{}\n{loaded}", text(&output.stderr));
    lab.exec(&["ip", "-6", "neigh", "flush", "all"], b"");
    lab.client(&["ip", "-6", "neigh", "flush", "all"]);
}

fn codes(lab: &Lab, family: Family) -> Vec<String> {
    let option = if family == Family::Ipv4 { "-4" } else { "-6" };
    let run = dwscript(&["lint", "--json", option, "-i", "-"], lab.save(family).as_bytes());
    let report: serde_json::Value = serde_json::from_slice(&run.stdout).unwrap();
    let findings = report["diagnostics"].as_array().unwrap();
    findings.iter().map(|finding| finding["code"].as_str().unwrap().to_owned()).collect()
}

/// What becomes of the packet, once it is what it should be or ten tries are over: a neighbour is not found at once.
fn settled(lab: &Lab, harm: &Harm, expected: Outcome) -> Outcome {
    let (knock, address, port, answer) = harm.knock;
    let place: PathBuf = match harm.from {
        From::Client => lab.client_namespace(),
        From::Host => lab.host_namespace(),
    };
    let once = || probe(&place, &[Probe::new("it", knock, address, port, answer)])["it"];
    (0..10).map(|_| once()).find(|outcome| *outcome == expected).unwrap_or_else(once)
}
