//! Sets of addresses that scripts declare.

use rhai::{Array, NativeCallContext};

use super::fault::{Fault, Native, raise, shortened};
use super::session::{IpSet, origin, session};
use crate::model::Family;
use crate::model::ipset::Entry;

/// The longest name of an ipset, in bytes (`IPSET_MAXNAMELEN` less the terminator, `linux/netfilter/ipset/ip_set.h`).
const NAME_LIMIT: usize = 31;
/// What a set is called while it is filled, before it takes another's place.
const RESERVED: &str = "dwscript-new";

/// Declares an ipset.
pub(super) fn ipset(context: &NativeCallContext, name: &str, entries: &Array) -> Native<()> {
    check_name(name).map_err(|fault| raise(context, fault))?;
    let family = session(context).borrow().ruleset.family();
    let entries = entries_of(entries, family).map_err(|fault| raise(context, fault))?;
    let shared = session(context);
    let origin = origin(context);
    let mut session = shared.borrow_mut();
    let owner = session.owner_name.as_deref().unwrap_or_default().to_owned();
    let set = IpSet { name: name.to_owned(), family, entries, owner, origin };
    match session.sets.iter_mut().find(|known| known.name == name) {
        Some(known) if known.owner == set.owner => *known = set,
        Some(known) => return Err(raise(context, of_another(known))),
        None => session.sets.push(set),
    }
    Ok(())
}

fn of_another(known: &IpSet) -> Fault {
    let IpSet { name, owner, .. } = known;
    Fault::new("bad-set", format!("the set `{name}` is declared by the script of `{owner}` already"))
        .help("a set belongs to one script: choose another name")
}

fn check_name(name: &str) -> Result<(), Fault> {
    let refused = || Fault::new("bad-set", format!("`{}` cannot be an ipset's name", shortened(&name)));
    let fits =
        |character: char| character.is_ascii_graphic() && !matches!(character, '"' | '\'' | '\\' | ',');
    let is_name = !name.is_empty()
        && name.len() <= NAME_LIMIT
        && name.chars().all(fits)
        && !name.starts_with(['-', '!', '#']);
    if !is_name {
        return Err(refused().help("use up to 31 letters, digits, `-` and `_`"));
    }
    if name == RESERVED {
        return Err(refused().note("sets are called so while they are filled").help("choose another name"));
    }
    Ok(())
}

/// The entries of the family, as the kernel spells them, in their order and each once.
fn entries_of(entries: &Array, family: Family) -> Result<Vec<Entry>, Fault> {
    let mut found = Vec::with_capacity(entries.len());
    for entry in entries {
        let text = entry.read_lock::<rhai::ImmutableString>();
        let Some(parsed) = text.and_then(|text| Entry::parse(text.trim())) else {
            let fault = Fault::new("bad-set", format!("`{}` is no address", shortened(entry)));
            return Err(fault.help(
                "entries are IPv4 and IPv6 addresses with or without a prefix, such as `\"192.0.2.0/24\"`",
            ));
        };
        if parsed.family() == family {
            found.extend(parsed.storable());
        }
    }
    found.sort_unstable();
    found.dedup();
    Ok(found)
}
