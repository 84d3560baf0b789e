//! Applying a ruleset to the host: rehearsed, backed up, guarded, committed as a delta, verified, confirmed.
//!
//! One step a file. What is written comes before what is changed: the run with its rulesets is on the disk, and its guard
//! is there, before the first rule changes; a process that is killed at any moment leaves a host that is, or soon will be,
//! in the state before or in the confirmed one after.

mod arm;
mod ask;
mod blame;
mod commit;
mod dump;
mod files;
mod guard;
mod host;
mod ipset;
mod lock;
mod nftables;
mod others;
mod process;
mod record;
mod rehearse;
mod run;
mod scratch;
mod session;
mod set_change;
mod set_owners;
mod set_plan;
mod sets;
mod state;
mod tools;
mod trust;

pub use arm::{Armed, arm};
pub use ask::{AskError, ask, nftables_tables};
pub use commit::{Change, Way, load};
pub use dump::{Dump, parse};
pub use files::{replace as replace_file, sync_folder};
pub use guard::{Ending, changes, guard, make_until_it_holds, recover};
pub use host::{Host, HostFamily};
pub use ipset::Ipset;
pub use lock::Lock;
pub use record::{Event, FamilyRecord, Record, SetRecord, State, VERSION};
pub use rehearse::{Rehearsed, rehearse};
pub use run::{Run, Which};
pub use session::{Connection, boot, connection, is_remote, is_root, namespace, ssh_connection, who};
pub use set_change::SetChanges;
pub use set_owners::{Owned, Owners, read as owned_sets};
pub use set_plan::{PlannedSet, SetPlan, Wanted, plan as plan_sets};
pub use sets::named as named_sets;
pub use state::{STATE_DIR, StateDir};
pub use tools::{Backend, Tools};
pub use trust::check as check_trust;
