//! The stages one by one: a file each.

#![allow(
    clippy::unwrap_used,
    clippy::print_stderr,
    missing_docs,
    reason = "a benchmark may fail, and criterion's macros make items"
)]

mod canonical;
mod delta;
mod edit;
#[path = "../../support/generate.rs"]
mod generate;
mod parse;
mod print;
mod script;
mod simulate;

use std::sync::Arc;

use criterion::{criterion_group, criterion_main};
use dwscript::model::{Family, Ruleset};
use dwscript::save;
use dwscript::source::SourceFile;

/// Rules in a bench's ruleset.
const RULES: u64 = 10_000;

criterion_group!(
    stages,
    parse::bench,
    print::bench,
    canonical::bench,
    edit::bench,
    script::bench,
    delta::bench,
    simulate::bench
);
criterion_main!(stages);

/// A Docker host's ruleset of [`RULES`] rules.
fn source() -> Arc<SourceFile> {
    let file = generate::generate(&format!("docker {RULES}")).unwrap();
    Arc::new(SourceFile::from_bytes("docker", std::fs::read(file).unwrap()).unwrap())
}

fn ruleset() -> Ruleset {
    save::parse(&source(), Family::Ipv4).unwrap()
}
