//! What a run may ask of the host beside its rules. Nothing is asked for before a script wants it, and then once for all
//! scripts and both families of the run.

use std::sync::LazyLock;
use std::sync::atomic::{AtomicBool, Ordering};

use super::fault::Fault;
use crate::diagnostic::Diagnostic;
use crate::docker::Inventory;
use crate::host::HostAddress;

/// What is found out when it is asked for.
type Later<T> = LazyLock<T, Ask<T>>;

/// How it is found out.
pub type Ask<T> = Box<dyn FnOnce() -> T + Send>;

/// Why something of the host is not known.
#[derive(Clone, Debug)]
pub enum Unknown {
    /// There is nothing to ask: no program for it, or a capture that lacks it.
    Absent(String),
    /// It was asked, and the answer was none. The user is told.
    Failed(Diagnostic),
}

/// What surrounds the ruleset.
#[derive(Debug)]
pub struct World {
    /// The addresses of the host.
    addresses: Later<Result<Vec<HostAddress>, Unknown>>,
    /// The tables of nftables, as `ip filter`.
    tables: Later<Vec<String>>,
    /// What Docker itself tells.
    docker: Later<Result<Inventory, Unknown>>,
    /// Whether the host is being asked.
    busy: AtomicBool,
}

impl World {
    /// A world that is known already, as a capture is.
    #[must_use]
    pub fn known(
        addresses: Result<Vec<HostAddress>, Unknown>,
        tables: Vec<String>,
        docker: Result<Inventory, Unknown>,
    ) -> Self {
        Self::new(Box::new(|| addresses), Box::new(|| tables), Box::new(|| docker))
    }

    /// A world that is asked: for the host's addresses, for the tables of nftables, and for what Docker tells.
    #[must_use]
    pub fn new(
        addresses: Ask<Result<Vec<HostAddress>, Unknown>>,
        tables: Ask<Vec<String>>,
        docker: Ask<Result<Inventory, Unknown>>,
    ) -> Self {
        Self {
            addresses: LazyLock::new(addresses),
            tables: LazyLock::new(tables),
            docker: LazyLock::new(docker),
            busy: AtomicBool::new(false),
        }
    }

    /// The addresses of the host.
    pub(super) fn addresses(&self) -> &Result<Vec<HostAddress>, Unknown> {
        self.ask(&self.addresses)
    }

    /// The tables of nftables.
    pub fn tables(&self) -> &[String] {
        let tables: &Vec<String> = self.ask(&self.tables);
        tables
    }

    /// What Docker itself tells.
    pub(super) fn docker(&self) -> &Result<Inventory, Unknown> {
        self.ask(&self.docker)
    }

    /// Whether the host is being asked, which a script is not to answer for.
    pub(super) fn is_busy(&self) -> bool {
        self.busy.load(Ordering::Relaxed)
    }

    fn ask<'w, T: 'w>(&self, what: &'w Later<T>) -> &'w T {
        self.busy.store(true, Ordering::Relaxed);
        let answer = LazyLock::force(what);
        self.busy.store(false, Ordering::Relaxed);
        answer
    }
}

/// What the ruleset came without.
pub(super) const NO_WORLD: &str = "the ruleset is a dump, and a dump does not tell it";

/// The error of a script that cannot do without something of the host's.
pub(super) fn unknown(what: &str, why: &Unknown) -> Fault {
    let fault = Fault::new("host-unknown", format!("{what} are not known"));
    let fault = match why {
        Unknown::Absent(why) => fault.note(why.as_str()),
        Unknown::Failed(diagnostic) => fault.note(diagnostic.message.as_str()),
    };
    fault.help(
        "run on the live host, or on a capture of it: `dwscript snapshot -o FILE` and `--snapshot FILE`",
    )
}
