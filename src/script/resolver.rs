//! Imports: modules are files beside the importing script or in the library folders, and never above them.

use std::cell::RefCell;
use std::collections::HashMap;
use std::path::{Component, Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;

use rhai::{Engine, EvalAltResult, Module, ModuleResolver, Position, Shared};

use super::compile::{compile, evaluate};
use super::fault::Fault;
use super::session::SharedSession;
use crate::diagnostic::did_you_mean;
use crate::source::SourceFile;

/// How modules end.
const ENDING: &str = "rhai";

/// Finds and loads modules.
pub(super) struct Modules {
    session: SharedSession,
    libraries: Vec<PathBuf>,
    /// The folder of the script that runs; links in it are followed when a module is looked for.
    home: RefCell<PathBuf>,
    /// Modules by file; none while the module is being loaded.
    loaded: RefCell<HashMap<PathBuf, Option<Shared<Module>>>>,
    /// The file of each script and module, by the name that Rhai knows it by.
    files: RefCell<HashMap<String, PathBuf>>,
}

impl Modules {
    /// A resolver that looks into `libraries` behind the script's own folder.
    pub(super) fn new(session: SharedSession, libraries: &[PathBuf]) -> Self {
        let libraries = libraries.iter().filter_map(|folder| folder.canonicalize().ok()).collect();
        Self {
            session,
            libraries,
            home: RefCell::default(),
            loaded: RefCell::default(),
            files: RefCell::default(),
        }
    }

    /// Takes the folder of `script`, which runs from now on under the name `name`, as the first to look in.
    pub(super) fn enter(&self, name: &str, script: &Path) {
        let folder = script.parent().unwrap_or(Path::new(""));
        let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
        self.home.replace(folder.to_owned());
        self.files.borrow_mut().insert(name.to_owned(), script.to_owned());
    }

    /// The folders that modules may be in.
    fn roots(&self) -> Vec<PathBuf> {
        self.home.borrow().canonicalize().ok().into_iter().chain(self.libraries.iter().cloned()).collect()
    }

    /// The file of the module that `importer` calls `path`.
    fn find(&self, importer: Option<&str>, path: &str) -> Result<PathBuf, Fault> {
        let relative = relative(path)?;
        let roots = self.roots();
        let importer = importer.and_then(|name| self.files.borrow().get(name).cloned());
        let beside = importer.and_then(|file| file.canonicalize().ok()?.parent().map(Path::to_owned));
        for folder in beside.iter().chain(&roots) {
            let Ok(file) = folder.join(&relative).canonicalize() else { continue };
            if !roots.iter().any(|root| file.starts_with(root)) {
                let fault = Fault::new(
                    "module-outside",
                    format!("module `{path}` leads out of the folders for modules"),
                );
                return Err(fault.help(
                    "modules must lie in the script's folder or one given by `--library`, links included",
                ));
            }
            if file.is_file() {
                return Ok(file);
            }
        }
        Err(Self::missing(path, &relative, &roots))
    }

    /// The text of the module that `importer` calls `path`.
    pub(super) fn text(&self, importer: &str, path: &str) -> Option<String> {
        std::fs::read_to_string(self.find(Some(importer), path).ok()?).ok()
    }

    fn missing(path: &str, relative: &Path, roots: &[PathBuf]) -> Fault {
        let fault = Fault::new("missing-module", format!("there is no module `{path}`"));
        let folders = roots.iter().map(|root| root.join(relative.parent().unwrap_or(Path::new(""))));
        let files = folders.filter_map(|folder| std::fs::read_dir(folder).ok()).flatten().flatten();
        let stems = files.filter(|file| file.path().extension().is_some_and(|ending| ending == ENDING));
        let prefix = path.rsplit_once('/').map(|(prefix, _)| [prefix, "/"].concat()).unwrap_or_default();
        let names: Vec<String> = stems
            .filter_map(|file| {
                file.path().file_stem().map(|stem| [&prefix, stem.to_string_lossy().as_ref()].concat())
            })
            .collect();
        match did_you_mean(path.trim_end_matches(".rhai"), names.iter().map(String::as_str)) {
            Some(near) => fault.help(format!("did you mean `{near}`?")),
            None => fault
                .help("modules are looked for beside the script, then in the folders given by `--library`"),
        }
    }

    fn load(
        &self,
        engine: &Engine,
        path: &str,
        file: &Path,
        position: Position,
    ) -> Result<Shared<Module>, Box<EvalAltResult>> {
        let fault =
            |fault: Fault| Box::new(EvalAltResult::ErrorRuntime(rhai::Dynamic::from(fault), position));
        let bytes = std::fs::read(file).map_err(|error| {
            fault(
                Fault::new("missing-module", format!("module `{path}` cannot be read: {error}"))
                    .help("check its permissions"),
            )
        })?;
        let name = self.display(file);
        let unreadable = || {
            fault(
                Fault::new("missing-module", format!("module `{path}` is not text")).help("is it a script?"),
            )
        };
        let text = String::from_utf8(bytes.clone()).map_err(|_| unreadable())?;
        let source = SourceFile::from_bytes(name.clone(), bytes).map_err(|_| unreadable())?;
        self.session.borrow_mut().sources.insert(name.clone(), Arc::new(source));
        self.files.borrow_mut().insert(name.clone(), file.to_owned());
        let inside = |error: Box<EvalAltResult>| match *error {
            // `exit` ends the script, from a module as from anywhere.
            EvalAltResult::Exit(..) => error,
            _ => Box::new(EvalAltResult::ErrorInModule(name.clone(), error, position)),
        };
        let watch = Rc::clone(&self.session.borrow().watch);
        let mut ast = watch.excuse(|| compile(engine, &text)).map_err(|error| inside(error.into()))?;
        ast.set_source(name.clone());
        evaluate(engine, &text, &ast).map(Shared::new).map_err(inside)
    }

    /// The module's path as messages show it: from the script's folder or the library on.
    fn display(&self, file: &Path) -> String {
        let roots = self.roots();
        let below = roots.iter().find_map(|root| file.strip_prefix(root).ok());
        below.unwrap_or(file).display().to_string()
    }
}

/// The path of a module below a folder.
fn relative(path: &str) -> Result<PathBuf, Fault> {
    let mut relative = PathBuf::from(path);
    let normal =
        |part: Component<'_>| matches!(part, Component::Normal(_) | Component::CurDir | Component::ParentDir);
    if path.is_empty() || path.contains('\0') || !relative.components().all(normal) {
        let fault = Fault::new("module-outside", format!("`{path}` is no path of a module"));
        return Err(
            fault.help("give a path below the script's folder, for example `import \"lib/ssh\" as ssh;`")
        );
    }
    if relative.extension().is_none_or(|ending| ending != ENDING) {
        relative.as_mut_os_string().push(".rhai");
    }
    Ok(relative)
}

/// The resolver as the engine holds it.
pub(super) struct Handle(pub(super) Rc<Modules>);

impl ModuleResolver for Handle {
    fn resolve(
        &self,
        engine: &Engine,
        source: Option<&str>,
        path: &str,
        position: Position,
    ) -> Result<Shared<Module>, Box<EvalAltResult>> {
        let raise =
            |fault: Fault| Box::new(EvalAltResult::ErrorRuntime(rhai::Dynamic::from(fault), position));
        let modules = &self.0;
        let file = modules.find(source, path).map_err(raise)?;
        if let Some(known) = modules.loaded.borrow().get(&file) {
            return known.clone().ok_or_else(|| {
                let fault = Fault::new(
                    "module-cycle",
                    format!("module `{path}` imports itself, directly or through others"),
                );
                raise(fault.help("move what both need into a third module"))
            });
        }
        modules.loaded.borrow_mut().insert(file.clone(), None);
        let module = modules.load(engine, path, &file, position);
        match &module {
            Ok(module) => modules.loaded.borrow_mut().insert(file, Some(Shared::clone(module))),
            Err(_) => modules.loaded.borrow_mut().remove(&file),
        };
        module
    }
}
