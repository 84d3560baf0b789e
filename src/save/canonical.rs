//! Printing in canonical form: as iptables-save lays a ruleset out, whatever the text that it was read from looks like.
//!
//! Tables keep the order in which they come; the two backends order theirs differently. Within one, both print the built-in
//! chains in the order of their hooks and the others by the bytes of their names, first the `:` lines and then the rules.

use std::io::{self, Write};

use super::remarks::{Place, Remarks};
use crate::model::equal::Canonical;
use crate::model::spec::Spec;
use crate::model::table::Table;
use crate::model::{ChainId, Policy, RuleId, Ruleset, TableName};
use crate::syntax;

/// Writes the ruleset in canonical form. What is not understood stays as it is, `#` lines stay in front of what they
/// preceded, and counters are printed where the text has them.
///
/// # Errors
/// What `out` answers.
pub fn write_canonical(ruleset: &Ruleset, out: &mut impl Write) -> io::Result<()> {
    let remarks = Remarks::of(ruleset);
    let text = ruleset.source().text().as_bytes();
    let by_text =
        ["-E", "--rename"].iter().any(|command| memchr::memmem::find(text, command.as_bytes()).is_some());
    let renamed = by_text || !ruleset.edits().is_empty();
    let mut canonical = Canonical::new(ruleset.family());
    let mut writer = Writer { ruleset, remarks, renamed, line: String::new(), out };
    for table in
        ruleset.tables().filter(|table| table.block().is_some() || super::patch::has_content(ruleset, table))
    {
        writer.table(&mut canonical, table)?;
    }
    writer.remarks(Place::End)
}

struct Writer<'r, W> {
    ruleset: &'r Ruleset,
    remarks: Remarks,
    /// Whether jumps may lead to chains that have other names by now.
    renamed: bool,
    /// The line that is being made.
    line: String,
    out: W,
}

impl<'r, W: Write> Writer<'r, W> {
    fn table(&mut self, canonical: &mut Canonical, table: &Table) -> io::Result<()> {
        let name = table.name();
        self.remarks(Place::Table(name))?;
        self.line.push('*');
        self.line.push_str(name.as_str());
        self.end_line()?;
        let chains = self.chains(name);
        chains.iter().try_for_each(|chain| self.declaration(*chain))?;
        for chain in chains {
            let rules = self.ruleset.chain(chain).rules();
            rules.iter().try_for_each(|rule| self.rule(canonical, chain, rule))?;
        }
        self.remarks(Place::Commit(name))?;
        self.line.push_str("COMMIT");
        self.end_line()
    }

    /// Writes the `#` lines that stand in front of `place`.
    fn remarks(&mut self, place: Place) -> io::Result<()> {
        let source = self.ruleset.source();
        for span in self.remarks.at(place) {
            self.out.write_all(&source.original(source.slice(*span)))?;
            self.out.write_all(b"\n")?;
        }
        Ok(())
    }

    /// The chains of a table in the order in which both backends print them.
    fn chains(&self, table: TableName) -> Vec<ChainId> {
        let ruleset = self.ruleset;
        let mut chains: Vec<ChainId> = ruleset.live_chains(table).collect();
        chains.sort_by_cached_key(|chain| {
            let hook = ruleset.chain(*chain).hook();
            // Every user chain comes behind the last hook.
            let place = hook.map_or(table.hooks().len(), |hook| {
                table.hooks().iter().position(|other| *other == hook).unwrap_or_default()
            });
            (place, ruleset.source().original(ruleset.chain_name(*chain)).into_owned())
        });
        chains
    }

    fn declaration(&mut self, id: ChainId) -> io::Result<()> {
        self.remarks(Place::Chain(id))?;
        let chain = self.ruleset.chain(id);
        let policy = match (chain.hook(), chain.policy()) {
            (None, _) => "-",
            (Some(_), Policy::None) => "ACCEPT",
            (Some(_), _) => self.ruleset.policy_word(id),
        };
        let counters = chain.hook().and_then(|_| self.counters(id)).unwrap_or("[0:0]");
        let parts = [":", self.ruleset.chain_name(id), " ", policy, " ", counters];
        self.line.extend(parts);
        self.end_line()
    }

    /// The counters on a chain's line, where they can be read.
    fn counters(&self, id: ChainId) -> Option<&'r str> {
        let source = self.ruleset.source();
        let declaration = self.ruleset.chain(id).declaration()?;
        let rest = source.text().get(declaration.policy.end as usize..declaration.line.end as usize)?;
        let counters = rest.split([' ', '\t']).find(|word| !word.is_empty())?;
        let (packets, bytes) = counters.strip_prefix('[')?.strip_suffix(']')?.split_once(':')?;
        let number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        (number(packets) && number(bytes)).then_some(counters)
    }

    fn rule(&mut self, canonical: &mut Canonical, chain: ChainId, rule: RuleId) -> io::Result<()> {
        self.remarks(Place::Rule(rule))?;
        for note in self.ruleset.notes(rule) {
            self.line.push_str("# ");
            self.line.push_str(note);
            self.end_line()?;
        }
        let body = self.ruleset.body(rule);
        if !canonical.is_known(body) || self.renamed {
            let written = canonical.read(body, |spec| {
                (!self.is_confused(chain, rule, spec)).then(|| self.understood(chain, rule, spec))
            });
            if let Ok(Some(written)) = written {
                return written;
            }
        }
        self.head(chain, self.ruleset.counters(rule));
        self.line.push_str(body);
        self.end_rule()
    }

    /// Whether the rule gives options to a target that a chain of that name hides.
    fn is_confused(&self, chain: ChainId, rule: RuleId, spec: &Spec<'_>) -> bool {
        let options = spec.target().filter(|part| part.extension().is_some() && part.has_words());
        let table = self.ruleset.table(self.ruleset.chain(chain).table());
        options.is_some() && table.chain(self.ruleset.target(rule)).is_some()
    }

    fn understood(&mut self, chain: ChainId, rule: RuleId, spec: &Spec<'_>) -> io::Result<()> {
        let own = spec.counters().map(|[packets, bytes]| format!("[{packets}:{bytes}]"));
        let counters = self.ruleset.counters(rule).map(str::to_owned).or(own);
        let jump = self.jump(chain, rule, spec);
        for single in spec.expand() {
            self.head(chain, counters.as_deref());
            single.write_canonical(&mut self.line);
            if let Some((printed, jump)) = &jump {
                let kept = self.line.strip_suffix(printed.as_str()).map_or(self.line.len(), str::len);
                self.line.truncate(kept);
                self.line.push_str(jump);
            }
            self.end_rule()?;
        }
        Ok(())
    }

    /// What the rule's jump is printed as by itself, and as what it must be: a chain with the name of a target hides the
    /// target, and one that got another name by a command is jumped to by that.
    fn jump(&self, chain: ChainId, rule: RuleId, spec: &Spec<'_>) -> Option<(String, String)> {
        let target = self.ruleset.target(rule);
        let part = spec.target()?;
        let name = self.ruleset.symbols().name(target);
        if part.extension().is_none() && part.name() == name {
            return None;
        }
        self.ruleset.table(self.ruleset.chain(chain).table()).chain(target)?;
        let option = if spec.is_goto() { "-g " } else { "-j " };
        let printed = match part.instance() {
            Some(instance) => instance.printed().trim_start().to_owned(),
            None => [option, &part.name()].concat(),
        };
        Some((printed, [option, name].concat()))
    }

    /// Begins the line of a rule.
    fn head(&mut self, chain: ChainId, counters: Option<&str>) {
        if let Some(counters) = counters {
            self.line.push_str(counters);
            self.line.push(' ');
        }
        self.line.push_str("-A ");
        syntax::push_word(&mut self.line, self.ruleset.chain_name(chain));
        self.line.push(' ');
    }

    /// Ends the line of a rule, which may have had no specification.
    fn end_rule(&mut self) -> io::Result<()> {
        self.line.truncate(self.line.trim_end_matches([' ', '\t']).len());
        self.end_line()
    }

    fn end_line(&mut self) -> io::Result<()> {
        self.line.push('\n');
        self.out.write_all(&self.ruleset.source().original(&self.line))?;
        self.line.clear();
        Ok(())
    }
}
