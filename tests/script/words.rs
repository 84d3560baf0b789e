//! Words that Rhai reserves, and what was only read.

use super::{error, said};

const RESERVED: [&str; 16] = [
    "match", "goto", "default", "in", "new", "is", "public", "with", "use", "shared", "case", "module",
    "package", "void", "go", "sync",
];

#[test]
fn reserved_words_are_no_names_and_the_error_says_what_to_do() {
    for word in RESERVED {
        let function = error(&format!("\nfn {word}() {{ 1 }}"));
        assert!(function.contains("s.rhai:2:") && function.contains("choose another"), "{function}");
        let key = error(&format!("let m = #{{ {word}: 1 }};"));
        assert!(key.contains("s.rhai:1:") && key.contains("quote"), "{key}");
    }
}

#[test]
fn what_was_read_cannot_be_changed_without_an_error() {
    for script in [
        "chain(\"INPUT\").rules.push(1);",
        "let r = chain(\"INPUT\").rules[0]; r.target = \"DROP\";",
        "let r = chain(\"INPUT\").rules[1]; r.comment.pad(40, \"x\");",
        "chain(\"INPUT\").rules[0].target.pad(40, \"x\");",
        "chain(\"INPUT\").name.clear();",
        "let c = chain(\"INPUT\"); c.policy = \"DROP\";",
        "ruleset.tables.clear();",
        "table(\"nat\").chains.clear();",
        "docker.bridges.push(\"x\");",
        "docker.published.push(1);",
        "docker = 1;",
        "let family = \"ipv6\";",
    ] {
        error(script);
    }
}

#[test]
fn reading_through_methods_is_no_change_and_constants_can_be_read() {
    let text = said(
        "const C = chain(\"INPUT\"); print(C.rules.len()); print(C.rules.filter(|r| r.has(\"tcp\")).len());\n\
         print(C.rules[1].option(\"dport\")); print(C.name.to_lower()); print(docker.published.len());\n\
         print(C.rules[1].comment.len()); const T = table(\"filter\"); print(T.chain(\"SITE\").references);",
    );
    assert_eq!(text, "3\n1\n22\ninput\n0\n3\n1\n");
}
