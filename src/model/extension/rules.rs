//! Checking and printing an extension's options as its table says.

use super::{Instance, Kind, Negation, OptionSpec, Print, Printing, Rule, Used};
use crate::model::value::{Sink, SpecErrorKind};

impl Instance<'_> {
    /// Checks what must hold between the options, once all are known.
    ///
    /// # Errors
    /// The first rule that does not hold.
    pub fn check(&self) -> Result<(), SpecErrorKind> {
        for rule in self.extension.rules {
            self.check_rule(*rule)?;
        }
        let protocols = self.extension.protocols;
        if !protocols.is_empty() && (self.protocol.negated || !protocols.contains(&self.protocol.number)) {
            return Err(SpecErrorKind::NeedsProtocol { extension: self.title(), protocols });
        }
        self.extension.check.map_or(Ok(()), |check| check(self))
    }

    fn check_rule(&self, rule: Rule) -> Result<(), SpecErrorKind> {
        match rule {
            Rule::AnyOf(options) => {
                if options.iter().any(|option| self.has(option)) {
                    return Ok(());
                }
                Err(SpecErrorKind::MissingOption { extension: self.title(), options })
            }
            Rule::OneOf(options) => {
                let mut given = options.iter().filter(|option| self.has(option));
                match (given.next(), given.next()) {
                    (Some(first), Some(second)) => Err(SpecErrorKind::Conflict {
                        first: format!("--{first}"),
                        second: format!("--{second}"),
                    }),
                    _ => Ok(()),
                }
            }
            Rule::Needs(option, needed) => {
                if !self.has(option) || self.has(needed) {
                    return Ok(());
                }
                Err(SpecErrorKind::NeedsOption {
                    option: format!("--{option}"),
                    needed: format!("--{needed}"),
                })
            }
        }
    }

    /// Appends ` -m NAME` or ` -j NAME` and the options, as iptables-save prints them.
    pub fn push(&self, out: &mut Sink<'_>) {
        if let Printing::Whole(print) = self.extension.printing {
            return print(self, out);
        }
        self.push_name(self.extension.name, out);
        match self.extension.printing {
            Printing::Options(print) => print(self, out),
            _ => self.push_listed(out),
        }
    }

    /// What [`Instance::push`] appends.
    #[must_use]
    pub fn printed(&self) -> String {
        let mut out = String::new();
        self.push(&mut Sink::to(&mut out));
        out
    }

    /// Appends ` -m name` or ` -j name`.
    pub fn push_name(&self, name: &str, out: &mut Sink<'_>) {
        out.push_str(match self.extension.kind {
            Kind::Match => " -m ",
            Kind::Target => " -j ",
        });
        out.push_str(name);
    }

    /// Appends the options as the extension's list says.
    pub fn push_listed(&self, out: &mut Sink<'_>) {
        for (index, option) in self.extension.options.iter().enumerate() {
            self.push_option(index, option, out);
        }
    }

    /// Appends the listed options that come before the one called `long`.
    pub fn push_listed_until(&self, long: &str, out: &mut Sink<'_>) {
        let options = self.extension.options.iter().enumerate();
        options
            .take_while(|(_, option)| option.long != long)
            .for_each(|(index, option)| self.push_option(index, option, out));
    }

    /// Appends the listed options from the one called `long` on.
    pub fn push_listed_from(&self, long: &str, out: &mut Sink<'_>) {
        let options = self.extension.options.iter().enumerate();
        options
            .skip_while(|(_, option)| option.long != long)
            .for_each(|(index, option)| self.push_option(index, option, out));
    }

    fn push_option(&self, index: usize, option: &OptionSpec, out: &mut Sink<'_>) {
        let Some(used) = self.last(index) else {
            if let Print::Always(value) = option.print {
                push_fixed(option.long, value, out);
            }
            return;
        };
        match option.print {
            Print::Never => {}
            Print::As(name, value) => {
                out.push_str(if used.negated { " !" } else { "" });
                push_fixed(name, value, out);
            }
            Print::Given | Print::Always(_) => self.push_given(used, option, out),
            Print::Unless(value) | Print::UnlessEver(value) => {
                let start = out.len();
                self.push_given(used, option, out);
                let stays = used.negated && matches!(option.print, Print::Unless(_));
                if !stays && self.given(used).is_some_and(|given| given.value() == value) {
                    out.truncate(start);
                }
            }
        }
    }

    fn push_given(&self, used: &Used, option: &OptionSpec, out: &mut Sink<'_>) {
        let Some(mut given) = self.given(used) else { return };
        given.negated = used.negated && option.negation == Negation::Allowed;
        given.push(out);
    }
}

fn push_fixed(name: &str, value: &str, out: &mut Sink<'_>) {
    out.push_str(" --");
    out.push_str(name);
    if !value.is_empty() {
        out.push(' ');
        out.push_str(value);
    }
}
