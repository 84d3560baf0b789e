//! What the scripts are given: parameters from the environment, from TOML files, from the command line (the later ones
//! count for more), library folders and limits.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::args::ScriptArgs;
use super::input;
use super::status::usage;
use crate::diagnostic::Diagnostic;
use crate::script::{Given, Limits, ParamValue, Params, Settings};

/// How the environment names a parameter: this, then its name in upper case.
const ENVIRONMENT: &str = "DWSCRIPT_PARAM_";

/// What the scripts are given.
pub(super) fn settings(args: &ScriptArgs) -> Result<Settings, Diagnostic> {
    let mut params = Params::default();
    for path in &args.params {
        from_file(path, &mut params)?;
    }
    for define in &args.defines {
        from_define(define, &mut params)?;
    }
    from_environment(&mut params);
    let limits = Limits {
        time: Duration::from_secs(args.time_limit),
        allocated: Some(crate::allocated),
        ..Limits::default()
    };
    let print: crate::script::Printer = Arc::new(|text| anstream::eprintln!("{text}"));
    Ok(Settings {
        libraries: args.libraries.clone(),
        params,
        limits,
        leaves_engine: true,
        print: Some(print),
        ..Settings::default()
    })
}

fn from_define(define: &str, params: &mut Params) -> Result<(), Diagnostic> {
    let (name, value) = parse_define(define)?;
    params.give(name, Given { value, from: format!("`-D {name}`") });
    Ok(())
}

/// The name and the value in `KEY=VALUE`.
fn parse_define(define: &str) -> Result<(&str, ParamValue), Diagnostic> {
    let Some((name, text)) = define.split_once('=').filter(|(name, _)| !name.is_empty()) else {
        return Err(usage(&format!("`-D {define}` is no `KEY=VALUE`")).help("for example `-D ssh_port=2222`"));
    };
    let value = match text.strip_prefix('@') {
        Some(file) => lines_of(Path::new(file))?,
        None => ParamValue::Text(text.to_owned()),
    };
    Ok((name, value))
}

/// The lines of a file, without blank ones and what follows a `#`.
fn lines_of(path: &Path) -> Result<ParamValue, Diagnostic> {
    let text = text_of(path)?;
    let lines = text.lines().map(|line| line.split('#').next().unwrap_or_default().trim());
    let items = lines.filter(|line| !line.is_empty()).map(|line| ParamValue::Text(line.to_owned()));
    Ok(ParamValue::List(items.collect()))
}

fn text_of(path: &Path) -> Result<String, Diagnostic> {
    let not_text =
        || Diagnostic::error("unreadable-input", format!("`{}` is not UTF-8 text", path.display()));
    String::from_utf8(input::file(path)?).map_err(|_| not_text())
}

fn table_of(path: &Path) -> Result<toml::Table, Diagnostic> {
    text_of(path)?.parse().map_err(|error: toml::de::Error| {
        let message = format!("`{}` is no TOML: {}", path.display(), error.message());
        Diagnostic::error("bad-parameter-file", message).help("it holds lines such as `ssh_port = 2222`")
    })
}

/// All that the command line and the files it names give, as one TOML file that gives the same to a later run.
pub(super) fn as_file(args: &ScriptArgs) -> Result<String, Diagnostic> {
    let mut all = toml::Table::new();
    for path in &args.params {
        all.extend(table_of(path)?);
    }
    for define in &args.defines {
        let (name, value) = parse_define(define)?;
        all.insert(name.to_owned(), as_toml(&value));
    }
    Ok(all.to_string())
}

fn as_toml(value: &ParamValue) -> toml::Value {
    match value {
        ParamValue::Text(text) => toml::Value::String(text.clone()),
        ParamValue::Integer(number) => toml::Value::Integer(*number),
        ParamValue::Boolean(value) => toml::Value::Boolean(*value),
        ParamValue::List(items) => toml::Value::Array(items.iter().map(as_toml).collect()),
    }
}

/// A parameter that the environment gives, by the variable and the parameter's name.
pub(super) fn in_environment() -> Option<(String, String)> {
    let keys = std::env::vars_os().filter_map(|(key, _)| key.into_string().ok());
    let mut given = keys.filter_map(|key| {
        let name = key.strip_prefix(ENVIRONMENT)?.to_ascii_lowercase();
        Some((key, name))
    });
    given.next()
}

fn from_file(path: &Path, params: &mut Params) -> Result<(), Diagnostic> {
    let name = path.display();
    for (key, value) in table_of(path)? {
        let value = toml_value(&value).ok_or_else(|| {
            Diagnostic::error(
                "bad-parameter-file",
                format!("`{key}` in `{name}` is of a kind that no script takes"),
            )
            .help("values are text, whole numbers, true and false, and arrays of them")
        })?;
        params.give(key, Given { value, from: format!("`{name}`") });
    }
    Ok(())
}

fn toml_value(value: &toml::Value) -> Option<ParamValue> {
    match value {
        toml::Value::String(text) => Some(ParamValue::Text(text.clone())),
        toml::Value::Integer(number) => Some(ParamValue::Integer(*number)),
        toml::Value::Boolean(value) => Some(ParamValue::Boolean(*value)),
        toml::Value::Array(items) => {
            items.iter().map(toml_value).collect::<Option<_>>().map(ParamValue::List)
        }
        _ => None,
    }
}

/// What the environment says is for any script: that none asks for it is fine.
fn from_environment(params: &mut Params) {
    for (key, value) in std::env::vars_os() {
        let (Some(key), Some(value)) = (key.to_str(), value.to_str()) else { continue };
        if let Some(name) = key.strip_prefix(ENVIRONMENT) {
            let given = Given { value: ParamValue::Text(value.to_owned()), from: format!("`{key}`") };
            params.offer(name.to_ascii_lowercase(), given);
        }
    }
}
