//! Lines that are no plain `-A CHAIN …`: commands as they occur in files meant for `--noflush`, and rules whose `-A`
//! stands elsewhere in the line. The model carries them out; the lines themselves stay as they are.

use std::borrow::Cow;

use rustc_hash::FxHashSet;

use super::error::ParseErrorKind;
use super::parse::{Reader, Stop, offset};
use crate::model::fault::FaultKind;
use crate::model::spec::Spec;
use crate::model::{ChainId, Command, Family, Policy, RuleId, TableName, equal};
use crate::source::Span;
use crate::syntax::{self, Word};

/// Commands with their letter and long name.
const COMMANDS: [(&str, &str); 11] = [
    ("-A", "--append"),
    ("-I", "--insert"),
    ("-D", "--delete"),
    ("-R", "--replace"),
    ("-N", "--new-chain"),
    ("-X", "--delete-chain"),
    ("-P", "--policy"),
    ("-F", "--flush"),
    ("-E", "--rename-chain"),
    ("-Z", "--zero"),
    ("-C", "--check"),
];
/// Options that make iptables-restore print something and drop the batch, or part of it.
const STRANGE: [&str; 8] = ["-h", "--help", "-V", "--version", "-L", "--list", "-S", "--list-rules"];

/// A line with its command found.
struct Line<'a> {
    table: TableName,
    span: Span,
    /// Where the words start.
    start: u32,
    text: &'a str,
    words: Vec<Word<'a>>,
    /// The index of the command's word.
    at: usize,
    letter: &'static str,
}

/// Reads the line `line`, whose words start at `head`.
pub(super) fn read(
    reader: &mut Reader<'_>,
    table: TableName,
    line: &str,
    span: Span,
    head: usize,
) -> Result<(), Stop> {
    let text = line.get(head..).unwrap_or_default();
    let start = span.start + offset(head);
    let words: Vec<Word<'_>> = syntax::words(text).map_while(Result::ok).collect();
    if of_other_family(&words, reader.ruleset.family()) {
        return Ok(());
    }
    let (at, letter) = find_command(&words, start, span)?;
    let line = Line { table, span, start, text, words, at, letter };
    line.carry_out(reader)
}

/// Whether the words of a rule say `-4` or `-6` and mean the family that is not `family`: iptables drops such a rule.
pub(super) fn is_of_other_family(rule: &str, family: Family) -> bool {
    let words: Vec<Word<'_>> = syntax::words(rule).map_while(Result::ok).collect();
    of_other_family(&words, family)
}

fn of_other_family(words: &[Word<'_>], family: Family) -> bool {
    let other = match family {
        Family::Ipv4 => ["-6", "--ipv6"],
        Family::Ipv6 => ["-4", "--ipv4"],
    };
    let mut value = false;
    words.iter().any(|word| {
        let found = !word.quoted && !value && other.contains(&word.text.as_ref());
        value = word.text.starts_with("--") && word.text.len() > 2;
        found
    })
}

/// The names of the chains whose rules commands of `text` count, or of which they take single rules out.
pub(super) fn counted_chains(text: &str) -> FxHashSet<String> {
    let commands = ["-I", "-D", "-R", "--insert", "--delete", "--replace"];
    let lines = text.lines().filter(|line| !line.starts_with("-A ") && !line.starts_with(['#', ':']));
    let named = |line: &str| {
        let mut words = syntax::words(line).map_while(Result::ok);
        words.find(|word| commands.contains(&word.text.as_ref()))?;
        Some(words.next()?.text.into_owned())
    };
    lines.filter_map(named).collect()
}

/// The specifications of the rules that `spec` stands for, where its lists of addresses make it several.
pub(super) fn singles(spec: &str, family: Family) -> Option<Vec<String>> {
    memchr::memchr(b',', spec.as_bytes())?;
    let parsed = Spec::parse(spec, family).ok().filter(|parsed| parsed.rule_count() > 1)?;
    Some(parsed.expand().map(|single| single.canonical()).collect())
}

fn find_command(words: &[Word<'_>], start: u32, span: Span) -> Result<(usize, &'static str), Stop> {
    for (at, word) in words.iter().enumerate() {
        let text = word.text.as_ref();
        let place = word.span.shifted(start);
        if text == "-t" || text == "--table" || text.starts_with("--table=") {
            return Err(Stop::refused(place, ParseErrorKind::TableOption(text.to_owned())));
        }
        if STRANGE.contains(&text) {
            return Err(Stop::refused(place, ParseErrorKind::StrangeCommand(text.to_owned())));
        }
        if let Some((letter, _)) = COMMANDS.iter().find(|(short, long)| text == *short || text == *long) {
            return Ok((at, letter));
        }
    }
    let first = words.first().filter(|word| !word.text.starts_with('-'));
    let kind =
        first.map_or(ParseErrorKind::NoCommand, |word| ParseErrorKind::UnknownLine(word.text.to_string()));
    Err(Stop::refused(span, kind))
}

impl Line<'_> {
    fn carry_out(&self, reader: &mut Reader<'_>) -> Result<(), Stop> {
        if matches!(self.letter, "-I" | "-D" | "-R") && reader.counted.is_none() {
            return Err(Stop::Count);
        }
        match self.letter {
            "-A" => self.append(reader),
            "-I" | "-R" => self.insert_or_replace(reader),
            "-D" => self.delete(reader),
            "-N" | "-X" | "-F" | "-E" | "-P" => self.change_chain(reader),
            // -Z and -C change no rule.
            _ => Ok(()),
        }
    }

    fn append(&self, reader: &mut Reader<'_>) -> Result<(), Stop> {
        let chain = self.chain(reader)?;
        for rule in self.rules(reader, chain, 2) {
            reader.ruleset.append_read(chain, rule);
        }
        Ok(())
    }

    fn insert_or_replace(&self, reader: &mut Reader<'_>) -> Result<(), Stop> {
        let chain = self.chain(reader)?;
        let number = self.number()?;
        if self.letter == "-R" && number.is_none() {
            return Err(
                self.refused(ParseErrorKind::Argument(self.letter.to_owned(), "the number of a rule"))
            );
        }
        let rules = self.rules(reader, chain, if number.is_some() { 3 } else { 2 });
        let index = number.unwrap_or(1) - 1;
        if self.letter == "-R" && rules.len() > 1 {
            self.note(reader, |_| Err("one rule is not replaced by several"));
            return Ok(());
        }
        // Of several, each is put before the one that came before it.
        for rule in rules {
            let command = if self.letter == "-I" {
                Command::Insert(index, rule)
            } else {
                Command::Replace(index, rule)
            };
            self.note(reader, |reader| reader.ruleset.command(chain, &command));
        }
        Ok(())
    }

    fn delete(&self, reader: &mut Reader<'_>) -> Result<(), Stop> {
        let chain = self.chain(reader)?;
        if let Some(number) = self.number()? {
            self.note(reader, |reader| reader.ruleset.command(chain, &Command::Delete(number - 1)));
            return Ok(());
        }
        let spec = self.spec(2);
        for spec in singles(&spec, reader.ruleset.family()).unwrap_or_else(|| vec![spec]) {
            self.delete_equal(reader, chain, &spec);
        }
        Ok(())
    }

    fn delete_equal(&self, reader: &mut Reader<'_>, chain: ChainId, spec: &str) {
        let ruleset = &reader.ruleset;
        let is_equal = |rule| equal::same(ruleset.body(rule), spec, ruleset.family());
        let found = ruleset.chain(chain).rules().iter().position(is_equal);
        self.note(reader, |reader| match found {
            Some(index) => reader.ruleset.command(chain, &Command::Delete(index)),
            None => Err("the chain has no such rule"),
        });
    }

    fn change_chain(&self, reader: &mut Reader<'_>) -> Result<(), Stop> {
        reader.forget_chain();
        let table = self.table;
        let Some(name) = self.argument(1) else {
            return self.change_all(reader);
        };
        if self.letter == "-N" {
            self.note(reader, |reader| reader.ruleset.command_new_chain(table, &name, self.span));
            return Ok(());
        }
        let Some(chain) = reader.ruleset.chain_id(table, &name) else {
            self.note(reader, |_| Err("there is no such chain"));
            return Ok(());
        };
        let second = self.argument(2);
        match (self.letter, second) {
            ("-P", Some(word)) => match Policy::parse(&word) {
                Some(policy) => {
                    self.note(reader, |reader| reader.ruleset.command(chain, &Command::Policy(policy)));
                }
                None => self.note(reader, |_| Err("a policy is ACCEPT or DROP")),
            },
            ("-P", None) => return Err(self.refused(ParseErrorKind::Argument("-P".to_owned(), "a policy"))),
            ("-E", Some(new)) => {
                self.note(reader, |reader| reader.ruleset.command_rename_chain(table, chain, &new));
            }
            ("-E", None) => {
                return Err(self.refused(ParseErrorKind::Argument("-E".to_owned(), "the new name")));
            }
            ("-X", _) => self.note(reader, |reader| reader.ruleset.command_remove_chain(table, chain)),
            _ => self.note(reader, |reader| reader.ruleset.command(chain, &Command::Flush)),
        }
        Ok(())
    }

    /// `-F` and `-X` without a chain mean all of the table's.
    fn change_all(&self, reader: &mut Reader<'_>) -> Result<(), Stop> {
        let chains: Vec<ChainId> = reader.ruleset.live_chains(self.table).collect();
        match self.letter {
            "-F" => chains.iter().for_each(|chain| {
                self.note(reader, |reader| reader.ruleset.command(*chain, &Command::Flush));
            }),
            "-X" => {
                let user = |chain: &&ChainId| reader.ruleset.chain(**chain).hook().is_none();
                let user: Vec<ChainId> = chains.iter().filter(user).copied().collect();
                for chain in user {
                    self.note(reader, |reader| reader.ruleset.command_remove_chain(self.table, chain));
                }
            }
            letter => return Err(self.refused(ParseErrorKind::NoChain(letter.to_owned()))),
        }
        Ok(())
    }

    /// Does what may turn out to be impossible, and remembers that as a fault of the text.
    fn note(
        &self,
        reader: &mut Reader<'_>,
        change: impl FnOnce(&mut Reader<'_>) -> Result<(), &'static str>,
    ) {
        if let Err(why) = change(reader) {
            let what = self.text.trim_end().to_owned();
            reader.ruleset.fault(self.span, FaultKind::Command(what, why));
        }
    }

    fn refused(&self, kind: ParseErrorKind) -> Stop {
        Stop::refused(self.span, kind)
    }

    fn argument(&self, index: usize) -> Option<Cow<'_, str>> {
        self.words.get(self.at + index).map(|word| word.text.clone())
    }

    /// The chain named behind the command.
    fn chain(&self, reader: &mut Reader<'_>) -> Result<ChainId, Stop> {
        let word = self.words.get(self.at + 1).filter(|word| !word.text.starts_with('-'));
        let word = word.ok_or_else(|| self.refused(ParseErrorKind::NoChain(self.letter.to_owned())))?;
        let mut span = word.span.shifted(self.start);
        if word.quoted {
            span = Span::new(span.start + 1, span.end - 1);
        }
        Ok(reader.ruleset.chain_or_undeclared(self.table, span))
    }

    /// The rule number behind the chain, if there is one.
    fn number(&self) -> Result<Option<usize>, Stop> {
        let Some(text) = self.argument(2).filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()))
        else {
            return Ok(None);
        };
        match text.parse() {
            Ok(number) if number > 0 => Ok(Some(number)),
            _ => {
                Err(self.refused(ParseErrorKind::Argument(self.letter.to_owned(), "a rule number from 1 on")))
            }
        }
    }

    /// Takes the line in as rules of `chain`, its command being `length` words long.
    fn rules(&self, reader: &mut Reader<'_>, chain: ChainId, length: usize) -> Vec<RuleId> {
        if let Some(rules) = reader.several(chain, self.span, &self.spec(length)) {
            return rules;
        }
        if self.at > 0 {
            return vec![reader.ruleset.read_irregular_rule(chain, self.span, self.spec(length))];
        }
        let end = self.span.end - self.span.start;
        let body = self.words.get(length).map_or(end, |word| self.start + word.span.start - self.span.start);
        vec![reader.ruleset.read_rule(chain, self.span, body)]
    }

    /// The words of the line but for the command's `length` ones.
    fn spec(&self, length: usize) -> String {
        let words = self.words.iter().enumerate();
        let kept = words.filter(|(index, _)| !(self.at..self.at + length).contains(index));
        let texts: Vec<&str> = kept.filter_map(|(_, word)| self.text.get(word.span.range())).collect();
        texts.join(" ")
    }
}
