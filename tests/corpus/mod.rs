//! Rules of every match and target, and what iptables makes of each: `accepted.v4.rules` and the files beside it.
//!
//! A line is `table CHAIN rule`. Lines below it begin with two blanks: `= text` is what we print where that is not the
//! rule itself (several where it stands for several rules), `nft = text` and `legacy = text` what that backend's
//! iptables-save prints where it is something else, `nft refuses` and `legacy refuses` that it does not load.
//! `tests/lab/canonical.rs` repeats the measurements, and writes the generated part of the files under
//! `DWSCRIPT_CORPUS=write`.

use std::fmt::Write as _;
use std::path::PathBuf;

use dwscript::model::Family;
use dwscript::model::names::{Hook, TableName};
use dwscript::model::spec::Spec;
use dwscript::source::SourceFile;

use crate::support::namespace::Backend;

mod generate;
mod random;
mod shapes;
mod values;

pub(crate) use generate::{Line, doubtful, extensions, good, is_judged};

/// What a backend makes of a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// What we make of it.
    Same,
    /// It prints this.
    Prints(Vec<String>),
    /// It refuses the rule.
    Refuses,
}

/// A rule of the corpus with what is known of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) line: Line,
    /// What we print, where it is not the rule itself.
    pub(crate) printed: Vec<String>,
    pub(crate) nft: Verdict,
    pub(crate) legacy: Verdict,
}

impl Entry {
    pub(crate) const fn new(line: Line) -> Self {
        Self { line, printed: Vec::new(), nft: Verdict::Same, legacy: Verdict::Same }
    }

    /// What we print.
    pub(crate) fn ours(&self) -> Vec<String> {
        if self.printed.is_empty() { vec![self.line.rule.clone()] } else { self.printed.clone() }
    }

    pub(crate) const fn verdict(&self, backend: Backend) -> &Verdict {
        match backend {
            Backend::Nft => &self.nft,
            Backend::Legacy => &self.legacy,
        }
    }

    pub(crate) const fn verdict_mut(&mut self, backend: Backend) -> &mut Verdict {
        match backend {
            Backend::Nft => &mut self.nft,
            Backend::Legacy => &mut self.legacy,
        }
    }

    fn note(&mut self, note: &str) {
        let backend = |name: &str| Backend::ALL.into_iter().find(|backend| backend.as_str() == name);
        match note.split_once(' ') {
            Some(("=", text)) => self.printed.push(text.to_owned()),
            Some((name, "refuses")) => *self.verdict_mut(backend(name).unwrap()) = Verdict::Refuses,
            Some((name, text)) => {
                let text = text.strip_prefix("= ").or((text == "=").then_some("")).unwrap();
                let verdict = self.verdict_mut(backend(name).unwrap());
                if let Verdict::Prints(texts) = verdict {
                    texts.push(text.to_owned());
                } else {
                    *verdict = Verdict::Prints(vec![text.to_owned()]);
                }
            }
            None if note == "=" => self.printed.push(String::new()),
            None => panic!("no note: {note}"),
        }
    }

    /// The entry as it stands in a file.
    pub(crate) fn render(&self) -> String {
        let Line { table, chain, rule } = &self.line;
        let mut out = format!("{table} {chain} {rule}\n");
        let mut push =
            |head: &str, text: &str| writeln!(out, "  {}", format!("{head} {text}").trim_end()).unwrap();
        self.printed.iter().for_each(|text| push("=", text));
        for backend in Backend::ALL {
            match self.verdict(backend) {
                Verdict::Same => {}
                Verdict::Prints(texts) => {
                    texts.iter().for_each(|text| push(&format!("{} =", backend.as_str()), text));
                }
                Verdict::Refuses => push(backend.as_str(), "refuses"),
            }
        }
        out
    }
}

/// Where a file of the corpus is.
pub(crate) fn path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/corpus").join(name)
}

/// The text of a file of the corpus; bytes that are not UTF-8 as the program keeps them.
pub(crate) fn text(name: &str) -> String {
    let bytes = std::fs::read(path(name)).unwrap_or_default();
    SourceFile::from_bytes(name, bytes).unwrap().text().to_owned()
}

/// The entries of a text.
pub(crate) fn entries(text: &str) -> Vec<Entry> {
    let mut entries: Vec<Entry> = Vec::new();
    for line in text.lines().filter(|line| !line.starts_with('#') && !line.is_empty()) {
        if let Some(note) = line.strip_prefix("  ") {
            entries.last_mut().unwrap().note(note);
            continue;
        }
        let (table, rest) = line.split_once(' ').unwrap();
        let (chain, rule) = rest.split_once(' ').unwrap();
        entries.push(Entry::new(Line { table: table.into(), chain: chain.into(), rule: rule.into() }));
    }
    entries
}

/// The file of a kind and family: `accepted.v4.rules`.
pub(crate) fn name(kind: &str, family: Family) -> String {
    format!("{kind}.{}.rules", if family == Family::Ipv4 { "v4" } else { "v6" })
}

/// The part of `differences.txt` for a family: from its headline to the next.
pub(crate) fn differences(family: Family) -> String {
    let text = text("differences.txt");
    let (four, six) = text.split_once("# IPv6\n").unwrap();
    if family == Family::Ipv4 { four } else { six }.to_owned()
}

/// What we print for a rule; nothing where we refuse it.
pub(crate) fn ours(line: &Line, family: Family) -> Result<Vec<String>, String> {
    let spec = Spec::parse(&line.rule, family).map_err(|error| format!("{}: {error}", error.code()))?;
    let table = TableName::parse(&line.table).unwrap();
    if !spec.tables().contains(table) {
        return Err("not in this table".to_owned());
    }
    let hook = Hook::ALL.into_iter().find(|hook| hook.as_str() == line.chain);
    if hook.is_some_and(|hook| !spec.hooks().contains(hook)) {
        return Err("not at this hook".to_owned());
    }
    Ok(spec.expand().map(|rule| rule.canonical()).collect())
}

const FAMILIES: [Family; 2] = [Family::Ipv4, Family::Ipv6];

#[test]
fn accepted_rules_print_as_iptables_prints_them() {
    for family in FAMILIES {
        for entry in entries(&text(&name("accepted", family))) {
            assert_eq!(ours(&entry.line, family), Ok(entry.ours()), "{}", entry.line.rule);
        }
        for entry in entries(&differences(family)) {
            assert_eq!(ours(&entry.line, family).ok(), Some(entry.ours()), "{}", entry.line.rule);
        }
    }
}

#[test]
fn what_is_printed_prints_as_itself() {
    for family in FAMILIES {
        let all = entries(&text(&name("accepted", family))).into_iter().chain(entries(&differences(family)));
        for entry in all {
            for rule in entry.ours() {
                let line = Line { rule: rule.clone(), ..entry.line.clone() };
                assert_eq!(ours(&line, family), Ok(vec![rule]), "{}", entry.line.rule);
            }
        }
    }
}

#[test]
fn refused_rules_are_refused() {
    for family in FAMILIES {
        for entry in entries(&text(&name("refused", family))) {
            assert!(ours(&entry.line, family).is_err(), "{}", entry.line.rule);
        }
    }
}

#[test]
fn every_extension_of_the_tables_is_in_the_corpus() {
    for family in FAMILIES {
        let text = text(&name("accepted", family));
        for extension in extensions(family).filter(|extension| is_judged(extension)) {
            let named = format!(" {}", extension.name);
            assert!(text.lines().any(|line| line.contains(&named)), "{} {}", family.as_str(), extension.name);
        }
    }
}
