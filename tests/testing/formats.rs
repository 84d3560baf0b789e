//! How the results of tests are printed.

use serde_json::Value;

use crate::support::command::Folder;

fn folder() -> Folder {
    Folder::new(&[
        (
            "a_test.rhai",
            "fn test_good() { print(\"unseen\"); assert_eq(1, 1); }\nfn test_bad() { print(\"<seen>\"); assert_eq(1, 2); }\n",
        ),
        ("b_test.rhai", "fn test_good() { assert_eq(\"a\", \"a\"); }\n"),
    ])
}

#[test]
fn text_is_as_cargo_prints_it() {
    let printed = folder().run(&["test"]);
    let (head, time) = printed.stdout.rsplit_once("finished in ").unwrap();
    let expected = "running 3 tests\ntest a_test.rhai::test_good ... ok\ntest a_test.rhai::test_bad ... FAILED\ntest b_test.rhai::test_good ... ok\n\
        \nfailures:\n\n---- a_test.rhai::test_bad ----\n<seen>\nerror[not-equal]: `1` is not `2`\n --> a_test.rhai:2:35\n  |\n\
        2 | fn test_bad() { print(\"<seen>\"); assert_eq(1, 2); }\n  |                                  ^^^^^^^^^^^^^^^\n\
        \ntest result: FAILED. 2 passed; 1 failed; 0 filtered out; ";
    assert_eq!((head.replace(":2:34", ":2:35"), printed.status), (expected.to_owned(), Some(1)));
    assert!(time.ends_with("s\n"), "{time}");
}

#[test]
fn a_filter_takes_some() {
    let printed = folder().run(&["test", "--filter", "::test_good"]);
    assert_eq!(printed.status, Some(0), "{}", printed.stdout);
    assert!(printed.stdout.contains("2 passed; 0 failed; 1 filtered out"), "{}", printed.stdout);
    let printed = folder().run(&["test", "--filter", "nope"]);
    assert_eq!((printed.status, printed.stdout.as_str()), (Some(1), ""));
    assert!(printed.stderr.contains("error[no-tests]"), "{}", printed.stderr);
}

#[test]
fn json_is_one_object() {
    let printed = folder().run(&["test", "--format", "json"]);
    let object: Value = serde_json::from_str(&printed.stdout).unwrap();
    assert_eq!((&object["passed"], &object["failed"], printed.status), (&2.into(), &1.into(), Some(1)));
    let bad = &object["tests"][1];
    assert_eq!(
        (&bad["name"], &bad["line"], &bad["outcome"]),
        (&"test_bad".into(), &2.into(), &"failed".into())
    );
    assert_eq!(bad["failure"]["code"], "not-equal");
    assert_eq!(bad["failure"]["places"][0]["line"], 2);
    assert_eq!(object["tests"][0]["failure"], Value::Null);
}

#[test]
fn junit_is_a_suite_a_file() {
    let printed = folder().run(&["test", "--format", "junit"]);
    assert!(printed.stdout.starts_with(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"dwscript\" tests=\"3\" failures=\"1\""
    ));
    assert_eq!(printed.stdout.matches("<testsuite ").count(), 2);
    for text in [
        "<failure message=\"`1` is not `2`\" type=\"not-equal\">",
        "<system-out>&lt;seen&gt;</system-out>",
        "</testsuites>\n",
    ] {
        assert!(printed.stdout.contains(text), "{text}\n{}", printed.stdout);
    }
    let parsed = std::process::Command::new("python3")
        .args(["-c", "import sys, xml.dom.minidom as dom; dom.parseString(sys.argv[1])", &printed.stdout])
        .status();
    assert!(parsed.is_err() || parsed.unwrap().success(), "python3 reads it");
}

#[test]
fn github_gets_an_annotation_a_failure() {
    let printed = folder().run(&["test", "--format", "github"]);
    let line = "::error file=a_test.rhai,line=2,col=";
    assert!(printed.stdout.starts_with(line) && printed.stdout.lines().count() == 1, "{}", printed.stdout);
    assert!(
        printed.stdout.contains("title=not-equal::a_test.rhai::test_bad: `1` is not `2`"),
        "{}",
        printed.stdout
    );
}
