//! Reads a specification as `do_parse` of iptables 1.8.9 does (`iptables/xshared.c`), getopt's habits included.

use super::base::{Arity, Base, BaseOption, SPELLED, Spelled};
use super::error::{SpecError, SpecErrorKind};
use super::long::{self, Meaning};
use super::{Buffers, Module, Spec, words};
use crate::model::Family;
use crate::model::extension::{Extension, Kind, Token};
use crate::model::matches;
use crate::model::value::{Value, port, protocol};
use crate::source::Span;

/// Reads specifications one after the other, and keeps its memory for the next.
#[derive(Debug, Default)]
pub struct Parser {
    buffers: Buffers,
}

impl Parser {
    /// A parser without memory yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads `text`, the specification of a rule of `family`.
    ///
    /// # Errors
    /// As [`Spec::parse`].
    pub fn parse<'t>(&mut self, text: &'t str, family: Family) -> Result<Spec<'t>, SpecError> {
        let mut buffers = std::mem::take(&mut self.buffers);
        buffers.clear();
        let mut reading = Reading::new(text, family, buffers);
        match reading.rule() {
            Ok(()) => Ok(reading.spec),
            Err(error) => {
                self.buffers = reading.spec.buffers;
                Err(error)
            }
        }
    }

    /// Checks `text` as [`Parser::parse`] does, keeping nothing but the memory.
    ///
    /// # Errors
    /// As [`Spec::parse`].
    pub fn check(&mut self, text: &str, family: Family) -> Result<(), SpecError> {
        let spec = self.parse(text, family)?;
        self.recycle(spec);
        Ok(())
    }

    /// Takes back the memory of a specification that is no longer needed.
    pub fn recycle(&mut self, spec: Spec<'_>) {
        self.buffers = spec.buffers;
    }
}

/// A parse under way.
pub(super) struct Reading<'t> {
    pub(super) spec: Spec<'t>,
    /// The index of the next word.
    pub(super) at: usize,
    /// The `!` that waits for its option.
    pub(super) negation: Option<Span>,
    /// Whether the protocol's match was loaded by itself.
    implied: bool,
}

pub(super) type Outcome<T = ()> = Result<T, SpecError>;

impl<'t> Reading<'t> {
    fn new(text: &'t str, family: Family, buffers: Buffers) -> Self {
        let spec = Spec { text, family, base: Base::default(), buffers, target: None, goto: false };
        Self { spec, at: 0, negation: None, implied: false }
    }

    fn rule(&mut self) -> Outcome {
        words::split(self.spec.text, &mut self.spec.buffers.words)?;
        while let Some(token) = self.next() {
            let word = token.text(self.spec.text);
            match word.as_bytes() {
                b"!" => self.negate(token)?,
                b"--" => return self.end(),
                [b'-', b'-', ..] => self.long(token, &word)?,
                [b'-', _, ..] => self.cluster(token, &word)?,
                _ => return Err(stray(&word, token)),
            }
            if self.spec.base.foreign {
                return Ok(());
            }
        }
        self.finish()
    }

    pub(super) fn next(&mut self) -> Option<Token> {
        let token = self.spec.buffers.words.get(self.at).copied()?;
        self.at += 1;
        Some(token)
    }

    fn negate(&mut self, token: Token) -> Outcome {
        if self.negation.replace(token.span).is_some() {
            return Err(fault(SpecErrorKind::BadNegation { before: "another `!`".to_owned() }, token.span));
        }
        Ok(())
    }

    /// Behind `--`, getopt leaves everything be.
    fn end(&mut self) -> Outcome {
        match self.next() {
            Some(token) => Err(stray(&token.text(self.spec.text), token)),
            None => self.finish(),
        }
    }

    /// A word of short options: letters without a value, then one with a value, joined to it or behind it.
    fn cluster(&mut self, token: Token, word: &str) -> Outcome {
        for (at, letter) in word.bytes().enumerate().skip(1) {
            let Some(spelled) = SPELLED.iter().find(|spelled| spelled.short == letter && letter != 0) else {
                return Err(self.unknown(word, token));
            };
            if spelled.arity == Arity::None {
                self.base(spelled, None, token, word)?;
                continue;
            }
            let joined = (at + 1 < word.len()).then(|| Token { skip: cut(at + 1), ..token });
            return self.base(spelled, joined, token, word);
        }
        Ok(())
    }

    fn long(&mut self, token: Token, word: &str) -> Outcome {
        let (name, value) = match word.find('=') {
            Some(at) => (word.get(2..at), Some(Token { skip: cut(at + 1), ..token })),
            None => (word.get(2..), None),
        };
        let name = name.unwrap_or_default();
        let Some(meaning) = self.meaning(name).map_err(|kind| fault(kind, token.span))? else {
            return self.opaque(token, word);
        };
        if value.is_some() && !meaning.takes_value() {
            return Err(fault(SpecErrorKind::UnexpectedValue { option: format!("--{name}") }, token.span));
        }
        match meaning {
            Meaning::Base(spelled) => self.base(spelled, value, token, word),
            Meaning::Extension(first, index, option) => self.extension(first, index, option, value, token),
        }
    }

    /// What `name` means; nothing where it may belong to what is not understood.
    fn meaning(&mut self, name: &str) -> Result<Option<Meaning>, SpecErrorKind> {
        if let Some(meaning) = long::exact(name, &self.spec.buffers.modules) {
            return Ok(Some(meaning));
        }
        let opaque = self.spec.buffers.modules.last().is_some_and(|module| self.is_opaque(module));
        let chain = self.spec.buffers.modules.last().is_some_and(|module| module.kind == Kind::Target);
        let known = match (opaque, chain) {
            // What is not understood may be a chain, behind which the rule goes on.
            (true, true) => Ok(long::plainly_abbreviated(name)),
            (true, false) => Ok(None),
            (false, _) => long::abbreviated(name, &self.spec.buffers.modules),
        };
        if let Ok(Some(meaning)) = known {
            return Ok(Some(meaning));
        }
        if let Some(meaning) = self.imply(name, opaque)? {
            return Ok(Some(meaning));
        }
        known?;
        if self.spec.buffers.modules.iter().any(|module| self.is_opaque(module)) {
            return Ok(None);
        }
        Err(self.unknown_kind(&format!("--{name}")))
    }

    /// Whether a module may have options that are not understood; the chain behind `-g` has none.
    pub(super) fn is_opaque(&self, module: &Module) -> bool {
        module.extension.is_none() && !(self.spec.goto && module.kind == Kind::Target)
    }

    /// Loads the match that the protocol implies, where it has the option.
    fn imply(&mut self, name: &str, opaque: bool) -> Result<Option<Meaning>, SpecErrorKind> {
        let Some(extension) = self.implied_match() else { return Ok(None) };
        self.load(Some(extension), Kind::Match, Token::default());
        let mut meaning = Ok(long::exact(name, &self.spec.buffers.modules));
        if matches!(meaning, Ok(None)) && !opaque {
            meaning = long::abbreviated(name, &self.spec.buffers.modules);
        }
        match meaning {
            Ok(None) => {
                self.spec.buffers.modules.pop();
            }
            _ => self.implied = true,
        }
        meaning
    }

    fn implied_match(&self) -> Option<&'static Extension> {
        let (number, place) = self.spec.base.protocol.filter(|_| !self.implied)?;
        let name = place.token.text(self.spec.text).to_ascii_lowercase();
        let known = matches::find(&name, self.spec.family);
        let named = known.or_else(|| matches::find(protocol::known_name(number)?, self.spec.family));
        named.filter(|extension| extension.families.contains(self.spec.family))
    }

    /// An option of the command itself.
    fn base(
        &mut self,
        spelled: &'static Spelled,
        joined: Option<Token>,
        token: Token,
        word: &str,
    ) -> Outcome {
        let option = spelled.option;
        if option == BaseOption::Refused {
            return Err(fault(refused(word), token.span));
        }
        let value = match (spelled.arity, joined) {
            (Arity::One, None) => Some(self.next().ok_or_else(|| missing(word, 1, token))?),
            (_, joined) => joined,
        };
        let negation = self.negation.take();
        if let Some(negation) = negation.filter(|_| !option.is_negatable()) {
            return Err(fault(SpecErrorKind::BadNegation { before: format!("`{word}`") }, negation));
        }
        self.set_base(option, value, token, negation)
    }

    pub(super) fn unknown(&self, word: &str, token: Token) -> SpecError {
        fault(self.unknown_kind(word), token.span)
    }

    fn unknown_kind(&self, word: &str) -> SpecErrorKind {
        let name = word.trim_start_matches('-');
        if let Some(option) = self.port_without_protocol(name) {
            return SpecErrorKind::PortWithoutProtocol { option };
        }
        let similar = long::similar(name, &self.spec.buffers.modules);
        let elsewhere = || super::keys::hint(name, self.spec.family);
        SpecErrorKind::UnknownOption { option: word.to_owned(), hint: elsewhere().or(similar) }
    }

    /// The option called `name`, if it names a port and the rule has no protocol so far that has ports.
    fn port_without_protocol(&self, name: &str) -> Option<&'static str> {
        let mut owners = super::keys::owners(name).iter();
        let port = owners.find(|owned| matches!(owned.option.value, Value::PortRange(_)))?;
        let protocol = self.spec.protocol_so_far();
        let has_ports = !protocol.negated && port::protocol_with_ports(protocol.number).is_some();
        (!has_ports).then_some(port.option.long)
    }
}

pub(super) const fn fault(kind: SpecErrorKind, span: Span) -> SpecError {
    SpecError { kind, span }
}

fn stray(word: &str, token: Token) -> SpecError {
    let help = match word {
        "-" => "name the option behind the minus",
        _ if word.starts_with(',') || word.ends_with(',') => "write lists without blanks",
        _ => "quote values that have blanks, or leave it out",
    };
    fault(SpecErrorKind::StrayWord { word: word.to_owned(), help }, token.span)
}

pub(super) fn missing(option: &str, count: usize, token: Token) -> SpecError {
    fault(SpecErrorKind::MissingValue { option: option.to_owned(), count }, token.span)
}

fn refused(word: &str) -> SpecErrorKind {
    let help = match word {
        "-t" | "--table" => "the table is said by the line `*table` in front",
        "-w" | "--wait" | "-W" | "--wait-interval" => "give it to iptables-restore itself",
        _ => "leave it out",
    };
    SpecErrorKind::NotInRule { option: word.to_owned(), help }
}

fn cut(length: usize) -> u16 {
    u16::try_from(length).unwrap_or(u16::MAX)
}
