//! Writes the generated parts of the corpus: `DWSCRIPT_CORPUS=write cargo test lab::canonical`.

use std::io::{Write as _, stderr};

use dwscript::model::Family;
use dwscript::model::extension::Extension;
use dwscript::source::SourceFile;

use super::{Bench, FAMILIES, verdict};
use crate::corpus::{self, Entry, Line, Verdict};
use crate::support::namespace::Backend;

/// What parts the lines written by hand from those made from the tables.
const GENERATED: &str = "# From here on generated: DWSCRIPT_CORPUS=write cargo test lab::canonical\n";

/// How many refused rules there are of an extension.
const REFUSED: usize = 8;

pub(super) fn all() {
    for family in FAMILIES {
        let benches = Backend::ALL.map(|backend| Bench::new(backend, family).unwrap());
        accepted(family, &benches);
        refused(family, &benches);
        differences(family, &benches);
    }
}

/// The part that is written by hand.
fn head(name: &str) -> String {
    let text = corpus::text(name);
    text.split_once(GENERATED).map_or(text.clone(), |(head, _)| head.to_owned())
}

fn write(name: &str, text: &str) {
    let source = SourceFile::from_bytes(name, Vec::new()).unwrap();
    std::fs::write(corpus::path(name), source.original(text)).unwrap();
}

/// The text with every entry as the backends have it, comments kept.
fn measured(text: &str, family: Family, benches: &[Bench; 2]) -> String {
    let mut entries = corpus::entries(text);
    measure(&mut entries, family, benches);
    let mut entries = entries.into_iter();
    let kept = text.lines().filter(|line| !line.starts_with("  "));
    let is_note = |line: &str| line.starts_with('#') || line.is_empty();
    kept.map(|line| if is_note(line) { format!("{line}\n") } else { entries.next().unwrap().render() })
        .collect()
}

fn measure(entries: &mut [Entry], family: Family, benches: &[Bench; 2]) {
    for entry in &mut *entries {
        let ours = corpus::ours(&entry.line, family);
        let ours = ours.unwrap_or_else(|error| panic!("we refuse {}: {error}", entry.line.rule));
        assert!(!ours.is_empty(), "{} is passed over", entry.line.rule);
        entry.printed = if ours == [entry.line.rule.as_str()] { Vec::new() } else { ours };
    }
    for bench in benches {
        let lines: Vec<Line> = entries.iter().map(|entry| entry.line.clone()).collect();
        let judged = bench.judge(&lines.iter().collect::<Vec<_>>());
        for (entry, printed) in entries.iter_mut().zip(judged) {
            *entry.verdict_mut(bench.backend) = verdict(entry, printed);
        }
    }
}

fn accepted(family: Family, benches: &[Bench; 2]) {
    let name = corpus::name("accepted", family);
    let mut text = measured(&head(&name), family, benches) + GENERATED;
    for extension in corpus::extensions(family).filter(|extension| corpus::is_judged(extension)) {
        let mut entries: Vec<Entry> = corpus::good(extension, family).into_iter().map(Entry::new).collect();
        measure(&mut entries, family, benches);
        text += &format!("\n# {}\n", extension.name);
        for entry in entries {
            if entry.nft == Verdict::Same {
                text += &entry.render();
            } else {
                let mut out = stderr().lock();
                writeln!(out, "not as nft has it:\n{}", entry.render()).unwrap();
            }
        }
    }
    write(&name, &text);
}

fn differences(family: Family, benches: &[Bench; 2]) {
    let ours = measured(&corpus::differences(family), family, benches);
    let text = corpus::text("differences.txt");
    let (four, six) = text.split_once("# IPv6\n").unwrap();
    let parts = if family == Family::Ipv4 { [ours.as_str(), six] } else { [four, ours.as_str()] };
    write("differences.txt", &parts.join("# IPv6\n"));
}

fn refused(family: Family, benches: &[Bench; 2]) {
    let name = corpus::name("refused", family);
    let mut text = head(&name) + GENERATED;
    for extension in corpus::extensions(family).filter(|extension| corpus::is_judged(extension)) {
        text += &format!("\n# {}\n", extension.name);
        for line in refused_of(extension, family, benches) {
            text += &Entry::new(line).render();
        }
    }
    write(&name, &text);
}

/// Some of the doubtful rules of an extension that both backends refuse, spread over its options.
fn refused_of(extension: &'static Extension, family: Family, benches: &[Bench; 2]) -> Vec<Line> {
    let doubtful = corpus::doubtful(extension, family);
    let candidates: Vec<Line> =
        doubtful.into_iter().filter(|line| corpus::ours(line, family).is_err()).collect();
    let step = candidates.len().div_ceil(REFUSED).max(1);
    let chosen = candidates.into_iter().step_by(step);
    chosen.filter(|line| benches.iter().all(|bench| bench.refuses(line))).collect()
}
