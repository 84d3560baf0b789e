//! A packet's way: as text for people, and as one JSON object a family.
//!
//! The object has the way as `path`, an array of steps: `table`, `chain`, `number` (0 for the end of a chain), `rule` as
//! iptables-save prints it (`-P CHAIN POLICY` for a policy, empty for the end of a chain of the user's), and `effect`.

use std::io::{self, Write};

use serde::Serialize;

use crate::diagnostic::Style;
use crate::model::value::protocol;
use crate::packets::{Probed, dependency, header, outcome};
use crate::simulate::{Arrival, Branch, Dependency, Header, Step, Trace, Verdict};

/// Counts up with a change that breaks readers; new keys do not.
pub const VERSION: u32 = 1;

/// Writes what became of a packet, and what would have become of it before the scripts.
///
/// # Errors
/// What `out` answers.
pub fn write(
    probed: &Probed<'_>,
    before: Option<&Probed<'_>>,
    style: Style,
    out: &mut impl Write,
) -> io::Result<()> {
    writeln!(out, "{}", sent(probed))?;
    probed.path().iter().try_for_each(|line| writeln!(out, "{line}"))?;
    result(probed, style, out)?;
    let Some(before) = before else { return Ok(()) };
    if same(&before.trace, &probed.trace) {
        return writeln!(out, "before the scripts: the same");
    }
    writeln!(out, "before the scripts: {}", bold(&outcome(&before.trace), style))?;
    before.path().iter().try_for_each(|line| writeln!(out, "  {line}"))?;
    before
        .trace
        .depends_on()
        .iter()
        .try_for_each(|on| writeln!(out, "  depends on: {}", dependency(before.ruleset, on)))
}

/// The packet with all that was filled in.
fn sent(Probed { ruleset, trace }: &Probed<'_>) -> String {
    let way = trace
        .in_interface()
        .map_or_else(|| "from the host itself".to_owned(), |name| format!("in by {name}"));
    let protocol = protocol::name(trace.protocol());
    format!("{} {protocol} {}, {way}", ruleset.family().as_str(), header(&trace.sent()))
}

/// What became of it, and why that may be otherwise.
fn result(probed: &Probed<'_>, style: Style, out: &mut impl Write) -> io::Result<()> {
    let Probed { ruleset, trace } = probed;
    writeln!(out, "verdict: {}", bold(&outcome(trace), style))?;
    if let Some(rewritten) = trace.rewritten() {
        writeln!(out, "rewritten: {}", header(&rewritten))?;
    }
    if trace.is_incomplete() {
        writeln!(out, "the ways that it may go are too many to follow them all")?;
    }
    for on in trace.depends_on() {
        writeln!(out, "depends on: {}", dependency(ruleset, on))?;
    }
    for (verdict, path) in probed.others() {
        writeln!(out, "or: {}", bold(&verdict.to_string(), style))?;
        path.iter().try_for_each(|line| writeln!(out, "  {line}"))?;
    }
    trace.assumed().iter().try_for_each(|assumed| writeln!(out, "assumed: {assumed}"))
}

/// Whether a packet fared alike; the numbers of rules may differ.
fn same(one: &Trace, other: &Trace) -> bool {
    outcome(one) == outcome(other) && one.rewritten() == other.rewritten()
}

fn bold(text: &str, style: Style) -> String {
    match style {
        Style::Plain => text.to_owned(),
        Style::Coloured => format!("\u{1b}[1m{text}\u{1b}[0m"),
    }
}

/// Writes the same as JSON; `packet` is the text that was given.
///
/// # Errors
/// What `out` answers.
pub fn write_json(
    packet: &str,
    probed: &Probed<'_>,
    before: Option<&Probed<'_>>,
    out: &mut impl Write,
) -> io::Result<()> {
    let object = JsonTrace {
        version: VERSION,
        family: probed.ruleset.family().as_str(),
        packet,
        sent: JsonHeader::new(&probed.trace.sent()),
        fate: JsonFate::new(probed),
        before: before.map(JsonFate::new),
    };
    serde_json::to_writer_pretty(&mut *out, &object)?;
    out.write_all(b"\n")
}

#[derive(Serialize)]
struct JsonTrace<'r> {
    version: u32,
    family: &'static str,
    packet: &'r str,
    sent: JsonHeader,
    #[serde(flatten)]
    fate: JsonFate<'r>,
    /// What would have become of it before the scripts.
    #[serde(skip_serializing_if = "Option::is_none")]
    before: Option<JsonFate<'r>>,
}

#[derive(Serialize)]
struct JsonFate<'r> {
    path: Vec<JsonStep<'r>>,
    verdict: &'static str,
    /// What the sender is told, or why the packet is lost.
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
    /// `host`, or the interface by which it leaves; null where it does not arrive.
    arrival: Option<&'r str>,
    /// Null where nothing was rewritten.
    rewritten: Option<JsonHeader>,
    depends_on: Vec<JsonDependency<'r>>,
    assumed: Vec<JsonAssumed<'r>>,
    /// One way for each thing that may become of it, where that depends on something.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    branches: Vec<JsonBranch<'r>>,
}

impl<'r> JsonFate<'r> {
    fn new(Probed { ruleset, trace }: &'r Probed<'r>) -> Self {
        let steps = |path: &'r [Step]| path.iter().map(|step| JsonStep::new(ruleset, step)).collect();
        let branch =
            |branch: &'r Branch| JsonBranch { verdict: branch.verdict.as_str(), path: steps(&branch.path) };
        let is_open = !trace.depends_on().is_empty();
        Self {
            path: steps(trace.path()),
            verdict: trace.verdict().as_str(),
            detail: detail(trace.verdict()),
            arrival: trace.arrival().map(|arrival| match arrival {
                Arrival::Host => "host",
                Arrival::Interface(name) => name.as_str(),
            }),
            rewritten: trace.rewritten().as_ref().map(JsonHeader::new),
            depends_on: trace.depends_on().iter().map(|on| JsonDependency::new(ruleset, on)).collect(),
            assumed: trace
                .assumed()
                .iter()
                .map(|assumed| JsonAssumed { what: &assumed.what, value: &assumed.value, why: assumed.why })
                .collect(),
            branches: if is_open { trace.branches().iter().map(branch).collect() } else { Vec::new() },
        }
    }
}

fn detail(verdict: &Verdict) -> Option<String> {
    match verdict {
        Verdict::Reject(with) => Some(with.to_string()),
        Verdict::Lost(loss) => Some(loss.to_string()),
        _ => None,
    }
}

#[derive(Serialize)]
struct JsonStep<'r> {
    table: &'static str,
    chain: &'r str,
    number: usize,
    rule: String,
    effect: String,
    /// Whether it is not sure that the rule matched, and what follows is the same either way.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    maybe: bool,
}

impl<'r> JsonStep<'r> {
    fn new(ruleset: &'r crate::model::Ruleset, step: &Step) -> Self {
        Self {
            table: step.table.as_str(),
            chain: ruleset.chain_name(step.chain),
            number: step.number,
            rule: step.text(ruleset),
            effect: step.effect.describe(ruleset),
            maybe: step.maybe,
        }
    }
}

#[derive(Serialize)]
struct JsonHeader {
    source: String,
    source_port: Option<u16>,
    destination: String,
    destination_port: Option<u16>,
}

impl JsonHeader {
    fn new(header: &Header) -> Self {
        Self {
            source: header.source.to_string(),
            source_port: header.source_port,
            destination: header.destination.to_string(),
            destination_port: header.destination_port,
        }
    }
}

#[derive(Serialize)]
struct JsonDependency<'r> {
    table: &'static str,
    chain: &'r str,
    number: usize,
    rule: String,
    matches: &'r [String],
    /// What may become of the packet where they match.
    yes: Vec<&'static str>,
    /// And where they do not.
    no: Vec<&'static str>,
}

impl<'r> JsonDependency<'r> {
    fn new(ruleset: &'r crate::model::Ruleset, on: &'r Dependency) -> Self {
        let words = |verdicts: &[Verdict]| verdicts.iter().map(Verdict::as_str).collect();
        Self {
            table: on.table.as_str(),
            chain: ruleset.chain_name(on.chain),
            number: on.number,
            rule: on.text(ruleset),
            matches: &on.names,
            yes: words(&on.yes),
            no: words(&on.no),
        }
    }
}

#[derive(Serialize)]
struct JsonAssumed<'r> {
    what: &'r str,
    value: &'r str,
    why: &'static str,
}

#[derive(Serialize)]
struct JsonBranch<'r> {
    verdict: &'static str,
    path: Vec<JsonStep<'r>>,
}
