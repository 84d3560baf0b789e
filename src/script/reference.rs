//! The reference of what scripts can call, made from the functions' own comments.
//!
//! Rhai could keep names of parameters and comments beside each function, which would cost every run a fifth of its
//! start. So the reference reads the topics' own text, and only when somebody asks for it.

use std::fmt::Write as _;

use super::api::{TESTS, TOPICS, Topic};

const HEAD: &str = "# What a script can call

Made from the program's own comments by `dwscript api`; a test fails when the two differ. The language itself is
[Rhai](https://rhai.rs/book); numbers are whole.
";

/// Types whose functions are methods.
const OBJECTS: [&str; 7] =
    ["RuleBuilder", "RuleView", "RuleList", "ChainView", "TableView", "RulesetView", "PublishedView"];

/// A function or property that scripts can use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    /// Its name as scripts write it.
    pub(super) name: String,
    /// How it is written: `append(chain, rule)`, `table.append(chain, rule)`, `rule.target`.
    pub(super) form: String,
    /// How many arguments it takes, the object of a method included.
    pub(super) arity: usize,
    /// Whether it is read without parentheses.
    pub(super) property: bool,
    about: String,
}

/// The reference as Markdown.
#[must_use]
pub fn reference() -> String {
    let mut text = HEAD.to_owned();
    for topic in TOPICS.iter().chain([&TESTS]) {
        let _ = write!(text, "\n## {}\n\n{}\n", topic.title, topic.about);
        for Entry { form, about, .. } in entries(topic) {
            let _ = write!(text, "\n* `{form}`: {about}\n");
        }
    }
    text
}

/// Every function and property of the host.
pub(super) fn all() -> impl Iterator<Item = Entry> {
    TOPICS.iter().flat_map(entries)
}

/// Those that tests alone can call.
pub(super) fn of_tests() -> impl Iterator<Item = Entry> {
    entries(&TESTS).into_iter()
}

/// The functions of a topic in the order of their forms, properties behind them.
fn entries(topic: &Topic) -> Vec<Entry> {
    let mut entries: Vec<Entry> =
        Declaration::all(topic.text).iter().filter_map(Declaration::entry).collect();
    entries.sort_by(|one, other| (one.property, &one.form).cmp(&(other.property, &other.form)));
    entries
}

/// A function of a topic as its text declares it.
#[derive(Debug, Default)]
struct Declaration {
    comment: String,
    /// What stands in `#[rhai_fn(…)]`.
    attribute: String,
    /// What stands between `pub fn ` and the body.
    signature: String,
}

impl Declaration {
    /// The functions of the topic whose text this is.
    fn all(text: &str) -> Vec<Self> {
        let mut found = Vec::new();
        let mut lines = text.lines().map(str::trim);
        let mut next = Self::default();
        while let Some(line) = lines.next() {
            if let Some(comment) = line.strip_prefix("///") {
                let blank = if next.comment.is_empty() { "" } else { " " };
                next.comment.push_str(blank);
                next.comment.push_str(comment.trim());
            } else if let Some(attribute) = line.strip_prefix("#[rhai_fn(") {
                attribute.clone_into(&mut next.attribute);
            } else if let Some(signature) = line.strip_prefix("pub fn ") {
                let mut signature = signature.to_owned();
                while !signature.ends_with('{') {
                    let Some(more) = lines.next() else { break };
                    signature = [&signature, " ", more].concat();
                }
                found.push(Self { signature, ..std::mem::take(&mut next) });
            } else {
                next = Self::default();
            }
        }
        found
    }

    /// The value of `key` in the attribute: `get = "name"`.
    fn attribute(&self, key: &str) -> Option<&str> {
        let parts = self.attribute.split([',', ')']).map(str::trim);
        let values = parts.filter_map(|part| part.split_once(" = ")).filter(|(name, _)| *name == key);
        values.map(|(_, value)| value.trim_matches('"')).next()
    }

    /// Its entry; none for what only Rhai calls.
    fn entry(&self) -> Option<Entry> {
        let (own_name, parameters) = self.signature.split_once('(')?;
        let parameters = parameters.split_once(')').map_or(parameters, |(parameters, _)| parameters);
        let parameters: Vec<(&str, &str)> = parameters.split(',').filter_map(parameter).collect();
        let property = self.attribute("get");
        let name = property.or(self.attribute("name")).unwrap_or(own_name);
        if name.starts_with("to_") && name != "to_array" {
            return None;
        }
        let arguments = |parameters: &[(&str, &str)]| {
            parameters.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ")
        };
        let method = |kind: &str| OBJECTS.iter().any(|object| kind.ends_with(object));
        let form = match parameters.split_first() {
            Some(((object, _), _)) if property.is_some() => format!("{object}.{name}"),
            Some(((object, _), rest)) if self.attribute.contains("index_get") => {
                format!("{object}[{}]", arguments(rest))
            }
            Some(((object, kind), rest)) if method(kind) => format!("{object}.{name}({})", arguments(rest)),
            _ => format!("{name}({})", arguments(&parameters)),
        };
        let arity = parameters.len();
        Some(Entry {
            name: name.to_owned(),
            form,
            arity,
            property: property.is_some(),
            about: self.comment.clone(),
        })
    }
}

/// Name and type of a parameter; none for the context, which the host adds.
fn parameter(text: &str) -> Option<(&str, &str)> {
    let (name, kind) = text.trim().split_once(':')?;
    (kind.trim() != "NativeCallContext").then(|| (name.trim().trim_start_matches('_'), kind.trim()))
}
