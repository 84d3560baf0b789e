//! Reading: the framing of the text, line by line. The rules themselves stay text.
//!
//! Source: `xtables_restore_parse_line` in iptables 1.8.9, `iptables/xtables-restore.c`, and what both backends were
//! seen to do with faulty texts.

use std::sync::Arc;

use rustc_hash::FxHashSet;

use super::command;
use super::error::{ParseError, ParseErrorKind};
use super::repair;
use crate::model::chain::{ChainId, Declaration};
use crate::model::fault::FaultKind;
use crate::model::{Family, RuleId, Ruleset, TableName};
use crate::source::{SourceFile, Span};
use crate::syntax;

/// The longest line that iptables-restore reads whole, in bytes, its line feed left out.
const LINE_LIMIT: usize = 10_239;
/// The most words of a rule, `-A` and the chain's name included.
const WORDS_LIMIT: usize = 251;

/// Reads iptables-save text. Faults that leave the text printable are remembered in [`Ruleset::faults`].
///
/// # Errors
/// [`ParseError`] for a text that iptables-restore refuses for its framing.
pub fn parse(source: &Arc<SourceFile>, family: Family) -> Result<Ruleset, ParseError> {
    match read(source, family) {
        Ok(ruleset) => Ok(ruleset),
        Err(Stop::Refused(error)) => Err(error),
        Err(Stop::Mend | Stop::Count) => read_mended(source, family),
    }
}

/// Why reading stopped.
pub(super) enum Stop {
    Refused(ParseError),
    /// The text has a fault that is mended and not refused.
    Mend,
    /// A command counts rules, so that lists of addresses must be taken for the rules that they stand for.
    Count,
}

impl Stop {
    pub(super) const fn refused(span: Span, kind: ParseErrorKind) -> Self {
        Self::Refused(ParseError { span, kind })
    }
}

fn read_mended(source: &Arc<SourceFile>, family: Family) -> Result<Ruleset, ParseError> {
    let unmendable = || ParseError { span: Span::point(0), kind: ParseErrorKind::NoCommand };
    let mended = repair::mend(source.text()).ok_or_else(unmendable)?;
    let bytes = source.original(&mended.text).into_owned();
    let text = Arc::new(SourceFile::from_bytes(source.name(), bytes).map_err(|_| unmendable())?);
    let mut ruleset = read(&text, family).map_err(|stop| match stop {
        Stop::Refused(error) => error,
        Stop::Mend | Stop::Count => unmendable(),
    })?;
    for (line, what) in mended.what {
        ruleset.fault(text.line_span(line), FaultKind::Mended(what.to_owned()));
    }
    Ok(ruleset)
}

fn read(source: &Arc<SourceFile>, family: Family) -> Result<Ruleset, Stop> {
    let text = source.text();
    if text.starts_with('\u{feff}') || !(text.is_empty() || text.ends_with('\n')) || has_carriage_return(text)
    {
        return Err(Stop::Mend);
    }
    match read_with(source, family, None) {
        Err(Stop::Count) => read_with(source, family, Some(command::counted_chains(text))),
        done => done,
    }
}

fn read_with(
    source: &Arc<SourceFile>,
    family: Family,
    counted: Option<FxHashSet<String>>,
) -> Result<Ruleset, Stop> {
    let text = source.text();
    let mut reader = Reader::new(source, family, counted);
    let mut start = 0;
    for feed in memchr::memchr_iter(b'\n', text.as_bytes()) {
        let line = text.get(start..feed).unwrap_or_default();
        reader.line(line, start).map_err(|stop| continued(stop, text, start))?;
        start = feed + 1;
    }
    reader.finish()
}

/// Blames a line that is none on the backslash at the end of the one before, if there is one; `start` is where it begins.
fn continued(stop: Stop, text: &str, start: usize) -> Stop {
    let Stop::Refused(ParseError { kind, .. }) = &stop else { return stop };
    let broken = matches!(kind, ParseErrorKind::NoCommand | ParseErrorKind::UnknownLine(_));
    let before = text.get(..start.saturating_sub(1)).unwrap_or_default();
    if !broken || !before.ends_with('\\') {
        return stop;
    }
    let at = offset(before.len());
    Stop::refused(Span::new(at - 1, at), ParseErrorKind::Continuation)
}

/// Whether a line ends in CRLF; a lone carriage return is a byte like others.
fn has_carriage_return(text: &str) -> bool {
    memchr::memmem::find(text.as_bytes(), b"\r\n").is_some()
}

pub(super) struct Reader<'s> {
    pub(super) ruleset: Ruleset,
    pub(super) table: Option<TableName>,
    header: Span,
    /// The chain of the last rule line: the next one is mostly in it too.
    last: Option<(&'s str, ChainId)>,
    /// The number of that chain among those of its table.
    number: usize,
    source: &'s SourceFile,
    /// Whether ` -4` or ` -6` occurs anywhere, so that lines must be looked through for it.
    families: bool,
    /// Whether a NUL byte occurs anywhere.
    nuls: bool,
    /// The chains whose rules commands count: lists of addresses are taken there for the rules that they stand for. Not
    /// known before a command is met.
    pub(super) counted: Option<FxHashSet<String>>,
}

impl<'s> Reader<'s> {
    fn new(source: &'s Arc<SourceFile>, family: Family, counted: Option<FxHashSet<String>>) -> Self {
        let mut ruleset = Ruleset::new(family, Arc::clone(source));
        let bytes = source.text().as_bytes();
        ruleset.reserve(memchr::memchr_iter(b'\n', bytes).count());
        let families =
            [&b" -4"[..], b" -6", b"--ipv"].iter().any(|word| memchr::memmem::find(bytes, word).is_some());
        let nuls = memchr::memchr(0, bytes).is_some();
        let header = Span::default();
        Self { ruleset, table: None, header, last: None, number: 0, source, families, nuls, counted }
    }

    fn line(&mut self, line: &'s str, start: usize) -> Result<(), Stop> {
        let span = Span::new(offset(start), offset(start + line.len()));
        if line.len() > LINE_LIMIT {
            return Err(Stop::refused(span, ParseErrorKind::LongLine(line.len())));
        }
        match line.as_bytes().first() {
            None => Ok(()),
            Some(b'#') => {
                self.comment(line, span);
                Ok(())
            }
            Some(b'-') if self.table.is_some() => self.rule(line, span),
            Some(_) if repair::has_loose_blanks(line) => Err(Stop::Mend),
            Some(b'*') => self.open(line, span),
            Some(_) if self.table.is_none() => Err(Stop::refused(span, ParseErrorKind::OutsideTable)),
            Some(b':') => self.chain(line, span),
            Some(b'[' | b' ' | b'\t') => self.rule(line, span),
            Some(_) if line == "COMMIT" => {
                self.commit(span);
                Ok(())
            }
            Some(_) => Err(Self::unknown(line, span)),
        }
    }

    fn comment(&mut self, line: &str, span: Span) {
        let incomplete = line.starts_with("# Table `") && line.contains("is incompatible");
        if incomplete || line.starts_with("# Warning: ip") && line.contains("legacy tables present") {
            self.ruleset.fault(span, FaultKind::Incomplete(line.trim_start_matches("# ").to_owned()));
        }
    }

    fn open(&mut self, line: &str, span: Span) -> Result<(), Stop> {
        if let Some(table) = self.table {
            return Err(Stop::refused(self.header, ParseErrorKind::NestedTable(table.to_string())));
        }
        let name = line.get(1..).unwrap_or_default().split([' ', '\t']).find(|word| !word.is_empty());
        let name = name.unwrap_or_default();
        let Some(table) = TableName::parse(name) else {
            return Err(Stop::refused(span, ParseErrorKind::UnknownTable(name.to_owned())));
        };
        self.ruleset.open_block(table, span);
        (self.table, self.header, self.last, self.number) = (Some(table), span, None, 0);
        Ok(())
    }

    fn commit(&mut self, span: Span) {
        if let Some(table) = self.table.take() {
            self.ruleset.close_block(table, span);
        }
    }

    fn chain(&mut self, line: &str, span: Span) -> Result<(), Stop> {
        let Some(table) = self.table else { return Ok(()) };
        self.nul(line, span)?;
        let mut words = chain_words(line, span.start);
        let missing = |what| Stop::refused(span, ParseErrorKind::ChainLine(what));
        let name = words.next().ok_or_else(|| missing("name"))?;
        let policy = words.next().ok_or_else(|| missing("policy"))?;
        self.ruleset.declare(table, Declaration { line: span, name, policy });
        self.last = None;
        Ok(())
    }

    /// A line that holds a command, mostly `-A`.
    fn rule(&mut self, line: &'s str, span: Span) -> Result<(), Stop> {
        let Some(table) = self.table else { return Ok(()) };
        self.nul(line, span)?;
        let head = command_start(line).map_err(|()| Stop::refused(span, ParseErrorKind::Counters))?;
        self.limits(line.get(head..).unwrap_or_default(), span.start + offset(head))?;
        let appended = line.get(head..).and_then(|rest| rest.strip_prefix("-A "));
        let Some((rest, name)) = appended.and_then(|rest| Some((rest, plain_name(rest)?))) else {
            return command::read(self, table, line, span, head);
        };
        if self.families && command::is_of_other_family(rest, self.ruleset.family()) {
            return Ok(());
        }
        let chain = self.chain_of(table, name);
        let after = rest.get(name.len()..).unwrap_or_default();
        let blanks = after.len() - after.trim_start_matches([' ', '\t']).len();
        if self.counted.is_some()
            && let Some(rules) = self.several(chain, span, after.get(blanks..).unwrap_or_default())
        {
            for rule in rules {
                self.ruleset.append_read(chain, rule);
            }
            return Ok(());
        }
        let body = head + "-A ".len() + name.len() + blanks;
        let rule = self.ruleset.read_rule(chain, span, offset(body));
        self.ruleset.append_read(chain, rule);
        Ok(())
    }

    /// Takes a line in as the rules that its lists of addresses stand for, if they do and it matters.
    pub(super) fn several(&mut self, chain: ChainId, line: Span, spec: &str) -> Option<Vec<RuleId>> {
        self.counted.as_ref().filter(|counted| counted.contains(self.ruleset.chain_name(chain)))?;
        let singles = command::singles(spec, self.ruleset.family())?;
        let taken = singles.into_iter().map(|single| self.ruleset.read_irregular_rule(chain, line, single));
        Some(taken.collect())
    }

    /// The chain that a rule names.
    fn chain_of(&mut self, table: TableName, name: &'s str) -> ChainId {
        if let Some((last, chain)) = self.last
            && last == name
        {
            return chain;
        }
        let chain = match self.ruleset.chain_near(table, self.number, name) {
            Some((number, chain)) => {
                self.number = number;
                chain
            }
            None => self.ruleset.chain_or_undeclared(table, self.span_of(name)),
        };
        self.last = Some((name, chain));
        chain
    }

    fn nul(&self, line: &str, span: Span) -> Result<(), Stop> {
        if !self.nuls {
            return Ok(());
        }
        match memchr::memchr(0, line.as_bytes()) {
            Some(at) => Err(Stop::refused(Span::new(span.start + offset(at), span.end), ParseErrorKind::Nul)),
            None => Ok(()),
        }
    }

    /// Forgets the chain of the last rule: a command may have changed which chains there are.
    pub(super) fn forget_chain(&mut self) {
        self.last = None;
    }

    /// What makes iptables-restore stop in the middle of a rule: an open quote, too long a word, too many of them.
    fn limits(&self, words: &str, start: u32) -> Result<(), Stop> {
        if let Some(quote) = syntax::unterminated_quote(words) {
            let span = Span::new(start + offset(quote), start + offset(words.len()));
            return Err(Stop::refused(span, ParseErrorKind::UnterminatedQuote));
        }
        if words.len() <= WORDS_LIMIT * 2 {
            return Ok(());
        }
        let mut count = 0;
        for word in syntax::words(words).map_while(Result::ok) {
            count += 1;
            let length = self.source.original(&word.text).len();
            if length > syntax::WORD_LIMIT {
                return Err(Stop::refused(word.span.shifted(start), ParseErrorKind::LongWord(length)));
            }
        }
        if count > WORDS_LIMIT {
            return Err(Stop::refused(
                Span::new(start, start + offset(words.len())),
                ParseErrorKind::ManyWords(count),
            ));
        }
        Ok(())
    }

    fn unknown(line: &str, span: Span) -> Stop {
        let word = line.split([' ', '\t']).next().unwrap_or_default();
        let kind = if line.starts_with("COMMIT") {
            ParseErrorKind::CommitLine
        } else {
            ParseErrorKind::UnknownLine(word.to_owned())
        };
        Stop::refused(span, kind)
    }

    fn finish(self) -> Result<Ruleset, Stop> {
        match self.table {
            Some(table) => Err(Stop::refused(self.header, ParseErrorKind::NoCommit(table.to_string()))),
            None => Ok(self.ruleset),
        }
    }

    /// Where `part`, a slice of the source's text, stands in it.
    pub(super) fn span_of(&self, part: &str) -> Span {
        let start = part.as_ptr() as usize - self.source.text().as_ptr() as usize;
        Span::new(offset(start), offset(start + part.len()))
    }
}

/// The offset behind indentation and counters; an error where counters are not closed.
fn command_start(line: &str) -> Result<usize, ()> {
    if line.starts_with('-') {
        return Ok(0);
    }
    let mut rest = line;
    if let Some(counters) = line.strip_prefix('[') {
        let (numbers, behind) = counters.split_once(']').ok_or(())?;
        let (packets, bytes) = numbers.split_once(':').ok_or(())?;
        if packets.is_empty() || bytes.is_empty() {
            return Err(());
        }
        rest = behind;
    }
    Ok(line.len() - rest.trim_start_matches([' ', '\t']).len())
}

/// The chain's name in front of `rest`, unless it is quoted.
fn plain_name(rest: &str) -> Option<&str> {
    let end = rest.bytes().position(|byte| matches!(byte, b' ' | b'\t' | b'"')).unwrap_or(rest.len());
    let name = rest.get(..end).filter(|name| !name.is_empty() && !name.starts_with('-') && *name != "!");
    name.filter(|_| rest.as_bytes().get(end) != Some(&b'"'))
}

/// The places of the words of a chain line, which knows no quotes.
fn chain_words(line: &str, start: u32) -> impl Iterator<Item = Span> {
    let mut at = 1;
    std::iter::from_fn(move || {
        let rest = line.as_bytes().get(at..)?;
        let is_blank = |byte: &u8| matches!(byte, b' ' | b'\t');
        let blanks = rest.iter().take_while(|byte| is_blank(byte)).count();
        let from = at + blanks;
        let length = rest.iter().skip(blanks).take_while(|byte| !is_blank(byte)).count();
        at = from + length;
        (length > 0).then(|| Span::new(start + offset(from), start + offset(at)))
    })
}

#[expect(clippy::cast_possible_truncation, reason = "sources are under 4 GiB")]
pub(super) const fn offset(at: usize) -> u32 {
    at as u32
}
