//! The host that packets are followed on: this one, a captured one, or one of which the rules alone tell.

use std::time::Duration;

use super::args::PacketArgs;
use super::input::Input;
use super::snapshot;
use super::status::usage;
use crate::apply::ask;
use crate::diagnostic::Diagnostic;
use crate::packets::{Members, OwnAddress, Site, Surroundings, assumptions};
use crate::save::ipset::{self, Held};

/// How long `ipset` may take.
const LIMIT: Duration = Duration::from_secs(10);

/// The host of `input`, with what the options say of it.
pub(super) fn of(input: Option<&Input>, args: &PacketArgs) -> Result<Site, Diagnostic> {
    let site = match input {
        Some(Input::Live(_) | Input::Read(..)) => Site::new(this_host),
        Some(Input::Snapshot(snapshot)) => {
            let around = Surroundings {
                host: Some(snapshot.host.clone()).filter(|host| !host.interfaces.is_empty()),
                sets: members(snapshot.ipsets().as_bytes()),
            };
            Site::new(|| around).backend(snapshot.backend())
        }
        _ => Site::default(),
    };
    let own = args.address.iter().map(|text| own_address(text)).collect::<Result<_, _>>()?;
    Ok(site.with_addresses(own).assuming(assumptions(&args.assume)?))
}

fn this_host() -> Surroundings {
    let mut failed = Vec::new();
    let host = snapshot::facts(&mut failed, Vec::new());
    let sets = ask("ipset", None, &["save"], &[], LIMIT).map(|text| members(&text)).unwrap_or_default();
    Surroundings { host: Some(host).filter(|_| failed.is_empty()), sets }
}

/// The sets that hold addresses and nothing else.
fn members(saved: &[u8]) -> Vec<Members> {
    let sets = ipset::parse(saved).into_iter();
    let plain = sets.filter_map(|(name, held)| match held {
        Held::Addresses(content) => Some((name, content.entries)),
        Held::Other => None,
    });
    plain.collect()
}

/// `IFACE=ADDRESS/PREFIX`.
fn own_address(text: &str) -> Result<OwnAddress, Diagnostic> {
    let parsed = text.split_once('=').filter(|(interface, _)| !interface.is_empty());
    let parsed = parsed.and_then(|(interface, address)| {
        Some(OwnAddress { interface: interface.to_owned(), address: address.parse().ok()? })
    });
    parsed.ok_or_else(|| {
        usage(&format!("`--address {text}` is no `IFACE=ADDRESS/PREFIX`"))
            .help("for example `--address eth0=203.0.113.5/24`")
    })
}
