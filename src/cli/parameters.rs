//! What scripts are given: parameters from the environment, from TOML files and from the command line, of which the
//! later ones count for more; folders of modules; limits.

use std::ffi::OsString;
use std::path::Path;
use std::sync::Arc;

use super::args::ScriptArgs;
use super::input::file;
use super::options::usage;
use super::output;
use crate::diagnostic::Diagnostic;
use crate::script::{Given, Limits, ParamValue, Params, Settings};
use crate::source::{SourceFile, Span};

/// What the environment's parameters begin with.
const PREFIX: &str = "DWSCRIPT_PARAM_";

/// The settings of a run.
pub(super) fn settings(args: &ScriptArgs) -> Result<Settings, Diagnostic> {
    let mut params = Params::default();
    environment(&mut params, std::env::vars_os());
    for path in &args.params {
        toml_file(&mut params, path)?;
    }
    for definition in &args.defines {
        define(&mut params, definition)?;
    }
    let limits = Limits { allocated: Some(crate::allocated), ..Limits::default() };
    Ok(Settings { libraries: args.libraries.clone(), params, limits, print: Some(Arc::new(output::line)) })
}

/// Offers the environment's parameters: the name as it is and, as such names are written large, in small letters.
fn environment(params: &mut Params, variables: impl IntoIterator<Item = (OsString, OsString)>) {
    for (variable, value) in variables {
        let (Some(variable), Some(value)) = (variable.to_str(), value.to_str()) else { continue };
        let Some(name) = variable.strip_prefix(PREFIX) else { continue };
        let given = Given { value: ParamValue::Text(value.to_owned()), from: variable.to_owned() };
        params.offer(name, given.clone());
        params.offer(name.to_lowercase(), given);
    }
}

/// `KEY=VALUE`, or `KEY=@FILE` for the lines of a file; `@@` is an `@`.
fn define(params: &mut Params, definition: &str) -> Result<(), Diagnostic> {
    let Some((key, value)) = definition.split_once('=').filter(|(key, _)| !key.is_empty()) else {
        return Err(usage(&format!("`-D {definition}` sets nothing"))
            .help("give `-D KEY=VALUE`, for example `-D ssh_port=2222`"));
    };
    let value = match value.strip_prefix('@') {
        Some(literal) if literal.starts_with('@') => ParamValue::Text(literal.to_owned()),
        Some(path) => ParamValue::List(lines(Path::new(path))?),
        None => ParamValue::Text(value.to_owned()),
    };
    params.give(key, Given { value, from: format!("-D {key}") });
    Ok(())
}

/// The lines of a file, blank ones left out.
fn lines(path: &Path) -> Result<Vec<ParamValue>, Diagnostic> {
    let text = text(path)?;
    let lines = text.text().lines().map(str::trim).filter(|line| !line.is_empty());
    Ok(lines.map(|line| ParamValue::Text(line.to_owned())).collect())
}

fn text(path: &Path) -> Result<SourceFile, Diagnostic> {
    let name = path.display().to_string();
    SourceFile::from_bytes(name, file(path)?)
        .map_err(|error| Diagnostic::error("unreadable-input", error.to_string()))
}

fn toml_file(params: &mut Params, path: &Path) -> Result<(), Diagnostic> {
    let source = Arc::new(text(path)?);
    let table: toml::Table = source.text().parse().map_err(|error| bad_toml(&source, &error))?;
    for (key, value) in table {
        let Some(value) = parameter(value) else {
            let message = format!("`{key}` in `{}` cannot be a parameter", source.name());
            return Err(Diagnostic::error("bad-parameter", message)
                .help("a parameter is a text, a number, true or false, or an array of these"));
        };
        let from = format!("`{key}` in {}", source.name());
        params.give(key, Given { value, from });
    }
    Ok(())
}

fn parameter(value: toml::Value) -> Option<ParamValue> {
    Some(match value {
        toml::Value::String(text) => ParamValue::Text(text),
        toml::Value::Integer(number) => ParamValue::Integer(number),
        toml::Value::Float(number) => ParamValue::Text(number.to_string()),
        toml::Value::Boolean(value) => ParamValue::Boolean(value),
        toml::Value::Array(items) => {
            ParamValue::List(items.into_iter().map(parameter).collect::<Option<_>>()?)
        }
        toml::Value::Datetime(_) | toml::Value::Table(_) => return None,
    })
}

fn bad_toml(source: &Arc<SourceFile>, error: &toml::de::Error) -> Diagnostic {
    let range = error.span().unwrap_or_default();
    let offset = |at: usize| u32::try_from(at).unwrap_or_default();
    let message = error.message().lines().next().unwrap_or_default().to_owned();
    Diagnostic::error("bad-parameter", message)
        .at(source, Span::new(offset(range.start), offset(range.end)), "")
        .help("a parameter file holds lines such as `ssh_port = 22` or `admins = [\"198.51.100.0/24\"]`")
}
