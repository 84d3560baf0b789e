//! `-m pkttype`: whom the frame was sent to.

use crate::model::extension::{Extension, OptionSpec, Rule};
use crate::model::value::{Keyword, Spelling, Value};

pub(super) static PKTTYPE: Extension = Extension {
    options: &[OptionSpec::negatable("pkt-type", Value::Keyword(&TYPES))],
    rules: &[Rule::AnyOf(&["pkt-type"])],
    ..Extension::matching("pkttype")
};

static TYPES: Keyword = Keyword {
    names: &["unicast", "broadcast", "multicast", "otherhost"],
    aliases: &[("bcast", "broadcast"), ("mcast", "multicast"), ("host", "unicast")],
    spelling: Spelling::AnyCase,
};
