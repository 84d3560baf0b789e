//! The check: what scripts bring in is an error at their line, what the input had is a warning, and Docker's rules stay.

mod corpus;
mod cost;
mod docker;
mod edits;
mod input;

use std::sync::Arc;

use dwscript::check::{self, Levels};
use dwscript::diagnostic::{Diagnostic, Severity};
use dwscript::model::{ChainName, EditKind, Family, NewRule, Origin, Ruleset, Symbol, TableName};
use dwscript::save;
use dwscript::source::SourceFile;

/// A draft: a ruleset that edits are made on.
struct Draft {
    ruleset: Ruleset,
    script: Arc<SourceFile>,
    edits: u32,
    docker_edits: bool,
}

impl Draft {
    #[track_caller]
    fn new(text: &str) -> Self {
        Self::of(Family::Ipv4, text)
    }

    #[track_caller]
    fn of(family: Family, text: &str) -> Self {
        let source = Arc::new(SourceFile::from_bytes("host.rules", text.as_bytes().to_vec()).unwrap());
        let ruleset = save::parse(&source, family).unwrap();
        let script = (1..=99).map(|line| format!("edit({line})\n")).collect::<String>();
        let script = Arc::new(SourceFile::from_bytes("site.rhai", script.into_bytes()).unwrap());
        Self { ruleset, script, edits: 0, docker_edits: false }
    }

    /// A draft of a filter table whose chains and rules are `lines`.
    #[track_caller]
    fn filter(lines: &str) -> Self {
        Self::new(&format!(
            "*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n{lines}COMMIT\n"
        ))
    }

    /// The origin of the next edit: the next line of the script.
    fn origin(&mut self) -> Origin {
        self.edits += 1;
        Origin {
            script: Arc::clone(&self.script),
            line: self.edits,
            column: 1,
            docker_edits: self.docker_edits,
            owner: Symbol::EMPTY,
        }
    }

    #[track_caller]
    fn insert(&mut self, table: TableName, chain: &str, index: usize, body: &str) -> &mut Self {
        let origin = self.origin();
        let chain = self.ruleset.require_chain(table, chain).unwrap();
        let edit = self.ruleset.begin(EditKind::Add, chain, origin).unwrap();
        self.ruleset.insert_rule(edit, chain, index, NewRule { body: body.to_owned(), notes: Vec::new() });
        self
    }

    #[track_caller]
    fn append(&mut self, chain: &str, body: &str) -> &mut Self {
        self.insert(TableName::Filter, chain, usize::MAX, body)
    }

    #[track_caller]
    fn remove(&mut self, table: TableName, chain: &str, index: usize) -> &mut Self {
        let origin = self.origin();
        let chain = self.ruleset.require_chain(table, chain).unwrap();
        let edit = self.ruleset.begin(EditKind::Remove, chain, origin).unwrap();
        self.ruleset.remove_rule(edit, chain, index).unwrap();
        self
    }

    #[track_caller]
    fn new_chain(&mut self, name: &str) -> &mut Self {
        let origin = self.origin();
        self.ruleset.new_chain(TableName::Filter, &ChainName::parse(name).unwrap(), origin).unwrap();
        self
    }

    #[track_caller]
    fn remove_chain(&mut self, table: TableName, name: &str) -> &mut Self {
        let origin = self.origin();
        self.ruleset.remove_chain(table, name, origin).unwrap();
        self
    }

    #[track_caller]
    fn rename_chain(&mut self, table: TableName, from: &str, to: &str) -> &mut Self {
        let origin = self.origin();
        self.ruleset.rename_chain(table, from, &ChainName::parse(to).unwrap(), origin).unwrap();
        self
    }

    fn findings(&self) -> Vec<Diagnostic> {
        match check::check(self.ruleset.clone(), &Levels::default()) {
            Ok(checked) => checked.diagnostics().to_vec(),
            Err(rejected) => rejected.diagnostics,
        }
    }

    /// What the check finds, each as `error code file:line`.
    #[track_caller]
    fn finds(&self, expected: &[&str]) {
        assert_eq!(summary(&self.findings()), expected);
    }

    /// What `lint` finds.
    #[track_caller]
    fn lints(&self, expected: &[&str]) {
        assert_eq!(summary(&check::lint(&self.ruleset, &Levels::default())), expected);
    }
}

fn summary(findings: &[Diagnostic]) -> Vec<String> {
    let one = |finding: &Diagnostic| {
        let place = finding.place().map(|(file, place)| format!(" {file}:{}", place.line));
        format!("{} {}{}", finding.severity.as_str(), finding.code, place.unwrap_or_default())
    };
    findings.iter().map(one).collect()
}

fn has_errors(findings: &[Diagnostic]) -> bool {
    findings.iter().any(|finding| finding.severity == Severity::Error)
}
