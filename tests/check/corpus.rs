//! The corpus of rules, added by scripts: what iptables refuses is an error at the script's line, what it takes is none.

use dwscript::model::Family;
use dwscript::model::names::TableName;
use dwscript::model::spec::Spec;
use dwscript::source::SourceFile;

use crate::corpus::{self, Line};
use crate::support::command::{Folder, Printed};

/// How many rules one script adds that are to be taken.
const CHUNK: usize = 100;

/// A folder with a ruleset of all tables, in each of which there is a chain to jump to.
fn folder() -> Folder {
    let tables = TableName::ALL.map(|table| format!("*{table}\n:UC - [0:0]\nCOMMIT\n"));
    Folder::new(&[("host.rules", &tables.concat())])
}

/// What a script that adds `lines`, one a line, is told.
fn added(folder: &Folder, family: Family, lines: &[&Line]) -> Printed {
    let add =
        |line: &&Line| format!("table({:?}).append({:?}, ##\"{}\"##);\n", line.table, line.chain, line.rule);
    folder.write("site.rhai", &lines.iter().map(add).collect::<String>());
    let family = if family == Family::Ipv4 { "-4" } else { "-6" };
    folder.run(&["site.rhai", family, "-i", "host.rules", "--deny", "not-idempotent"])
}

/// Whether the line can stand in a script, which is UTF-8.
fn is_text(line: &Line) -> bool {
    let source = SourceFile::from_bytes("corpus", vec![0xff]).unwrap();
    std::str::from_utf8(&source.original(&line.rule)).is_ok() && !line.rule.contains("\"##")
}

/// The longest comment that an owner's tag, here `dwscript/site `, leaves room for.
const COMMENT_ROOM: usize = 255 - 14;

/// Whether a script is refused the line though iptables takes it: for a port that wraps round, a comment that is cut or
/// that leaves no room for the tag, a circle that no packet comes to.
fn is_doubtful(line: &Line, family: Family) -> bool {
    let lost = |spec: Spec<'_>| spec.notes().iter().any(|note| note.kind.is_loss());
    let turns = line.chain == "UC" && line.rule.contains(" UC");
    let has_room =
        |spec: &Spec<'_>| spec.comments().next().is_none_or(|comment| comment.len() <= COMMENT_ROOM);
    let spec = Spec::parse(&line.rule, family);
    turns || spec.is_ok_and(|spec| !has_room(&spec) || lost(spec))
}

#[test]
fn scripts_cannot_add_what_iptables_refuses() {
    let folder = folder();
    for family in [Family::Ipv4, Family::Ipv6] {
        let entries = corpus::entries(&corpus::text(&corpus::name("refused", family)));
        assert!(entries.len() >= 400);
        for entry in entries.iter().filter(|entry| is_text(&entry.line)) {
            let run = added(&folder, family, &[&entry.line]);
            let placed = run.stderr.starts_with("error[") && run.stderr.contains("--> site.rhai:1:");
            assert!(run.status != Some(0) && run.stdout.is_empty() && placed, "{}\n{run:?}", entry.line.rule);
        }
    }
}

#[test]
fn scripts_can_add_what_iptables_takes() {
    let folder = folder();
    for family in [Family::Ipv4, Family::Ipv6] {
        let entries = corpus::entries(&corpus::text(&corpus::name("accepted", family)));
        assert!(entries.len() >= 1500);
        let lines = entries.iter().map(|entry| &entry.line);
        let lines: Vec<&Line> = lines.filter(|line| is_text(line) && !is_doubtful(line, family)).collect();
        assert!(lines.len() * 100 >= entries.len() * 98, "{}", lines.len());
        // What stands in a chain of its own must not be reached by the other lines' jumps.
        let (own, others): (Vec<&Line>, Vec<&Line>) = lines.into_iter().partition(|line| line.chain == "UC");
        for lines in own.chunks(1).chain(others.chunks(CHUNK)) {
            let run = added(&folder, family, lines);
            assert_eq!(run.status, Some(0), "{}", run.stderr);
        }
    }
}
