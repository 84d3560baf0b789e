//! The canonical text of rules, by which they are compared, against the parsing of the text that they stand in.

use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use criterion::{Criterion, Throughput};
use dwscript::model::Family;
use dwscript::model::equal;
use dwscript::save;
use dwscript::source::SourceFile;

use crate::generate;

/// Rules of the ruleset.
const RULES: u64 = 100_000;

/// How many times the parsing the canonical text may take.
const GOAL: f64 = 5.0;

/// Runs of which the fastest counts.
const RUNS: usize = 7;

pub(crate) fn bench(criterion: &mut Criterion) {
    let file = generate::generate(&format!("docker {RULES}")).unwrap();
    let source = Arc::new(SourceFile::from_bytes("docker", std::fs::read(file).unwrap()).unwrap());
    let ruleset = save::parse(&source, Family::Ipv4).unwrap();
    let chains = ruleset.tables().flat_map(|table| ruleset.live_chains(table.name()));
    let rules = chains.flat_map(|chain| ruleset.chain(chain).rules().iter());
    let bodies: Vec<&str> = rules.map(|rule| ruleset.body(rule)).collect();
    let parse = || {
        black_box(save::parse(black_box(&source), Family::Ipv4).unwrap());
    };
    let canonical = || {
        let texts = bodies.iter().map(|body| equal::canonical(black_box(body), Family::Ipv4).len());
        black_box(texts.sum::<usize>());
    };
    let write = || {
        let mut out = Vec::with_capacity(source.text().len() + 1024);
        save::write_canonical(&ruleset, &mut out).unwrap();
        black_box(out);
    };
    let mut group = criterion.benchmark_group("canonical");
    group.sample_size(20).throughput(Throughput::Elements(bodies.len() as u64));
    group.bench_function("parsing", |bencher| bencher.iter(parse));
    group.bench_function("text of each rule", |bencher| bencher.iter(canonical));
    group.bench_function("whole text", |bencher| bencher.iter(write));
    group.finish();
    if std::env::args().any(|argument| argument == "--bench") {
        let [parsing, text, whole] = [fastest(parse), fastest(canonical), fastest(write)];
        let times = |time: Duration| time.as_secs_f64() / parsing.as_secs_f64();
        eprintln!(
            "canonical text of {RULES} rules: {:.2} times the parsing, {:.2} times as a whole text; goal {GOAL:.1}\n",
            times(text),
            times(whole)
        );
    }
}

fn fastest(work: impl Fn()) -> Duration {
    let time = || {
        let start = Instant::now();
        work();
        start.elapsed()
    };
    (0..RUNS).map(|_| time()).min().unwrap_or_default()
}
