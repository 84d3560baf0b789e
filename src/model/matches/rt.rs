//! `-m rt`: the routing header of IPv6.

use std::net::Ipv6Addr;

use crate::model::Family;
use crate::model::extension::{Extension, Families, Instance, OptionSpec, Print};
use crate::model::value::{
    Argument, Custom, Number, NumberRange, Samples, Sink, SpecErrorKind, Value, address,
};

pub(super) static RT: Extension = Extension {
    families: Families::Ipv6,
    options: &[
        OptionSpec::negatable("rt-type", Value::Number(Number::U32)),
        OptionSpec::negatable("rt-segsleft", Value::NumberRange(NumberRange::U32))
            .print(Print::UnlessEver(NumberRange::ALL_U32)),
        OptionSpec::negatable("rt-len", Value::Number(Number::U32)),
        OptionSpec::new("rt-0-res", Value::Nothing),
        OptionSpec::new("rt-0-addrs", Value::Custom(&ADDRESSES)),
        OptionSpec::new("rt-0-not-strict", Value::Nothing),
    ],
    check: Some(check),
    ..Extension::matching("rt")
};

static ADDRESSES: Custom = Custom {
    words: 1,
    read,
    samples: Samples::Either(&["::1", "::1,::2", "2001:db8::1,2001:db8::2,2001:db8::3"]),
};

/// How many addresses a list may hold.
const LIMIT: usize = 16;

fn read(argument: &Argument<'_>, out: &mut Sink<'_>) -> Result<(), SpecErrorKind> {
    if argument.text().split(',').count() > LIMIT {
        return Err(argument.bad("16 addresses are the most; leave some out"));
    }
    for (index, item) in argument.text().split(',').enumerate() {
        let address: Ipv6Addr = item.parse().map_err(|_| address::not_address(item, Family::Ipv6))?;
        if index > 0 {
            out.push(',');
        }
        address::push_v6(address.to_bits(), out);
    }
    Ok(())
}

/// What is said of a type 0 header must follow `--rt-type 0`.
fn check(instance: &Instance<'_>) -> Result<(), SpecErrorKind> {
    let place = |long: &str| {
        let (index, _) = instance.extension.option(long)?;
        instance.last(index).map(|used| used.span.start)
    };
    let is_zero = instance.get("rt-type").is_some_and(|given| !given.negated && given.value() == "0");
    for (later, earlier) in
        [("rt-0-res", "rt-type"), ("rt-0-addrs", "rt-type"), ("rt-0-not-strict", "rt-0-addrs")]
    {
        let Some(at) = place(later) else { continue };
        if !is_zero || place(earlier).is_none_or(|before| before > at) {
            let needed = if earlier == "rt-type" { "--rt-type 0" } else { "--rt-0-addrs" };
            return Err(SpecErrorKind::NeedsOption {
                option: format!("--{later}"),
                needed: needed.to_owned(),
            });
        }
    }
    Ok(())
}
