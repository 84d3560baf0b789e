//! Whose a rule is: how it is said, what it is good for, and how a rule gets rid of its owner.

use dwscript::samples::SAMPLES;

use super::world::{owner_of, rules};
use crate::support::command::{Folder, Printed, dwscript};

const HOST: &str = "*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n-A INPUT -i lo -j ACCEPT\n\
    -A INPUT -s 10.0.0.1/32 -j DROP\n-A INPUT -s 10.0.0.2/32 -j DROP\nCOMMIT\n";

/// What is right about policies is not asked of scripts that are to show whose a rule is.
const ALLOWED: [&str; 8] = [
    "--allow",
    "stateless-input",
    "--allow",
    "shadowed",
    "--allow",
    "empty-policy",
    "--allow",
    "output-blocked",
];

/// Runs the script `site.rhai` on a ruleset.
fn site(script: &str, host: &str, args: &[&str]) -> Printed {
    let folder = Folder::new(&[("site.rhai", script), ("host.rules", host)]);
    folder.run(&[&["site.rhai", "-i", "host.rules"], &ALLOWED[..], args].concat())
}

/// The result of a run that must succeed without a word.
#[track_caller]
fn result(script: &str, host: &str, args: &[&str]) -> String {
    let run = site(script, host, args);
    assert_eq!((run.status, run.stderr.as_str()), (Some(0), ""), "{script}");
    run.stdout
}

#[track_caller]
fn error(script: &str, host: &str, args: &[&str]) -> String {
    let run = site(script, host, args);
    assert!(matches!(run.status, Some(1 | 2)) && run.stdout.is_empty(), "{script}: {run:?}");
    run.stderr
}

#[track_caller]
fn input(text: &str) -> Vec<&str> {
    rules(text, "INPUT")
}

#[test]
fn an_owner_is_what_the_script_says_else_the_option_else_the_files_stem() {
    for (script, args, owner) in [
        ("", &[][..], "site"),
        ("", &["--owner", "fleet"], "fleet"),
        ("owner(\"web.1\");", &[], "web.1"),
        ("owner(\"web_1\"); owner(\"web_1\");", &["--owner", "fleet"], "web_1"),
    ] {
        let script = format!("{script}\nappend(\"INPUT\", \"-s 192.0.2.1 -j DROP\");");
        let tagged = format!("-s 192.0.2.1/32 -m comment --comment \"dwscript/{owner}\" -j DROP");
        assert_eq!(input(&result(&script, HOST, args)).last(), Some(&tagged.as_str()));
    }
}

#[test]
fn what_cannot_be_an_owner_is_refused_with_a_way_on() {
    for (script, code) in [
        ("owner(\"\");", "bad-owner"),
        ("owner(\"a b\");", "bad-owner"),
        ("owner(\"docker\");", "bad-owner"),
        ("owner(\"a-name-of-more-than-thirty-two-bytes\");", "bad-owner"),
        ("\nlet name = \"web\"; owner(name);", "late-owner"),
        ("if true { owner(\"web\"); }", "late-owner"),
        ("owner(\"web\"); owner(\"mail\");", "late-owner"),
    ] {
        let said = error(script, HOST, &[]);
        assert!(said.contains(&format!("error[{code}]")) && said.contains("site.rhai:"), "{script}\n{said}");
        assert!(said.contains("= help: "), "{script}\n{said}");
    }
    assert!(error("", HOST, &["--owner", "a/b"]).contains("error[bad-owner]"));
    let folder = Folder::new(&[("my site.rhai", ""), ("host.rules", HOST)]);
    let run = folder.run(&["my site.rhai", "-i", "host.rules"]);
    assert!(run.status == Some(2) && run.stderr.contains("`my site` cannot be an owner's name"), "{run:?}");
}

#[test]
fn two_scripts_of_a_run_have_two_owners() {
    let folder = Folder::new(&[("a.rhai", "owner(\"b\");"), ("b.rhai", ""), ("host.rules", HOST)]);
    let run = folder.run(&["a.rhai", "b.rhai", "-i", "host.rules"]);
    assert!(run.status == Some(2) && run.stderr.contains("error[same-owner]"), "{run:?}");
    assert_eq!(folder.run(&["a.rhai", "-i", "host.rules"]).status, Some(0));
}

#[test]
fn a_tag_and_the_users_comment_have_255_bytes_at_most() {
    let tag = "dwscript/site ".len();
    let script =
        |length: usize| format!("append(\"INPUT\", rule().comment(\"{}\").drop());", "x".repeat(length));
    let fits = result(&script(255 - tag), HOST, &[]);
    assert!(fits.contains(&format!("\"dwscript/site {}\"", "x".repeat(255 - tag))));
    let said = error(&script(256 - tag), HOST, &[]);
    assert!(said.contains("error[long-comment]") && said.contains("shorten it to 241 bytes"), "{said}");
}

#[test]
fn what_is_deleted_from_the_script_is_deleted_from_the_host() {
    let both = "append(\"INPUT\", \"-s 192.0.2.1 -j DROP\"); append(\"INPUT\", \"-s 192.0.2.2 -j DROP\");";
    let one = "append(\"INPUT\", \"-s 192.0.2.2 -j DROP\");";
    let host = result(both, HOST, &[]);
    assert_eq!(result(one, &host, &[]), result(one, HOST, &[]));
    assert_eq!(result("", &host, &[]), HOST);
    let diff = result(one, &host, &["--diff"]);
    assert!(diff.contains("--A INPUT -s 192.0.2.1/32 ") && diff.contains("  # site.rhai\n"), "{diff}");
}

#[test]
fn a_chain_that_is_closed_by_another_run_is_not_left_without_its_rules() {
    let closed = "set_policy(\"INPUT\", \"DROP\"); append(\"INPUT\", \"-p tcp --dport 22 -j ACCEPT\");";
    let host = result(closed, HOST, &[]);
    let said = error("", &host, &[]);
    assert!(said.contains("error[orphan-policy]") && said.contains("host.rules:8:1"), "{said}");
    assert!(error("", &host, &["--allow", "orphan-policy"]).contains("orphan-policy"));
    // What the run says of the policy is its own affair.
    assert!(result("set_policy(\"INPUT\", \"DROP\");", &host, &[]).contains(":INPUT DROP"));
    assert_eq!(result("set_policy(\"INPUT\", \"ACCEPT\");", &host, &[]), HOST);
    // A rule that only moves is not taken out.
    assert_eq!(input(&result("prepend(\"INPUT\", \"-p tcp --dport 22 -j ACCEPT\");", &host, &[])).len(), 4);
}

#[test]
fn rules_of_other_owners_are_left_alone_unless_a_selector_names_the_owner() {
    let host = result("append(\"INPUT\", \"-s 10.0.0.9 -j DROP\");", HOST, &["--owner", "other"]);
    let left = |script: &str| -> usize {
        let text = result(&format!("owner(\"me\"); {script}"), &host, &[]);
        input(&text).iter().filter(|rule| owner_of(rule).is_some_and(|owner| owner == "other")).count()
    };
    for script in [
        "flush(\"INPUT\");",
        "remove_rule(\"INPUT\", \"DROP\");",
        "remove_rule(\"INPUT\", \"-s 10.0.0.9 -j DROP\");",
        "remove_rule(\"INPUT\", matching(\"10.0.0.9\"));",
        "remove_rule(\"INPUT\", |rule| rule.target == \"DROP\");",
        "replace_rule(\"INPUT\", \"-s 10.0.0.2 -j DROP\", \"-s 10.0.0.8 -j DROP\");",
    ] {
        assert_eq!(left(script), 1, "{script}");
    }
    for script in [
        "remove_rule(\"INPUT\", |rule| rule.owner == \"other\");",
        "remove_rule(\"INPUT\", matching(\"dwscript/other\"));",
        "remove_rule(\"INPUT\", \"-s 10.0.0.9 -m comment --comment dwscript/other -j DROP\");",
        "for rule in find(\"INPUT\", \"-s 10.0.0.9 -j DROP\") { remove_rule(\"INPUT\", rule); }",
        "replace_rule(\"INPUT\", |rule| rule.owner == \"other\", \"-s 10.0.0.8 -j DROP\");",
    ] {
        assert_eq!(left(script), 0, "{script}");
    }
    let said =
        error("owner(\"me\"); replace_rule(\"INPUT\", \"-s 10.0.0.9 -j DROP\", \"-j DROP\");", &host, &[]);
    assert!(said.contains("error[missing-anchor]"), "{said}");
}

#[test]
fn positions_count_the_scripts_own_rules_and_nobodys() {
    let host = result(
        "prepend(\"INPUT\", [\"-s 10.0.0.8 -j DROP\", \"-s 10.0.0.9 -j DROP\"]);",
        HOST,
        &["--owner", "other"],
    );
    let script = "owner(\"me\"); insert(\"INPUT\", 2, \"-s 192.0.2.1 -j DROP\"); insert(\"INPUT\", 2, \"-s 192.0.2.2 -j DROP\");";
    let text = result(script, &host, &[]);
    let sources: Vec<&str> =
        input(&text).iter().map(|rule| rule.split_whitespace().nth(1).unwrap()).collect();
    let expected =
        ["10.0.0.8/32", "10.0.0.9/32", "lo", "192.0.2.2/32", "192.0.2.1/32", "10.0.0.1/32", "10.0.0.2/32"];
    assert_eq!(sources, expected);
    let said = site("for rule in chain(\"INPUT\").rules { print(rule.position); }", &host, &[]).stderr;
    assert_eq!(said, "1\n1\n1\n2\n3\n");
    assert!(error("insert(\"INPUT\", 5, \"-j DROP\");", &host, &[]).contains("has 3 rules"));
}

#[test]
fn scripts_do_not_see_the_tag_but_they_can_ask_for_the_owner() {
    let script = "append(\"INPUT\", tcp().dport(1).comment(\"web\").drop());\n\
        append(\"INPUT\", \"-p udp -j DROP\");\n\
        let rules = find(\"INPUT\", matching(\"^-p\"));\n\
        print(`${rules[0].comment} ${rules[1].comment} ${rules[0].owner} ${rules[1].canonical} ${rules[1].has(\"comment\")}`);\n\
        print(has_rule(\"INPUT\", \"-p udp -j DROP\") && count(\"INPUT\", \"-p udp -j DROP\") == 1);\n\
        print(chain(\"INPUT\").rules[0].owner);";
    let said = site(script, HOST, &[]).stderr;
    assert_eq!(said, "web  site -p udp -j DROP true\ntrue\n\n");
    let run = dwscript(
        &["/dev/stdin", "--owner", "x", "--sample", "docker28-published"],
        b"print(chain(\"FORWARD\").rules[0].owner); print(chain(\"DOCKER\").rules[0].owner);",
    );
    assert_eq!(Printed::from(run).stderr, "docker\ndocker\n");
}

#[test]
fn a_copy_of_another_owners_rule_is_the_copiers() {
    let host = result("append(\"INPUT\", rule().comment(\"why\").drop());", HOST, &["--owner", "other"]);
    let script =
        "for rule in find(\"INPUT\", |rule| rule.owner == \"other\") { append(\"FORWARD\", rule.text); }";
    let text = result(script, &host, &["--owner", "me"]);
    assert_eq!(rules(&text, "FORWARD"), ["-m comment --comment \"dwscript/me why\" -j DROP"]);
}

#[test]
fn comment_lines_before_an_owned_rule_live_and_die_with_it() {
    let script = "note(\"why\"); append(\"INPUT\", \"-s 192.0.2.1 -j DROP\");";
    let host = result(script, HOST, &[]);
    assert!(host.contains("# why\n-A INPUT -s 192.0.2.1/32"), "{host}");
    assert_eq!(result(script, &host, &[]), host);
    assert_eq!(result("", &host, &[]), HOST);
    // A line that was there before, in front of nothing, is nobody's.
    let bare = HOST.replace("COMMIT", "# the end\nCOMMIT");
    assert_eq!(result("", &result(script, &bare, &[]), &[]), bare);
    let empty = "*filter\n:INPUT ACCEPT [0:0]\n# the end\nCOMMIT\n";
    assert_eq!(result("", &result(script, empty, &[]), &[]), empty);
}

#[test]
fn without_tags_rules_that_stand_already_are_not_added() {
    let script = "append(\"INPUT\", \"-s 10.0.0.1 -j DROP\"); append(\"INPUT\", \"-s 192.0.2.1 -j DROP\");\n\
        prepend(\"INPUT\", \"-s 192.0.2.2 -j DROP\"); prepend(\"INPUT\", \"-s 192.0.2.3 -j DROP\");";
    let text = result(script, HOST, &["--no-tag"]);
    let mut expected = vec!["-s 192.0.2.3/32 -j DROP", "-s 192.0.2.2/32 -j DROP"];
    expected.extend(input(HOST));
    expected.push("-s 192.0.2.1/32 -j DROP");
    assert_eq!(input(&text), expected);
    assert_eq!(result(script, &text, &["--no-tag"]), text);
    // One that stands too late does not count, and is not moved.
    let text = result("prepend(\"INPUT\", \"-s 10.0.0.2 -j DROP\");", HOST, &["--no-tag"]);
    assert_eq!(input(&text).len(), 4);
    // Nothing is taken out, an owner's rules neither.
    let tagged = result(script, HOST, &[]);
    assert_eq!(result("", &tagged, &["--no-tag"]), tagged);
}

#[test]
fn without_tags_a_rule_of_dockers_does_not_stand_for_a_scripts() {
    let folder = Folder::new(&[("site.rhai", "prepend(\"FORWARD\", \"-j DOCKER-USER\");")]);
    let text = folder.run(&["site.rhai", "--sample", "docker28-published", "--no-tag"]).stdout;
    assert_eq!(rules(&text, "FORWARD").iter().filter(|rule| **rule == "-j DOCKER-USER").count(), 2);
}

#[test]
fn an_adopted_rule_becomes_the_scripts_where_it_stands() {
    let script = "append(\"INPUT\", \"-s 10.0.0.1 -j DROP\"); append(\"INPUT\", \"-s 192.0.2.1 -j DROP\");";
    let doubled = result(script, HOST, &[]);
    assert_eq!(input(&doubled).len(), 5);
    let text = result(script, HOST, &["--adopt"]);
    let tagged = "-s 10.0.0.1/32 -m comment --comment \"dwscript/site\" -j DROP";
    assert_eq!((input(&text).len(), input(&text)[1]), (4, tagged));
    assert_eq!(result(script, &text, &[]), text);
    // One that stands later than the script allows goes there.
    let moved = result("prepend(\"INPUT\", \"-s 10.0.0.1 -j DROP\");", HOST, &["--adopt"]);
    assert_eq!((input(&moved).len(), input(&moved)[0]), (3, tagged));
}

#[test]
fn an_owners_rules_are_taken_off() {
    let host = result(
        "append(\"INPUT\", \"-s 192.0.2.1 -j DROP\"); prepend(\"INPUT\", \"-i eth0 -j ACCEPT\");",
        HOST,
        &[],
    );
    let folder = Folder::new(&[("host.rules", host.as_str())]);
    let run = folder.run(&["remove", "--owner", "site", "-i", "host.rules"]);
    assert_eq!((run.status, run.stdout.as_str(), run.stderr.as_str()), (Some(0), HOST, ""));
    let check = folder.run(&["remove", "--owner", "site", "-i", "host.rules", "--check"]);
    assert!(check.status == Some(1) && check.stdout.contains("# remove --owner site"), "{check:?}");
    let unknown = folder.run(&["remove", "--owner", "sit", "-i", "host.rules"]);
    assert_eq!((unknown.status, &unknown.stdout), (Some(0), &host));
    assert!(unknown.stderr.contains("did you mean `site`?"), "{}", unknown.stderr);
    folder.write("host.rules", &host.replace(":INPUT ACCEPT", ":INPUT DROP"));
    let orphan = folder.run(&["remove", "--owner", "site", "-i", "host.rules"]);
    assert!(orphan.status == Some(1) && orphan.stderr.contains("--policy INPUT=ACCEPT"), "{orphan:?}");
    let opened = folder.run(&["remove", "--owner", "site", "-i", "host.rules", "--policy", "INPUT=ACCEPT"]);
    assert_eq!((opened.status, opened.stdout.as_str()), (Some(0), HOST));
    let bad = folder.run(&["remove", "--owner", "site", "-i", "host.rules", "--policy", "INPUT=REJECT"]);
    assert!(bad.status == Some(2) && bad.stderr.contains("INPUT=ACCEPT"), "{bad:?}");
}

#[test]
fn a_script_that_changes_its_own_result_is_warned_of() {
    let script = "\nappend(\"INPUT\", `-s 192.0.2.${1 + count(\"INPUT\", \"DROP\")} -j ACCEPT`);\n\
        set_policy(\"INPUT\", \"ACCEPT\"); insert_before(\"INPUT\", \"-s 10.0.0.1 -j DROP\", \"-j LOG\"); remove_rule(\"INPUT\", \"-s 10.0.0.1 -j DROP\");";
    let run = site(script, HOST, &[]);
    assert_eq!(run.status, Some(0));
    assert!(run.stderr.contains("warning[not-idempotent]: a second run would fail"), "{}", run.stderr);
    assert!(run.stderr.contains("site.rhai:3:"), "{}", run.stderr);
    let run = site(
        "append(\"INPUT\", `-s 192.0.2.${chain(\"OUTPUT\").rules.len()} -j DROP`); set_policy(\"OUTPUT\", \"DROP\");\nremove_rule(\"INPUT\", |rule| rule.position == 2);",
        HOST,
        &[],
    );
    assert!(run.stderr.contains("warning[not-idempotent]: a second run would change"), "{}", run.stderr);
    assert!(run.stderr.contains("site.rhai:2:1"), "{}", run.stderr);
    let denied = site("remove_rule(\"INPUT\", 1);", HOST, &["--deny", "not-idempotent"]);
    assert!(denied.status == Some(1) && denied.stdout.is_empty(), "{denied:?}");
    assert!(
        site("print(1); append(\"INPUT\", \"-j DROP\");", HOST, &[]).stderr == "1\n",
        "a second run is quiet"
    );
}

#[test]
fn scripts_by_a_pipe_and_in_one_run_come_to_the_same() {
    let one = "append(\"INPUT\", \"-s 192.0.2.1 -j DROP\"); prepend(\"INPUT\", \"-i eth0 -j ACCEPT\");";
    let two = "insert(\"INPUT\", 2, \"-s 192.0.2.2 -j DROP\"); flush(\"FORWARD\"); remove_rule(\"INPUT\", \"DROP\");\n\
        insert_after(\"INPUT\", \"-s 192.0.2.1 -j DROP\", \"-s 192.0.2.3 -j DROP\");";
    let folder = Folder::new(&[("one.rhai", one), ("two.rhai", two), ("host.rules", HOST)]);
    let first = folder.run(&["one.rhai", "-i", "host.rules"]);
    let piped = folder.run_with(&["two.rhai", "-i", "-"], &first.stdout);
    let together = folder.run(&["one.rhai", "two.rhai", "-i", "host.rules"]);
    assert_eq!((together.status, &together.stdout), (Some(0), &piped.stdout));
}

#[test]
fn shipped_scripts_are_at_their_fixed_point_after_one_run() {
    // What is printed for a host over nftables does not tell the next run that it is one.
    for sample in SAMPLES.iter().filter(|sample| sample.tables.is_empty()) {
        for family in [&[][..], &["-6"]] {
            let once = |script: &str, tag: &[&str]| {
                let args =
                    [&[script, "--sample", sample.name, "--deny", "not-idempotent"], family, tag].concat();
                Printed::from(dwscript(&args, b""))
            };
            let first = once("scripts/harden.rhai", &[]);
            if first.status == Some(2) && first.stderr.contains("error[unknown-sample]") {
                continue;
            }
            assert_eq!(first.status, Some(0), "{} {family:?}: {}", sample.name, first.stderr);
            let folder = Folder::new(&[("host.rules", first.stdout.as_str())]);
            let harden = concat!(env!("CARGO_MANIFEST_DIR"), "/scripts/harden.rhai");
            let again = folder.run(&[&[harden, "-i", "host.rules", "--check"], family].concat());
            assert_eq!((again.status, again.stdout.as_str()), (Some(0), ""), "{} {family:?}", sample.name);
            for tag in [&[][..], &["--no-tag"]] {
                // The tutorial left IPv6 alone, and its script says so.
                let status = if family.is_empty() { Some(0) } else { Some(2) };
                let tutorial = once("scripts/tutorial.rhai", tag);
                assert_eq!(tutorial.status, status, "{} {family:?}: {}", sample.name, tutorial.stderr);
                assert!(family.is_empty() || tutorial.stderr.contains("error[fail]"), "{}", tutorial.stderr);
            }
        }
    }
}
