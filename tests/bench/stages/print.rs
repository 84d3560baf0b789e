//! Printing: the whole ruleset, unedited and with an edit in each chain.

use std::sync::Arc;

use criterion::{Criterion, Throughput};
use dwscript::model::{EditKind, NewRule, Origin, Ruleset, Symbol, TableName};
use dwscript::save;

use crate::{RULES, ruleset};

pub(crate) fn bench(criterion: &mut Criterion) {
    let unedited = ruleset();
    let edited = edited(unedited.clone());
    let mut group = criterion.benchmark_group("print");
    group.throughput(Throughput::Elements(RULES));
    for (name, ruleset) in [("unedited", &unedited), ("edited", &edited)] {
        group.bench_function(name, |bencher| {
            bencher.iter(|| save::write(ruleset, &mut std::io::sink()).unwrap());
        });
    }
}

fn edited(mut ruleset: Ruleset) -> Ruleset {
    let chains: Vec<_> = ruleset.live_chains(TableName::Filter).collect();
    for chain in chains {
        let origin =
            Origin { script: Arc::default(), line: 1, column: 1, docker_edits: true, owner: Symbol::EMPTY };
        let edit = ruleset.begin(EditKind::Add, chain, origin).unwrap();
        ruleset.insert_rule(
            edit,
            chain,
            0,
            NewRule { body: "-i lo -j ACCEPT".to_owned(), notes: Vec::new() },
        );
    }
    ruleset
}
