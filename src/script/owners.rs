//! Whose rules a script adds: its owner, known before any script runs.

use rhai::{AST, Expr, NativeCallContext, Position, Stmt};

use super::Script;
use super::fault::{Fault, Native, raise};
use super::session::session;
use crate::diagnostic::{Diagnostic, did_you_mean};
use crate::model::owner;

/// How the rules of a run are told from others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tagging {
    /// By tags.
    Tags {
        /// The owner of scripts that name none themselves; without it, the stem of the script's file.
        owner: Option<String>,
        /// Whether equal rules without a tag become the script's.
        adopt: bool,
    },
    /// Not at all: a rule is added where no equal one stands already, and nothing is moved or taken out.
    None,
}

impl Default for Tagging {
    fn default() -> Self {
        Self::Tags { owner: None, adopt: false }
    }
}

/// The owner of each script, in their order.
///
/// # Errors
/// A name that cannot be an owner's, or one that two scripts have.
pub(super) fn owners(
    scripts: &[(&Script, AST)],
    given: Option<&str>,
) -> Result<Vec<String>, Box<Diagnostic>> {
    let mut owners: Vec<String> = Vec::with_capacity(scripts.len());
    for (script, ast) in scripts {
        let owner = owner_of(script, ast, given)?;
        if let Some(first) = owners.iter().position(|other| *other == owner) {
            let other = scripts.get(first).map(|(script, _)| script.source.name()).unwrap_or_default();
            return Err(Box::new(repeated(script.source.name(), other, &owner)));
        }
        owners.push(owner);
    }
    Ok(owners)
}

fn repeated(script: &str, other: &str, owner: &str) -> Diagnostic {
    Diagnostic::error("same-owner", format!("`{script}` and `{other}` have the same owner, `{owner}`"))
        .note("each owner's rules are told by its name, and a script takes out those that it does not add again")
        .help("begin one of them with `owner(\"another-name\");`")
}

fn owner_of(script: &Script, ast: &AST, given: Option<&str>) -> Result<String, Box<Diagnostic>> {
    if let Some((name, position)) = named(script.source.text(), ast) {
        return match owner::check(&name) {
            Ok(()) => Ok(name),
            Err(error) => {
                let span = super::error::span_of(&script.source, position).unwrap_or_default();
                Err(Box::new(bad_name(&error).at(&script.source, span, "")))
            }
        };
    }
    let stem = || script.path.file_stem().map(|stem| stem.to_string_lossy().into_owned());
    let name = given.map(str::to_owned).or_else(stem).unwrap_or_default();
    owner::check(&name).map(|()| name).map_err(|error| Box::new(bad_name(&error)))
}

fn bad_name(error: &owner::OwnerError) -> Diagnostic {
    Diagnostic::error("bad-owner", error.to_string())
        .note("a script's owner is what `owner(\"…\")` at its top says, else `--owner`, else the stem of its file's name")
        .help("begin the script with `owner(\"site\");`, or give `--owner site`")
}

/// What a statement `owner("name")` at the script's top level says.
fn named(text: &str, ast: &AST) -> Option<(String, Position)> {
    if !text.contains("owner") {
        return None;
    }
    let call = |statement: &Stmt| match statement {
        Stmt::FnCall(call, position) => literal(call, *position),
        Stmt::Expr(expression) => match &**expression {
            Expr::FnCall(call, position) => literal(call, *position),
            _ => None,
        },
        _ => None,
    };
    ast.statements().iter().find_map(call)
}

fn literal(call: &rhai::FnCallExpr, position: Position) -> Option<(String, Position)> {
    match call.args.as_slice() {
        [Expr::StringConstant(name, _)] if call.name == "owner" && !call.is_qualified() => {
            Some((name.to_string(), position))
        }
        _ => None,
    }
}

/// What `owner(name)` does while the script runs: it was read before, and cannot be another now.
pub(super) fn say(context: &NativeCallContext, name: &str) -> Native<()> {
    let shared = session(context);
    let session = shared.borrow();
    let current = session.owner_name.as_deref().unwrap_or(name);
    if current == name {
        return Ok(());
    }
    let fault = Fault::new(
        "late-owner",
        format!("the script's owner is `{current}` already, and cannot become `{name}` here"),
    );
    Err(raise(
        context,
        fault.help("say `owner(\"…\");` once, at the top of the script, with the name itself in quotes"),
    ))
}

/// What is said of an owner that no rule belongs to.
#[must_use]
pub(super) fn unknown(owner: &str, known: &[&str]) -> Diagnostic {
    let diagnostic = Diagnostic::warning("no-such-owner", format!("no rule belongs to the owner `{owner}`"));
    match (did_you_mean(owner, known.iter().copied()), known) {
        (Some(near), _) => diagnostic.help(format!("did you mean `{near}`?")),
        (None, []) => diagnostic.help("the ruleset has no rule with an owner's tag"),
        (None, known) => {
            diagnostic.help(format!("the owners are {}", crate::diagnostic::list(known.iter().copied(), 12)))
        }
    }
}
