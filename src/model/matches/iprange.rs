//! `-m iprange`: a range of addresses.

use std::net::Ipv6Addr;

use crate::model::Family;
use crate::model::extension::{Extension, OptionSpec, Rule};
use crate::model::value::{Argument, Custom, Samples, Sink, SpecErrorKind, Value, address};

pub(super) static IPRANGE: Extension = Extension {
    options: &[
        OptionSpec::negatable("src-range", Value::Custom(&RANGE)),
        OptionSpec::negatable("dst-range", Value::Custom(&RANGE)),
    ],
    rules: &[Rule::AnyOf(&["src-range", "dst-range"])],
    ..Extension::matching("iprange")
};

static RANGE: Custom = Custom {
    words: 1,
    read,
    samples: Samples::Each(
        &["10.0.0.1-10.0.0.9", "10.0.0.7", "0.0.0.0-255.255.255.255"],
        &["2001:db8::1-2001:db8::ff", "::1"],
    ),
};

fn read(argument: &Argument<'_>, out: &mut Sink<'_>) -> Result<(), SpecErrorKind> {
    let text = argument.text();
    let (low, high) = text.split_once('-').unwrap_or((text, text));
    push(low, argument, out)?;
    out.push('-');
    push(high, argument, out)
}

fn push(text: &str, argument: &Argument<'_>, out: &mut Sink<'_>) -> Result<(), SpecErrorKind> {
    let fault = || address::not_address(text, argument.family);
    match argument.family {
        Family::Ipv4 => address::push_v4(address::completed_v4(text).ok_or_else(fault)?, out),
        Family::Ipv6 => {
            let address: Ipv6Addr = text.parse().map_err(|_| fault())?;
            address::push_v6(address.to_bits(), out);
        }
    }
    Ok(())
}
