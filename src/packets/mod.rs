//! Questions about packets: on which host they are followed, what is expected of them, and how the answers read.
//!
//! [`Site`] is what surrounds rulesets: the host's facts, which are found out when a packet first needs them, and what the
//! user settles. A [`Prober`] follows packets through the rulesets of both families of a site:
//!
//! ```
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use std::sync::Arc;
//! use dwscript::model::Family;
//! use dwscript::packets::{Prober, Site};
//! use dwscript::simulate::Packet;
//!
//! let read = |family, text: &str| {
//!     let source = dwscript::source::SourceFile::from_bytes("host.rules", text.into())?;
//!     Ok::<_, Box<dyn std::error::Error>>(dwscript::save::parse(&Arc::new(source), family)?)
//! };
//! let ipv4 = read(Family::Ipv4, "*filter\n:INPUT DROP [0:0]\n-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT\nCOMMIT\n")?;
//! let ipv6 = read(Family::Ipv6, "*filter\n:INPUT DROP [0:0]\nCOMMIT\n")?;
//! let prober = Prober::new(&Site::default(), [&ipv4, &ipv6], &[]);
//! let answers = prober.probe(&Packet::parse("in=eth0 proto=tcp dport=22")?)?;
//! let verdicts: Vec<&str> = answers.iter().map(|answer| answer.trace.verdict().as_str()).collect();
//! assert_eq!(verdicts, ["accept", "drop"]);
//! assert_eq!(answers[0].path()[1], "  1  -A INPUT -p tcp -m tcp --dport 22 -j ACCEPT");
//! # Ok(())
//! # }
//! ```

mod blame;
mod expectation;
mod given;
mod path;
mod probe;
mod site;
mod told;
mod words;

pub use blame::{Blame, blame};
pub use expectation::{Admin, Expectation, Expected};
pub use given::{Given, assumptions, bad_packet, cannot_be};
pub use probe::{Probed, Prober};
pub use site::{Members, OwnAddress, Site, Surroundings};
pub use words::{becomes, dependency, endpoint, header, outcome};
