//! What becomes of a packet: its way through the tables as netfilter goes it, before any packet is sent.
//!
//! A [`Simulator`] holds a ruleset and what is known of the host, its [`Facts`]; [`Simulator::trace`] follows a [`Packet`]
//! and answers with a [`Trace`]: the verdict, the rules that matched, what they rewrote, what had to be assumed, and on
//! what the verdict depends.
//!
//! ```
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use std::sync::Arc;
//! use dwscript::model::Family;
//! use dwscript::simulate::{Facts, Packet, Simulator};
//!
//! let text = "*filter\n:INPUT DROP [0:0]\n-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT\n\
//!             -A INPUT -p tcp -m tcp --dport 80 -m limit --limit 5/sec -j ACCEPT\nCOMMIT\n";
//! let source = dwscript::source::SourceFile::from_bytes("host.rules", text.into())?;
//! let ruleset = dwscript::save::parse(&Arc::new(source), Family::Ipv4)?;
//! let simulator = Simulator::new(&ruleset, Facts::inferred(&ruleset));
//!
//! let ssh = simulator.trace(&Packet::parse("in=eth0 src=198.51.100.7 proto=tcp dport=22")?)?;
//! assert!(ssh.verdict().is_accept());
//! let step = &ssh.path()[0];
//! assert_eq!(step.text(&ruleset), "-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT");
//! assert_eq!(step.effect.describe(&ruleset), "accept");
//!
//! let answer = simulator.trace(&ssh.reply().ok_or("no answer")?)?;
//! assert!(answer.verdict().is_accept());
//!
//! let web = simulator.trace(&Packet::parse("in=eth0 dport=80")?)?;
//! assert_eq!(web.verdict().as_str(), "depends");
//! assert_eq!(web.depends_on()[0].names, ["limit"]);
//! let simulator = simulator.assume(vec![dwscript::simulate::Assumption::parse("limit=yes")?]);
//! assert!(simulator.trace(&Packet::parse("in=eth0 dport=80")?)?.verdict().is_accept());
//! # Ok(())
//! # }
//! ```
//!
//! # What is simulated
//!
//! * The hooks and their tables in the kernel's order; jump, goto, return and policies; the nat tables for the first packet
//!   of a connection alone, and what they decided for those that follow ([`Trace::next`], [`Trace::reply`]).
//! * DNAT, SNAT, MASQUERADE, REDIRECT and NETMAP; marks of packets and connections; NOTRACK; TOS and TTL. A packet that the
//!   host sends to itself leaves by `lo` and comes in again.
//! * Routing by the facts: the host's own addresses, networks of its interfaces, routes by the longest prefix. Routing by
//!   marks or sources is not known. Packets that the kernel drops without a rule are [`Verdict::Lost`].
//! * What a bridge passes between its own ports, where the kernel shows that to iptables ([`Facts::bridge_netfilter`]).
//!
//! # What stays open
//!
//! A match that decides by what no packet says (`limit`, `recent`, `time`, `owner`, an ipset whose members are not among the
//! facts…) answers "unknown". Both ways are followed, and meet again where they lead to the same place, so that the work
//! grows with the rules and not with the combinations. If the verdict is the same either way, it is certain; else it is
//! [`Verdict::Depends`], and [`Trace::depends_on`] names the matches. The same match in two rules may answer differently in
//! one trace. [`Assumption`]s settle such matches beforehand. Targets that hand the packet to something else (`NFQUEUE`,
//! `TPROXY`, `SYNPROXY`) are open too, and cannot be settled.

mod action;
mod address;
mod addrtype;
mod answer;
mod apply;
mod assume;
mod chains;
mod compile;
mod connection;
mod conntrack;
mod effect;
mod explore;
mod facts;
mod flow;
mod index;
mod infer;
mod nat;
mod outcome;
mod packet;
mod place;
mod resolve;
mod scene;
mod stage;
mod station;
mod test;
mod text;
mod trace;
mod walk;

pub use address::{NotSubnet, Subnet};
pub use assume::{Assumption, AssumptionError};
pub use connection::{Connection, Direction, State};
pub use effect::{Effect, Step};
pub use facts::{Facts, Interface, Origin, Route};
pub use packet::{Endpoint, IcmpType, Packet, Protocol};
pub use resolve::PacketFault;
pub use stage::Backend;
pub use text::{PacketError, PacketErrorKind};
pub use trace::{Arrival, Assumed, Branch, Dependency, Header, Loss, Trace, Verdict};
pub use walk::Simulator;
