//! What a run may ask of the host beside its rules. Nothing is asked for before a script wants it, and then once for all
//! scripts and both families of the run.

use std::sync::LazyLock;

use super::fault::Fault;
use crate::diagnostic::Diagnostic;
use crate::docker::Inventory;
use crate::host::HostAddress;

/// What is found out when it is asked for.
pub type Later<T> = LazyLock<T, Box<dyn FnOnce() -> T + Send>>;

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
    pub addresses: Later<Result<Vec<HostAddress>, Unknown>>,
    /// The tables of nftables, as `ip filter`.
    pub tables: Later<Vec<String>>,
    /// What Docker itself tells.
    pub docker: Later<Result<Inventory, Unknown>>,
}

impl World {
    /// A world that is known already, as a capture is.
    #[must_use]
    pub fn known(
        addresses: Result<Vec<HostAddress>, Unknown>,
        tables: Vec<String>,
        docker: Result<Inventory, Unknown>,
    ) -> Self {
        Self {
            addresses: LazyLock::new(Box::new(|| addresses)),
            tables: LazyLock::new(Box::new(|| tables)),
            docker: LazyLock::new(Box::new(|| docker)),
        }
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
