//! What scripts may ask of the host beside its rules.

use std::sync::Arc;
use std::time::Duration;

use super::docker_client;
use super::input::Input;
use super::live;
use crate::apply::{Ipset, ask, nftables_tables};
use crate::check::Known;
use crate::diagnostic::Diagnostic;
use crate::host::{self, HostAddress, Interface};
use crate::script::{Settings, Unknown, World};

/// How long `ip` may take.
const LIMIT: Duration = Duration::from_secs(5);

/// Hands the scripts the host that their ruleset is of. `asks_docker` has Docker asked though the ruleset is a dump.
pub(super) fn give(settings: &mut Settings, input: &Input, asks_docker: bool) {
    match input {
        Input::Live(_) | Input::Read(..) => {
            settings.interfaces = live::interfaces();
            settings.ipset = Some(Ipset::works);
            settings.world = Some(Arc::new(live_world()));
        }
        Input::Snapshot(snapshot) => {
            settings.interfaces = snapshot.host.interface_names();
            settings.ipset = snapshot.has_ipset().then_some(|| true);
            settings.world = Some(Arc::new(snapshot.world()));
        }
        Input::Sample(sample) if !sample.tables.is_empty() => {
            let tables = sample.tables.iter().map(|table| (*table).to_owned()).collect();
            let absent = || "a built-in capture does not tell it".to_owned();
            let world = World::known(Err(Unknown::Absent(absent())), tables, Err(Unknown::Absent(absent())));
            settings.world = Some(Arc::new(world));
        }
        // What was made of another input is on that one's host, which was given before.
        Input::File(_) | Input::Stdin | Input::Sample(_) | Input::Made(..) => {}
    }
    if asks_docker && !matches!(input, Input::Live(_) | Input::Read(..)) {
        settings.world = Some(Arc::new(dump_world()));
    }
}

/// What lints are told of the host that scripts run on: what they may ask themselves.
pub(super) fn known_to(settings: &Settings) -> Known {
    let (interfaces, world) = (settings.interfaces.clone(), settings.world.clone());
    Known::default()
        .with_interfaces(move || Some(interfaces))
        .with_tables(move || world.map(|world| world.tables().to_vec()))
}

/// What `dwscript lint` is told of the host that a ruleset is of. `asks_docker` is as of [`give`].
pub(super) fn known(input: &Input, asks_docker: bool) -> Known {
    let asked = || docker_client::inventory().ok();
    let known = match input {
        Input::Live(_) | Input::Read(..) => Known::default()
            .with_interfaces(|| Some(live::interfaces()))
            .with_tables(|| Some(nftables_tables()))
            .with_docker(asked),
        Input::Snapshot(snapshot) => snapshot.known(),
        Input::Sample(sample) if !sample.tables.is_empty() => {
            Known::default().with_tables(|| Some(sample.tables.iter().map(ToString::to_string).collect()))
        }
        Input::File(_) | Input::Stdin | Input::Sample(_) | Input::Made(..) => Known::default(),
    };
    if asks_docker { known.with_docker(asked) } else { known }
}

fn live_world() -> World {
    let addresses = || links().map(|(_, addresses)| addresses);
    World::new(Box::new(addresses), Box::new(nftables_tables), Box::new(docker_client::inventory))
}

/// A dump whose Docker can be asked all the same.
fn dump_world() -> World {
    let absent = Unknown::Absent("the ruleset is a dump, and a dump does not tell it".to_owned());
    World::new(Box::new(|| Err(absent)), Box::new(Vec::new), Box::new(docker_client::inventory))
}

/// The interfaces of the host and their addresses.
pub(super) fn links() -> Result<(Vec<Interface>, Vec<HostAddress>), Unknown> {
    let failed = |error: &dyn std::fmt::Display| {
        Unknown::Failed(
            Diagnostic::warning("no-addresses", "the host's addresses cannot be read")
                .note(error.to_string()),
        )
    };
    let json =
        ask("ip", None, &["-json", "-details", "address"], &[], LIMIT).map_err(|error| failed(&error))?;
    host::links(&json).map_err(|error| failed(&error))
}
