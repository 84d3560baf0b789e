//! Following a run that its guard carries out: what it says, and the answer at the terminal.

use std::io::{self, BufRead as _, IsTerminal as _};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::Duration;

use super::steps::Steps;
use crate::apply::{Event, Run, State, is_remote, recover};
use crate::diagnostic::Diagnostic;

const TICK: Duration = Duration::from_millis(10);
/// How many lines of a list are said.
const LISTED: usize = 10;

/// Where the confirmation comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asks {
    /// From standard input.
    Here,
    /// From `dwscript confirm`, run in a new connection.
    NewConnection,
    /// From `dwscript confirm`, wherever it is run.
    Anywhere,
}

impl Asks {
    /// A local terminal is asked. Over SSH an answer would ride the connection that is open already, and prove nothing.
    pub(super) fn new(confirm_here: bool) -> Self {
        if confirm_here {
            Self::Here
        } else if is_remote() {
            Self::NewConnection
        } else if io::stdin().is_terminal() {
            Self::Here
        } else {
            Self::Anywhere
        }
    }
}

/// How a run ended.
pub(super) struct Ended {
    pub(super) state: State,
    /// What failed.
    pub(super) errors: Vec<Diagnostic>,
}

/// Follows a run to its end.
pub(super) struct Follower<'r> {
    run: &'r Run,
    asks: Asks,
    said: usize,
    answers: Option<Receiver<String>>,
    errors: Vec<Diagnostic>,
}

impl<'r> Follower<'r> {
    pub(super) fn new(run: &'r Run, asks: Asks) -> Self {
        Self { run, asks, said: 0, answers: None, errors: Vec::new() }
    }

    pub(super) fn follow(mut self, steps: &mut Steps) -> Ended {
        let mut slow = steps.begin("making and verifying the change");
        loop {
            let state = self.run.state();
            let is_guarded = self.run.is_guarded();
            self.tell(steps);
            if state != State::Applying {
                drop(slow.take());
            }
            if state.is_final() {
                self.tell(steps);
                return Ended { state, errors: self.errors };
            }
            if !is_guarded && !self.run.state().is_final() {
                return self.without_guard(steps);
            }
            self.answer(steps);
            thread::sleep(TICK);
        }
    }

    /// The guard is gone, and the run is not over: what it would have done is done here.
    fn without_guard(mut self, steps: &mut Steps) -> Ended {
        self.errors.push(Diagnostic::error("guard-died", "the process that guards the rollback has died"));
        match recover(self.run) {
            Ok(()) => steps.say("rolled back in its place"),
            Err(diagnostic) => self.errors.push(diagnostic),
        }
        Ended { state: State::Failed, errors: self.errors }
    }

    fn tell(&mut self, steps: &mut Steps) {
        let events = self.run.events();
        for event in events.iter().skip(self.said) {
            self.tell_one(event, steps);
        }
        self.said = events.len();
    }

    fn tell_one(&mut self, event: &Event, steps: &mut Steps) {
        let milliseconds = |time: &u64| Duration::from_millis(*time);
        match event {
            Event::Armed => {}
            Event::Sets { sets, milliseconds: time } => {
                let sets = if *sets == 1 { "1 set".to_owned() } else { format!("{sets} sets") };
                steps.took(&format!("committed {sets}"), milliseconds(time));
            }
            Event::Committed { family, lines, milliseconds: time, changed, .. } => {
                if *changed {
                    steps.say(&format!("the live {family} ruleset had changed: the delta was made anew"));
                }
                steps.took(
                    &format!("committed {family}: {lines} {}", if *lines == 1 { "line" } else { "lines" }),
                    milliseconds(time),
                );
            }
            Event::Verified { family, milliseconds: time, meanwhile } => {
                steps.took(&format!("verified {family}"), milliseconds(time));
                if !meanwhile.is_empty() {
                    list(&format!("others changed {family} rules meanwhile"), meanwhile, steps);
                }
            }
            Event::Retried { family, differences } => {
                list(&format!("the {family} change does not hold, and is made again"), differences, steps);
            }
            Event::Waiting { seconds } => self.ask(*seconds, steps),
            Event::Failed { message, notes } => {
                let error = Diagnostic::error("not-applied", message.clone());
                self.errors.push(notes.iter().fold(error, Diagnostic::note));
            }
            Event::Stuck { message, notes } => {
                steps.say(&format!("the rollback failed, and is tried again: {message}"));
                for note in notes {
                    steps.say(&format!("  {note}"));
                }
            }
            Event::RolledBack { milliseconds: time } => steps.took("rolled back", milliseconds(time)),
        }
    }

    fn ask(&mut self, seconds: u64, steps: &mut Steps) {
        let id = self.run.id();
        match self.asks {
            Asks::Here => {
                steps.say(&format!("keep the new rules? `y` within {seconds} s, else they are rolled back"));
                self.answers = Some(answers());
            }
            Asks::NewConnection => steps.say(&format!(
                "waiting {seconds} s for `dwscript confirm {id}` from a new connection, else it is rolled back"
            )),
            Asks::Anywhere => {
                steps.say(&format!("waiting {seconds} s for `dwscript confirm {id}`, else it is rolled back"));
            }
        }
    }

    fn answer(&self, steps: &mut Steps) {
        let Some(answer) = self.answers.as_ref().and_then(|answers| answers.try_recv().ok()) else { return };
        let to = match answer.trim() {
            "y" | "Y" | "yes" => State::Confirmed,
            "n" | "N" | "no" => State::Rejected,
            _ => return steps.say("`y` keeps the new rules, `n` rolls them back"),
        };
        if let Err(error) = self.run.go(State::Pending, to) {
            steps.say(&format!("the answer cannot be written: {error}"));
        }
    }
}

/// The lines of standard input, read in a thread that ends with the process.
fn answers() -> Receiver<String> {
    let (sender, answers) = mpsc::channel();
    thread::spawn(move || {
        let lines = io::stdin().lock().lines();
        lines.map_while(Result::ok).try_for_each(|line| sender.send(line))
    });
    answers
}

/// Says something and the first of the lines that belong to it.
fn list(what: &str, lines: &[String], steps: &mut Steps) {
    steps.say(what);
    lines.iter().take(LISTED).for_each(|line| steps.say(&format!("  {line}")));
    if lines.len() > LISTED {
        steps.say(&format!("  and {} more", lines.len() - LISTED));
    }
}
