//! Every shipped script has tests, and they pass; so do those that `dwscript new` begins.

use std::path::Path;

use crate::support::command::{Folder, Printed, dwscript};

#[test]
fn every_shipped_script_has_tests_and_they_pass() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts");
    let names = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name());
    let names: Vec<String> = names.map(|name| name.to_string_lossy().into_owned()).collect();
    let scripts = names.iter().filter_map(|name| name.strip_suffix(".rhai"));
    let untested: Vec<&str> = scripts
        .filter(|name| !name.ends_with("_test") && !names.contains(&format!("{name}_test.rhai")))
        .collect();
    assert!(untested.is_empty(), "{untested:?} have no tests");
    let printed = Printed::from(dwscript(&["test", "scripts", "--time-limit", "60"], b""));
    assert_eq!(printed.status, Some(0), "{}{}", printed.stdout, printed.stderr);
}

#[test]
fn a_new_script_passes_as_it_stands() {
    let folder = Folder::new(&[]);
    assert_eq!(folder.run(&["new", "site"]).status, Some(0));
    let printed = folder.run(&["test", "--time-limit", "60"]);
    assert_eq!(printed.status, Some(0), "{}", printed.stdout);
    assert!(printed.stdout.contains("test site_test.rhai::test_parameters ... ok"), "{}", printed.stdout);
    for family in ["-4", "-6"] {
        let printed =
            folder.run(&["site.rhai", "--sample", "docker28-published", family, "--time-limit", "60"]);
        assert_eq!((printed.status, printed.stderr.as_str()), (Some(0), ""), "{family}");
        assert!(printed.stdout.contains("dwscript/site"), "{family}");
    }
}

#[test]
fn a_new_script_is_written_over_nothing() {
    let folder = Folder::new(&[("site_test.rhai", "mine")]);
    let printed = folder.run(&["new", "site.rhai"]);
    assert_eq!(printed.status, Some(2));
    assert!(printed.stderr.contains("error[file-exists]: `site_test.rhai`"), "{}", printed.stderr);
    assert_eq!(folder.read("site_test.rhai"), "mine");
    assert!(!folder.path().join("site.rhai").exists());
    for name in ["docker", "a b", "a/"] {
        assert_eq!(folder.run(&["new", name]).status, Some(2 * i32::from(name != "a/")), "{name}");
    }
}
