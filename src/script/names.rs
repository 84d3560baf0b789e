//! Names in messages: what a misspelled one may have been meant to be, and what a script calls a type.

use rhai::Engine;

use super::compile::{Callable, Declared, declared};
use super::engine::VARIABLES;
use super::reference::{self, Entry};
use crate::diagnostic::{Diagnostic, did_you_mean};

/// Functions that Rhai makes of operators and properties, and that nobody calls by name.
const HIDDEN: [&str; 4] = ["get$", "set$", "index$", "anon$"];
/// The most forms of a function that an error shows.
const FORMS: usize = 4;

/// What the script at fault can name.
pub(super) struct Names<'a> {
    pub(super) engine: &'a Engine,
    /// The text of the script.
    pub(super) text: &'a str,
    /// The text of the module at a path.
    pub(super) module: &'a dyn Fn(&str) -> Option<String>,
}

impl Names<'_> {
    /// What a script calls the type `name`.
    pub(super) fn type_word(&self, name: &str) -> String {
        type_word(self.engine.map_type_name(name))
    }

    /// The diagnostic of a call that fits no function; `signature` is Rhai's: `name (type, type)`.
    pub(super) fn function_not_found(&self, signature: &str) -> Diagnostic {
        let (name, types) = signature.split_once(" (").unwrap_or((signature, ""));
        let types: Vec<String> =
            arguments(types.trim_end_matches(')')).into_iter().map(|name| self.type_word(name)).collect();
        if !name.starts_with(|first: char| first.is_alphabetic() || first == '_') {
            return operator_not_found(name, &types);
        }
        let (known, name) = self.functions_like(name);
        let mut same: Vec<&Callable> = known.iter().filter(|function| function.name == name).collect();
        if same.is_empty() {
            let names = known.iter().map(|function| function.name.as_str());
            return unknown("function", name, names, "`dwscript api` lists the functions");
        }
        if same.iter().all(|function| function.private) {
            let message = format!("`{name}` is private to its module");
            return Diagnostic::error("unknown-function", message).help("take `private` away there");
        }
        same.sort_by_key(|function| function.arity != types.len());
        let forms = same.iter().map(|function| function.form.as_str()).filter(|form| !form.is_empty());
        let forms: Vec<&str> = forms.take(FORMS).collect();
        let given = if types.is_empty() { "nothing".to_owned() } else { types.join(", ") };
        Diagnostic::error("bad-arguments", format!("`{name}` cannot be called with {given}")).help(
            match forms.as_slice() {
                [] => "https://rhai.rs/book says what it takes".to_owned(),
                forms => format!("it takes `{}`", forms.join("` or `")),
            },
        )
    }

    /// The functions that a call of `name` can have meant, and the name without its module.
    fn functions_like<'n>(&self, name: &'n str) -> (Vec<Callable>, &'n str) {
        if let Some((module, function)) = name.rsplit_once("::") {
            return (self.declared_in(module).functions, function);
        }
        let mut known = declared(self.text).functions;
        known.extend(host_functions(self.engine));
        (known, name)
    }

    /// What the module declares that the script calls `name`.
    fn declared_in(&self, name: &str) -> Declared {
        let modules = declared(self.text).modules;
        let path = modules.into_iter().find(|(alias, _)| alias == name).map(|(_, path)| path);
        let text = path.and_then(|path| (self.module)(&path));
        text.map(|text| declared(&text)).unwrap_or_default()
    }

    /// The diagnostic of a variable that does not exist.
    pub(super) fn variable_not_found(&self, name: &str) -> Diagnostic {
        if let Some((module, name)) = name.rsplit_once("::") {
            let exports = self.declared_in(module).exports;
            let help = "a module's `export const NAME = …;` can be read from outside";
            return unknown("variable", name, exports.iter().map(String::as_str), help);
        }
        let Declared { variables, functions, .. } = declared(self.text);
        let help = if variables.iter().any(|other| other == name) {
            "a function sees only its parameters and what the host gives: hand the value over as an argument"
        } else {
            "declare it with `let`"
        };
        let names = variables.iter().map(String::as_str).chain(VARIABLES);
        let functions = functions.iter().map(|function| function.name.as_str());
        unknown("variable", name, names.chain(functions), help)
    }

    /// The diagnostic of a module that no `import` names.
    pub(super) fn module_not_imported(&self, name: &str) -> Diagnostic {
        let modules = declared(self.text).modules;
        let names = modules.iter().map(|(alias, _)| alias.as_str());
        unknown("module", name, names, "`import \"path/of/it\" as name;` brings a module in")
    }

    /// The diagnostic of a property that does not exist; `text` is Rhai's.
    pub(super) fn property_not_found(&self, text: &str) -> Diagnostic {
        let quoted: Vec<&str> = text.split('\'').collect();
        let name = quoted.get(1).copied().unwrap_or_default();
        if text.starts_with("No writable") {
            let message = format!("`{name}` cannot be assigned to: what is read is a snapshot");
            return Diagnostic::error("read-only", message).help(
                "change the ruleset by `append`, `insert`, `replace_rule`, `remove_rule`, `set_policy`",
            );
        }
        let properties = properties(self.engine);
        unknown(
            "property",
            name,
            properties.iter().map(String::as_str),
            "`dwscript api` lists what can be read of each thing",
        )
    }
}

/// The diagnostic of a name that does not exist, with the nearest of `names` or else `help`.
fn unknown<'n>(what: &str, name: &str, names: impl Iterator<Item = &'n str>, help: &str) -> Diagnostic {
    let code = match what {
        "function" => "unknown-function",
        "variable" => "unknown-variable",
        "module" => "missing-module",
        _ => "unknown-property",
    };
    let diagnostic = Diagnostic::error(code, format!("there is no {what} `{name}`"));
    match did_you_mean(name, names.filter(|other| *other != name)) {
        Some(near) => diagnostic.help(format!("did you mean `{near}`?")),
        None => diagnostic.help(help),
    }
}

fn operator_not_found(operator: &str, types: &[String]) -> Diagnostic {
    let message = format!("`{operator}` does not work on {}", types.join(" and "));
    Diagnostic::error("bad-arguments", message).help("convert one of them, for example by `.to_string()`")
}

/// The host's functions with their forms, and those of the language with their names alone.
fn host_functions(engine: &Engine) -> Vec<Callable> {
    let host = reference::all().filter(|entry| !entry.property);
    let mut functions: Vec<Callable> =
        host.map(|Entry { name, form, arity, .. }| Callable { name, form, arity, private: false }).collect();
    let hidden = |name: &str| HIDDEN.iter().any(|hidden| name.starts_with(hidden));
    let mut names = engine.collect_fn_metadata(None, |info| Some(info.metadata.name.to_string()), true);
    names.retain(|name| !hidden(name) && name.starts_with(char::is_alphabetic));
    functions.extend(names.into_iter().map(|name| Callable {
        name,
        form: String::new(),
        arity: 0,
        private: false,
    }));
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

/// What a script calls the type that Rhai calls `name`.
fn type_word(name: &str) -> String {
    let name = name.rsplit("::").next().unwrap_or(name).trim();
    let word = match name {
        _ if name.contains("String") || name == "&str" || name == "string" => "text",
        "i64" | "INT" => "a number",
        "bool" => "true or false",
        "()" => "nothing",
        "char" => "a character",
        "array" | "Array" => "an array",
        "map" | "Map" => "a map",
        "Fn" | "FnPtr" => "a closure",
        "rules" => "the rules of a chain",
        "ruleset" => "the ruleset",
        "counters" | "docker" | "host" => name,
        "error" => "an error",
        "range" | "range=" | "Range" | "RangeInclusive" => "a range",
        "rule" | "rule builder" | "chain" | "table" | "pattern" | "published port" | "proxied port"
        | "trace" | "network" | "container" => {
            return format!("a {name}");
        }
        _ => "a value of another kind",
    };
    word.to_owned()
}
