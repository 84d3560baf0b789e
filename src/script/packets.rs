//! What the functions about packets do.

use std::rc::Rc;

use rhai::{Array, Dynamic, INT, ImmutableString, Map, NativeCallContext};

use super::fault::{Fault, Native, raise, shortened};
use super::session::{IpSet, Session, origin, session};
use crate::model::Ruleset;
use crate::packets::{Admin, Expectation, Expected, Given};
use crate::simulate::{Facts, Header, PacketErrorKind, PacketFault, Trace};

/// What became of a packet, as scripts read it.
#[derive(Clone)]
pub(crate) struct TraceView {
    pub(super) verdict: ImmutableString,
    pub(super) path: Array,
    pub(super) rewritten: Dynamic,
    pub(super) depends_on: Array,
}

/// Follows a packet through the draft as it is.
pub(super) fn trace(context: &NativeCallContext, packet: &Dynamic) -> Native<TraceView> {
    let given = given(packet).map_err(|fault| raise(context, fault))?;
    let shared = session(context);
    let facts = facts(&mut shared.borrow_mut());
    let session = shared.borrow();
    let ruleset = &session.ruleset;
    let simulator = session.site.simulator_with(
        ruleset,
        facts,
        &session.sets.iter().map(IpSet::members).collect::<Vec<_>>(),
    );
    let traced = simulator.trace(&given.packet).map_err(|fault| {
        raise(context, Fault::new(PacketFault::CODE, fault.to_string()).help(fault.help()))
    })?;
    Ok(view(ruleset, &traced))
}

/// The facts about the host; what the rules let be seen of it is read again once they have changed.
fn facts(session: &mut Session) -> Facts {
    let edits = session.ruleset.edits().len();
    if let Some((_, facts)) = session.facts.as_ref().filter(|(read, _)| *read == edits) {
        return facts.clone();
    }
    let (site, watch) = (session.site.clone(), Rc::clone(&session.watch));
    // The host is asked now, if it has not been, and that is no work of the script's.
    watch.wait(|| site.is_told());
    let facts = site.facts(&session.ruleset);
    session.facts = Some((edits, facts.clone()));
    facts
}

fn view(ruleset: &Ruleset, trace: &Trace) -> TraceView {
    let step = |step: &crate::simulate::Step| {
        let number = INT::try_from(step.number).unwrap_or(INT::MAX);
        object([
            ("table", step.table.as_str().into()),
            ("chain", ruleset.chain_name(step.chain).into()),
            ("number", number.into()),
            ("rule", step.text(ruleset).into()),
            ("effect", step.effect.describe(ruleset).into()),
        ])
    };
    let names = trace.depends_on().iter().flat_map(|on| &on.names);
    let mut depends_on: Vec<&String> = Vec::new();
    for name in names {
        if !depends_on.contains(&name) {
            depends_on.push(name);
        }
    }
    TraceView {
        verdict: trace.verdict().as_str().into(),
        path: trace.path().iter().map(step).collect(),
        rewritten: trace.rewritten().map_or(Dynamic::UNIT, |header| rewritten(&header)),
        depends_on: depends_on.into_iter().map(|name| name.as_str().into()).collect(),
    }
}

fn rewritten(header: &Header) -> Dynamic {
    let port = |port: Option<u16>| port.map_or(Dynamic::UNIT, |port| INT::from(port).into());
    object([
        ("source", header.source.to_string().into()),
        ("sport", port(header.source_port)),
        ("destination", header.destination.to_string().into()),
        ("dport", port(header.destination_port)),
    ])
}

fn object<const N: usize>(entries: [(&str, Dynamic); N]) -> Dynamic {
    let map: Map = entries.into_iter().map(|(name, value)| (name.into(), value)).collect();
    map.into()
}

/// Keeps what is expected of a packet for the end of the run.
pub(super) fn expect(
    context: &NativeCallContext,
    expected: Expected,
    packet: &Dynamic,
    why: &str,
) -> Native<()> {
    let packet = given(packet).map_err(|fault| raise(context, fault))?;
    let expectation = Expectation { expected, packet, why: shortened(&why), origin: origin(context) };
    session(context).borrow_mut().expectations.push(expectation);
    Ok(())
}

/// Keeps an administrator's packet for the end of the run.
pub(super) fn admin(context: &NativeCallContext, packet: &Dynamic) -> Native<()> {
    let packet = given(packet).map_err(|fault| raise(context, fault))?;
    let admin = Admin { packet, origin: Some(origin(context)) };
    session(context).borrow_mut().admins.push(admin);
    Ok(())
}

/// The packet that a text or a map gives.
fn given(packet: &Dynamic) -> Result<Given, Fault> {
    if let Some(text) = packet.read_lock::<ImmutableString>() {
        return Given::parse(&text)
            .map_err(|error| refused(&error.kind).note(format!("in `{}`", shortened(&*text))));
    }
    let Some(map) = packet.read_lock::<Map>() else {
        return Err(Fault::new(PacketErrorKind::CODE, format!("{} is no packet", packet.type_name()))
            .help("give a text such as `\"in=eth0 proto=tcp dport=22\"`, or a map such as `#{ protocol: \"tcp\", dport: 22 }`"));
    };
    let mut words = Vec::with_capacity(map.len());
    for (name, value) in map.iter() {
        let text = value.read_lock::<ImmutableString>().map(|text| text.to_string());
        let text =
            text.or_else(|| value.as_int().ok().map(|number| number.to_string())).ok_or_else(|| {
                Fault::new(PacketErrorKind::CODE, format!("`{}` is no value of `{name}`", shortened(value)))
                    .help("give a text or a number")
            })?;
        words.push((name.as_str(), text));
    }
    Given::of(words).map_err(|kind| refused(&kind))
}

fn refused(kind: &PacketErrorKind) -> Fault {
    Fault::new(PacketErrorKind::CODE, kind.to_string()).help(kind.help())
}
