//! The reference of what scripts can call, made from the functions' own comments.

use std::fmt::Write as _;

use rhai::{FuncMetadata, Module};

use super::api::TOPICS;
use super::engine;

const HEAD: &str = "# What a script can call

Made from the program's own comments by `dwscript api`; a test fails when the two differ. The language itself is
[Rhai](https://rhai.rs/book).
";

/// An entry of the reference.
struct Entry {
    property: bool,
    form: String,
    about: String,
}

/// The reference as Markdown.
#[must_use]
pub fn reference() -> String {
    let mut text = HEAD.to_owned();
    for topic in &TOPICS {
        let _ = write!(text, "\n## {}\n\n{}\n", topic.title, topic.about);
        for Entry { form, about, .. } in entries((topic.module)()) {
            let _ = write!(text, "\n* `{form}`: {about}\n");
        }
    }
    text
}

/// The functions of a topic in the order of their names, properties behind them.
fn entries(module: Module) -> Vec<Entry> {
    let mut entries = engine::listing(module).collect_fn_metadata(None, |info| entry(info.metadata), true);
    entries.sort_by(|one, other| (one.property, &one.form).cmp(&(other.property, &other.form)));
    entries
}

fn entry(metadata: &FuncMetadata) -> Option<Entry> {
    let name = metadata.name.as_str();
    if name.starts_with("to_") && name != "to_array" {
        return None;
    }
    let parameters: Vec<(String, String)> = metadata.params_info.iter().map(|info| parameter(info)).collect();
    let about = comment(metadata.comments.iter().map(AsRef::as_ref));
    Some(Entry { property: name.contains('$'), form: form(name, &parameters), about })
}

/// Name and type of a parameter.
fn parameter(info: &str) -> (String, String) {
    let (name, kind) = info.split_once(':').unwrap_or((info, ""));
    (name.trim().trim_start_matches('_').to_owned(), kind.trim().trim_start_matches("&mut ").to_owned())
}

/// How a script writes the call.
fn form(name: &str, parameters: &[(String, String)]) -> String {
    let names = |parameters: &[(String, String)]| -> String {
        parameters.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(", ")
    };
    let method =
        parameters.first().is_some_and(|(_, kind)| OBJECTS.iter().any(|object| kind.ends_with(object)));
    match (parameters.split_first(), name.strip_prefix("get$")) {
        (Some((object, _)), Some(property)) => format!("{}.{property}", object.0),
        (Some((object, rest)), None) if name.starts_with("index$") => {
            format!("{}[{}]", object.0, names(rest))
        }
        (Some((object, rest)), None) if method => format!("{}.{name}({})", object.0, names(rest)),
        _ => format!("{name}({})", names(parameters)),
    }
}

/// Types whose functions are methods.
const OBJECTS: [&str; 7] =
    ["RuleBuilder", "RuleView", "RuleList", "ChainView", "TableView", "RulesetView", "PublishedView"];

/// A comment's text on one line.
fn comment<'c>(lines: impl Iterator<Item = &'c str>) -> String {
    let text = lines.flat_map(str::lines).map(|line| line.trim_start_matches('/').trim());
    text.filter(|line| !line.is_empty()).collect::<Vec<_>>().join(" ")
}
