//! From what a script spells to rules that can be added: spelled as text, read as a specification, printed in canonical
//! form.

use rhai::{Dynamic, EvalAltResult, NativeCallContext};

use super::error::{Fault, Native, raise};
use super::session::SharedSession;
use super::spelling::{self, SpellingError};
use crate::diagnostic::Diagnostic;
use crate::model::{Family, NewRule};

