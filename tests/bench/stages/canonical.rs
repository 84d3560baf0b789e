//! The canonical text of rules, by which they are compared.

use std::hint::black_box;

use criterion::{Criterion, Throughput};
use dwscript::model::equal;
use dwscript::model::{Family, TableName};

use crate::ruleset;

pub(crate) fn bench(criterion: &mut Criterion) {
    let ruleset = ruleset();
    let chains = ruleset.live_chains(TableName::Filter).flat_map(|chain| ruleset.chain(chain).rules().iter());
    let bodies: Vec<&str> = chains.map(|rule| ruleset.body(rule)).collect();
    let mut group = criterion.benchmark_group("canonical");
    group.throughput(Throughput::Elements(bodies.len() as u64));
    group.bench_function("docker filter rules", |bencher| {
        bencher.iter(|| {
            bodies.iter().map(|body| equal::canonical(black_box(body), Family::Ipv4).len()).sum::<usize>()
        });
    });
}
