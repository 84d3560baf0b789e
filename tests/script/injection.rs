//! No text of a script ends a word, a rule or a line that it is not meant to end.

use dwscript::syntax;

use super::{error, rules, run};

/// Rhai's escapes, and what they stand for.
const HOSTILE: [(&str, &str); 9] = [
    ("a\\\"b", "a\"b"),
    ("a'b", "a'b"),
    ("a\\\\b", "a\\b"),
    ("a\\\\", "a\\"),
    ("\\\" -j ACCEPT \\\"", "\" -j ACCEPT \""),
    ("-j ACCEPT", "-j ACCEPT"),
    ("! x", "! x"),
    ("#x", "#x"),
    ("", ""),
];

#[track_caller]
fn word_behind(line: &str, option: &str) -> String {
    let words: Vec<String> = syntax::words(line).map(|word| word.unwrap().text.into_owned()).collect();
    let at = words.iter().position(|word| word == option).unwrap();
    assert_eq!(words.iter().filter(|word| *word == "-j").count(), 1, "{line}");
    words[at + 1].clone()
}

#[test]
fn free_texts_come_back_as_they_were_given() {
    for (escaped, plain) in HOSTILE {
        let comment = rules(&format!("append(\"SITE\", rule().comment(\"{escaped}\").drop());"), "SITE");
        if plain.is_empty() {
            // The owner's tag takes its place.
            assert_eq!(comment.last().unwrap(), "-j DROP");
            continue;
        }
        assert_eq!(word_behind(comment.last().unwrap(), "--comment"), plain);
        let log = rules(&format!("append(\"SITE\", rule().log(\"{escaped}\"));"), "SITE");
        assert_eq!(word_behind(log.last().unwrap(), "--log-prefix"), plain);
    }
}

#[test]
fn line_ends_and_nul_are_refused_everywhere() {
    for character in ["\\n", "\\r", "\\x00"] {
        let text = format!("\"a{character}b\"");
        for script in [
            format!("append(\"INPUT\", rule().comment({text}).drop());"),
            format!("append(\"INPUT\", #{{ comment: {text}, jump: \"DROP\" }});"),
            format!("append(\"INPUT\", rule().log({text}));"),
            format!("append(\"INPUT\", rule().in_interface({text}).drop());"),
            format!("append(\"INPUT\", rule().options({text}).drop());"),
            format!("append(\"INPUT\", rule().set({text}, \"src\").drop());"),
            format!("append(\"INPUT\", rule().set(\"a\", {text}).drop());"),
            format!("append(\"INPUT\", rule().jump({text}));"),
            format!("append(\"INPUT\", {text});"),
            format!("append({text}, \"-j DROP\");"),
            format!("new_chain({text});"),
            format!("rename_chain(\"SITE\", {text});"),
            format!("ipset({text}, []);"),
            format!("note({text});"),
        ] {
            error(&script);
        }
    }
}

#[test]
fn names_with_quotes_or_signs_are_refused() {
    for name in ["-x", "!x", "a b", "a\\\"b", "\\\" -j ACCEPT"] {
        for script in [
            format!("new_chain(\"{name}\");"),
            format!("append(\"INPUT\", rule().set(\"{name}\", \"src\").drop());"),
        ] {
            let run = run(&script);
            assert!(run.status != Some(0) && run.stdout.is_empty(), "{script}\n{}", run.stdout);
        }
    }
}
