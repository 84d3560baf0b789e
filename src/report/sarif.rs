//! Diagnostics as SARIF 2.1.0, which code scanners and editors read.
//!
//! Source: OASIS, "Static Analysis Results Interchange Format (SARIF) Version 2.1.0".

use std::fmt::Write as _;
use std::io::{self, Write};

use serde_json::{Value, json};

use super::explain;
use crate::diagnostic::{Diagnostic, Label, Severity};

const SCHEMA: &str = "https://json.schemastore.org/sarif-2.1.0.json";

/// Writes one run with all diagnostics.
///
/// # Errors
/// What `out` answers.
pub fn write(diagnostics: &[Diagnostic], out: &mut impl Write) -> io::Result<()> {
    let mut codes: Vec<&str> = diagnostics.iter().map(|diagnostic| diagnostic.code).collect();
    codes.sort_unstable();
    codes.dedup();
    let rules: Vec<Value> = codes.iter().map(|code| rule(code)).collect();
    let results: Vec<Value> = diagnostics.iter().map(|diagnostic| result(diagnostic, &codes)).collect();
    let driver = json!({
        "name": env!("CARGO_PKG_NAME"),
        "version": env!("CARGO_PKG_VERSION"),
        "semanticVersion": env!("CARGO_PKG_VERSION"),
        "rules": rules,
    });
    let run = json!({ "tool": { "driver": driver }, "columnKind": "unicodeCodePoints", "results": results });
    let log = json!({ "$schema": SCHEMA, "version": "2.1.0", "runs": [run] });
    serde_json::to_writer_pretty(&mut *out, &log)?;
    out.write_all(b"\n")
}

/// A kind of finding.
fn rule(code: &str) -> Value {
    let Some(explained) = explain::find(code) else { return json!({ "id": code }) };
    json!({
        "id": code,
        "shortDescription": { "text": explained.about },
        "help": { "text": explained.text, "markdown": explained.text },
    })
}

fn result(diagnostic: &Diagnostic, codes: &[&str]) -> Value {
    let level = match diagnostic.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    };
    let others = diagnostic.labels.iter().filter(|label| !label.primary);
    let related: Vec<Value> = others.map(location).collect();
    let mut result = json!({
        "ruleId": diagnostic.code,
        "ruleIndex": codes.binary_search(&diagnostic.code).unwrap_or_default(),
        "level": level,
        "message": { "text": diagnostic.words() },
        "locations": diagnostic.primary().map(location).into_iter().collect::<Vec<_>>(),
    });
    if let Some(map) = result.as_object_mut().filter(|_| !related.is_empty()) {
        map.insert("relatedLocations".to_owned(), Value::Array(related));
    }
    result
}

fn location(label: &Label) -> Value {
    let start = label.source.line_column(label.span.start);
    let end = label.source.line_column(label.span.end.max(label.span.start));
    let region = json!({
        "startLine": start.line,
        "startColumn": start.column,
        "endLine": end.line,
        "endColumn": end.column,
    });
    let artifact = json!({ "uri": uri(label.source.name()) });
    let mut location = json!({ "physicalLocation": { "artifactLocation": artifact, "region": region } });
    if let Some(map) = location.as_object_mut().filter(|_| !label.text.is_empty()) {
        map.insert("message".to_owned(), json!({ "text": label.text }));
    }
    location
}

/// A file's name as a reference, which has no blanks, colons or `<`.
fn uri(name: &str) -> String {
    let mut uri = String::from(if name.starts_with('/') { "file://" } else { "" });
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            uri.push(char::from(byte));
        } else {
            let _ = write!(uri, "%{byte:02X}");
        }
    }
    uri
}
