//! Files, standard input, captures, families.

use dwscript::samples::SAMPLES;

use super::{ADD, ADDED, RULES};
use crate::support::command::Folder;

#[test]
fn a_dump_comes_from_a_file_or_from_standard_input() {
    let folder = Folder::new(&[("add.rhai", ADD), ("host.rules", RULES)]);
    let from_file = folder.run(&["add.rhai", "-i", "host.rules"]);
    assert_eq!(
        (from_file.status, from_file.stdout.as_str(), from_file.stderr.as_str()),
        (Some(0), ADDED, "")
    );
    let from_stdin = folder.run_with(&["add.rhai", "-i", "-"], RULES);
    assert_eq!(from_stdin, from_file);
}

#[test]
fn every_capture_is_in_the_registry_and_every_entry_is_listed() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/samples");
    let listed = Folder::new(&[]).run(&["--sample", "list"]).stdout;
    for entry in std::fs::read_dir(folder).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let Some(stem) = name.strip_suffix(".rules") else { continue };
        let (stem, ipv6) = stem.strip_suffix(".v6").map_or((stem, false), |stem| (stem, true));
        let line = listed.lines().find(|line| line.split(' ').next() == Some(stem));
        let line = line.unwrap_or_else(|| panic!("{name} is not in the registry"));
        assert!(line.contains("ipv4") && (!ipv6 || line.contains("ipv6")), "{line}");
    }
    assert_eq!(listed.lines().count(), SAMPLES.len());
    for engine in ["engine 19.03", "engine 20.10", "engine 26", "engine 28"] {
        assert!(listed.contains(engine), "{engine}");
    }
}

#[test]
fn a_capture_that_does_not_exist_is_named_with_one_that_does() {
    let run = Folder::new(&[("a.rhai", "")]).run(&["a.rhai", "--sample", "docker28-publish"]);
    assert_eq!((run.status, run.stdout.as_str()), (Some(2), ""));
    assert!(run.stderr.contains("did you mean `docker28-published`?"), "{}", run.stderr);
    let run = Folder::new(&[("a.rhai", "")]).run(&["a.rhai", "--sample", "docker19-default", "-6"]);
    assert_eq!((run.status, run.stdout.as_str()), (Some(2), ""));
    assert!(run.stderr.contains("has no ipv6 capture"), "{}", run.stderr);
}

#[test]
fn an_empty_file_is_a_ruleset_and_an_empty_pipe_is_a_failed_run() {
    let folder = Folder::new(&[("add.rhai", ADD), ("empty.rules", "")]);
    let file = folder.run(&["add.rhai", "-i", "empty.rules"]);
    assert_eq!(file.status, Some(0), "{}", file.stderr);
    assert_eq!(folder.run(&["add.rhai", "-i", "/dev/null"]).stdout, file.stdout);
    let pipe = folder.run(&["add.rhai", "-i", "-"]);
    assert_eq!((pipe.status, pipe.stdout.as_str()), (Some(2), ""));
    assert!(pipe.stderr.contains("--input /dev/null"), "{}", pipe.stderr);
    // Engines up to 26 leave IPv6 alone: `ip6tables-save` prints nothing.
    let ipv6 = folder.run(&["add.rhai", "-6", "-i", "-"]);
    assert_eq!((ipv6.status, ipv6.stdout), (Some(0), file.stdout));
    assert!(ipv6.stderr.contains("warning[empty-input]"), "{}", ipv6.stderr);
}

#[test]
fn what_cannot_be_read_is_named() {
    let folder = Folder::new(&[("add.rhai", ADD), ("host.rules", RULES)]);
    for (args, words) in [
        (&["add.rhai", "-i", "none.rules"][..], "`none.rules` cannot be read: No such file"),
        (&["add.rhai", "-i", "."], "`.` cannot be read: Is a directory"),
        (&["none.rhai", "-i", "host.rules"], "`none.rhai` cannot be read"),
        (&["lnit", "-i", "host.rules"], "did you mean the subcommand `lint`?"),
        (&[], "no script is given"),
        (&["add.rhai", "-46", "-i", "-", "--diff"], "standard input holds the ruleset of one family"),
        (&["add.rhai", "-46", "-i", "host.rules"], "`-o PREFIX`"),
    ] {
        let run = folder.run(args);
        assert_eq!((run.status, run.stdout.as_str()), (Some(2), ""), "{args:?}");
        assert!(run.stderr.contains(words), "{args:?}: {}", run.stderr);
    }
}

#[test]
fn both_families_go_into_two_files() {
    let script = "append(\"INPUT\", if family == \"ipv6\" { \"-s 2001:db8::1 -j DROP\" } else { \"-s 192.0.2.1 -j DROP\" });\n";
    let folder = Folder::new(&[("both.rhai", script), ("host.v4", RULES), ("host.v6", RULES)]);
    let run = folder.run(&["both.rhai", "--no-tag", "-46", "-i", "host", "-o", "out"]);
    assert_eq!((run.status, run.stdout.as_str(), run.stderr.as_str()), (Some(0), "", ""));
    assert!(folder.read("out.v4").contains("-A INPUT -s 192.0.2.1/32 -j DROP\n"));
    assert!(folder.read("out.v6").contains("-A INPUT -s 2001:db8::1/128 -j DROP\n"));
    let diff = folder.run(&["both.rhai", "-46", "-i", "host", "--diff"]).stdout;
    assert!(diff.contains("--- host.v4\n") && diff.contains("--- host.v6\n"), "{diff}");
    // If one family fails, neither is written.
    folder.write("host.v6", "*filter\n");
    let run = folder.run(&["both.rhai", "-46", "-i", "host", "-o", "again"]);
    assert_eq!(run.status, Some(2));
    assert!(!folder.path().join("again.v4").exists());
}
