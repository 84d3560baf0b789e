//! `-m connlabel`: a connection's labels.

use crate::model::extension::{Extension, OptionSpec, Rule};
use crate::model::value::{Argument, Custom, Samples, Sink, SpecErrorKind, Value, number};

pub(super) static CONNLABEL: Extension = Extension {
    options: &[OptionSpec::negatable("label", Value::Custom(&LABEL)), OptionSpec::new("set", Value::Nothing)],
    rules: &[Rule::AnyOf(&["label"])],
    ..Extension::matching("connlabel")
};

static LABEL: Custom = Custom { words: 1, read, samples: Samples::Either(&["0", "1", "127"]) };

/// The greatest label.
const LIMIT: u64 = 127;

fn read(argument: &Argument<'_>, out: &mut Sink<'_>) -> Result<(), SpecErrorKind> {
    let label = number::whole(argument.text(), 0, LIMIT).ok_or_else(|| {
        argument.bad("give a number from 0 to 127; names are this host's, in /etc/xtables/connlabel.conf")
    })?;
    out.push_fmt(format_args!("\"{label}\""));
    Ok(())
}
