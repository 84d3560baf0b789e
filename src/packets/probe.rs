//! Packets that are followed through the rulesets of both families.

use super::path;
use super::site::{Members, Site};
use crate::model::Ruleset;
use crate::simulate::{Packet, PacketFault, Simulator, Trace, Verdict};

/// The rulesets of a host, one a family, ready for packets.
#[derive(Debug)]
pub struct Prober<'r> {
    simulators: Vec<Simulator<'r>>,
}

/// What becomes of a packet in one family.
#[derive(Clone, Debug)]
pub struct Probed<'r> {
    /// The ruleset that it went through.
    pub ruleset: &'r Ruleset,
    /// Its way.
    pub trace: Trace,
}

impl<'r> Prober<'r> {
    /// A prober of these rulesets; `sets` are ipsets that they find beside the host's.
    #[must_use]
    pub fn new(site: &Site, rulesets: impl IntoIterator<Item = &'r Ruleset>, sets: &[Members]) -> Self {
        let simulators = rulesets.into_iter().map(|ruleset| site.simulator(ruleset, sets));
        Self { simulators: simulators.collect() }
    }

    /// Follows a packet through the rules of each family that it can be of; none of the answers where no such rules are
    /// there.
    ///
    /// # Errors
    /// Where the packet cannot be.
    pub fn probe(&self, packet: &Packet) -> Result<Vec<Probed<'r>>, PacketFault> {
        let families = packet.families();
        let fits = self.simulators.iter().filter(|one| families.contains(&one.ruleset().family()));
        fits.map(|one| Ok(Probed { ruleset: one.ruleset(), trace: one.trace(packet)? })).collect()
    }
}

impl<'r> Probed<'r> {
    /// Follows a packet through one ruleset.
    ///
    /// # Errors
    /// Where the packet cannot be, of the other family among others.
    pub fn new(
        site: &Site,
        ruleset: &'r Ruleset,
        sets: &[Members],
        packet: &Packet,
    ) -> Result<Self, PacketFault> {
        Ok(Self { ruleset, trace: site.simulator(ruleset, sets).trace(packet)? })
    }

    /// Its way as lines of text.
    #[must_use]
    pub fn path(&self) -> Vec<String> {
        path::lines(self.ruleset, self.trace.path())
    }

    /// The other ways that it may go, each with its verdict; none where that is certain.
    pub fn others(&self) -> impl Iterator<Item = (&Verdict, Vec<String>)> {
        let is_open = !self.trace.depends_on().is_empty();
        let others = self.trace.branches().iter().skip(1).filter(move |_| is_open);
        others.map(|branch| (&branch.verdict, path::lines(self.ruleset, &branch.path)))
    }
}
