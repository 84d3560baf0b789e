//! Edits of the model: at the end and at the head of a chain.

use std::sync::Arc;

use criterion::{BatchSize, Criterion, Throughput};
use dwscript::model::{EditKind, NewRule, Origin, Ruleset, Symbol, TableName};

use crate::ruleset;

const EDITS: usize = 1_000;

pub(crate) fn bench(criterion: &mut Criterion) {
    let ruleset = ruleset();
    let mut group = criterion.benchmark_group("edit");
    group.throughput(Throughput::Elements(EDITS as u64));
    for (name, index) in [("append", usize::MAX), ("prepend", 0)] {
        group.bench_function(name, |bencher| {
            bencher.iter_batched(|| ruleset.clone(), |ruleset| insert(ruleset, index), BatchSize::LargeInput);
        });
    }
}

fn insert(mut ruleset: Ruleset, index: usize) -> Ruleset {
    let chain = ruleset.require_chain(TableName::Filter, "DOCKER").unwrap();
    for _ in 0..EDITS {
        let origin =
            Origin { script: Arc::default(), line: 1, column: 1, docker_edits: true, owner: Symbol::EMPTY };
        let edit = ruleset.begin(EditKind::Add, chain, origin).unwrap();
        ruleset.insert_rule(
            edit,
            chain,
            index,
            NewRule { body: "-s 192.0.2.1/32 -j DROP".to_owned(), notes: Vec::new() },
        );
    }
    ruleset
}
