//! The corpus of rules against iptables itself, over nft and legacy: what it takes and prints, and what it refuses.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use dwscript::model::Family;
use dwscript::model::names::TableName;
use dwscript::model::owner;
use dwscript::source::SourceFile;

use crate::corpus::{self, Entry, Line, Verdict};
use crate::support::namespace::{Backend, Namespace};
use crate::support::process::run;
use crate::support::skip::available;

/// The comment in front of each rule, by which it is found in what was saved.
const MARK: &str = "corpus rule ";

/// A scratch host on which the corpus' rules find what they name: sets, and rates to compare.
struct Bench {
    namespace: Namespace,
    backend: Backend,
    family: Family,
}

impl Bench {
    fn new(backend: Backend, family: Family) -> Option<Self> {
        available(backend.check())?;
        let bench = Self { namespace: available(Namespace::new())?, backend, family };
        let family = if family == Family::Ipv4 { "inet" } else { "inet6" };
        for set in
            ["hosts hash:ip", "nets hash:net", "pairs hash:ip,port", "marks hash:ip skbinfo timeout 60"]
        {
            let (name, rest) = set.split_once(' ').unwrap();
            let (kind, options) = rest.split_once(' ').unwrap_or((rest, ""));
            let words = ["create", name, kind, "family", family];
            let mut command = bench.namespace.command("ipset");
            run(command.args(words).args(options.split_whitespace()), b"");
        }
        Some(bench)
    }

    /// The text that loads `lines` into empty tables, each with its number in front.
    fn text(lines: &[&Line]) -> String {
        let mut tables: BTreeMap<&str, String> =
            TableName::ALL.map(|table| (table.as_str(), Self::head(table.as_str()))).into();
        for (number, line) in lines.iter().enumerate() {
            let Line { table, chain, rule } = line;
            let text = tables.get_mut(table.as_str()).unwrap();
            writeln!(text, "-A {chain} -m comment --comment \"{MARK}{number}\"\n-A {chain} {rule}").unwrap();
        }
        tables.values().map(|text| format!("{text}COMMIT\n")).collect()
    }

    /// The head of a table: a chain to jump to, and the estimators that `-m rateest` names.
    fn head(table: &str) -> String {
        let mut head = format!("*{table}\n:UC -\n");
        for name in ["plain", "with-dash_1", "kkkkkkkkkkkkkkk"].iter().filter(|_| table == "filter") {
            let times = "--rateest-interval 250ms --rateest-ewmalog 500ms";
            writeln!(head, "-A UC -j RATEEST --rateest-name {name} {times}").unwrap();
        }
        head
    }

    fn load(&self, text: &str) -> Result<(), String> {
        let source = SourceFile::from_bytes("corpus", Vec::new()).unwrap();
        let mut command = self.namespace.command(self.backend.program().unwrap());
        let name = if self.family == Family::Ipv4 { "iptables-restore" } else { "ip6tables-restore" };
        let output = run(command.arg(name), &source.original(text));
        if output.status.success() {
            Ok(())
        } else {
            Err(String::from_utf8_lossy(&output.stderr).into_owned())
        }
    }

    /// What is printed for each of `lines`, once all are loaded.
    fn printed(&self, lines: &[&Line]) -> Result<Vec<Vec<String>>, String> {
        self.load(&Self::text(lines))?;
        let name = if self.family == Family::Ipv4 { "iptables-save" } else { "ip6tables-save" };
        let saved = self.namespace.run(self.backend.program().unwrap(), &[name], b"").stdout;
        let saved = SourceFile::from_bytes("saved", saved).unwrap();
        let mut printed = vec![Vec::new(); lines.len()];
        let (mut current, mut chain) = (None, "");
        for line in saved.text().lines() {
            let Some(line) = line.strip_prefix("-A ") else {
                (current, chain) = (None, "");
                continue;
            };
            let (next, rule) = line.split_once(' ').unwrap_or((line, ""));
            if chain != next {
                (current, chain) = (None, next);
            }
            let mark = rule.strip_prefix("-m comment --comment \"").and_then(|rest| rest.strip_prefix(MARK));
            match mark {
                Some(number) => current = number.trim_end_matches('"').parse::<usize>().ok(),
                None => current.into_iter().for_each(|number| printed[number].push(rule.to_owned())),
            }
        }
        Ok(printed)
    }

    /// What the backend makes of each of `lines`; a load that fails is halved until the culprits are known.
    fn judge(&self, lines: &[&Line]) -> Vec<Option<Vec<String>>> {
        match (self.printed(lines), lines.len()) {
            (Ok(printed), _) => printed.into_iter().map(Some).collect(),
            (Err(_), 0 | 1) => vec![None; lines.len()],
            (Err(_), length) => {
                let (head, tail) = lines.split_at(length / 2);
                [self.judge(head), self.judge(tail)].concat()
            }
        }
    }

    /// Whether a line is refused; nothing is loaded then, so that the bench stays as it is.
    fn refuses(&self, line: &Line) -> bool {
        let Line { table, chain, rule } = line;
        let output = {
            let source = SourceFile::from_bytes("corpus", Vec::new()).unwrap();
            let text = format!("*{table}\n:UC -\n-A {chain} {rule}\nCOMMIT\n");
            let mut command = self.namespace.command(self.backend.program().unwrap());
            let name = if self.family == Family::Ipv4 { "iptables-restore" } else { "ip6tables-restore" };
            run(command.args([name, "--noflush"]), &source.original(&text))
        };
        !output.status.success()
    }
}

fn verdict(entry: &Entry, printed: Option<Vec<String>>) -> Verdict {
    match printed {
        None => Verdict::Refuses,
        Some(printed) if printed == entry.ours() => Verdict::Same,
        // The files have no blanks at the ends of lines.
        Some(printed) => Verdict::Prints(printed.iter().map(|rule| rule.trim_end().to_owned()).collect()),
    }
}

/// Whether the files are to be written anew.
fn is_writing() -> bool {
    std::env::var_os("DWSCRIPT_CORPUS").is_some_and(|value| value == "write")
}

const FAMILIES: [Family; 2] = [Family::Ipv4, Family::Ipv6];

#[test]
fn iptables_takes_the_accepted_rules_and_prints_them_so() {
    if is_writing() {
        return write::all();
    }
    for family in FAMILIES {
        for backend in Backend::ALL {
            let Some(bench) = Bench::new(backend, family) else { continue };
            let entries = corpus::entries(&corpus::text(&corpus::name("accepted", family)));
            let (loaded, refused): (Vec<Entry>, Vec<Entry>) =
                entries.into_iter().partition(|entry| *entry.verdict(backend) != Verdict::Refuses);
            let lines: Vec<&Line> = loaded.iter().map(|entry| &entry.line).collect();
            for (entry, printed) in loaded.iter().zip(bench.judge(&lines)) {
                assert_eq!(&verdict(entry, printed), entry.verdict(backend), "{}", entry.render());
            }
            let same = loaded.iter().filter(|entry| *entry.verdict(backend) == Verdict::Same).count();
            assert!(same * 100 >= (loaded.len() + refused.len()) * 98, "{same} are the same on {backend:?}");
            assert!(backend == Backend::Legacy || same == loaded.len() && refused.is_empty());
            for entry in refused {
                assert!(bench.refuses(&entry.line), "{backend:?} takes {}", entry.line.rule);
            }
        }
    }
}

/// A rule with an owner's tag prints as what the tag was put on, so that the next run finds it.
#[test]
fn tagged_rules_print_as_they_were_tagged() {
    for family in FAMILIES.into_iter().filter(|_| !is_writing()) {
        for backend in Backend::ALL {
            let Some(bench) = Bench::new(backend, family) else { continue };
            let entries = corpus::entries(&corpus::text(&corpus::name("accepted", family)));
            let same = entries.iter().filter(|entry| *entry.verdict(backend) == Verdict::Same);
            let tagged = same.flat_map(|entry| {
                let rules = entry.ours().into_iter().map(|rule| owner::tagged(&rule, family, "site"));
                let rules = rules.filter(|tagged| tagged.comment <= owner::COMMENT_LIMIT);
                rules.map(|tagged| Line { rule: tagged.text, ..entry.line.clone() })
            });
            let lines: Vec<Line> = tagged.collect();
            assert!(lines.len() > 1500);
            for (line, printed) in lines.iter().zip(bench.judge(&lines.iter().collect::<Vec<_>>())) {
                assert_eq!(printed, Some(vec![line.rule.clone()]), "{backend:?} {family:?}");
            }
        }
    }
}

#[test]
fn iptables_refuses_the_refused_rules() {
    for family in FAMILIES.into_iter().filter(|_| !is_writing()) {
        for backend in Backend::ALL {
            let Some(bench) = Bench::new(backend, family) else { continue };
            for entry in corpus::entries(&corpus::text(&corpus::name("refused", family))) {
                assert!(bench.refuses(&entry.line), "{backend:?} takes {}", entry.line.rule);
            }
        }
    }
}

#[test]
fn the_differences_are_as_they_are_written_down() {
    for family in FAMILIES.into_iter().filter(|_| !is_writing()) {
        for backend in Backend::ALL {
            let Some(bench) = Bench::new(backend, family) else { continue };
            for entry in corpus::entries(&corpus::differences(family)) {
                let [printed] = <[_; 1]>::try_from(bench.judge(&[&entry.line])).unwrap();
                assert_eq!(&verdict(&entry, printed), entry.verdict(backend), "{}", entry.render());
            }
        }
    }
}

mod write;
