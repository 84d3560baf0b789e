//! The kernel is the judge: packets are really sent, and the rules that count them are those of the trace.

mod counted;
mod random;
mod site;

use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use dwscript::model::{Family, Ruleset};
use dwscript::samples::SAMPLES;
use dwscript::save;
use dwscript::simulate::{
    self, Arrival, Assumption, Endpoint, IcmpType, Packet, Protocol, Simulator, State, Trace,
};
use dwscript::source::SourceFile;

use crate::support::namespace::Backend;
use crate::support::skip::available;
use counted::{Counts, counted, predicted, since, without_idle};
use random::{Dice, PORTS};
use site::{Arrived, Shot, Site};

/// How long the kernel may take for a packet on a busy machine.
const PATIENCE: Duration = Duration::from_secs(5);

/// A ruleset to send packets against.
struct Case {
    name: String,
    family: Family,
    text: String,
}

fn parse(name: &str, text: &str, family: Family) -> Ruleset {
    let source = SourceFile::from_bytes(name, text.as_bytes().to_vec()).unwrap();
    save::parse(&Arc::new(source), family).unwrap()
}

/// Every capture.
fn samples() -> Vec<Case> {
    let mut cases = Vec::new();
    for sample in SAMPLES {
        for family in [Family::Ipv4, Family::Ipv6] {
            let Some(text) = sample.text(family).filter(|text| !text.is_empty()) else { continue };
            cases.push(Case::new(sample.name, family, text));
        }
    }
    cases
}

impl Case {
    /// The ruleset, its bridge renamed to the one that is here.
    fn new(name: &str, family: Family, text: &str) -> Self {
        let bridge = bridge(text);
        let text = bridge.map_or_else(|| text.to_owned(), |bridge| text.replace(&bridge, "br-app"));
        Self { name: format!("{name} {}", family.as_str()), family, text }
    }
}

/// What the shipped scripts make of captures: the whole rulesets among the golden cases.
fn scripted() -> Vec<Case> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let mut cases = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let shipped = ["harden-", "blocklist-", "tutorial-"].iter().any(|script| name.starts_with(script));
        let Some(text) = std::fs::read_to_string(path.join("after.rules")).ok().filter(|_| shipped) else {
            continue;
        };
        let whole =
            |line: &str| line.is_empty() || line.starts_with(['#', '*', ':']) || line.starts_with("-A ");
        let whole = text.contains("COMMIT") && text.lines().all(|line| whole(line) || line == "COMMIT");
        if whole {
            let family = if name.ends_with("v6") { Family::Ipv6 } else { Family::Ipv4 };
            cases.push(Case::new(&name, family, &text));
        }
    }
    cases.sort_by(|one, other| one.name.cmp(&other.name));
    cases
}

/// The bridge of the first network that a user made.
fn bridge(text: &str) -> Option<String> {
    let known = text.split("-s 172.18.0.0/16 ! -o ").nth(1);
    let known = known.and_then(|rest| rest.split(' ').next()).map(str::to_owned);
    let first = || {
        let word = text.split([' ', '\n']).find(|word| word.starts_with("br-"));
        word.map(str::to_owned)
    };
    known.or_else(first)
}

/// The ports that a text names, and those of every packet.
fn ports(text: &str) -> Vec<u16> {
    let mut ports: Vec<u16> = PORTS.into_iter().collect();
    for line in text.lines().filter(|line| line.contains("port") || line.contains("DNAT")) {
        let words = line.split([' ', ':', '-', ',', ']']);
        ports.extend(words.filter_map(|word| word.parse::<u16>().ok()).filter(|port| *port > 1));
    }
    ports.sort_unstable();
    ports.dedup();
    ports
}

/// The packet of the text as the simulator takes it.
fn packet(shot: &Shot) -> Packet {
    let interface = site::parties().into_iter().find(|party| party.name == shot.wire).unwrap().interface;
    let icmp = matches!(shot.protocol, 1 | 58);
    Packet {
        family: Some(shot.family),
        in_interface: interface.map(str::to_owned),
        source: Some(Endpoint::Address(shot.source)),
        destination: Some(Endpoint::Address(shot.destination)),
        protocol: Some(if icmp { Protocol::Icmp } else { Protocol::Number(shot.protocol) }),
        source_port: (!icmp).then_some(shot.source_port),
        destination_port: (!icmp).then_some(shot.destination_port),
        icmp: icmp.then_some(IcmpType { ipv4: Some(shot.kind), ipv6: Some(shot.kind) }),
        ttl: Some(shot.ttl),
        tos: Some(shot.tos),
        length: Some(shot.length()),
        ..Packet::new()
    }
}

/// Where the packet must come out: nowhere, or once.
fn expected(trace: &Trace) -> Option<(String, simulate::Header)> {
    let header = trace.header();
    match trace.arrival()? {
        Arrival::Host => Some(("host".to_owned(), header)),
        Arrival::Interface(name) => {
            let behind = site::parties().into_iter().find(|party| {
                party.interface == Some(name) && party.addresses(trace.family()).contains(&header.destination)
            });
            behind.map(|party| (party.name.to_owned(), header))
        }
    }
}

fn arrives_as(arrived: &[Arrived], expected: Option<&(String, simulate::Header)>) -> bool {
    match (arrived, expected) {
        ([], None) => true,
        ([one], Some((wire, header))) => {
            one.wire == *wire
                && one.source == header.source
                && one.destination == header.destination
                && header.source_port.is_none_or(|port| port == one.ports.0)
                && header.destination_port.is_none_or(|port| port == one.ports.1)
        }
        _ => false,
    }
}

/// A host with a ruleset loaded.
struct Bench<'s> {
    site: &'s mut Site,
    ruleset: &'s Ruleset,
    simulator: Simulator<'s>,
    before: Counts,
}

impl Bench<'_> {
    /// Sends the packet, and compares what it did with what the trace says.
    fn send(&mut self, shot: &Shot, packet: &Packet, trace: &Trace) -> Result<(), String> {
        let (should_count, should_arrive) = (predicted(trace, self.ruleset), expected(trace));
        let (number, mut arrived) = self.site.send(shot);
        let start = Instant::now();
        loop {
            let saved = self.site.counters(shot.family);
            let now = without_idle(&counted(&saved), self.ruleset);
            let moved = since(&self.before, &now);
            arrived.extend(self.site.arrivals(number));
            if moved == should_count && arrives_as(&arrived, should_arrive.as_ref()) {
                self.before = now;
                return Ok(());
            }
            if start.elapsed() > PATIENCE {
                self.before = now;
                return Err(self.difference(shot, packet, trace, &moved, &should_count, &arrived));
            }
            thread::sleep(Duration::from_millis(2));
        }
    }

    fn difference(
        &self,
        shot: &Shot,
        packet: &Packet,
        trace: &Trace,
        moved: &Counts,
        should: &Counts,
        arrived: &[Arrived],
    ) -> String {
        let mut text = format!("{shot:?}\n{packet:?}\nverdict: {}\n", trace.verdict());
        for step in trace.path() {
            let effect = step.effect.describe(self.ruleset);
            let _ = writeln!(text, "  {} {} => {effect}", step.table.as_str(), step.text(self.ruleset));
        }
        let _ = writeln!(text, "depends on {:?}", trace.depends_on());
        let _ = writeln!(text, "counted:   {moved:?}\npredicted: {should:?}");
        let _ = writeln!(text, "arrived: {arrived:?}, expected: {:?}", expected(trace));
        text
    }
}

/// What a batch of packets came to.
#[derive(Default)]
struct Tally {
    packets: usize,
    accepted: usize,
    replies: usize,
    faults: Vec<String>,
}

/// Sends `count` packets against a ruleset, and answers to some.
fn try_out(site: &mut Site, backend: Backend, case: &Case, seed: u64, count: u16, tally: &mut Tally) {
    let ports = ports(&case.text);
    site.load(case.family, &case.text, &ports);
    let saved = site.counters(case.family);
    let ruleset = parse(&case.name, &saved, case.family);
    let settled = ["limit=yes", "hashlimit=yes"].map(|text| Assumption::parse(text).unwrap());
    let of_backend = match backend {
        Backend::Nft => simulate::Backend::Nft,
        Backend::Legacy => simulate::Backend::Legacy,
    };
    let simulator =
        Simulator::new(&ruleset, site.facts(&case.text)).backend(of_backend).assume(settled.to_vec());
    let before = without_idle(&counted(&saved), &ruleset);
    let mut bench = Bench { site, ruleset: &ruleset, simulator, before };
    let mut dice = Dice::new(seed);
    for _ in 0..count {
        let number = bench.site.unused_port();
        let shot = random::shot(&mut dice, case.family, number, &ports);
        let packet = packet(&shot);
        let trace = bench.simulator.trace(&packet).unwrap();
        tally.packets += 1;
        tally.accepted += usize::from(trace.verdict().is_accept());
        let fault = |text: String| format!("{} over {}: {text}\n{}", case.name, backend.as_str(), case.text);
        if let Err(text) = bench.send(&shot, &packet, &trace) {
            tally.faults.push(fault(text));
            return;
        }
        if let Some((answer, packet)) = answer(&shot, &trace).filter(|_| dice.chance(60)) {
            tally.replies += 1;
            bench.site.hold(number);
            let trace = bench.simulator.trace(&packet).unwrap();
            if let Err(text) = bench.send(&answer, &packet, &trace) {
                tally.faults.push(fault(format!("answer: {text}")));
                return;
            }
        }
    }
}

/// The packet that answers, from where the first one came out.
fn answer(shot: &Shot, trace: &Trace) -> Option<(Shot, Packet)> {
    let (wire, _) = expected(trace)?;
    let reply = trace.reply()?;
    let address = |end: Option<Endpoint>| end.and_then(Endpoint::address);
    let kind = match shot.protocol {
        6 => (0x12, 0),
        58 => (129, 0),
        _ => (0, 0),
    };
    let wire = site::parties().into_iter().find(|party| party.name == wire)?.name;
    let has_ports = matches!(shot.protocol, 6 | 17);
    let answer = Shot {
        wire,
        source: address(reply.source)?,
        destination: address(reply.destination)?,
        // Of ICMP it is the identifier, the same both ways.
        source_port: if has_ports { reply.source_port? } else { shot.source_port },
        destination_port: reply.destination_port.filter(|_| has_ports).unwrap_or(0),
        kind,
        ttl: 64,
        tos: 0,
        ..shot.clone()
    };
    let packet = Packet {
        ttl: Some(64),
        tos: Some(0),
        length: Some(answer.length()),
        tcp_flags: (shot.protocol == 6).then_some(0x12),
        state: Some(State::Established),
        ..reply
    };
    Some((answer, packet))
}

/// How many packets of a full measure are sent: ten times as many where a soak is asked for.
fn share(count: u16) -> u16 {
    if std::env::var_os("DWSCRIPT_SOAK").is_some() { count * 10 } else { count }
}

fn judge(tally: &Tally, least: usize) {
    let shown: Vec<&str> = tally.faults.iter().take(3).map(String::as_str).collect();
    assert!(
        shown.is_empty(),
        "{} of {} cases differ:\n{}",
        tally.faults.len(),
        tally.packets,
        shown.join("\n\n")
    );
    assert!(tally.packets >= least, "only {} packets were sent", tally.packets);
    assert!(tally.accepted * 5 > tally.packets, "hardly a packet is accepted");
}

/// Sends `count` packets against each of the rulesets.
fn agree(backend: Backend, cases: &[Case], count: u16) {
    let Some(mut site) = available(Site::new(backend)) else { return };
    let mut tally = Tally::default();
    for (seed, case) in (0..).zip(cases) {
        try_out(&mut site, backend, case, seed, share(count), &mut tally);
    }
    judge(&tally, cases.len() * usize::from(count));
}

#[test]
fn samples_agree_over_nft() {
    agree(Backend::Nft, &samples(), 25);
}

#[test]
fn samples_agree_over_legacy() {
    agree(Backend::Legacy, &samples(), 25);
}

#[test]
fn shipped_scripts_agree_over_nft() {
    let cases = scripted();
    assert!(cases.len() > 20, "only {} results of scripts are whole rulesets", cases.len());
    agree(Backend::Nft, &cases, 8);
}

#[test]
fn shipped_scripts_agree_over_legacy() {
    agree(Backend::Legacy, &scripted(), 8);
}

fn random_rules_agree(backend: Backend, from: u64) {
    let Some(mut site) = available(Site::new(backend)) else { return };
    let mut tally = Tally::default();
    for seed in from..from + u64::from(share(24)) {
        for family in [Family::Ipv4, Family::Ipv6] {
            let text = random::ruleset(seed * 2 + u64::from(family == Family::Ipv6), family);
            let case = Case { name: format!("random {seed} {}", family.as_str()), family, text };
            try_out(&mut site, backend, &case, seed, 20, &mut tally);
        }
    }
    judge(&tally, 900);
}

#[test]
fn random_rules_agree_over_nft() {
    random_rules_agree(Backend::Nft, 0);
}

#[test]
fn random_rules_agree_over_legacy() {
    random_rules_agree(Backend::Legacy, 1_000);
}
