//! The guard: a process of its own that makes the change, waits for the confirmation and goes the way back without it.
//!
//! It is the only one that changes rules, so that the end of the process that started it changes nothing: not by a signal
//! to its process group, not by the end of its terminal. It owns the deadline, and counts it by a clock that nobody sets.

use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use super::commit::{Change, Verdict, Way};
use super::lock::Lock;
use super::record::{Event, State};
use super::run::Run;
use super::set_change::SetChanges;
use super::state::StateDir;
use crate::diagnostic::Diagnostic;

/// How often the guard looks for the confirmation.
const TICK: Duration = Duration::from_millis(20);
/// How often a change that does not hold is made anew.
const RETRIES: usize = 3;
/// How often the way back is tried, and how long the pauses grow.
const ATTEMPTS: u32 = 200;
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// What a guard came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// There was nothing to guard.
    Nothing,
    /// The run is in this state.
    State(State),
}

/// Is the guard of run `id`.
///
/// # Errors
/// That the state directory or the run cannot be read.
pub fn guard(state_dir: &Path, id: u64) -> Result<Ending, Diagnostic> {
    // A session of its own: no signal of the terminal, nor to the group, comes here. It fails where it has one already.
    let _ = rustix::process::setsid();
    let _ = std::env::set_current_dir("/");
    let unreadable = |error: std::io::Error| Diagnostic::error("unreadable-state", error.to_string());
    let run = StateDir::open(state_dir)?.run(id).map_err(unreadable)?;
    let Some(lock) = run.guard().map_err(unreadable)? else { return Ok(Ending::Nothing) };
    if run.state() != State::Applying {
        return Ok(Ending::Nothing);
    }
    if !run.note(&Event::Armed) {
        // Whoever started this would wait in vain, and take the host for unchanged.
        run.go(State::Applying, State::Failed).map_err(unreadable)?;
        return Ok(Ending::State(State::Failed));
    }
    let state = Guard { run: &run, lock: &lock }.work();
    run.sync();
    Ok(Ending::State(state))
}

/// Goes the way back of a run whose guard has died; whether it is done.
///
/// # Errors
/// That another process is about it, or that its rulesets cannot be read.
pub fn recover(run: &Run) -> Result<(), Diagnostic> {
    let unreadable = |error: std::io::Error| Diagnostic::error("unreadable-state", error.to_string());
    let Some(lock) = run.guard().map_err(unreadable)? else {
        return Err(Diagnostic::error("pending", format!("run {} is guarded", run.id())));
    };
    let state = run.state();
    if state.is_final() {
        return Ok(());
    }
    let sets = SetChanges::of(run)?;
    if run.record().boot != super::session::boot() {
        // The rules and the sets are gone with the boot that they were of.
        sets.forget()?;
        return run.go(state, State::RolledBack).map(drop).map_err(unreadable);
    }
    let changes = changes(run)?;
    // Whatever becomes of the sets, the rules come first.
    let prepared = sets.prepare(Way::Back, &lock);
    for change in changes.iter().rev() {
        make_until_it_holds(change, Way::Back, &lock)?;
    }
    prepared.or_else(|_| sets.prepare(Way::Back, &lock))?;
    take_off(run, &sets, Way::Back);
    run.go(state, State::RolledBack).map(drop).map_err(unreadable)
}

/// The changes of a run, in the order in which they are made.
///
/// # Errors
/// That its rulesets cannot be read.
pub fn changes(run: &Run) -> Result<Vec<Change>, Diagnostic> {
    let families = run.record().families.iter();
    families.map(|family| Change::of(run, family.family(), &family.tools)).collect()
}

/// Takes sets off that no rule of the run names any more. One that others name meanwhile stays; it is known as ours.
fn take_off(run: &Run, sets: &SetChanges<'_>, way: Way) {
    if let Err(diagnostic) = sets.finish(way) {
        run.note(&stuck(diagnostic));
    }
}

struct Guard<'r> {
    run: &'r Run,
    lock: &'r Lock,
}

impl Guard<'_> {
    fn work(&self) -> State {
        let all = changes(self.run).and_then(|changes| Ok((changes, SetChanges::of(self.run)?)));
        let (changes, sets) = match all {
            Ok(all) => all,
            Err(diagnostic) => {
                self.run.note(&failed(&diagnostic));
                return self.end(State::Applying, State::Failed);
            }
        };
        if let Err(diagnostic) = self.prepare(&sets).and_then(|()| self.apply(&changes)) {
            self.run.note(&failed(&diagnostic));
            return self.way_back(&changes, &sets, State::Applying, State::Failed);
        }
        let Some(seconds) = self.run.record().confirm else {
            return match self.run.go(State::Applying, State::Confirmed) {
                Ok(true) => {
                    take_off(self.run, &sets, Way::Forward);
                    State::Confirmed
                }
                // Whoever started this gave it up, or it cannot be written: nobody would know of the new rules.
                _ => self.way_back(&changes, &sets, self.run.state(), State::Failed),
            };
        };
        if !self.run.go(State::Applying, State::Pending).unwrap_or(false) {
            return self.way_back(&changes, &sets, self.run.state(), State::RolledBack);
        }
        self.run.note(&Event::Waiting { seconds });
        match self.wait(Duration::from_secs(seconds)) {
            State::Confirmed => {
                take_off(self.run, &sets, Way::Forward);
                State::Confirmed
            }
            state => self.way_back(&changes, &sets, state, State::RolledBack),
        }
    }

    /// Has the sets there that the rules will name.
    fn prepare(&self, sets: &SetChanges<'_>) -> Result<(), Diagnostic> {
        if sets.is_empty() {
            return Ok(());
        }
        let begun = Instant::now();
        sets.prepare(Way::Forward, self.lock)?;
        self.run.note(&Event::Sets { sets: sets.len(), milliseconds: milliseconds(begun) });
        Ok(())
    }

    /// Makes and verifies every family's change.
    fn apply(&self, changes: &[Change]) -> Result<(), Diagnostic> {
        changes.iter().try_for_each(|change| self.apply_one(change))
    }

    fn apply_one(&self, change: &Change) -> Result<(), Diagnostic> {
        let family = change.family().as_str().to_owned();
        for left in (0..=RETRIES).rev() {
            let begun = Instant::now();
            let done = change.make(Way::Forward, self.lock)?;
            let milliseconds = milliseconds(begun);
            let family = family.clone();
            self.run.note(&Event::Committed {
                family,
                lines: done.lines,
                milliseconds,
                changed: done.changed,
                ticks: super::session::ticks(),
            });
            let begun = Instant::now();
            let Verdict { differences, meanwhile } = change.verify(Way::Forward)?;
            let family = change.family().as_str().to_owned();
            if differences.is_empty() {
                let milliseconds = self::milliseconds(begun);
                self.run.note(&Event::Verified { family, milliseconds, meanwhile });
                return Ok(());
            }
            if left == 0 {
                let message = format!("the {family} change does not hold after {RETRIES} retries");
                let differs = Diagnostic::error("not-held", message);
                return Err(differences.into_iter().take(10).fold(differs, Diagnostic::note));
            }
            self.run.note(&Event::Retried { family, differences });
        }
        Ok(())
    }

    /// Waits until the run is confirmed or rejected, or its time is up.
    fn wait(&self, time: Duration) -> State {
        let begun = Instant::now();
        loop {
            match self.run.state() {
                State::Pending if begun.elapsed() < time => thread::sleep(TICK),
                State::Pending => match self.run.go(State::Pending, State::RollingBack) {
                    Ok(true) => return State::RollingBack,
                    // The confirmation came first.
                    Ok(false) => {}
                    // The way back must be gone, whether that can be noted or not.
                    Err(_) => return State::Pending,
                },
                state => return state,
            }
        }
    }

    fn way_back(&self, changes: &[Change], sets: &SetChanges<'_>, from: State, to: State) -> State {
        let begun = Instant::now();
        // Whatever becomes of the sets, the rules come first.
        let is_prepared = sets.prepare(Way::Back, self.lock).is_ok();
        // Each family is tried, whatever became of the one before.
        let go = |change| self.again(|| make_until_it_holds(change, Way::Back, self.lock));
        let back: Vec<bool> = changes.iter().rev().map(go).collect();
        let is_prepared = is_prepared || self.again(|| sets.prepare(Way::Back, self.lock));
        if is_prepared && back.iter().all(|is_back| *is_back) {
            take_off(self.run, sets, Way::Back);
            self.run.note(&Event::RolledBack { milliseconds: milliseconds(begun) });
            return self.end(from, to);
        }
        self.run.state()
    }

    /// Does a part of the way back, again and again where that fails; whether it is done.
    fn again(&self, step: impl Fn() -> Result<(), Diagnostic>) -> bool {
        for attempt in 1..=ATTEMPTS {
            match step() {
                Ok(()) => return true,
                Err(diagnostic) => {
                    if attempt == 1 || attempt % 20 == 0 {
                        self.run.note(&stuck(diagnostic));
                    }
                    thread::sleep((Duration::from_millis(50) * attempt).min(LONGEST_PAUSE));
                }
            }
        }
        false
    }

    fn end(&self, from: State, to: State) -> State {
        // Someone may have rejected it meanwhile: that ends as well.
        let _ = self.run.go(from, to).map(|went| went || self.run.go(self.run.state(), to).unwrap_or(false));
        self.run.state()
    }
}

/// Makes a change until it is read back as it is to be.
///
/// # Errors
/// That it cannot be made, or does not hold.
pub fn make_until_it_holds(change: &Change, way: Way, lock: &Lock) -> Result<(), Diagnostic> {
    let mut differences = Vec::new();
    for _ in 0..=RETRIES {
        change.make(way, lock)?;
        differences = change.verify(way)?.differences;
        if differences.is_empty() {
            return Ok(());
        }
    }
    let message = format!("the {} change does not hold after {RETRIES} retries", change.family().as_str());
    let differs = Diagnostic::error("not-held", message);
    Err(differences.into_iter().take(10).fold(differs, Diagnostic::note))
}

fn milliseconds(since: Instant) -> u64 {
    u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX)
}

fn stuck(Diagnostic { message, notes, .. }: Diagnostic) -> Event {
    Event::Stuck { message, notes }
}

fn failed(diagnostic: &Diagnostic) -> Event {
    Event::Failed { message: diagnostic.message.clone(), notes: diagnostic.notes.clone() }
}
