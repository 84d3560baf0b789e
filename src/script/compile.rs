//! From the text of a script to what the engine runs, and to the names that it declares.

use rhai::{
    AST, ASTFlags, ASTNode, Engine, EvalAltResult, Expr, FnNamespace, Module, ParseError, ParseErrorType,
    Scope, Shared, Stmt,
};

use super::engine::{VARIABLES, parser};

/// How Rhai begins the names of closures.
pub(super) const CLOSURE: &str = "anon$";

/// Compiles a script or module. A variable that does not exist is an error even on a line that this run never reaches:
/// it may be the line of the other family.
pub(super) fn compile(engine: &Engine, text: &str) -> Result<AST, ParseError> {
    let mut known = Scope::new();
    for name in VARIABLES {
        known.push(name, ());
    }
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

/// Runs the script or module that `text` was compiled to from its top; what it exports comes back.
pub(super) fn evaluate(engine: &Engine, text: &str, ast: &AST) -> Result<Module, Box<EvalAltResult>> {
    let mut global = engine.new_global_runtime_state();
    // Rhai calls a closure of the first library by a shorter way, on which it takes the caller's text for the closure's:
    // where there are modules, an edit would cite the wrong one. The first library is then one without functions.
    if text.contains("import") {
        global.lib.push(Module::new().into());
    }
    let mut module = Module::eval_ast_as_new_raw(engine, &mut Scope::new(), &mut global, ast)?;
    // A closure that a module's function gives to its caller is found by its name, which must be known out there.
    for closure in ast.iter_fn_def().filter(|function| function.name.starts_with(CLOSURE)) {
        let hash = Module::new().set_script_fn(Shared::clone(closure));
        #[expect(deprecated, reason = "Rhai has no other way for a function of a script")]
        module.update_fn_namespace(hash, FnNamespace::Global);
    }
    module.build_index();
    Ok(module)
}

/// Whether `text` defines a function called `name`.
fn defines(text: &str, name: &str) -> bool {
    let heads = text.split("fn ").skip(1).map(str::trim_start);
    heads.filter_map(|head| head.strip_prefix(name)).any(|rest| rest.trim_start().starts_with('('))
}

/// A function, in a script's terms.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Callable {
    /// Its name.
    pub(super) name: String,
    /// How it is called: `allow(port, from)`.
    pub(super) form: String,
    /// How many parameters it has.
    pub(super) arity: usize,
    /// Whether its module keeps it for itself.
    pub(super) private: bool,
}

/// What a script declares.
#[derive(Debug, Default)]
pub(super) struct Declared {
    /// Functions.
    pub(super) functions: Vec<Callable>,
    /// Variables and parameters.
    pub(super) variables: Vec<String>,
    /// Those of them that can be read from outside.
    pub(super) exports: Vec<String>,
    /// Modules: the name that each is given, and its path.
    pub(super) modules: Vec<(String, String)>,
}

/// What `text` declares; nothing if it cannot be read.
pub(super) fn declared(text: &str) -> Declared {
    let mut declared = Declared::default();
    let Ok(ast) = parser().compile(text) else { return declared };
    for function in ast.iter_functions() {
        declared.variables.extend(function.params.iter().map(|name| (*name).to_owned()));
        declared.functions.push(Callable {
            name: function.name.to_owned(),
            form: format!("{}({})", function.name, function.params.join(", ")),
            arity: function.params.len(),
            private: function.access.is_private(),
        });
    }
    declared.functions.retain(|function| !function.name.starts_with(CLOSURE));
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
            Stmt::Var(definition, flags, _) => {
                self.variables.push(definition.0.name.to_string());
                if flags.contains(ASTFlags::EXPORTED) {
                    self.exports.push(definition.0.name.to_string());
                }
            }
            Stmt::Export(names, _) => {
                let (name, alias) = (&names.0.name, &names.1.name);
                self.exports.push(if alias.is_empty() { name } else { alias }.to_string());
            }
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
