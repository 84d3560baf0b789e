//! The classes of differentiated services (the IANA registry of code points).

/// Class names and their code points, in the order in which iptables tries them.
static CLASSES: [(&str, u64); 22] = [
    ("CS0", 0x00),
    ("CS1", 0x08),
    ("CS2", 0x10),
    ("CS3", 0x18),
    ("CS4", 0x20),
    ("CS5", 0x28),
    ("CS6", 0x30),
    ("CS7", 0x38),
    ("BE", 0x00),
    ("AF11", 0x0a),
    ("AF12", 0x0c),
    ("AF13", 0x0e),
    ("AF21", 0x12),
    ("AF22", 0x14),
    ("AF23", 0x16),
    ("AF31", 0x1a),
    ("AF32", 0x1c),
    ("AF33", 0x1e),
    ("AF41", 0x22),
    ("AF42", 0x24),
    ("AF43", 0x26),
    ("EF", 0x2e),
];

use super::fault::{SpecErrorKind, closest};
use super::{Argument, Sink};

/// A class's name, printed as its code point; what stands behind the name is passed over.
pub(super) fn read(argument: &Argument<'_>, out: &mut Sink<'_>) -> Result<(), SpecErrorKind> {
    let word = argument.text();
    let fits = |name: &str| word.get(..name.len()).is_some_and(|head| head.eq_ignore_ascii_case(name));
    let Some((_, point)) = CLASSES.iter().find(|(name, _)| fits(name)) else {
        return Err(SpecErrorKind::UnknownName {
            option: argument.option,
            value: word.to_owned(),
            expected: "`CS0` to `CS7`, `BE`, `AF11` to `AF43` and `EF`".to_owned(),
            hint: closest(word, CLASSES.iter().map(|(name, _)| *name)),
        });
    };
    out.push_fmt(format_args!("{point:#04x}"));
    Ok(())
}
