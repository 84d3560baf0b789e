//! Modules: where they are found, where not, and what is said of errors in them.

use std::os::unix::fs::symlink;

use super::RULES;
use crate::support::command::{Folder, Printed};

const MODULE: &str = "fn open(port) {\n    append(\"INPUT\", tcp().dport(port).accept());\n}\n";

fn folder(script: &str) -> Folder {
    let folder = Folder::new(&[("host.rules", RULES)]);
    for name in ["home", "home/lib", "library", "outside"] {
        std::fs::create_dir(folder.path().join(name)).unwrap();
    }
    folder.write("home/s.rhai", script);
    folder.write("home/lib/web.rhai", MODULE);
    folder.write("library/far.rhai", MODULE);
    folder.write("outside/secret.rhai", MODULE);
    folder
}

fn run(folder: &Folder) -> Printed {
    folder.run(&["home/s.rhai", "-i", "host.rules", "--library", "library", "--no-tag"])
}

#[track_caller]
fn works(script: &str) {
    let run = run(&folder(script));
    assert_eq!(run.status, Some(0), "{}", run.stderr);
    assert!(run.stdout.contains("--dport 80 -j ACCEPT"), "{}", run.stdout);
}

#[track_caller]
fn fails(folder: &Folder, code: &str) -> String {
    let run = run(folder);
    assert_eq!((run.status, run.stdout.as_str()), (Some(2), ""), "{}", run.stderr);
    assert!(run.stderr.contains(&format!("error[{code}]")), "{code}: {}", run.stderr);
    run.stderr
}

#[test]
fn modules_lie_beside_the_script_or_in_a_library() {
    works("import \"lib/web\" as web; web::open(80);");
    works("import \"lib/web.rhai\" as web; web::open(80);");
    works("import \"far\" as far; far::open(80);");
    works("import \"lib/../lib/web\" as web; web::open(80);");
}

#[test]
fn a_module_imports_what_lies_beside_it() {
    let folder = folder("import \"lib/site\" as site; site::all();");
    folder.write(
        "home/lib/site.rhai",
        "import \"web\" as web;\nfn all() { import \"web\" as w; w::open(80); }\n",
    );
    assert_eq!(run(&folder).status, Some(0), "{}", run(&folder).stderr);
}

#[test]
fn no_path_leads_out() {
    for path in ["../outside/secret", "/etc/passwd", "", "lib/../../outside/secret"] {
        fails(&folder(&format!("import {path:?} as m;")), "module-outside");
    }
    let absolute = folder("");
    let path = absolute.path().join("home/lib/web.rhai");
    absolute.write("home/s.rhai", &format!("import {path:?} as m;"));
    fails(&absolute, "module-outside");
}

#[test]
fn no_link_leads_out() {
    let file = folder("import \"link\" as m;");
    symlink(file.path().join("outside/secret.rhai"), file.path().join("home/link.rhai")).unwrap();
    fails(&file, "module-outside");
    let whole = folder("import \"link/secret\" as m;");
    symlink(whole.path().join("outside"), whole.path().join("home/link")).unwrap();
    fails(&whole, "module-outside");
}

#[test]
fn cycles_and_misspellings_are_told() {
    let cycle = folder("import \"a\" as a;");
    cycle.write("home/a.rhai", "import \"b\" as b;\n");
    cycle.write("home/b.rhai", "import \"a\" as a;\n");
    assert!(fails(&cycle, "module-cycle").contains("b.rhai:1:"));
    assert!(fails(&folder("import \"lib/wep\" as w;"), "missing-module").contains("did you mean `lib/web`?"));
}

#[test]
fn an_error_in_a_module_is_at_its_line_and_the_calls_are_told() {
    let folder = folder("import \"lib/bad\" as bad;\n\nbad::outer(1);\n");
    folder.write(
        "home/lib/bad.rhai",
        "fn inner(x) {\n    append(\"NONE\", \"-j DROP\");\n}\nfn outer(x) { inner(x); }\n",
    );
    let said = run(&folder).stderr;
    let places = ["bad.rhai:2:5", "bad.rhai:4:15", "s.rhai:3:"].map(|place| said.find(place));
    assert!(places.iter().all(Option::is_some) && places.is_sorted(), "{said}");
}

#[test]
fn an_edit_of_a_module_carries_its_line() {
    let folder = folder("import \"lib/web\" as web;\nweb::open(80);\n");
    let run = folder.run(&["home/s.rhai", "-i", "host.rules", "--diff"]);
    assert!(run.stdout.contains("web.rhai:2"), "{}{}", run.stdout, run.stderr);
}
