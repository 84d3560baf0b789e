//! Reading iptables-save text.

use std::hint::black_box;

use criterion::{Criterion, Throughput};
use dwscript::model::Family;
use dwscript::save;

use crate::{RULES, source};

pub(crate) fn bench(criterion: &mut Criterion) {
    let source = source();
    let mut group = criterion.benchmark_group("parse");
    group.throughput(Throughput::Elements(RULES));
    group.bench_function("docker", |bencher| {
        bencher.iter(|| save::parse(black_box(&source), Family::Ipv4).unwrap());
    });
}
