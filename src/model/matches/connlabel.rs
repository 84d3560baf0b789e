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

/// A number, of which iptables takes the low bits.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "as iptables does")]
fn label(text: &str) -> Option<u64> {
    let below = || number::whole(text.strip_prefix('-')?, 0, u64::MAX).map(u64::wrapping_neg);
    let number = number::whole(text, 0, u64::MAX).or_else(below)? as i32;
    (number >= 0).then_some(u64::from(number as u16)).filter(|label| *label <= LIMIT)
}

fn read(argument: &Argument<'_>, out: &mut Sink<'_>) -> Result<(), SpecErrorKind> {
    let label = label(argument.text()).ok_or_else(|| {
        argument.bad("give a number from 0 to 127; names are this host's, in /etc/xtables/connlabel.conf")
    })?;
    out.push_fmt(format_args!("\"{label}\""));
    Ok(())
}
