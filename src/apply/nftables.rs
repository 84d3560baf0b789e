//! What the kernel holds in nftables beside what iptables shows: asked over netlink, as `nft list ruleset` takes longer
//! than all else on a host with many rules.
//!
//! Sources: `linux/netlink.h`, `linux/netfilter/nfnetlink.h`, `linux/netfilter/nf_tables.h`. Numbers are the host's own.

use std::fs::File;
use std::io::{self, Read as _, Write as _};

use rustix::net::{AddressFamily, SocketFlags, SocketType, netlink, socket_with};

use super::tools::Backend;
use crate::diagnostic::Diagnostic;
use crate::model::{Family, TableName};

/// `NFNL_SUBSYS_NFTABLES` in the high byte.
const SUBSYSTEM: u16 = 10 << 8;
const GET_TABLE: u16 = SUBSYSTEM + 1;
const GET_SET: u16 = SUBSYSTEM + 10;
/// `NLM_F_REQUEST | NLM_F_DUMP`.
const DUMP: u16 = 0x301;
/// `NLMSG_ERROR` and `NLMSG_DONE`.
const ERROR: u16 = 2;
const DONE: u16 = 3;
/// `struct nlmsghdr` and `struct nfgenmsg`.
const HEADER: usize = 16;
const GENERIC: usize = 4;
/// `NFTA_TABLE_NAME` and `NFTA_SET_TABLE`.
const TABLE: u16 = 1;
/// The flags in the type of an attribute.
const ATTRIBUTE_FLAGS: u16 = 0xc000;
const BUFFER: usize = 1 << 16;

/// Families of nftables, by their numbers.
const FAMILIES: [(u8, &str); 6] =
    [(1, "inet"), (2, "ip"), (3, "arp"), (5, "netdev"), (7, "bridge"), (10, "ip6")];

/// A table, or the table of a set.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Place {
    family: u8,
    table: String,
}

impl Place {
    /// Whether iptables owns the table.
    fn is_of(&self, family: Family) -> bool {
        let number = match family {
            Family::Ipv4 => 2,
            Family::Ipv6 => 10,
        };
        self.family == number && TableName::parse(&self.table).is_some()
    }

    fn spelled(&self) -> String {
        let name = FAMILIES.iter().find(|(number, _)| *number == self.family).map_or("", |(_, name)| name);
        format!("{name} {}", self.table)
    }
}

/// Looks for what the save program does not print; the tables that are not those of iptables.
///
/// # Errors
/// That a table of iptables has sets: rules that use them are saved without that match.
pub(super) fn look(backend: Backend, families: &[Family]) -> Result<Vec<String>, Diagnostic> {
    let is_owned = |place: &Place| families.iter().any(|family| place.is_of(*family));
    // A kernel that cannot be asked has no nftables.
    let sets = dump(GET_SET).unwrap_or_default();
    if backend == Backend::Nft
        && let Some(place) = sets.iter().find(|place| is_owned(place))
    {
        let message =
            format!("the table `{}` holds a set of nftables, which iptables cannot express", place.spelled());
        return Err(Diagnostic::error("incomplete-dump", message)
            .note("`iptables-save` prints a rule that uses such a set without that match")
            .help("see it with `nft list ruleset`; take these rules out of the tables of iptables"));
    }
    let tables = dump(GET_TABLE).unwrap_or_default();
    let is_iptables =
        |place: &Place| [Family::Ipv4, Family::Ipv6].into_iter().any(|family| place.is_of(family));
    Ok(tables.iter().filter(|place| !is_iptables(place)).map(Place::spelled).collect())
}

/// All tables, as `ip filter`.
pub(super) fn tables() -> Vec<String> {
    dump(GET_TABLE).unwrap_or_default().iter().map(Place::spelled).collect()
}

/// Asks for all tables, or for all sets.
fn dump(what: u16) -> io::Result<Vec<Place>> {
    let socket =
        socket_with(AddressFamily::NETLINK, SocketType::RAW, SocketFlags::CLOEXEC, Some(netlink::NETFILTER))?;
    let mut socket = File::from(socket);
    socket.write_all(&request(what))?;
    let mut found = Vec::new();
    let mut buffer = vec![0; BUFFER];
    loop {
        let length = socket.read(&mut buffer)?;
        let mut rest = buffer.get(..length).unwrap_or_default();
        if rest.is_empty() {
            return Ok(found);
        }
        while let Some((kind, body, behind)) = message(rest) {
            match kind {
                DONE => return Ok(found),
                ERROR => return Err(io::ErrorKind::Unsupported.into()),
                _ => found.extend(place(body)),
            }
            rest = behind;
        }
    }
}

fn request(what: u16) -> Vec<u8> {
    let length = u32::try_from(HEADER + GENERIC).unwrap_or_default();
    let mut bytes = length.to_ne_bytes().to_vec();
    bytes.extend(what.to_ne_bytes());
    bytes.extend(DUMP.to_ne_bytes());
    // Sequence and port, then the generic header: all families.
    bytes.extend([0; 8 + GENERIC]);
    bytes
}

/// The first message: its type, its body, and what is behind it.
fn message(bytes: &[u8]) -> Option<(u16, &[u8], &[u8])> {
    let length = usize::try_from(u32::from_ne_bytes(*bytes.first_chunk()?)).ok()?;
    let kind = u16::from_ne_bytes(*bytes.get(4..)?.first_chunk()?);
    let body = bytes.get(HEADER..length)?;
    Some((kind, body, bytes.get(aligned(length)..).unwrap_or_default()))
}

fn place(body: &[u8]) -> Option<Place> {
    let family = *body.first()?;
    let mut rest = body.get(GENERIC..)?;
    while let Some((kind, value, behind)) = attribute(rest) {
        if kind == TABLE {
            let name = value.split(|byte| *byte == 0).next().unwrap_or_default();
            return Some(Place { family, table: String::from_utf8_lossy(name).into_owned() });
        }
        rest = behind;
    }
    None
}

/// The first attribute: its type, its value, and what is behind it.
fn attribute(bytes: &[u8]) -> Option<(u16, &[u8], &[u8])> {
    let length = usize::from(u16::from_ne_bytes(*bytes.first_chunk()?));
    let kind = u16::from_ne_bytes(*bytes.get(2..)?.first_chunk()?) & !ATTRIBUTE_FLAGS;
    let value = bytes.get(4..length)?;
    Some((kind, value, bytes.get(aligned(length)..).unwrap_or_default()))
}

/// Messages and attributes begin at multiples of four.
const fn aligned(length: usize) -> usize {
    length.next_multiple_of(4)
}
