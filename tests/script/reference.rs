//! The reference of what scripts can call is what the program says.

use crate::support::command::dwscript;
use crate::support::process::stdout_of;

#[test]
fn the_reference_is_what_the_program_says() {
    let file = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/API.md");
    let said = stdout_of(&dwscript(&["api"], b""));
    if std::env::var_os("DWSCRIPT_BLESS").is_some() {
        std::fs::write(&file, &said).unwrap();
    }
    let written = std::fs::read_to_string(&file).unwrap_or_default();
    assert_eq!(written, said, "`DWSCRIPT_BLESS=1 cargo test --test main script::reference` writes it anew");
}

#[test]
fn the_reference_names_no_type_of_the_programs_own_language() {
    let said = stdout_of(&dwscript(&["api"], b""));
    for word in ["View", "Builder", "Dynamic", "Pattern", "&mut", "::", "INT", "String", "Array", "$"] {
        assert!(!said.contains(word), "{word}");
    }
}
