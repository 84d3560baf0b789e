//! What a script's errors say: the innermost place, the way there, and what was meant.

use super::{RULES, error, said};
use crate::support::command::Folder;

/// A module with functions that take and give closures.
const SSH: &str = "export const PORT = 22;\n\
    fn open(chain, port) {\n    append(chain, `-p tcp --dport ${port} -j ACCEPT`);\n}\n\
    fn each(f) { f.call(\"NONE\"); }\n\
    fn opener() { |chain| append(chain, \"-j ACCEPT\") }\n\
    private fn inner() { 1 }\n";
/// A module that stands between the script and the other.
const SITE: &str = "import \"ssh\" as ssh;\n\
    fn give() { ssh::opener() }\n\
    fn run() { ssh::each(|chain| append(chain, \"-j DROP\")); }\n";

fn folder(script: &str) -> Folder {
    Folder::new(&[("s.rhai", script), ("ssh.rhai", SSH), ("site.rhai", SITE), ("host.rules", RULES)])
}

#[track_caller]
fn fails(script: &str) -> String {
    let run = folder(script).run(&["s.rhai", "-i", "host.rules"]);
    assert_eq!((run.status, run.stdout.as_str()), (Some(2), ""), "{script}\n{}", run.stderr);
    run.stderr
}

/// The places that an error cites, in order.
fn places(error: &str) -> Vec<&str> {
    let arrows = error.lines().map(str::trim_start);
    arrows.filter_map(|line| line.strip_prefix("--> ").or(line.strip_prefix("::: "))).collect()
}

#[test]
fn an_error_points_at_the_innermost_line_and_shows_the_way_there() {
    let script = "import \"ssh\" as ssh;\nfn all(chain) {\n    ssh::open(chain, 1);\n}\nall(\"INPTU\");\n";
    let expected = "error[missing-chain]: table `filter` has no chain `INPTU`
 --> ssh.rhai:3:5
  |
3 |     append(chain, `-p tcp --dport ${port} -j ACCEPT`);
  |     ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
  |
 ::: s.rhai:3:10
  |
3 |     ssh::open(chain, 1);
  |          -------------- `open` was called from here
  |
 ::: s.rhai:5:1
  |
5 | all(\"INPTU\");
  | ------------ `all` was called from here
  |
  = help: did you mean `INPUT`?
";
    assert_eq!(fails(script), expected);
}

#[test]
fn a_closure_is_cited_where_it_is_written_whoever_calls_it() {
    let own = fails("import \"ssh\" as ssh;\nssh::each(|chain| append(chain, \"-j DROP\"));");
    assert_eq!(places(&own), ["s.rhai:2:19", "ssh.rhai:5:16", "s.rhai:2:6"], "{own}");
    let between = fails("import \"site\" as site;\nsite::run();");
    assert_eq!(
        places(&between),
        ["site.rhai:3:30", "ssh.rhai:5:16", "site.rhai:3:17", "s.rhai:2:7"],
        "{between}"
    );
    for script in [
        "import \"ssh\" as ssh;\nssh::opener().call(\"NONE\");",
        "import \"ssh\" as ssh;\n[\"NONE\"].map(ssh::opener());",
        "import \"site\" as site;\nsite::give().call(\"NONE\");",
    ] {
        let given = fails(script);
        assert_eq!(places(&given).first(), Some(&"ssh.rhai:6:23"), "{given}");
    }
}

#[test]
fn an_edit_by_a_closure_comes_from_the_script_that_holds_the_closure() {
    for (script, place) in [
        ("import \"ssh\" as ssh;\nssh::opener().call(\"INPUT\");", "ssh.rhai:6"),
        ("import \"site\" as site;\nsite::give().call(\"INPUT\");", "ssh.rhai:6"),
        (
            "import \"site\" as site;\nlet f = site::give();\nfn go_on(f) { f.call(\"INPUT\") }\ngo_on(f);",
            "ssh.rhai:6",
        ),
        ("[1].for_each(|| append(\"INPUT\", \"-j ACCEPT\"));", "s.rhai:1"),
    ] {
        let run = folder(script).run(&["s.rhai", "-i", "host.rules", "--diff"]);
        assert!(run.stdout.contains(place), "{script}\n{}{}", run.stdout, run.stderr);
    }
}

#[test]
fn what_was_misspelled_is_told() {
    for (script, said) in [
        ("apend(\"INPUT\", \"-j ACCEPT\");", "did you mean `append`?"),
        ("fn allow(port) { 1 }\nalow(22);", "did you mean `allow`?"),
        ("let admins = [];\nif family == \"ipv6\" { print(admin); }", "did you mean `admins`?"),
        ("let port = 1;\nfn f() { port }", "a function sees only its parameters"),
        ("import \"ssh\" as ssh;\nssh::opne(\"INPUT\", 1);", "did you mean `open`?"),
        ("import \"ssh\" as ssh;\nssh::open(1);", "it takes `open(chain, port)`"),
        ("import \"ssh\" as ssh;\nssh::inner();", "`inner` is private to its module"),
        ("import \"ssh\" as ssh;\nprint(ssh::PRT);", "did you mean `PORT`?"),
        ("import \"ssh\" as ssh;\nsssh::open(\"INPUT\", 1);", "did you mean `ssh`?"),
        ("let r = tcp();\nr.dprt(22);", "did you mean `dport`?"),
        ("print(\"\");\nprint(chain(\"INPUT\").polcy);", "did you mean `policy`?"),
        ("\nset_policy(\"INPUT\", 5);", "`set_policy` cannot be called with text, a number"),
        ("\nlet x = 1 + #{};", "`+` does not work on a number and a map"),
    ] {
        let error = fails(script);
        assert!(error.contains(said), "{script}\n{error}");
        let line = if script.contains('\n') { "s.rhai:2:" } else { "s.rhai:1:" };
        assert!(error.contains(line), "{script}\n{error}");
    }
}

#[test]
fn no_error_names_a_type_of_the_programs_own_language() {
    for script in [
        "append(1, 2);",
        "append(\"INPUT\", 1.5);",
        "let r = chain(\"INPUT\").rules; r.push(1);",
        "chain([1]);",
        "let f = || 1; f + 1;",
        "for x in chain(\"INPUT\") { }",
        "chain(\"INPUT\").rules[\"a\"];",
        "if chain(\"INPUT\") { }",
        "let x = table(\"nat\") == 5; x.y;",
        "tcp().dport(#{ a: 1 });",
        "docker.published[0].host_port;",
        "#{}.a.b();",
    ] {
        let error = error(script);
        for word in ["::", "i64", "f64", "ImmutableString", "&str", "Dynamic", "FnPtr", "View", "INT", "dyn "]
        {
            assert!(!error.contains(word), "{script}: `{word}`\n{error}");
        }
    }
}

#[test]
fn a_function_may_be_named_before_it_is_defined() {
    let text = said(
        "print([1, 2].map(twice)); print(count(\"INPUT\", accepts)); fn twice(x) { x * 2 }\n\
                     fn accepts(rule) { rule.target == \"ACCEPT\" }",
    );
    assert_eq!(text, "[2, 4]\n2\n");
}

#[test]
fn a_script_can_catch_what_the_host_refuses() {
    let text =
        said("try { append(\"NONE\", \"-j ACCEPT\"); } catch (error) { print(error.code); print(error); }");
    assert_eq!(text, "missing-chain\ntable `filter` has no chain `NONE`\n");
    let thrown = error("try { append(\"NONE\", \"-j ACCEPT\"); } catch (error) { throw error; }");
    assert!(thrown.starts_with("error[missing-chain]"), "{thrown}");
}

#[test]
fn a_selector_that_edits_what_it_searches_is_refused() {
    for script in [
        "remove_rule(\"INPUT\", |r| { append(\"INPUT\", \"-j DROP\"); true });",
        "insert_before(\"INPUT\", |r| { flush(\"INPUT\"); true }, \"-j DROP\");",
    ] {
        let error = error(script);
        assert!(error.starts_with("error[edit-in-selector]"), "{error}");
    }
}

#[test]
fn exit_ends_a_script_and_no_more() {
    let run =
        folder("append(\"INPUT\", \"-j DROP\"); fn f() { exit(); } f(); append(\"INPUT\", \"-j NONE\");")
            .run(&["s.rhai", "-i", "host.rules", "--no-tag"]);
    assert_eq!(run.status, Some(0), "{}", run.stderr);
    assert!(run.stdout.contains("-A INPUT -j DROP\n") && !run.stdout.contains("NONE"), "{}", run.stdout);
}

#[test]
fn a_long_text_in_a_message_is_cut() {
    for script in [
        "let s = \"x\"; s.pad(9000000, \"x\"); fail(s);",
        "let s = \"x\"; s.pad(9000000, \"x\"); let a = []; a.pad(1000, s); throw a;",
        "let s = \"x\"; s.pad(9000000, \"x\"); append(s, \"-j DROP\");",
    ] {
        let error = error(script);
        assert!(error.len() < 20_000, "{script}: {} bytes", error.len());
    }
}
