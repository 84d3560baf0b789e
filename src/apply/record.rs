//! What is kept of a run.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::tools::{Backend, Tools};
use crate::model::Family;

/// What a run is, durable before its first change.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Record {
    /// Counts up with a change that breaks readers.
    pub version: u32,
    /// When it began, in seconds since 1970, by the host's clock.
    pub time: u64,
    /// Who ran it: the user, and where from.
    pub who: String,
    /// The scripts' paths.
    pub scripts: Vec<String>,
    /// The backend.
    pub backend: Backend,
    /// How long it waits for its confirmation, in seconds; none where it needs none.
    pub confirm: Option<u64>,
    /// The families that it changes, in the order of their commits.
    pub families: Vec<FamilyRecord>,
    /// The sets of addresses that it changes.
    #[serde(default)]
    pub sets: Vec<SetRecord>,
    /// The program that changes them.
    #[serde(default)]
    pub ipset: Option<PathBuf>,
    /// The boot of the machine: rules do not outlive it.
    pub boot: String,
    /// The network namespace.
    pub namespace: String,
    /// The process of the SSH server that the run came by, and when it began; `unknown` where that cannot be told.
    pub connection: Option<String>,
}

/// What a run changes in one family.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct FamilyRecord {
    /// `ipv4` or `ipv6`.
    pub family: String,
    /// Its programs.
    pub tools: Tools,
    /// How many lines the change has that add.
    pub added: usize,
    /// And that take away.
    pub removed: usize,
}

/// What a run changes in one set of addresses.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SetRecord {
    /// Its name.
    pub name: String,
    /// `ipv4` or `ipv6`.
    pub family: String,
    /// How many entries come.
    pub added: usize,
    /// And how many go.
    pub removed: usize,
    /// Whose it was; none where it was not ours.
    pub from: Option<String>,
    /// Whose it becomes; none where it is ours no more.
    pub to: Option<String>,
}

impl SetRecord {
    /// The family.
    #[must_use]
    pub fn family(&self) -> Family {
        family(&self.family)
    }
}

fn family(name: &str) -> Family {
    if name == Family::Ipv6.as_str() { Family::Ipv6 } else { Family::Ipv4 }
}

impl FamilyRecord {
    /// The family.
    #[must_use]
    pub fn family(&self) -> Family {
        family(&self.family)
    }
}

/// The version of [`Record`].
pub const VERSION: u32 = 1;

/// How far a run has come. Each change from one to another is the renaming of a file, which only one process can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// Its change is being made.
    Applying,
    /// Its change is made, and waits to be confirmed.
    Pending,
    /// Someone asked for the way back.
    Rejected,
    /// Its time is up, and the way back is being gone.
    RollingBack,
    /// It is confirmed.
    Confirmed,
    /// It was not confirmed, and is rolled back.
    RolledBack,
    /// Its change could not be made, and what was made of it is rolled back.
    Failed,
    /// It was undone later.
    Reverted,
}

impl State {
    /// Every state, in the order in which a run may come to them.
    pub const ALL: [Self; 8] = [
        Self::Applying,
        Self::Pending,
        Self::Rejected,
        Self::RollingBack,
        Self::Confirmed,
        Self::RolledBack,
        Self::Failed,
        Self::Reverted,
    ];

    /// Its name, as `history` prints it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Applying => "applying",
            Self::Pending => "pending",
            Self::Rejected => "rejected",
            Self::RollingBack => "rolling-back",
            Self::Confirmed => "confirmed",
            Self::RolledBack => "rolled-back",
            Self::Failed => "failed",
            Self::Reverted => "reverted",
        }
    }

    /// Whether the run is over.
    #[must_use]
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Confirmed | Self::RolledBack | Self::Failed | Self::Reverted)
    }
}

/// What the guard says while it works, a line each.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum Event {
    /// The way back is guarded; nothing has changed yet.
    Armed,
    /// The sets of addresses are as the rules need them.
    Sets {
        /// How many sets.
        sets: usize,
        /// How long that took.
        milliseconds: u64,
    },
    /// The change of a family is made.
    Committed {
        /// The family.
        family: String,
        /// How many lines it took.
        lines: usize,
        /// How long that took.
        milliseconds: u64,
        /// Whether the live ruleset had changed since it was read.
        changed: bool,
        /// When, in the ticks of the time since boot: only a connection that was made later is a new one.
        #[serde(default)]
        ticks: u64,
    },
    /// The change of a family was read back and holds.
    Verified {
        /// The family.
        family: String,
        /// How long that took.
        milliseconds: u64,
        /// Rules of others that are gone or new since the change was made up.
        #[serde(default)]
        meanwhile: Vec<String>,
    },
    /// It does not hold, and is tried again.
    Retried {
        /// The family.
        family: String,
        /// What differs.
        differences: Vec<String>,
    },
    /// A confirmation is waited for.
    Waiting {
        /// How long.
        seconds: u64,
    },
    /// Something failed.
    Failed {
        /// What.
        message: String,
        /// What the programs said.
        notes: Vec<String>,
    },
    /// The way back failed, and is tried again.
    Stuck {
        /// What failed.
        message: String,
        /// What the programs said.
        notes: Vec<String>,
    },
    /// The way back is gone.
    RolledBack {
        /// How long that took.
        milliseconds: u64,
    },
}
