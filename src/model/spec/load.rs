//! Taking in matches and targets by their names.

use super::Module;
use super::error::SpecErrorKind;
use super::parser::{Outcome, Reading, fault};
use crate::model::extension::instance::title;
use crate::model::extension::{Extension, Kind, Token};
use crate::model::{matches, targets};

impl Reading<'_> {
    pub(super) fn load(&mut self, extension: Option<&'static Extension>, kind: Kind, name: Token) -> u16 {
        let modules = &mut self.spec.buffers.modules;
        let index = u16::try_from(modules.len()).unwrap_or(u16::MAX);
        let same = |module: &Module| match (module.extension, extension) {
            (Some(one), Some(other)) => std::ptr::eq(one, other),
            _ => false,
        };
        let first = modules.iter().find(|module| same(module)).map_or(index, |module| module.first);
        modules.push(Module { extension, kind, name, index, first });
        index
    }

    pub(super) fn load_match(&mut self, token: Token) -> Outcome {
        let name = token.text(self.spec.text);
        let extension = matches::find(&name, self.spec.family);
        self.load_extension(extension, Kind::Match, &name, token)?;
        Ok(())
    }

    pub(super) fn load_target(&mut self, token: Token) -> Outcome {
        let name = token.text(self.spec.text);
        let extension = targets::find(&name, self.spec.family);
        let index = self.load_extension(extension, Kind::Target, &name, token)?;
        self.spec.target = Some(index);
        Ok(())
    }

    fn load_extension(
        &mut self,
        extension: Option<&'static Extension>,
        kind: Kind,
        name: &str,
        token: Token,
    ) -> Outcome<u16> {
        if extension.is_some_and(|extension| !extension.families.contains(self.spec.family)) {
            let kind = SpecErrorKind::WrongFamily { extension: title(kind, name), family: self.spec.family };
            return Err(fault(kind, token.span));
        }
        Ok(self.load(extension, kind, token))
    }

    pub(super) fn load_goto(&mut self, token: Token) {
        let index = self.load(None, Kind::Target, token);
        self.spec.target = Some(index);
        self.spec.goto = true;
    }
}
