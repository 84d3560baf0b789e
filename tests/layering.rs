//! The order of the stages: lower ones never use upper ones, and no two modules of one stage use each other.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use crate::support::sources::{sources, without_tests};

/// The stages from the top down; those in one row do not know each other.
const STAGES: [&[&str]; 12] = [
    &["main"],
    &["cli"],
    &["apply", "report"],
    &["check", "script", "samples"],
    &["packets"],
    &["simulate", "docker", "delta"],
    &["save"],
    &["model"],
    &["syntax"],
    &["diagnostic", "host"],
    &["source"],
    &["lib"],
];

/// Modules that use each other and are to be untangled; none may be added.
const TANGLED: [&[&str]; 3] = [
    &["model::chain", "model::edit", "model::rule", "model::sequence"],
    &["save::command", "save::parse"],
    &[
        "script::docker_view",
        "script::engine",
        "script::error",
        "script::host_view",
        "script::limits",
        "script::names",
        "script::rule",
        "script::select",
        "script::session",
        "script::view",
    ],
];

/// A use of one module in a file of another.
struct Use {
    file: PathBuf,
    user: String,
    used: String,
}

/// The code of a file without comments and unit tests.
fn code(file: &Path) -> String {
    let text = without_tests(file);
    text.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

/// The path of the module that a file holds, as in `model::ruleset::read`.
fn module(root: &Path, file: &Path) -> String {
    let path = file.strip_prefix(root).unwrap().with_extension("");
    let mut parts: Vec<_> = path.iter().map(|part| part.to_string_lossy().into_owned()).collect();
    if parts.last().is_some_and(|last| last == "mod") {
        parts.pop();
    }
    parts.join("::")
}

/// What stands behind each `crate::` of a text, up to what cannot be part of a path.
fn crate_paths(text: &str) -> impl Iterator<Item = &str> {
    text.split("crate::").skip(1).map(|rest| {
        let end =
            rest.find(|character: char| !character.is_alphanumeric() && !matches!(character, '_' | ':'));
        rest[..end.unwrap_or(rest.len())].trim_end_matches(':')
    })
}

fn stage(module: &str) -> &str {
    module.split("::").next().unwrap_or_default()
}

fn uses() -> Vec<Use> {
    let (root, files) = sources();
    let mut uses = Vec::new();
    for file in files {
        let owner = module(&root, &file);
        let text = code(&file);
        uses.extend(crate_paths(&text).map(|used| Use {
            file: file.clone(),
            user: owner.clone(),
            used: used.to_owned(),
        }));
    }
    uses
}

/// The row of a stage; what is no module is an item of the root's.
fn row(stage: &str) -> Option<usize> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let is_module = root.join(stage).is_dir() || root.join(stage).with_extension("rs").is_file();
    STAGES.iter().position(|row| row.contains(&if is_module { stage } else { "lib" }))
}

#[test]
fn dependencies_point_down() {
    let mut wrong = Vec::new();
    for Use { file, user, used } in uses() {
        let (upper, lower) = (stage(&user), stage(&used));
        let (Some(above), Some(below)) = (row(upper), row(lower)) else {
            wrong.push(format!(
                "{}: `{upper}` or `{lower}` has no place in the order of the stages",
                file.display()
            ));
            continue;
        };
        if upper != lower && above >= below {
            wrong.push(format!("{}: `{upper}` uses `{lower}`, which is not below it", file.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_stage_has_its_place() {
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/lib.rs")).unwrap();
    let stages = text.lines().filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';'));
    let lost: Vec<&str> = stages.filter(|stage| row(stage).is_none()).collect();
    assert!(lost.is_empty(), "{lost:?} must be put into STAGES");
}

#[test]
fn only_the_command_line_touches_the_standard_streams() {
    let (root, files) = sources();
    let streams = ["io::stdout()", "io::stderr()", "io::stdin()", "println!", "eprintln!"];
    for file in files {
        let owner = module(&root, &file);
        let text = code(&file);
        let touched: Vec<&str> = streams.into_iter().filter(|stream| text.contains(stream)).collect();
        assert!(stage(&owner) == "cli" || touched.is_empty(), "{} touches {touched:?}", file.display());
    }
}

/// Sibling modules, by the paths that their files name: `super::x` and `crate::a::b`.
fn siblings() -> BTreeMap<String, BTreeSet<String>> {
    let (root, files) = sources();
    let modules: BTreeSet<String> = files.iter().map(|file| module(&root, file)).collect();
    let mut graph = BTreeMap::new();
    for file in &files {
        let user = module(&root, file);
        let text = code(file);
        let absolute = crate_paths(&text).map(ToOwned::to_owned);
        let parent = user.rsplit_once("::").map_or("", |(parent, _)| parent).to_owned();
        let relative = text.split("super::").skip(1).filter(|rest| !rest.starts_with("super")).map(|rest| {
            let end =
                rest.find(|character: char| !character.is_alphanumeric() && !matches!(character, '_' | ':'));
            format!("{parent}::{}", rest[..end.unwrap_or(rest.len())].trim_end_matches(':'))
        });
        let named = absolute.chain(relative).filter_map(|path| owner(&modules, &path));
        // A folder's own `mod.rs` ties its modules together: it is no part of a circle.
        let apart = named.filter(|other| !nested(other, &user) && !nested(&user, other));
        let others: BTreeSet<String> = apart.collect();
        graph.insert(user, others);
    }
    graph
}

/// The module whose file holds what `path` names.
fn owner(modules: &BTreeSet<String>, path: &str) -> Option<String> {
    let mut path = path;
    loop {
        if modules.contains(path) {
            return Some(path.to_owned());
        }
        path = path.rsplit_once("::")?.0;
    }
}

fn nested(inner: &str, outer: &str) -> bool {
    inner == outer || inner.starts_with(&format!("{outer}::"))
}

#[test]
fn no_module_uses_itself_by_way_of_others() {
    let graph = siblings();
    let mut done = BTreeSet::new();
    for start in graph.keys() {
        let mut path = Vec::new();
        if let Some(circle) = circle(&graph, start, &mut path, &mut done) {
            panic!("a circle: {}", circle.join(" uses "));
        }
    }
}

fn circle(
    graph: &BTreeMap<String, BTreeSet<String>>,
    module: &str,
    path: &mut Vec<String>,
    done: &mut BTreeSet<String>,
) -> Option<Vec<String>> {
    if let Some(start) = path.iter().position(|seen| seen == module) {
        let mut circle = path[start..].to_vec();
        circle.push(module.to_owned());
        return Some(circle);
    }
    if !done.contains(module) {
        path.push(module.to_owned());
        for used in graph.get(module).into_iter().flatten() {
            if TANGLED.iter().any(|modules| modules.contains(&module) && modules.contains(&used.as_str())) {
                continue;
            }
            if let Some(found) = circle(graph, used, path, done) {
                return Some(found);
            }
        }
        path.pop();
        done.insert(module.to_owned());
    }
    None
}
