//! From the text of a script to what the engine runs, and to the names that it declares.

use rhai::{AST, ASTNode, Engine, Expr, ParseError, ParseErrorType, Scope, Stmt};

use super::engine::{VARIABLES, parser};

/// Compiles a script or module. A variable that does not exist is an error even on a line that this run never reaches:
/// it may be the line of the other family.
pub(super) fn compile(engine: &Engine, text: &str) -> Result<AST, ParseError> {
    let mut known = Scope::new();
    VARIABLES.iter().for_each(|name| {
        known.push(*name, ());
    });
    loop {
        match engine.compile_with_scope(&known, text) {
            // The name of a function is a value, and Rhai knows only those that were defined further up.
            Err(ParseError(kind, _))
                if matches!(&*kind, ParseErrorType::VariableUndefined(name)
                    if defines(text, name) && !known.contains(name)) =>
            {
                if let ParseErrorType::VariableUndefined(name) = *kind {
                    known.push(name, ());
                }
            }
            done => return done,
        }
    }
}

/// Whether `text` defines a function called `name`.
fn defines(text: &str, name: &str) -> bool {
    let heads = text.split("fn ").skip(1).map(str::trim_start);
    heads.filter_map(|head| head.strip_prefix(name)).any(|rest| rest.trim_start().starts_with('('))
}

/// What a script declares.
#[derive(Debug, Default)]
pub(super) struct Declared {
    /// Functions, each with a form such as `allow(port, from)`.
    pub(super) functions: Vec<(String, String)>,
    /// Variables and parameters.
    pub(super) variables: Vec<String>,
    /// Modules: the name that each is given, and its path.
    pub(super) modules: Vec<(String, String)>,
}

/// What `text` declares; nothing if it cannot be read.
pub(super) fn declared(text: &str) -> Declared {
    let mut declared = Declared::default();
    let Ok(ast) = parser().compile(text) else { return declared };
    for function in ast.iter_functions().filter(|function| !function.name.starts_with("anon$")) {
        let form = format!("{}({})", function.name, function.params.join(", "));
        declared.functions.push((function.name.to_owned(), form));
    }
    let parameters = ast.iter_functions().flat_map(|function| function.params);
    declared.variables.extend(parameters.map(ToOwned::to_owned));
    ast.walk(&mut |path| {
        if let Some(ASTNode::Stmt(statement)) = path.last() {
            declared.note(statement);
        }
        true
    });
    declared
}

impl Declared {
    fn note(&mut self, statement: &Stmt) {
        match statement {
            Stmt::Var(definition, ..) => self.variables.push(definition.0.name.to_string()),
            Stmt::For(parts, _) => {
                self.variables.push(parts.0.name.to_string());
                self.variables.extend(parts.1.as_ref().map(|counter| counter.name.to_string()));
            }
            Stmt::Import(parts, _) => {
                if let Expr::StringConstant(path, _) = &parts.0 {
                    self.modules.push((parts.1.name.to_string(), path.to_string()));
                }
            }
            _ => {}
        }
    }
}
