//! Which packets fare otherwise: as a table for people, and as JSON.

use std::io::{self, Write};

use serde_json::{Value, json};

use crate::packets::{Blame, Change, Comparison, Fate};

/// Counts up with a change that breaks readers; new keys do not.
pub const VERSION: u32 = 1;
/// The most packets of a kind that the table shows.
const SHOWN: usize = 4;
/// The most lines beside something else.
const LINES: usize = 8;

/// Changes of one kind: by the same rules from the same to the same.
struct Kind<'c> {
    key: [String; 4],
    changes: Vec<&'c Change>,
}

fn kinds(comparison: &Comparison) -> Vec<Kind<'_>> {
    let mut kinds: Vec<Kind<'_>> = Vec::new();
    for change in &comparison.changes {
        let [before, after] = [&change.before, &change.after];
        let key = [before.outcome.clone(), after.outcome.clone(), by(before), by(after)];
        match kinds.iter_mut().find(|kind| kind.key == key) {
            Some(kind) => kind.changes.push(change),
            None => kinds.push(Kind { key, changes: vec![change] }),
        }
    }
    kinds
}

/// Writes the table of one family.
///
/// # Errors
/// What `out` answers.
pub fn write(comparison: &Comparison, out: &mut impl Write) -> io::Result<()> {
    writeln!(out, "{}", headline(comparison))?;
    for Kind { key: [before, after, ..], changes } in kinds(comparison) {
        writeln!(out, "\n  {before}  ->  {after}")?;
        let Some(first) = changes.first() else { continue };
        writeln!(out, "    before: {}", decided(&first.before))?;
        writeln!(out, "    after:  {}", decided(&first.after))?;
        let shown = changes.iter().take(SHOWN);
        let width = shown.clone().map(|change| change.about.len()).max().unwrap_or(0);
        for Change { about, packet, before, after } in shown {
            writeln!(out, "      {about:<width$}  {packet}{}", rewritten(before, after))?;
        }
        if changes.len() > SHOWN {
            writeln!(out, "      and {} more", changes.len() - SHOWN)?;
        }
    }
    writeln!(out, "\n{}", sample(comparison))
}

/// Writes what is shown beside something else: few lines.
///
/// # Errors
/// What `out` answers.
pub fn write_brief(comparison: &Comparison, out: &mut impl Write) -> io::Result<()> {
    writeln!(out, "{} (a sample; `dwscript compare` says more)", headline(comparison))?;
    let kinds = kinds(comparison);
    for Kind { key: [before, after, ..], changes } in kinds.iter().take(LINES) {
        let Some(first) = changes.first() else { continue };
        let more =
            if changes.len() > 1 { format!(", and {} more", changes.len() - 1) } else { String::new() };
        writeln!(out, "  {before} -> {after}: {} ({}){more}", first.about, first.packet)?;
    }
    if kinds.len() > LINES {
        writeln!(out, "  and {} other kinds of changes", kinds.len() - LINES)?;
    }
    Ok(())
}

fn headline(comparison: &Comparison) -> String {
    let Comparison { family, probes, changes, .. } = comparison;
    let family = family.as_str();
    match changes.len() {
        0 => format!("{family}: of {probes} probe packets none changes"),
        1 => format!("{family}: of {probes} probe packets 1 changes"),
        count => format!("{family}: of {probes} probe packets {count} change"),
    }
}

/// That it is a sample, and of what.
fn sample(comparison: &Comparison) -> String {
    let Comparison { rules, left_out, .. } = comparison;
    let left_out = match left_out {
        0 => String::new(),
        left_out => format!(", {left_out} of which were not looked at"),
    };
    let tried = match rules {
        0 => "the usual packets, for no rule differs".to_owned(),
        1 => "the usual packets and those at the boundaries of the one rule that differs".to_owned(),
        rules => format!(
            "the usual packets and those at the boundaries of the {rules} rules that differ{left_out}"
        ),
    };
    format!("this is a sample: {tried}; others may change too")
}

fn by(fate: &Fate) -> String {
    fate.by.as_ref().map(|by| by.text.clone()).unwrap_or_default()
}

/// Who decided, and where that is written.
fn decided(fate: &Fate) -> String {
    let Some(Blame { text, place }) = &fate.by else { return "no rule decides".to_owned() };
    let place =
        place.as_ref().map(|(source, span)| format!("  ({}:{})", source.name(), source.line(span.start)));
    format!("{text}{}", place.unwrap_or_default())
}

fn rewritten(before: &Fate, after: &Fate) -> String {
    if before.rewritten == after.rewritten {
        return String::new();
    }
    let word = |fate: &Fate| fate.rewritten.clone().unwrap_or_else(|| "as it was".to_owned());
    format!("  [{}  ->  {}]", word(before), word(after))
}

/// Writes one family as JSON: `probes`, `rules`, `left_out`, and `changes`, each with `about`, `packet`, `before` and `after`.
///
/// # Errors
/// What `out` answers.
pub fn write_json(comparison: &Comparison, out: &mut impl Write) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, &object(comparison))?;
    out.write_all(b"\n")
}

/// The same as a value.
#[must_use]
pub fn object(comparison: &Comparison) -> Value {
    let Comparison { family, probes, rules, left_out, changes } = comparison;
    let change = |change: &Change| {
        json!({
            "about": change.about,
            "packet": change.packet,
            "before": fate(&change.before),
            "after": fate(&change.after),
        })
    };
    json!({
        "version": VERSION,
        "family": family.as_str(),
        "probes": probes,
        "rules": rules,
        "left_out": left_out,
        "changes": changes.iter().map(change).collect::<Vec<_>>(),
    })
}

fn fate(fate: &Fate) -> Value {
    let place = fate.by.as_ref().and_then(|by| by.place.as_ref());
    json!({
        "verdict": fate.verdict,
        "outcome": fate.outcome,
        "rewritten": fate.rewritten,
        "rule": fate.by.as_ref().map(|by| &by.text),
        "place": place.map(|(source, span)| json!({ "file": source.name(), "line": source.line(span.start) })),
    })
}
