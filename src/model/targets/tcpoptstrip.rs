//! `-j TCPOPTSTRIP`: takes options out of TCP headers.

use crate::model::extension::{Extension, OptionSpec, TableSet};
use crate::model::names::TableName;
use crate::model::value::{Argument, Custom, Samples, Sink, SpecErrorKind, Value, number, protocol};

pub(super) static TCPOPTSTRIP: Extension = Extension {
    protocols: &[protocol::TCP],
    tables: TableSet::of(&[TableName::Mangle]),
    options: &[OptionSpec::new("strip-options", Value::Custom(&OPTIONS))],
    ..Extension::target("TCPOPTSTRIP")
};

static OPTIONS: Custom = Custom {
    words: 1,
    read,
    samples: Samples::Either(&["2,3,4", "mss", "timestamp,wscale", "sack-permitted,sack,md5", "255"]),
};

static NAMES: [(&str, u8); 6] =
    [("wscale", 3), ("mss", 2), ("sack-permitted", 4), ("sack", 5), ("timestamp", 8), ("md5", 19)];

fn read(argument: &Argument<'_>, out: &mut Sink<'_>) -> Result<(), SpecErrorKind> {
    let mut chosen = [false; 256];
    for item in argument.text().split(',') {
        let named = NAMES.iter().find(|(name, _)| *name == item).map(|(_, option)| usize::from(*option));
        let option = named.or_else(|| usize::try_from(number::whole(item, 2, 255)?).ok());
        let slot = option.and_then(|option| chosen.get_mut(option)).filter(|slot| !**slot);
        let slot = slot.ok_or_else(|| {
            argument.bad("give options once each, from 2 to 255 or as wscale, mss, sack-permitted, sack, timestamp and md5")
        })?;
        *slot = true;
    }
    let options = chosen.iter().zip(0_u64..).filter(|(chosen, _)| **chosen);
    for (index, (_, option)) in options.enumerate() {
        if index > 0 {
            out.push(',');
        }
        out.push_number(option);
    }
    Ok(())
}
