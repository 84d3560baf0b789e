//! What the functions of tests do.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use rhai::{Array, Dynamic, FnPtr, ImmutableString, Map, NativeCallContext};

use super::bench::{Loaded, Trial};
use super::error;
use super::fault::{Fault, Native, raise, shortened};
use super::packets::given;
use super::params::{Given, ParamValue, Params};
use super::session::{IpSet, Session, SharedSession, seat, session};
use super::spelling::value::type_name;
use crate::diagnostic::{Diagnostic, Label, Severity, did_you_mean, list};
use crate::docker::restart::{Event, predict};
use crate::model::{Family, Ruleset};
use crate::packets::{
    Expected, Exposed, Members, NoPorts, Outside, Ports, Probed, becomes, cannot_be, with_way,
};

/// The most ports that a failure lists.
const MOST: usize = 20;

/// Takes rules for the test's own.
pub(super) fn load(context: &NativeCallContext, name: &str, family: Option<&str>) -> Native<()> {
    let family = family.map(|name| family_of(context, name)).transpose()?;
    let trial = trial(context)?;
    let loaded = bench(context, &trial, || trial.bench.load(name, family))
        .map_err(|diagnostic| raise(context, diagnostic.into()))?;
    sit_down(context, &trial, loaded, Vec::new());
    Ok(())
}

fn family_of(context: &NativeCallContext, name: &str) -> Native<Family> {
    let found = [Family::Ipv4, Family::Ipv6].into_iter().find(|family| family.as_str() == name);
    found.ok_or_else(|| {
        let fault = Fault::new("bad-value", format!("`{}` is no family", shortened(&name)));
        raise(context, fault.help("write `\"ipv4\"` or `\"ipv6\"`"))
    })
}

/// The state of the test.
fn trial(context: &NativeCallContext) -> Native<Rc<Trial>> {
    let trial = session(context).borrow().trial.clone();
    trial.ok_or_else(|| raise(context, Fault::new("no-test", "no test is running")))
}

/// Has the bench work, whose time and memory are not the test's.
fn bench<T>(context: &NativeCallContext, trial: &Trial, work: impl FnOnce() -> T) -> T {
    let watch = Rc::clone(&session(context).borrow().watch);
    watch.wait(|| trial.wait(work))
}

/// Has the test go on with other rulesets. What it has read of those before stays what it was.
fn sit_down(context: &NativeCallContext, trial: &Trial, loaded: Loaded, sets: Vec<IpSet>) {
    let Some(seat) = seat(context) else { return };
    let old = session(context);
    let mut first =
        loaded.rulesets.first().cloned().unwrap_or_else(|| Ruleset::new(Family::Ipv4, Arc::default()));
    first.read_owners();
    let next = {
        let old = old.borrow();
        let mut next = Session { sets, ..Session::beside(&old, first) };
        next.interfaces.clone_from(&loaded.settings.interfaces);
        next.world.clone_from(&loaded.settings.world);
        next.site = Arc::clone(&loaded.settings.site);
        next.asks_ipset = loaded.settings.ipset;
        next.others = next.ruleset.has_owners_beside(&[]);
        next
    };
    trial.loaded.replace(Some(loaded));
    seat.replace(Rc::new(RefCell::new(next)));
}

/// What was loaded, the test's own edits included.
fn current(context: &NativeCallContext, trial: &Trial) -> Native<Loaded> {
    let mut loaded = trial.loaded.borrow().clone().ok_or_else(|| {
        let fault = Fault::new("nothing-loaded", "the test has loaded no rules");
        raise(context, fault.help("begin it with `load(\"docker28-published\");`, or a file of your host's"))
    })?;
    let session = session(context);
    if let Some(first) = loaded.rulesets.first_mut() {
        first.clone_from(&session.borrow().ruleset);
    }
    Ok(loaded)
}

/// Runs scripts as a user would, and goes on with what they made.
pub(super) fn run_script(context: &NativeCallContext, script: &Dynamic, params: &Map) -> Native<Array> {
    let trial = trial(context)?;
    let scripts = names(script).map_err(|fault| raise(context, fault))?;
    let params = parameters(params).map_err(|fault| raise(context, fault))?;
    let on = current(context, &trial)?;
    let ran = bench(context, &trial, || trial.bench.run(&scripts, &params, &on))
        .map_err(|diagnostics| raise(context, failed(&scripts, diagnostics)))?;
    let codes =
        ran.warnings.iter().map(|warning| Dynamic::from(ImmutableString::from(warning.code))).collect();
    sit_down(context, &trial, Loaded { rulesets: ran.rulesets, ..on }, ran.sets);
    // That it runs is worth a test of its own.
    holds(&trial)?;
    Ok(codes)
}

fn names(script: &Dynamic) -> Result<Vec<String>, Fault> {
    let text = |one: &Dynamic| one.read_lock::<ImmutableString>().map(|text| text.to_string());
    let names = match script.read_lock::<Array>() {
        Some(all) => all.iter().map(text).collect(),
        None => text(script).map(|one| vec![one]),
    };
    names.filter(|names: &Vec<String>| !names.is_empty()).ok_or_else(|| {
        Fault::new("bad-value", "that names no script")
            .help("give `\"site.rhai\"`, or an array of such names")
    })
}

fn parameters(given: &Map) -> Result<Params, Fault> {
    let mut params = Params::default();
    for (name, value) in given {
        let value = parameter(value).ok_or_else(|| {
            Fault::new("bad-value", format!("`{name}` cannot be {}", shortened(value)))
                .help("parameters are texts, numbers, true or false, and arrays of these")
        })?;
        params.give(name.as_str(), Given { value, from: "`run_script`".to_owned() });
    }
    Ok(params)
}

fn parameter(value: &Dynamic) -> Option<ParamValue> {
    if let Some(text) = value.read_lock::<ImmutableString>() {
        return Some(ParamValue::Text(text.to_string()));
    }
    if let Some(items) = value.read_lock::<Array>() {
        return items.iter().map(parameter).collect::<Option<_>>().map(ParamValue::List);
    }
    let number = value.as_int().ok().map(ParamValue::Integer);
    number.or_else(|| value.as_bool().ok().map(ParamValue::Boolean))
}

/// The fault of a run that came to nothing: its first error, and what else was said.
fn failed(scripts: &[String], diagnostics: Vec<Diagnostic>) -> Fault {
    let mut errors: Vec<Diagnostic> =
        diagnostics.into_iter().filter(|one| one.severity == Severity::Error).collect();
    let name = list(scripts.iter().map(String::as_str), MOST);
    if errors.is_empty() {
        return Fault::new("failed", format!("{name} came to no result"));
    }
    let first = errors.remove(0);
    let labels = first.labels.into_iter().map(|label| {
        let text = if label.text.is_empty() { "here".to_owned() } else { label.text };
        Label { text, ..label }
    });
    let first =
        Diagnostic { message: format!("{name}: {}", first.message), labels: labels.collect(), ..first };
    let mut fault = Fault::from(first);
    for other in errors {
        fault.notes.push(format!("and {}: {}", other.code, other.message));
        fault.is_beside(other.code);
    }
    fault
}

/// That a packet arrives, or does not.
pub(super) fn assert_packet(context: &NativeCallContext, expected: Expected, packet: &Dynamic) -> Native<()> {
    let given = given(packet).map_err(|fault| raise(context, fault))?;
    let trial = trial(context)?;
    let loaded = current(context, &trial)?;
    let sets = members(&session(context));
    let families = given.packet.families();
    let mut asked = false;
    for ruleset in loaded.rulesets.iter().filter(|ruleset| families.contains(&ruleset.family())) {
        asked = true;
        let probed = Probed::new(&loaded.settings.site, ruleset, &sets, &given.packet)
            .map_err(|fault| raise(context, cannot_be(&given.text, &fault).into()))?;
        let verdict = probed.trace.verdict();
        let (code, wanted, is_met) = match expected {
            Expected::Accept => ("not-accepted", "accepted", verdict.is_accept()),
            Expected::Drop => ("not-dropped", "dropped", verdict.is_drop()),
        };
        if !is_met {
            let family = ruleset.family().as_str();
            let message = format!(
                "the {family} packet `{}` {}, and is to be {wanted}",
                given.text,
                becomes(&probed.trace)
            );
            return Err(raise(context, with_way(Diagnostic::error(code, message), &probed).into()));
        }
    }
    if !asked {
        let fault = Fault::new(
            "nothing-loaded",
            format!("no rules of the packet's family are loaded: `{}`", given.text),
        );
        return Err(raise(
            context,
            fault.help("`load(\"NAME\")` takes both families where the capture has both"),
        ));
    }
    holds(&trial)
}

#[expect(clippy::unnecessary_wraps, reason = "every assertion ends in it")]
fn holds(trial: &Trial) -> Native<()> {
    trial.held.set(trial.held.get() + 1);
    Ok(())
}

fn members(session: &SharedSession) -> Vec<Members> {
    session.borrow().sets.iter().map(IpSet::members).collect()
}

/// That these ports can be reached from outside, and no others.
pub(super) fn assert_exposed(context: &NativeCallContext, family: Option<&str>, ports: &Array) -> Native<()> {
    let family = family.map(|name| family_of(context, name)).transpose()?;
    let expected: Vec<Ports> =
        ports.iter().map(ports_of).collect::<Result<_, _>>().map_err(|fault| raise(context, fault))?;
    let trial = trial(context)?;
    let loaded = current(context, &trial)?;
    let sets = members(&session(context));
    let asked =
        loaded.rulesets.iter().filter(|ruleset| family.is_none_or(|family| ruleset.family() == family));
    let outside: Vec<Outside<'_>> =
        asked.map(|ruleset| Outside::new(&loaded.settings.site, ruleset, &sets)).collect();
    if outside.is_empty() {
        return Err(raise(context, Fault::new("nothing-loaded", "no rules of that family are loaded")));
    }
    let exposed: Vec<Exposed> = outside.iter().flat_map(Outside::exposed).collect();
    match difference(&outside, &exposed, &expected) {
        Some(fault) => Err(raise(context, fault)),
        None => holds(&trial),
    }
}

fn ports_of(value: &Dynamic) -> Result<Ports, Fault> {
    let bad = |what: String| Fault::new("bad-value", what).help(NoPorts::HELP);
    let text = value
        .read_lock::<ImmutableString>()
        .ok_or_else(|| bad(format!("`{}` names no ports", shortened(value))))?;
    text.parse().map_err(|error: NoPorts| bad(error.to_string()))
}

/// How what is exposed differs from what was expected.
fn difference(outside: &[Outside<'_>], exposed: &[Exposed], expected: &[Ports]) -> Option<Fault> {
    let open: Vec<Ports> = exposed.iter().map(|one| one.ports).collect();
    let missing: Vec<Ports> = expected.iter().flat_map(|ports| ports.minus(&open)).collect();
    let beyond: Vec<(Ports, &Exposed)> = exposed
        .iter()
        .flat_map(|one| one.ports.minus(expected).into_iter().map(move |ports| (ports, one)))
        .collect();
    if missing.is_empty() && beyond.is_empty() {
        return None;
    }
    let texts: Vec<String> =
        exposed.iter().map(|one| format!("{} ({})", one.ports, one.family.as_str())).collect();
    let mut fault = Fault::new("exposed", "what can be reached from outside is not what is expected");
    for (ports, one) in beyond.iter().take(MOST) {
        fault.notes.push(extra(*ports, one));
        if let Some((source, span)) = one.by.as_ref().and_then(|by| by.place.clone()) {
            let text = format!("lets {ports} in");
            fault.point_at(Label { source, span, text, primary: false });
        }
    }
    fault.notes.extend(missing.iter().take(MOST).map(|ports| lacking(outside, *ports)));
    if beyond.len() + missing.len() > 2 * MOST {
        fault.notes.push(format!("{} differ in all", beyond.len() + missing.len()));
    }
    fault.notes.push(format!("exposed are {}", list(texts.iter().map(String::as_str), MOST)));
    Some(fault)
}

fn extra(ports: Ports, one: &Exposed) -> String {
    let perhaps = if one.perhaps { "may be" } else { "is" };
    let by = one.by.as_ref().map(|by| format!(": `{}`", by.text)).unwrap_or_default();
    format!("{ports} {perhaps} exposed ({}) and is not among the expected{by}", one.family.as_str())
}

fn lacking(outside: &[Outside<'_>], ports: Ports) -> String {
    let probed = outside.iter().find_map(|one| one.refused(ports));
    let by = probed.and_then(|probed| crate::packets::blame(probed.ruleset, &probed.trace));
    let by = by.map(|by| format!(": `{}`", by.text)).unwrap_or_default();
    format!("{ports} is expected and is not exposed{by}")
}

/// That a condition holds.
pub(super) fn assert(context: &NativeCallContext, condition: bool, why: &str) -> Native<()> {
    if condition {
        return holds(&*trial(context)?);
    }
    Err(raise(context, Fault::new("assertion", format!("it is not so: {}", shortened(&why)))))
}

/// That two values are the same.
pub(super) fn assert_eq(context: &NativeCallContext, given: &Dynamic, expected: &Dynamic) -> Native<()> {
    if is_same(given, expected) {
        return holds(&*trial(context)?);
    }
    let mut fault =
        Fault::new("not-equal", format!("`{}` is not `{}`", shortened(given), shortened(expected)));
    if given.type_name() != expected.type_name() {
        let [one, other] = [given, expected].map(type_name);
        fault = fault.note(format!("the first is {one}, the second {other}"));
    }
    Err(raise(context, fault))
}

/// Whether two values are the same: of one kind, and with the same content.
fn is_same(one: &Dynamic, other: &Dynamic) -> bool {
    if let (Some(one), Some(other)) = (one.read_lock::<Array>(), other.read_lock::<Array>()) {
        return one.len() == other.len()
            && one.iter().zip(other.iter()).all(|(one, other)| is_same(one, other));
    }
    if let (Some(one), Some(other)) = (one.read_lock::<Map>(), other.read_lock::<Map>()) {
        let same =
            |(name, value): (_, &Dynamic)| other.get::<str>(name).is_some_and(|other| is_same(value, other));
        return one.len() == other.len() && one.iter().map(|(name, value)| (name.as_str(), value)).all(same);
    }
    one.type_name() == other.type_name() && one.to_string() == other.to_string()
}

/// That a closure ends in an error of this code.
pub(super) fn assert_fails(context: &NativeCallContext, closure: &FnPtr, code: &str) -> Native<()> {
    let trial = trial(context)?;
    let Err(error) = closure.call_within_context::<Dynamic>(context, ()) else {
        let fault =
            Fault::new("did-not-fail", format!("this was to fail with `{}`, and did not", shortened(&code)));
        return Err(raise(context, fault));
    };
    if matches!(*error, rhai::EvalAltResult::ErrorTerminated(..)) {
        return Err(error);
    }
    let codes = error::codes(context.engine(), &error);
    if codes.contains(&code) {
        return holds(&trial);
    }
    let what = list(codes.iter().copied(), MOST);
    let mut fault = Fault::new(
        "failed-otherwise",
        format!("this was to fail with `{}`, and failed with {what}", shortened(&code)),
    );
    fault.notes.push(error::words(context.engine(), &error));
    let near = did_you_mean(code, codes.iter().copied());
    Err(raise(
        context,
        near.map(|near| format!("did you mean `{near}`?")).into_iter().fold(fault, Fault::help),
    ))
}

/// Does to the rules what a start of dockerd does.
pub(super) fn restart_docker(context: &NativeCallContext) -> Native<()> {
    let trial = trial(context)?;
    let mut loaded = current(context, &trial)?;
    let sets = session(context).borrow().sets.clone();
    let mut found = false;
    for ruleset in &mut loaded.rulesets {
        let Some(after) = predict(ruleset, &Event::Start) else { continue };
        found = true;
        let Some(next) = after.ruleset() else {
            let fault = Fault::new("incomplete-dump", "the ruleset holds what no iptables-restore takes");
            return Err(raise(context, fault.help("`dwscript lint` says where")));
        };
        *ruleset = next;
    }
    if !found {
        let fault =
            Fault::new("no-docker", "no rules of Docker's are loaded, so that a restart changes nothing");
        return Err(raise(context, fault.help("`dwscript --sample list` names captures of Docker hosts")));
    }
    sit_down(context, &trial, loaded, sets);
    Ok(())
}
