//! Reading and printing: nothing is lost, and an edit changes no line but its own.

mod canonical;
mod lossless;

use std::sync::Arc;

use dwscript::model::{ChainName, EditKind, Family, NewRule, Origin, Policy, Ruleset, Symbol, TableName};
use dwscript::save;
use dwscript::source::SourceFile;

fn read(text: &str) -> Ruleset {
    let source = Arc::new(SourceFile::from_bytes("test", text.as_bytes().to_vec()).unwrap());
    save::parse(&source, Family::Ipv4).unwrap()
}

fn print(ruleset: &Ruleset) -> String {
    let mut out = Vec::new();
    save::write(ruleset, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

fn origin() -> Origin {
    Origin { script: Arc::default(), line: 1, column: 1, docker_edits: false, owner: Symbol::EMPTY }
}

fn add(ruleset: &mut Ruleset, table: TableName, chain: &str, index: usize, body: &str) {
    let chain = ruleset.require_chain(table, chain).unwrap();
    let edit = ruleset.begin(EditKind::Add, chain, origin()).unwrap();
    ruleset.insert_rule(edit, chain, index, NewRule { body: body.to_owned(), notes: vec![] });
}

const TEXT: &str = "# head\n*filter\n:INPUT ACCEPT [0:0]\n:FORWARD DROP [1:2]\n:OUTPUT ACCEPT [0:0]\n:U - [0:0]\n# first\n-A FORWARD -j U\n\n# second\n[3:4] -A FORWARD -j ACCEPT\n-A U -j RETURN\nCOMMIT\n# tail\n";

#[test]
fn an_edit_changes_no_line_but_its_own() {
    let mut ruleset = read(TEXT);
    assert_eq!(print(&ruleset), TEXT);
    add(&mut ruleset, TableName::Filter, "FORWARD", 0, "-s 10.0.0.1/32 -j DROP");
    add(&mut ruleset, TableName::Filter, "FORWARD", 2, "-s 10.0.0.2/32 -j DROP");
    add(&mut ruleset, TableName::Filter, "INPUT", 9, "-i lo -j ACCEPT");
    add(&mut ruleset, TableName::Filter, "OUTPUT", 9, "-o lo -j ACCEPT");
    add(&mut ruleset, TableName::Nat, "POSTROUTING", 0, "-j MASQUERADE");
    let input = ruleset.require_chain(TableName::Filter, "INPUT").unwrap();
    ruleset.set_policy(input, Policy::Drop, origin()).unwrap();
    ruleset.new_chain(TableName::Filter, &ChainName::parse("NEW").unwrap(), origin()).unwrap();
    ruleset.rename_chain(TableName::Filter, "U", &ChainName::parse("V").unwrap(), origin()).unwrap();
    let expected = "# head\n*filter\n:INPUT DROP [0:0]\n:FORWARD DROP [1:2]\n:OUTPUT ACCEPT [0:0]\n:V - [0:0]\n:NEW - [0:0]\n-A INPUT -i lo -j ACCEPT\n-A FORWARD -s 10.0.0.1/32 -j DROP\n# first\n-A FORWARD -j V\n-A FORWARD -s 10.0.0.2/32 -j DROP\n\n# second\n[3:4] -A FORWARD -j ACCEPT\n-A OUTPUT -o lo -j ACCEPT\n-A V -j RETURN\nCOMMIT\n# tail\n*nat\n:PREROUTING ACCEPT [0:0]\n:INPUT ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n:POSTROUTING ACCEPT [0:0]\n-A POSTROUTING -j MASQUERADE\nCOMMIT\n";
    assert_eq!(print(&ruleset), expected);
}

#[test]
fn commands_are_carried_out_and_an_edit_follows_them() {
    let text = "*filter\n:INPUT ACCEPT [0:0]\n-A INPUT -j LOG\n-I INPUT 1 -s 10.0.0.1 -j DROP\n-D INPUT -j LOG\n-N X\n-P INPUT DROP\n-p tcp -A X -j ACCEPT\nCOMMIT\n";
    let mut ruleset = read(text);
    assert_eq!(print(&ruleset), text);
    assert!(ruleset.faults().is_empty(), "{:?}", ruleset.faults());
    let input = ruleset.require_chain(TableName::Filter, "INPUT").unwrap();
    assert_eq!(ruleset.chain(input).policy(), Policy::Drop);
    let bodies: Vec<&str> = ruleset.chain(input).rules().iter().map(|rule| ruleset.body(rule)).collect();
    assert_eq!(bodies, ["-s 10.0.0.1 -j DROP"]);
    let x = ruleset.require_chain(TableName::Filter, "X").unwrap();
    let bodies: Vec<&str> = ruleset.chain(x).rules().iter().map(|rule| ruleset.body(rule)).collect();
    assert_eq!(bodies, ["-p tcp -j ACCEPT"]);
    add(&mut ruleset, TableName::Filter, "INPUT", 0, "-i lo -j ACCEPT");
    add(&mut ruleset, TableName::Filter, "INPUT", 5, "-j REJECT");
    let expected = text.replace("COMMIT", "-I INPUT 1 -i lo -j ACCEPT\n-A INPUT -j REJECT\nCOMMIT");
    assert_eq!(print(&ruleset), expected);
}
