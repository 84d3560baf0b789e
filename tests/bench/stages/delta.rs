//! Deltas: one rule into many, and many rules rewritten.

use std::fmt::Write as _;
use std::hint::black_box;
use std::sync::Arc;

use criterion::Criterion;
use dwscript::delta::{self, View};
use dwscript::model::{EditKind, Family, NewRule, Origin, Ruleset, Symbol, TableName};
use dwscript::save;
use dwscript::source::SourceFile;

pub(crate) fn bench(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("delta");
    group.sample_size(20);
    let one_chain = blocklist(100_000, 0);
    let [inserted, removed] = [EditKind::Add, EditKind::Remove].map(|kind| edited(one_chain.clone(), kind));
    for (name, ruleset) in [("one rule into 100000", &inserted), ("one rule out of 100000", &removed)] {
        group.bench_function(name, |bencher| {
            bencher.iter(|| (delta::forward(black_box(ruleset)), delta::inverse(ruleset)));
        });
    }
    let base = blocklist(10_000, 0);
    let half: Vec<usize> = (0..10_000).map(|number| number + number % 2 * 50_000).collect();
    let backwards: Vec<usize> = (0..10_000).rev().collect();
    let others = [
        ("a rewrite of 10000", blocklist(10_000, 50_000)),
        ("a rewrite of every other of 10000", of(&half)),
        ("10000 in reverse", of(&backwards)),
    ];
    for (name, other) in &others {
        group.bench_function(*name, |bencher| {
            bencher.iter(|| delta::between(View::result(black_box(&base)), View::result(other)));
        });
    }
}

/// A chain of so many rules, each of an address of its own.
fn blocklist(rules: usize, first: usize) -> Ruleset {
    of(&(first..first + rules).collect::<Vec<_>>())
}

fn of(numbers: &[usize]) -> Ruleset {
    let mut text = "*filter\n".to_owned();
    for number in numbers {
        let (high, middle, low) = (number >> 16 & 255, number >> 8 & 255, number & 255);
        writeln!(text, "-A INPUT -s 10.{high}.{middle}.{low}/32 -p tcp -m tcp --dport 22 -j DROP").unwrap();
    }
    text.push_str("COMMIT\n");
    let source = SourceFile::from_bytes("bench", text.into_bytes()).unwrap();
    save::parse(&Arc::new(source), Family::Ipv4).unwrap()
}

/// The ruleset with one edit amid its rules.
fn edited(mut ruleset: Ruleset, kind: EditKind) -> Ruleset {
    let chain = ruleset.require_chain(TableName::Filter, "INPUT").unwrap();
    let origin =
        Origin { script: Arc::default(), line: 1, column: 1, docker_edits: false, owner: Symbol::EMPTY };
    let edit = ruleset.begin(kind, chain, origin).unwrap();
    let middle = ruleset.chain(chain).rules().len() / 2;
    if kind == EditKind::Add {
        let rule = NewRule { body: "-s 192.0.2.1 -j DROP".to_owned(), notes: Vec::new() };
        ruleset.insert_rule(edit, chain, middle, rule);
    } else {
        ruleset.remove_rule(edit, chain, middle);
    }
    ruleset
}
