//! Calls that scripts make, from an empty script (the engine alone) to a thousand edits and reads.

use std::path::PathBuf;
use std::sync::Arc;

use criterion::{BatchSize, Criterion};
use dwscript::script::{self, Script, Settings};
use dwscript::source::SourceFile;

use crate::ruleset;

const SCRIPTS: [(&str, &str); 5] = [
    ("empty", ""),
    ("append text", "for i in 0..1000 { append(\"INPUT\", \"-s 192.0.2.1/32 -j DROP\"); }"),
    ("append a map", "for i in 0..1000 { append(\"INPUT\", #{ source: \"192.0.2.1\", jump: \"DROP\" }); }"),
    ("append by a builder", "for i in 0..1000 { append(\"INPUT\", rule().from(\"192.0.2.1\").drop()); }"),
    ("filter by a closure", "count(\"DOCKER\", |r| r.target == \"DROP\");"),
];

pub(crate) fn bench(criterion: &mut Criterion) {
    let ruleset = ruleset();
    let mut group = criterion.benchmark_group("script");
    for (name, text) in SCRIPTS {
        let source = SourceFile::from_bytes("bench.rhai", text.as_bytes().to_vec()).unwrap();
        let scripts = [Script { source: Arc::new(source), path: PathBuf::from("bench.rhai") }];
        group.bench_function(name, |bencher| {
            let run = |ruleset| script::run(&scripts, ruleset, &Settings::default()).unwrap();
            bencher.iter_batched(|| ruleset.clone(), run, BatchSize::LargeInput);
        });
    }
}
