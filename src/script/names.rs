//! Names in messages: what a misspelled function may have been meant to be, and what a script calls a type.

use rhai::Engine;

use crate::diagnostic::{Diagnostic, did_you_mean};

/// Names that a script reads as variables, everywhere.
pub(super) const VARIABLES: [&str; 3] = ["docker", "family", "ruleset"];

/// Functions that Rhai makes of operators and properties, and that nobody calls by name.
const HIDDEN: [&str; 4] = ["get$", "set$", "index$", "anon$"];

/// The diagnostic of a call that fits no function; `signature` is Rhai's: `name (type, type)`.
pub(super) fn function_not_found(engine: &Engine, signature: &str) -> Diagnostic {
    let (name, types) = signature.split_once(" (").unwrap_or((signature, ""));
    let name = name.rsplit("::").next().unwrap_or(name);
    let types: Vec<String> = arguments(types.trim_end_matches(')')).into_iter().map(type_word).collect();
    let known = functions(engine);
    let same: Vec<&str> =
        known.iter().filter(|(other, _)| other == name).map(|(_, form)| form.as_str()).collect();
    if same.is_empty() {
        let diagnostic = Diagnostic::error("unknown-function", format!("there is no function `{name}`"));
        return match did_you_mean(name, known.iter().map(|(name, _)| name.as_str())) {
            Some(near) => diagnostic.help(format!("did you mean `{near}`?")),
            None => diagnostic.help("`dwscript api` lists the functions"),
        };
    }
    let given = if types.is_empty() { "nothing".to_owned() } else { types.join(", ") };
    let diagnostic = Diagnostic::error("bad-arguments", format!("`{name}` cannot be called with {given}"));
    diagnostic.help(format!("it takes `{}`", same.join("` or `")))
}

/// The diagnostic of a variable that does not exist.
pub(super) fn variable_not_found(name: &str) -> Diagnostic {
    let diagnostic = Diagnostic::error("unknown-variable", format!("there is no variable `{name}`"));
    match did_you_mean(name, VARIABLES) {
        Some(near) => diagnostic.help(format!("did you mean `{near}`?")),
        None => diagnostic
            .help("declare it with `let`; a function sees only its parameters and what the host gives"),
    }
}

/// The diagnostic of a property that does not exist; `text` is Rhai's.
pub(super) fn property_not_found(engine: &Engine, text: &str) -> Diagnostic {
    let quoted: Vec<&str> = text.split('\'').collect();
    let name = quoted.get(1).copied().unwrap_or_default();
    let diagnostic = Diagnostic::error("unknown-property", format!("there is no property `{name}`"));
    let properties = properties(engine);
    match did_you_mean(name, properties.iter().map(String::as_str).filter(|other| *other != name)) {
        Some(near) => diagnostic.help(format!("did you mean `{near}`?")),
        None => diagnostic.help("`dwscript api` lists what can be read of each thing"),
    }
}

/// Functions by name, with a form such as `append(chain, rule)`.
fn functions(engine: &Engine) -> Vec<(String, String)> {
    let collected = engine.collect_fn_metadata(
        None,
        |info| {
            let name = info.metadata.name.to_string();
            if HIDDEN.iter().any(|hidden| name.starts_with(hidden)) || !name.starts_with(char::is_alphabetic)
            {
                return None;
            }
            let parameters = info.metadata.params_info.iter();
            let names =
                parameters.map(|parameter| parameter.split(':').next().unwrap_or_default().trim().to_owned());
            let form = format!("{name}({})", names.collect::<Vec<_>>().join(", "));
            // Functions that stand in for Rhai's own have no names for their parameters, and Rhai's have them.
            if form.contains("(_") || form.contains(", _") {
                return None;
            }
            Some((name, form))
        },
        true,
    );
    let mut functions: Vec<(String, String)> = collected;
    functions.sort();
    functions.dedup();
    functions
}

fn properties(engine: &Engine) -> Vec<String> {
    let name = |name: &str| name.strip_prefix("get$").map(ToOwned::to_owned);
    let mut names = engine.collect_fn_metadata(None, |info| name(&info.metadata.name), true);
    names.sort();
    names.dedup();
    names
}

/// The types between a signature's parentheses; commas inside `<…>` part nothing.
fn arguments(types: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let (mut depth, mut start) = (0_usize, 0);
    for (at, character) in types.char_indices() {
        match character {
            '<' => depth += 1,
            '>' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => {
                parts.extend(types.get(start..at));
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.extend(types.get(start..).filter(|rest| !rest.trim().is_empty()));
    parts.into_iter().map(str::trim).collect()
}

/// What a script calls the Rust type `name`.
pub(super) fn type_word(name: &str) -> String {
    let name = name.rsplit("::").next().unwrap_or(name).trim();
    let word = match name {
        _ if name.contains("String") || name == "&str" || name == "string" => "text",
        "i64" | "INT" => "a number",
        "f64" => "a number with a fraction",
        "bool" => "true or false",
        "()" => "nothing",
        "char" => "a character",
        "array" | "Array" => "an array",
        "map" | "Map" => "a map",
        "Fn" | "FnPtr" => "a closure",
        "RuleBuilder" => "a rule builder",
        "RuleView" => "a rule",
        "RuleList" => "the rules of a chain",
        "ChainView" => "a chain",
        "TableView" => "a table",
        "RulesetView" => "the ruleset",
        "DockerView" => "docker",
        "PublishedView" => "a published port",
        "Pattern" => "a pattern",
        "CountersView" => "counters",
        _ => "a value of another kind",
    };
    word.to_owned()
}
