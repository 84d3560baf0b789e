//! Taking in the options that every rule can have.

use super::base::{Addresses, BaseOption, Place};
use super::error::SpecErrorKind;
use super::parser::{Reading, fault};
use super::{Spec, SpecError};
use crate::model::Family;
use crate::model::extension::Token;
use crate::model::value::{address, interface, protocol};
use crate::source::Span;

/// The longest name of a match or target, in bytes.
const NAME_LIMIT: usize = 28;

impl Reading<'_> {
    /// Takes in `option` with its value, `token` being the word of the option itself.
    pub(super) fn set_base(
        &mut self,
        option: BaseOption,
        value: Option<Token>,
        token: Token,
        negation: Option<Span>,
    ) -> Result<(), SpecError> {
        let value = value.unwrap_or_default();
        let start = negation.map_or(token.span.start, |negation| negation.start);
        let end = value.span.end.max(token.span.end);
        let place = Place { negated: negation.is_some(), token: value, span: Span::new(start, end) };
        self.refuse_joined(option, value)?;
        self.refuse_second(option, token)?;
        match option {
            BaseOption::Source | BaseOption::Destination => self.set_addresses(option, place)?,
            BaseOption::InInterface | BaseOption::OutInterface => self.set_interface(option, place)?,
            BaseOption::Protocol => self.set_protocol(place)?,
            BaseOption::Fragment if self.spec.family == Family::Ipv6 => {
                let (option, help) = ("-f".to_owned(), "IPv6 has `-m frag` for fragments");
                return Err(fault(SpecErrorKind::NotInRule { option, help }, token.span));
            }
            BaseOption::Fragment => self.spec.base.fragment = Some(place),
            BaseOption::Counters => self.set_counters(place)?,
            BaseOption::Match => {
                self.check_name(value, "match")?;
                self.load_match(value)?;
            }
            BaseOption::Jump => {
                self.check_name(value, "target")?;
                self.load_target(value)?;
            }
            BaseOption::Goto => {
                self.check_name(value, "chain")?;
                self.load_goto(value);
            }
            BaseOption::Ipv4 => self.spec.base.foreign = self.spec.family == Family::Ipv6,
            BaseOption::Ipv6 => self.spec.base.foreign = self.spec.family == Family::Ipv4,
            BaseOption::Idle | BaseOption::Refused => {}
        }
        Ok(())
    }

    fn refuse_joined(&self, option: BaseOption, value: Token) -> Result<(), SpecError> {
        if value.skip == 0 || !option.stands_apart() {
            return Ok(());
        }
        let text = self.spec.text;
        let word = Token { skip: 0, ..value }.text(text).into_owned();
        let (option, joined) = (option.as_str(), value.text(text).into_owned());
        Err(fault(SpecErrorKind::JoinedValue { word, option, value: joined }, value.span))
    }

    fn refuse_second(&self, option: BaseOption, token: Token) -> Result<(), SpecError> {
        let there = match option {
            BaseOption::Jump | BaseOption::Goto => self.spec.target.is_some(),
            _ => option.is_single() && self.spec.base_span(option).is_some(),
        };
        if !there {
            return Ok(());
        }
        let kind = if matches!(option, BaseOption::Jump | BaseOption::Goto)
            && self.spec.goto != (option == BaseOption::Goto)
        {
            SpecErrorKind::Conflict { first: "-j".to_owned(), second: "-g".to_owned() }
        } else {
            SpecErrorKind::DuplicateOption { option: option.as_str().to_owned() }
        };
        Err(fault(kind, token.span))
    }

    fn set_addresses(&mut self, option: BaseOption, place: Place) -> Result<(), SpecError> {
        let Spec { text, family, ref mut buffers, ref mut base, .. } = self.spec;
        let list = place.token.text(text);
        let start = buffers.addresses.len();
        for item in list.split(',') {
            let address = address::parse(item, family).map_err(|kind| fault(kind, place.token.span))?;
            if address.is_any() && place.negated {
                return Err(fault(SpecErrorKind::NegatedAll(option.as_str(), item.to_owned()), place.span));
            }
            buffers.addresses.push(address);
        }
        let given = Some(Addresses { place, range: start..buffers.addresses.len() });
        if option == BaseOption::Source {
            base.source = given;
        } else {
            base.destination = given;
        }
        Ok(())
    }

    fn set_interface(&mut self, option: BaseOption, place: Place) -> Result<(), SpecError> {
        let name = place.token.text(self.spec.text);
        interface::check(&name).map_err(|kind| fault(kind, place.token.span))?;
        if option == BaseOption::InInterface {
            self.spec.base.in_interface = Some(place);
        } else {
            self.spec.base.out_interface = Some(place);
        }
        Ok(())
    }

    fn set_protocol(&mut self, place: Place) -> Result<(), SpecError> {
        let name = place.token.text(self.spec.text);
        let upper = name.bytes().any(|byte| byte.is_ascii_uppercase());
        let found = if upper { protocol::find(&name.to_ascii_lowercase()) } else { protocol::find(&name) };
        let number = found.ok_or_else(|| fault(protocol::unknown(&name), place.token.span))?;
        if number == 0 && place.negated {
            return Err(fault(SpecErrorKind::NegatedAll("-p", name.into_owned()), place.span));
        }
        self.spec.base.protocol = Some((number, place));
        Ok(())
    }

    /// `-c PACKETS BYTES` or `-c PACKETS,BYTES`; they are read and do not belong to the rule.
    fn set_counters(&mut self, place: Place) -> Result<(), SpecError> {
        let value = place.token.text(self.spec.text);
        let bad = |span| {
            let help = "give two numbers, packets and bytes";
            fault(SpecErrorKind::StrayWord { word: "-c".to_owned(), help }, span)
        };
        let joined = value.get(1..).and_then(|rest| rest.split_once(','));
        let bytes = if let Some((_, bytes)) = joined {
            bytes.to_owned()
        } else {
            let next = self.next().filter(|next| !next.text(self.spec.text).starts_with(['-', '!']));
            next.ok_or_else(|| bad(place.span))?.text(self.spec.text).into_owned()
        };
        let numeric = |text: &str| {
            text.trim_start().trim_start_matches(['+', '-']).starts_with(|c: char| c.is_ascii_digit())
        };
        if !numeric(&value) || !numeric(&bytes) {
            return Err(bad(place.span));
        }
        self.spec.base.counters = Some(place);
        let packets = joined.map_or(value.as_ref(), |_| value.split(',').next().unwrap_or_default());
        self.spec.base.counted =
            leading(packets).zip(leading(&bytes)).map(|(packets, bytes)| [packets, bytes]);
        Ok(())
    }

    fn check_name(&self, token: Token, what: &'static str) -> Result<(), SpecError> {
        let name = token.text(self.spec.text);
        let reason = if name.is_empty() && what != "match" {
            "it is empty; name one, or leave the option out"
        } else if name.len() > NAME_LIMIT {
            "28 bytes are the most; shorten it"
        } else if what != "match" && name.contains([' ', '\t', '\n', '\u{b}', '\u{c}', '\r']) {
            "blanks must not occur in it; leave them out"
        } else if what == "chain" && matches!(name.as_ref(), "ACCEPT" | "DROP" | "RETURN" | "QUEUE") {
            "`-g` needs a chain; write `-j` for a target"
        } else {
            return Ok(());
        };
        Err(fault(SpecErrorKind::BadTarget { value: name.into_owned(), reason }, token.span))
    }
}

/// The number that `text` begins with.
fn leading(text: &str) -> Option<u64> {
    let text = text.trim_start().trim_start_matches('+');
    let end = text.bytes().position(|byte| !byte.is_ascii_digit()).unwrap_or(text.len());
    text.get(..end)?.parse().ok()
}
