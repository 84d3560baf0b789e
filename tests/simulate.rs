//! Packets against rules, as far as no kernel is needed to say what is right; `lab::simulate` asks the kernel.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::{Duration, Instant};

use dwscript::model::{Family, Ruleset};
use dwscript::save;
use dwscript::simulate::{Assumption, Facts, Packet, Simulator, Trace, Verdict};
use dwscript::source::SourceFile;

fn ruleset(text: &str) -> Ruleset {
    let source = SourceFile::from_bytes("host.rules", text.as_bytes().to_vec()).unwrap();
    save::parse(&Arc::new(source), Family::Ipv4).unwrap()
}

#[track_caller]
fn trace(text: &str, packet: &str, assumed: &[&str]) -> Trace {
    let ruleset = ruleset(text);
    let assumed = assumed.iter().map(|text| Assumption::parse(text).unwrap()).collect();
    let simulator = Simulator::new(&ruleset, Facts::inferred(&ruleset)).assume(assumed);
    simulator.trace(&Packet::parse(packet).unwrap()).unwrap()
}

/// What cannot be known is named only where the verdict turns on it.
#[test]
fn a_verdict_depends_on_what_decides_it() {
    let text = "*filter\n:INPUT DROP [0:0]\n-A INPUT -m limit --limit 5/min -j LOG\n\
                -A INPUT -m recent --name seen --rcheck -j OTHER\n-A INPUT -p tcp --dport 22 -j ACCEPT\n\
                -A INPUT -m set --match-set friends src -j ACCEPT\nCOMMIT\n"
        .replace("-j OTHER", "-m time --timestart 08:00 -j LOG");
    let ssh = trace(&text, "in=eth0 dport=22", &[]);
    assert_eq!(*ssh.verdict(), Verdict::Accept);
    assert!(ssh.depends_on().is_empty());
    assert!(ssh.path()[0].maybe);
    let web = trace(&text, "in=eth0 dport=80", &[]);
    assert_eq!(*web.verdict(), Verdict::Depends);
    let [friends] = web.depends_on() else { panic!("{:?}", web.depends_on()) };
    assert_eq!(friends.names, ["set friends"]);
    assert_eq!((&friends.yes[..], &friends.no[..]), (&[Verdict::Accept][..], &[Verdict::Drop][..]));
    assert_eq!(*trace(&text, "in=eth0 dport=80", &["set friends=no"]).verdict(), Verdict::Drop);
    let rule = "-A INPUT -m set --match-set friends src -j ACCEPT=yes";
    assert_eq!(*trace(&text, "in=eth0 dport=80", &[rule]).verdict(), Verdict::Accept);
}

/// Each unknown match doubles the ways, and they meet again: 300 of them are no more work than 300 rules.
#[test]
fn unknown_matches_do_not_multiply() {
    let mut text = "*filter\n:INPUT ACCEPT [0:0]\n:A - [0:0]\n:B - [0:0]\n".to_owned();
    for number in 0..300 {
        let _ = writeln!(text, "-A INPUT -m recent --name n{number} --rcheck -j A");
        let _ = writeln!(text, "-A A -m statistic --mode random --probability 0.5 -j B");
        let _ = writeln!(text, "-A B -m limit --limit 5/min -j RETURN");
    }
    text += "COMMIT\n";
    let start = Instant::now();
    let trace = trace(&text, "in=eth0 dport=80", &[]);
    assert!(start.elapsed() < Duration::from_secs(20), "{:?}", start.elapsed());
    assert!(trace.is_incomplete() || *trace.verdict() == Verdict::Accept, "{:?}", trace.verdict());
}

/// Rules that loop load nowhere, and must not hang who asks about them.
#[test]
fn a_loop_ends() {
    let text =
        "*filter\n:INPUT ACCEPT [0:0]\n:A - [0:0]\n:B - [0:0]\n-A INPUT -j A\n-A A -g B\n-A B -g A\nCOMMIT\n";
    assert_eq!(trace(text, "in=eth0 dport=80", &[]).verdict().as_str(), "lost");
    let unsure = text.replace("-A B -g A", "-A B -m limit --limit 5/min -g A");
    assert!(trace(&unsure, "in=eth0 dport=80", &[]).verdict().is_accept());
}

/// Long chains are looked up by an index from the third packet on, and nobody must see that.
#[test]
fn an_index_changes_no_answer() {
    let mut text = "*filter\n:INPUT ACCEPT [0:0]\n".to_owned();
    for number in 0..400 {
        let rule = match number % 5 {
            0 => format!("-s 198.51.100.{}/32 -p tcp -m tcp --dport {number} -j DROP", number % 250),
            1 => format!("-s 198.51.{}.0/24 -i eth{} -j MARK --set-xmark {number}", number % 100, number % 3),
            2 => format!("! -s 198.51.100.0/24 -p tcp -m tcp --dport {} -j ACCEPT", number % 7 + 80),
            3 => format!("-p tcp -m multiport --dports {number},443 -j LOG"),
            _ => format!("-i eth0 -m mark --mark {} -j DROP", number - 3),
        };
        let _ = writeln!(text, "-A INPUT {rule}");
    }
    text += "COMMIT\n";
    let ruleset = ruleset(&text);
    let facts = Facts::inferred(&ruleset);
    let indexed = Simulator::new(&ruleset, facts.clone());
    for number in 0..600 {
        let (host, port) = (number % 250 + 1, number % 400);
        let packet = format!("in=eth0 src=198.51.{}.{host} dst=host proto=tcp dport={port}", number % 101);
        let packet = Packet::parse(&packet).unwrap();
        let plain = Simulator::new(&ruleset, facts.clone()).trace(&packet);
        assert_eq!(indexed.trace(&packet), plain, "{packet:?}");
    }
}
