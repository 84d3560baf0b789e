//! `-m srh`: the segment routing header of IPv6.

use crate::model::extension::{Extension, Families, OptionSpec};
use crate::model::value::host::Mask;
use crate::model::value::{Number, Value};

pub(super) static SRH: Extension = Extension {
    families: Families::Ipv6,
    options: &[
        OptionSpec::negatable("srh-next-hdr", BYTE),
        OptionSpec::negatable("srh-hdr-len-eq", BYTE),
        OptionSpec::negatable("srh-hdr-len-gt", BYTE),
        OptionSpec::negatable("srh-hdr-len-lt", BYTE),
        OptionSpec::negatable("srh-segs-left-eq", BYTE),
        OptionSpec::negatable("srh-segs-left-gt", BYTE),
        OptionSpec::negatable("srh-segs-left-lt", BYTE),
        OptionSpec::negatable("srh-last-entry-eq", BYTE),
        OptionSpec::negatable("srh-last-entry-gt", BYTE),
        OptionSpec::negatable("srh-last-entry-lt", BYTE),
        OptionSpec::negatable("srh-tag", Value::Number(Number::U16)),
        OptionSpec::negatable("srh-psid", SEGMENT),
        OptionSpec::negatable("srh-nsid", SEGMENT),
        OptionSpec::negatable("srh-lsid", SEGMENT),
    ],
    ..Extension::matching("srh")
};

const BYTE: Value = Value::Number(Number::U8);
const SEGMENT: Value = Value::Host(Mask::Always);
