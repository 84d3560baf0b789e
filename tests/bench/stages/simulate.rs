//! Packets against a large ruleset, and one packet against a small one.

use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use criterion::{Criterion, Throughput};
use dwscript::model::{Family, Ruleset};
use dwscript::save;
use dwscript::simulate::{Facts, Packet, Simulator};
use dwscript::source::SourceFile;

use crate::generate;

/// Rules of the large ruleset.
const RULES: u64 = 100_000;
/// Packets that are followed against it.
const PACKETS: usize = 10_000;
/// How long that may take, the reading of the rules as objects included.
const GOAL: Duration = Duration::from_millis(500);

pub(crate) fn bench(criterion: &mut Criterion) {
    let ruleset = docker(RULES);
    let packets: Vec<Packet> = (0..PACKETS).map(packet).collect();
    let follow = || {
        let simulator = Simulator::new(&ruleset, Facts::inferred(&ruleset));
        for packet in &packets {
            black_box(simulator.trace(packet).unwrap());
        }
    };
    let small = docker(1_000);
    let once = || {
        let simulator = Simulator::new(&small, Facts::inferred(&small));
        black_box(simulator.trace(&packet(7)).unwrap());
    };
    let mut group = criterion.benchmark_group("simulate");
    group.sample_size(10).throughput(Throughput::Elements(PACKETS as u64));
    group.bench_function("packets against 100,000 rules", |bencher| bencher.iter(follow));
    group.throughput(Throughput::Elements(1));
    group.bench_function("one packet against 1,000 rules", |bencher| bencher.iter(once));
    group.finish();
    if std::env::args().any(|argument| argument == "--bench") {
        let start = Instant::now();
        follow();
        eprintln!("{PACKETS} packets against {RULES} rules: {:?}; goal {GOAL:?}\n", start.elapsed());
    }
}

fn docker(rules: u64) -> Ruleset {
    let file = generate::generate(&format!("docker {rules}")).unwrap();
    let source = SourceFile::from_bytes("docker", std::fs::read(file).unwrap()).unwrap();
    save::parse(&Arc::new(source), Family::Ipv4).unwrap()
}

/// From everywhere to everything: the host, published ports, containers, and from containers to the outside.
fn packet(number: usize) -> Packet {
    let (high, low) = (number / 250 % 16, number % 250 + 2);
    let text = match number % 4 {
        0 => format!("in=eth0 src=198.51.{high}.{low} dst=host proto=tcp dport={}", number % 60_000 + 1),
        1 => format!("in=eth0 src=203.0.113.{low} dst=172.17.{high}.{low} proto=tcp dport=80"),
        2 => format!("in=docker0 src=172.17.0.{low} dst=198.51.100.7 proto=udp dport=53"),
        _ => format!(
            "in=eth0 src=203.0.113.{low} dst=host proto=tcp dport={} ctstate=ESTABLISHED",
            1_024 + number
        ),
    };
    Packet::parse(&text).unwrap()
}
