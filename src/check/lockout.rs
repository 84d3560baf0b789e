//! Whether administrators still reach the host: new connections and those that stand, both ways, now and after a restart
//! of dockerd.

use super::expected::{fits, with_way};
use super::report::Finding;
use super::{Levels, lints};
use crate::diagnostic::{Diagnostic, Severity};
use crate::docker::restart::{self, Event};
use crate::model::{Origin, Ruleset};
use crate::packets::{Admin, Members, Probed, Site, cannot_be};
use crate::simulate::{Packet, PacketFault, Simulator, State, Trace};

/// Matches that count packets: an administrator who takes it slowly passes them.
const COUNTING: [&str; 4] = ["connlimit", "hashlimit", "limit", "recent"];

/// What is asked about administrators' packets.
#[derive(Clone, Copy, Debug)]
pub struct Lockout<'a> {
    /// The result.
    pub ruleset: &'a Ruleset,
    /// The ruleset before the scripts.
    pub before: Option<&'a Ruleset>,
    /// The host.
    pub site: &'a Site,
    /// The ipsets that the scripts declare.
    pub sets: &'a [Members],
    /// How grave it is that an administrator is locked out: an error where the host is about to be changed.
    pub severity: Severity,
}

impl Lockout<'_> {
    /// Which of the administrators the result locks out.
    ///
    /// What was dropped before the scripts as well counts for a packet that a script declares; the connection by which the
    /// program was started is there, whatever is thought of its packets, and is warned of alone.
    #[must_use]
    pub fn look(&self, admins: &[Admin], levels: &Levels) -> Vec<Diagnostic> {
        let admins: Vec<&Admin> =
            admins.iter().filter(|admin| fits(&admin.packet.packet, self.ruleset)).collect();
        if admins.is_empty() {
            return Vec::new();
        }
        let now = Moment { ruleset: self.ruleset, simulator: self.simulator(self.ruleset), when: "" };
        let before = self.before.map(|before| self.simulator(before));
        let mut found = Vec::new();
        let mut left = Vec::new();
        for admin in admins {
            if let (Err(fault), Some(origin)) = (now.simulator.trace(&admin.packet.packet), &admin.origin) {
                found.push(impossible(&admin.packet.text, &fault, origin));
                continue;
            }
            match self.locked_out(admin, &now, before.as_ref()) {
                Some(diagnostic) => found.push(diagnostic),
                None => left.push(admin),
            }
        }
        found.extend(self.after_restart(&left));
        let finding = |diagnostic| Finding { diagnostic, introduced: false, inherited: false };
        levels.apply(found.into_iter().map(finding).collect())
    }

    fn simulator<'r>(&self, ruleset: &'r Ruleset) -> Simulator<'r> {
        self.site.simulator(ruleset, self.sets)
    }

    /// What a restart of dockerd brings.
    fn after_restart(&self, admins: &[&Admin]) -> Vec<Diagnostic> {
        if admins.is_empty() {
            return Vec::new();
        }
        let restarted = |ruleset: &Ruleset| restart::predict(ruleset, &Event::Start)?.ruleset();
        let Some(after) = restarted(self.ruleset) else { return Vec::new() };
        let simulator = self.simulator(&after);
        let passes = |admin: &&Admin| {
            ways(&simulator, &admin.packet.packet).iter().all(|way| fate(&way.trace) == Fate::Passed)
        };
        // What a restart did to the rules before the scripts is asked only where it matters: it takes a while to find out.
        if admins.iter().all(passes) {
            return Vec::new();
        }
        let before = self.before.and_then(restarted);
        let before = before.as_ref().map(|before| self.simulator(before));
        let then = Moment { ruleset: &after, simulator, when: " when dockerd restarts" };
        admins.iter().filter_map(|admin| self.locked_out(admin, &then, before.as_ref())).collect()
    }

    fn locked_out(
        &self,
        admin: &Admin,
        now: &Moment<'_, '_>,
        before: Option<&Simulator<'_>>,
    ) -> Option<Diagnostic> {
        let earlier = before.map(|before| ways(before, &admin.packet.packet)).unwrap_or_default();
        let earlier = |what| earlier.iter().find(|way| way.what == what).map(|way| fate(&way.trace));
        let lost: Vec<(Way, Severity)> = ways(&now.simulator, &admin.packet.packet)
            .into_iter()
            .filter_map(|way| {
                let severity = self.gravity(admin, fate(&way.trace), earlier(way.what))?;
                Some((way, severity))
            })
            .collect();
        let severity = lost.iter().map(|(_, severity)| *severity).max()?;
        let whats: Vec<&str> = lost.iter().map(|(way, _)| way.what).collect();
        let (first, _) = lost.into_iter().find(|(_, one)| *one == severity)?;
        let is_sure = fate(&first.trace) == Fate::Dropped;
        let verb = if is_sure { "would" } else { "may" };
        let who = match &admin.origin {
            Some(_) => format!("the administrator's `{}`", admin.packet.text),
            None => format!("this SSH connection, `{}`,", admin.packet.text),
        };
        let message = format!("{who} {verb} be locked out{}: {}", now.when, whats.join(", "));
        let mut diagnostic = Diagnostic::new(severity, lints::LOCKOUT, message);
        if let Some(origin) = &admin.origin {
            let span = origin.script.expression_span(origin.line, origin.column);
            diagnostic = diagnostic.at(&origin.script, span, "");
        }
        diagnostic = diagnostic.note(match earlier(first.what) {
            Some(Fate::Passed) => "before the scripts it passed",
            Some(Fate::Dropped) => "before the scripts it was dropped as well",
            Some(Fate::Depends) => "before the scripts it depended on what the packet does not say",
            None => "what became of it before the scripts is not known",
        });
        let probed = Probed { ruleset: now.ruleset, trace: first.trace };
        let help = if is_sure {
            "accept it before that rule; where this is meant, insist by `--allow lockout`"
        } else {
            "where this is meant, say so by `--allow lockout`"
        };
        Some(with_way(diagnostic, &probed).help(help))
    }

    /// How grave it is that a packet fares so now and fared so before; none where it is not.
    fn gravity(&self, admin: &Admin, now: Fate, before: Option<Fate>) -> Option<Severity> {
        match (now, before) {
            (Fate::Dropped, Some(Fate::Dropped)) if admin.origin.is_none() => Some(Severity::Warning),
            (Fate::Dropped, _) => Some(self.severity),
            (Fate::Depends, Some(Fate::Passed)) => Some(Severity::Warning),
            (Fate::Passed | Fate::Depends, _) => None,
        }
    }
}

/// A ruleset at one time.
struct Moment<'m, 'r> {
    ruleset: &'m Ruleset,
    simulator: Simulator<'r>,
    when: &'static str,
}

/// One packet of an administrator's connection.
struct Way {
    what: &'static str,
    trace: Trace,
}

/// What becomes of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Passed,
    Dropped,
    Depends,
}

fn fate(trace: &Trace) -> Fate {
    let is_counted = |name: &String| COUNTING.contains(&name.as_str());
    match trace.verdict() {
        verdict if verdict.is_accept() => Fate::Passed,
        verdict if verdict.is_drop() => Fate::Dropped,
        _ if !trace.is_incomplete()
            && trace.depends_on().iter().all(|on| on.names.iter().all(is_counted)) =>
        {
            Fate::Passed
        }
        _ => Fate::Depends,
    }
}

/// The packets of a connection, new and standing, both ways.
fn ways(simulator: &Simulator<'_>, packet: &Packet) -> Vec<Way> {
    let standing = Packet { state: Some(State::Established), ..packet.clone() };
    let said = packet.state.is_some();
    let asked = [("a new connection", packet), ("the connection that stands", &standing)];
    let asked = if said { &asked[..1] } else { &asked[..] };
    let mut ways: Vec<Way> = Vec::new();
    for (what, packet) in asked {
        let Ok(trace) = simulator.trace(packet) else { continue };
        let answer = trace.reply().and_then(|reply| simulator.trace(&reply).ok());
        ways.push(Way { what: if said { "it" } else { what }, trace });
        if let Some(trace) = answer.filter(|_| ways.iter().all(|way| way.what != ANSWER)) {
            ways.push(Way { what: ANSWER, trace });
        }
    }
    ways
}

/// That a script declares a packet that cannot be.
fn impossible(text: &str, fault: &PacketFault, origin: &Origin) -> Diagnostic {
    let Diagnostic { code, message, help, .. } = cannot_be(text, fault);
    let span = origin.script.expression_span(origin.line, origin.column);
    Diagnostic { help, ..Diagnostic::error(code, message).at(&origin.script, span, "") }
}

/// What a packet of the host's to the administrator is called.
const ANSWER: &str = "the host's answers";
