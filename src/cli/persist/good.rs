//! The last good result: what scripts made of the host when they last could, for the boot at which they cannot.
//!
//! It is kept as the difference between two rulesets, of which both hold the rules of others that were there, so that each
//! rule finds its place again. It is never loaded itself: what is live is changed by that difference alone.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

use super::places;
use crate::apply::{Host, HostFamily, Ipset, Lock, load, parse};
use crate::cli::run::RunResult;
use crate::delta::{self, View};
use crate::diagnostic::Diagnostic;
use crate::model::{Family, Ruleset};
use crate::report::parts::{self, Part};
use crate::save::ipset::{self, Content, Held};

/// Its file in the state directory.
const NAME: &str = "last-good";
const VERSION: u32 = 1;
/// Only root reads it: comments may tell what is nobody's business.
const MODE: u32 = 0o600;
/// How often it is tried to put the rules of others and ours in their order, while others work at theirs.
const ATTEMPTS: usize = 3;
/// In the order in which they stand in the file.
const PARTS: [Part; 4] = [Part::Whole, Part::Others, Part::Early, Part::EarlyOthers];

/// A last good result.
#[derive(Clone, Debug)]
pub(super) struct Good {
    head: Head,
    /// The texts of each family, as [`PARTS`] has them.
    texts: Vec<[Vec<u8>; 4]>,
    /// The sets that the rules name, as text for `ipset restore`.
    sets: Vec<u8>,
}

/// The first line of the file; the texts follow, without anything between them.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Head {
    version: u32,
    time: u64,
    owners: Vec<String>,
    families: Vec<FamilyHead>,
    /// How long the text of the sets is, which stands last.
    sets: usize,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct FamilyHead {
    family: String,
    lengths: [usize; 4],
}

/// What of a last good result is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Extent {
    /// All, in place of what the scripts would make now.
    All,
    /// What there is to do before the network is up, and only what is not there yet.
    Early,
}

impl Good {
    /// What scripts made of the families' rulesets.
    pub(super) fn of(results: &[RunResult<'_>]) -> Result<Self, Diagnostic> {
        let unwritten =
            |error: io::Error| Diagnostic::error("unwritable-output", format!("no ruleset: {error}"));
        let mut owners: Vec<String> = results.iter().flat_map(|result| result.owners.clone()).collect();
        owners.sort_unstable();
        owners.dedup();
        let mut sets = Vec::new();
        for set in results.iter().flat_map(|result| &result.sets) {
            let content = Content { family: set.family, entries: set.entries.clone() };
            ipset::write(&set.name, &content, &mut sets).map_err(unwritten)?;
        }
        let (mut families, mut all) = (Vec::new(), Vec::new());
        for result in results {
            let mut texts: [Vec<u8>; 4] = Default::default();
            for (part, text) in PARTS.into_iter().zip(&mut texts) {
                parts::write(&result.checked, part, text).map_err(unwritten)?;
            }
            let lengths = texts.each_ref().map(Vec::len);
            families.push(FamilyHead { family: result.job.family.as_str().to_owned(), lengths });
            all.push(texts);
        }
        let head = Head { version: VERSION, time: now(), owners, families, sets: sets.len() };
        Ok(Self { head, texts: all, sets })
    }

    /// The file in a state directory.
    pub(super) fn path(state_dir: &Path) -> PathBuf {
        state_dir.join(NAME)
    }

    /// Writes it to the disk, whole or not at all.
    pub(super) fn write(&self, state_dir: &Path) -> Result<(), Diagnostic> {
        let path = Self::path(state_dir);
        let head = serde_json::to_vec(&self.head).map_err(|error| unreadable(&path, &error.to_string()))?;
        let texts = self.texts.iter().flatten().chain([&self.sets]).flatten();
        let bytes: Vec<u8> = head.into_iter().chain([b'\n']).chain(texts.copied()).collect();
        places::make_folder(state_dir, 0o700)?;
        places::write(&path, &bytes, MODE)
    }

    /// Reads it; none where there is none.
    pub(super) fn read(state_dir: &Path) -> Result<Option<Self>, Diagnostic> {
        let path = Self::path(state_dir);
        match fs::read(&path) {
            Ok(bytes) => Self::parse(&bytes).map(Some).ok_or_else(|| unreadable(&path, "it is damaged")),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(unreadable(&path, &error.to_string())),
        }
    }

    fn parse(bytes: &[u8]) -> Option<Self> {
        let end = bytes.iter().position(|byte| *byte == b'\n')?;
        let head: Head = serde_json::from_slice(bytes.get(..end)?).ok()?;
        let mut rest = bytes.get(end + 1..)?;
        let mut texts = Vec::new();
        for family in &head.families {
            let mut of_family: [Vec<u8>; 4] = Default::default();
            for (length, text) in family.lengths.iter().zip(&mut of_family) {
                let (own, behind) = rest.split_at_checked(*length)?;
                text.extend_from_slice(own);
                rest = behind;
            }
            texts.push(of_family);
        }
        let sets = rest.to_vec();
        (head.version == VERSION && sets.len() == head.sets).then_some(Self { head, texts, sets })
    }

    /// When it was made, in seconds since 1970.
    pub(super) const fn time(&self) -> u64 {
        self.head.time
    }

    /// The families of which it is.
    pub(super) fn families(&self) -> Vec<Family> {
        let is_ipv6 = |head: &FamilyHead| head.family == Family::Ipv6.as_str();
        let family = |head: &FamilyHead| if is_ipv6(head) { Family::Ipv6 } else { Family::Ipv4 };
        self.head.families.iter().map(family).collect()
    }

    /// Makes it in what is live; how many lines that took. A family that refuses it keeps no other one from it.
    pub(super) fn apply(
        &self,
        extent: Extent,
        folder: Option<&Path>,
        lock: &Lock,
    ) -> Result<usize, Vec<Diagnostic>> {
        self.make_sets(folder, lock).map_err(|error| vec![error])?;
        let families = self.families();
        let (mut lines, mut errors) = (0, Vec::new());
        for (family, texts) in families.iter().zip(&self.texts) {
            match self.apply_family(*family, texts, extent, folder, lock) {
                Ok(count) => lines += count,
                Err(error) => errors.push(error.note(format!("this is of {}", family.as_str()))),
            }
        }
        if errors.is_empty() { Ok(lines) } else { Err(errors) }
    }

    /// Has the sets hold what they held, before rules name them.
    fn make_sets(&self, folder: Option<&Path>, lock: &Lock) -> Result<(), Diagnostic> {
        let held = ipset::parse(&self.sets);
        let sets = held.iter().filter_map(|(name, held)| match held {
            Held::Addresses(content) => Some((name.as_str(), content.clone())),
            Held::Other => None,
        });
        let sets: Vec<(&str, Content)> = sets.collect();
        if sets.is_empty() {
            return Ok(());
        }
        let missing = || {
            Diagnostic::error("no-ipset", "the rules need sets, and there is no program `ipset` on this host")
                .help("install it, `apt-get install ipset`")
        };
        Ipset::find(folder).ok_or_else(missing)?.put(&sets, lock)
    }

    fn apply_family(
        &self,
        family: Family,
        texts: &[Vec<u8>; 4],
        extent: Extent,
        folder: Option<&Path>,
        lock: &Lock,
    ) -> Result<usize, Diagnostic> {
        let [whole, others, early, early_others] = texts;
        let (from, to) = match extent {
            Extent::All => (others, whole),
            Extent::Early => (early_others, early),
        };
        let (from, to) = (parse(family, from.clone())?, parse(family, to.clone())?);
        let mut lines = 0;
        for _ in 0..ATTEMPTS {
            let host = Host::read(folder, &[family])?;
            let Some(HostFamily { tools, dump, .. }) = host.families.first() else { break };
            let live = parse(family, dump.text.clone())?;
            let desired = match extent {
                Extent::All => self.anew(&from, &to, parse(family, dump.text.clone())?)?,
                Extent::Early => merged(&from, &to, &live)?,
            };
            match load(family, tools, &live, &desired, lock)? {
                0 => return Ok(lines),
                some => lines += some,
            }
        }
        Ok(lines)
    }

    /// What is live with the difference made in it; all of it that is there already is taken out first, and so is what an
    /// older result left there.
    fn anew(&self, from: &Ruleset, to: &Ruleset, mut live: Ruleset) -> Result<Ruleset, Diagnostic> {
        let family = live.family();
        let mut text = Vec::new();
        parts::write_without(&mut live, &self.head.owners, &mut text)
            .map_err(|error| Diagnostic::error("unreadable-input", error.to_string()))?;
        let without = merged(to, from, &parse(family, text)?)?;
        merged(from, to, &without)
    }
}

/// What `live` is with the difference between two rulesets made in it.
fn merged(from: &Ruleset, to: &Ruleset, live: &Ruleset) -> Result<Ruleset, Diagnostic> {
    let mut text = Vec::new();
    let [from, to, now] = [from, to, live].map(View::result);
    delta::write_merged(from, to, now, &mut text)
        .map_err(|error| Diagnostic::error("unreadable-input", error.to_string()))?;
    parse(live.family(), text)
}

fn unreadable(path: &Path, why: &str) -> Diagnostic {
    Diagnostic::error(
        "no-last-good",
        format!("the last good result, `{}`, cannot be read: {why}", path.display()),
    )
    .help("`systemctl restart dwscript` makes it anew once the scripts run")
}

/// Seconds since 1970.
pub(super) fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_cut_off_is_no_result() {
        let families = vec![FamilyHead { family: "ipv6".to_owned(), lengths: [1, 2, 0, 3] }];
        let head = Head { version: VERSION, time: 7, owners: vec!["site".to_owned()], families, sets: 2 };
        let texts = vec![["a", "bc", "", "def"].map(|text| text.as_bytes().to_vec())];
        let good = Good { head, texts, sets: b"gh".to_vec() };
        let folder = tempfile::tempdir().unwrap();
        good.write(folder.path()).unwrap();
        let bytes = fs::read(Good::path(folder.path())).unwrap();
        let read = Good::read(folder.path()).unwrap().unwrap();
        assert_eq!((read.time(), read.families()), (7, vec![Family::Ipv6]));
        assert_eq!((read.texts, read.sets), (good.texts, good.sets));
        for length in 0..bytes.len() {
            assert!(Good::parse(&bytes[..length]).is_none(), "{length}");
        }
    }
}
