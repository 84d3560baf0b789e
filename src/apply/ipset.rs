//! The program `ipset`.

use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use super::lock::Lock;
use super::process::{self, Finished};
use super::tools::{self, limit, system_program};
use crate::diagnostic::Diagnostic;
use crate::save::ipset::{self, Content, Held};

/// What a set is called while it is filled, before it takes another's place.
const NEW: &str = "dwscript-new";
/// The kernel lets go of a set a while after the last rule that named it has gone: nft does so behind our backs.
const PATIENCE: Duration = Duration::from_secs(5);
const TICK: Duration = Duration::from_millis(20);

/// The program.
#[derive(Clone, Debug)]
pub struct Ipset {
    program: PathBuf,
}

impl Ipset {
    /// The program, in the folder that is given or where the system has it.
    #[must_use]
    pub fn find(folder: Option<&Path>) -> Option<Self> {
        let given = folder.and_then(|folder| tools::find("ipset", &tools::folders(Some(folder))));
        given.or_else(|| system_program("ipset")).map(|program| Self { program })
    }

    /// The program at a path, or where that is gone, the system's.
    pub(super) fn at(program: &Path) -> Option<Self> {
        let is_there = program.is_file();
        if is_there { Some(Self { program: program.to_owned() }) } else { Self::find(None) }
    }

    /// Its path.
    pub(super) fn path(&self) -> &Path {
        &self.program
    }

    /// Whether the host has ipsets: the program, and a kernel that knows them.
    #[must_use]
    pub fn works() -> bool {
        Self::find(None).is_some_and(|ipset| ipset.names().is_ok())
    }

    fn run(&self, args: &[&str]) -> Result<Finished, Diagnostic> {
        let mut command = process::command(&self.program);
        command.args(args);
        process::run(command, Vec::new(), limit(0)).map_err(|error| failed(&error.to_string()))
    }

    /// The names of the sets that the kernel has.
    ///
    /// # Errors
    /// That the kernel does not know sets, or the program failed.
    pub fn names(&self) -> Result<Vec<String>, Diagnostic> {
        let listed = self.run(&["list", "-name"])?;
        if !listed.status.success() {
            let message = format!("`ipset list` failed: {}", listed.ending());
            let failed = listed.words().fold(failed(&message), Diagnostic::note);
            return Err(failed.help("the kernel needs the modules `ip_set` and `ip_set_hash_net`: `modprobe ip_set_hash_net` says what is missing"));
        }
        Ok(String::from_utf8_lossy(&listed.stdout).lines().map(str::to_owned).collect())
    }

    /// What a set holds that the kernel has.
    ///
    /// # Errors
    /// That the program failed.
    pub fn held(&self, name: &str) -> Result<Held, Diagnostic> {
        let saved = self.run(&["save", name])?;
        let mut held = ipset::parse(&saved.stdout).into_iter();
        held.find(|(found, _)| found == name).map(|(_, held)| held).ok_or_else(|| {
            let message = format!("`ipset save {name}` failed: {}", saved.ending());
            saved.words().fold(failed(&message), Diagnostic::note)
        })
    }

    /// Gives a text to `ipset restore`, which holds the lock while it lives: who comes after us waits for its end.
    fn restore(&self, text: Vec<u8>, lock: &Lock) -> Result<(), Diagnostic> {
        let mut command = process::command(&self.program);
        command.arg("restore");
        let limit = limit(text.len());
        let done = process::run_with(command, text, lock.lent(), limit)
            .map_err(|error| failed(&error.to_string()))?;
        if done.status.success() {
            return Ok(());
        }
        let message = format!("`ipset restore` refused the sets: {}", done.ending());
        Err(done.words().fold(failed(&message), Diagnostic::note))
    }

    /// Has these sets hold this, each from one moment to the next; what a killed run left half filled goes.
    ///
    /// # Errors
    /// That the program failed.
    pub fn put(&self, sets: &[(&str, Content)], lock: &Lock) -> Result<(), Diagnostic> {
        let names = self.names()?;
        let is_there = |name: &str| names.iter().any(|known| known == name);
        let mut text = Vec::new();
        if is_there(NEW) {
            text.extend_from_slice(format!("destroy {NEW}\n").as_bytes());
        }
        for (name, content) in sets {
            // Even where no set has the name, it is filled under the other: a rule never meets half of it.
            let mut filled = Vec::new();
            let written = ipset::write(NEW, content, &mut filled);
            written.map_err(|error| failed(&error.to_string()))?;
            let last = if is_there(name) {
                format!("swap {NEW} {name}\ndestroy {NEW}\n")
            } else {
                format!("rename {NEW} {name}\n")
            };
            text.append(&mut filled);
            text.extend_from_slice(last.as_bytes());
        }
        if text.is_empty() { Ok(()) } else { self.restore(text, lock) }
    }

    /// Takes a set off that no rule names any more; that it is gone already is fine.
    ///
    /// # Errors
    /// That rules name it still.
    pub(super) fn destroy(&self, name: &str) -> Result<(), Diagnostic> {
        let begun = Instant::now();
        loop {
            if !self.names()?.iter().any(|known| known == name) {
                return Ok(());
            }
            let done = self.run(&["destroy", name])?;
            if done.status.success() {
                return Ok(());
            }
            if begun.elapsed() > PATIENCE {
                let message = format!("the set `{name}` cannot be taken off: {}", done.ending());
                return Err(done.words().fold(failed(&message), Diagnostic::note));
            }
            thread::sleep(TICK);
        }
    }
}

fn failed(message: &str) -> Diagnostic {
    Diagnostic::error("ipset-failed", message)
}

/// That sets are declared and there is no program to make them.
#[must_use]
pub(super) fn missing() -> Diagnostic {
    Diagnostic::error("no-ipset", "the scripts declare sets, and there is no program `ipset` on this host")
        .help(
            "install it, `apt-get install ipset`, or have the script do without where `host.ipset` is false",
        )
        .help("`scripts/blocklist.rhai` does without by `-D ipset=false`: a rule for each address")
}
