//! One JSON object with all that came of a run: the ruleset, the edits, the diagnostics.
//!
//! Written as it is made: a ruleset of a million rules is never held as JSON. Each element of an array stands on a line
//! of its own, so that the text can be read and compared by lines.

use std::io::{self, Write};

use serde::{Serialize, Serializer};
use serde_json::ser::Formatter;

use crate::check::Checked;
use crate::diagnostic::{Diagnostic, Label};
use crate::model::spec::Spec;
use crate::model::{
    ChainId, Edit, EditId, EditKind, Family, Origin, Policy, RuleId, Ruleset, TableName, owner,
};
use crate::script::{Allowed, IpSet};
use crate::source::{LineColumn, SourceFile};

/// Counts up with a change that breaks readers; new keys do not.
pub const VERSION: u32 = 1;

/// Writes a run that came to a result.
///
/// # Errors
/// What `out` answers.
pub fn write(
    checked: &Checked,
    sets: &[IpSet],
    diagnostics: &[Diagnostic],
    allowed: &[Allowed],
    out: &mut impl Write,
) -> io::Result<()> {
    let ruleset = checked.ruleset();
    let sets = sets.iter().map(JsonSet::new).collect();
    print(&Report { sets, ..Report::new(ruleset.family(), Some(ruleset), diagnostics, allowed) }, out)
}

/// Writes a run that came to none: no ruleset, no edits.
///
/// # Errors
/// What `out` answers.
pub fn write_failure(family: Family, diagnostics: &[Diagnostic], out: &mut impl Write) -> io::Result<()> {
    print(&Report::new(family, None, diagnostics, &[]), out)
}

fn print(report: &Report<'_>, out: &mut impl Write) -> io::Result<()> {
    let mut serializer = serde_json::Serializer::with_formatter(&mut *out, LinesFormatter::default());
    report.serialize(&mut serializer)?;
    out.write_all(b"\n")
}

/// Breaks the line before each element of an array.
#[derive(Default)]
struct LinesFormatter {
    filled: bool,
}

impl Formatter for LinesFormatter {
    fn begin_array<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.filled = false;
        out.write_all(b"[")
    }

    fn begin_array_value<W: ?Sized + Write>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        out.write_all(if first { b"\n" } else { b",\n" })
    }

    fn end_array_value<W: ?Sized + Write>(&mut self, _out: &mut W) -> io::Result<()> {
        self.filled = true;
        Ok(())
    }

    fn end_array<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        out.write_all(if self.filled { b"\n]" } else { b"]" })
    }
}

#[derive(Serialize)]
struct Report<'r> {
    version: u32,
    family: &'static str,
    ruleset: Option<JsonRuleset<'r>>,
    edits: Edits<'r>,
    /// The sets of addresses that the scripts declared.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    sets: Vec<JsonSet<'r>>,
    diagnostics: Vec<JsonDiagnostic<'r>>,
    /// What scripts allow.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    allowed: Vec<JsonAllowed<'r>>,
}

impl<'r> Report<'r> {
    fn new(
        family: Family,
        ruleset: Option<&'r Ruleset>,
        diagnostics: &'r [Diagnostic],
        allowed: &'r [Allowed],
    ) -> Self {
        let allowed = allowed.iter().map(|Allowed { code, why, origin }| JsonAllowed {
            code,
            why,
            origin: JsonOrigin::new(origin),
        });
        Self {
            version: VERSION,
            family: family.as_str(),
            ruleset: ruleset.map(|ruleset| JsonRuleset { tables: Tables(ruleset) }),
            edits: Edits(ruleset),
            sets: Vec::new(),
            diagnostics: diagnostics.iter().map(JsonDiagnostic::new).collect(),
            allowed: allowed.collect(),
        }
    }
}

#[derive(Serialize)]
struct JsonSet<'r> {
    name: &'r str,
    /// Whose it is; null where rules carry no tag.
    owner: Option<&'r str>,
    entries: Vec<String>,
    origin: JsonOrigin,
}

impl<'r> JsonSet<'r> {
    fn new(set: &'r IpSet) -> Self {
        Self {
            name: &set.name,
            owner: (!set.owner.is_empty()).then_some(set.owner.as_str()),
            entries: set.entries.iter().map(ToString::to_string).collect(),
            origin: JsonOrigin::new(&set.origin),
        }
    }
}

#[derive(Serialize)]
struct JsonRuleset<'r> {
    tables: Tables<'r>,
}

struct Tables<'r>(&'r Ruleset);

impl Serialize for Tables<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let tables = self.0.tables();
        serializer.collect_seq(
            tables
                .map(|table| JsonTable { name: table.name().as_str(), chains: Chains(self.0, table.name()) }),
        )
    }
}

#[derive(Serialize)]
struct JsonTable<'r> {
    name: &'static str,
    chains: Chains<'r>,
}

struct Chains<'r>(&'r Ruleset, TableName);

impl Serialize for Chains<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self(ruleset, table) = *self;
        serializer.collect_seq(ruleset.live_chains(table).map(|id| {
            let builtin = ruleset.chain(id).hook().is_some();
            JsonChain {
                name: text(ruleset.source(), ruleset.chain_name(id)),
                builtin,
                policy: builtin.then(|| text(ruleset.source(), ruleset.policy_word(id))),
                rules: Rules(ruleset, id),
            }
        }))
    }
}

#[derive(Serialize)]
struct JsonChain<'r> {
    name: String,
    builtin: bool,
    policy: Option<String>,
    rules: Rules<'r>,
}

struct Rules<'r>(&'r Ruleset, ChainId);

impl Serialize for Rules<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self(ruleset, chain) = *self;
        let rules = ruleset.chain(chain).rules().iter();
        serializer.collect_seq((1..).zip(rules).map(|(number, rule)| JsonRule::new(ruleset, number, rule)))
    }
}

#[derive(Serialize)]
struct JsonRule {
    /// Its place in the chain, from 1, as iptables counts.
    number: usize,
    /// Its specification: what stands behind `-A CHAIN `.
    rule: String,
    /// Its whole line as printed.
    text: String,
    /// Its specification as `iptables-save` prints it; null where iptables-restore would refuse it.
    canonical: Option<String>,
    /// Whether each match and target of it is one that this program knows; the others go through untouched.
    understood: bool,
    /// The owner that its tag names; null where it carries none.
    owner: Option<String>,
    target: Option<String>,
    goto: bool,
    counters: Option<Counters>,
    /// The script line that asked for it; null for a rule that no script of the run did.
    origin: Option<JsonOrigin>,
}

impl JsonRule {
    fn new(ruleset: &Ruleset, number: usize, rule: RuleId) -> Self {
        let source = ruleset.source();
        let target = ruleset.target(rule);
        let spec = Spec::parse(ruleset.body(rule), ruleset.family()).ok();
        Self {
            number,
            rule: text(source, ruleset.body(rule)),
            text: text(source, &ruleset.line(rule)),
            canonical: spec.as_ref().map(|spec| text(source, &spec.canonical())),
            understood: spec.as_ref().is_some_and(Spec::is_understood),
            owner: spec.as_ref().and_then(|spec| {
                let comment = spec.comments().next()?;
                owner::split(&comment).map(|(owner, _)| owner.to_owned())
            }),
            target: (!target.is_empty()).then(|| text(source, ruleset.symbols().name(target))),
            goto: ruleset.is_goto(rule),
            counters: ruleset.counters(rule).and_then(Counters::parse),
            origin: ruleset.asked_by(rule).map(JsonOrigin::new),
        }
    }
}

#[derive(Serialize)]
struct Counters {
    packets: u64,
    bytes: u64,
}

impl Counters {
    /// Reads `[packets:bytes]`.
    fn parse(text: &str) -> Option<Self> {
        let (packets, bytes) = text.strip_prefix('[')?.strip_suffix(']')?.split_once(':')?;
        Some(Self { packets: packets.parse().ok()?, bytes: bytes.parse().ok()? })
    }
}

#[derive(Serialize)]
struct JsonOrigin {
    script: String,
    line: u32,
    column: u32,
}

impl JsonOrigin {
    fn new(origin: &Origin) -> Self {
        Self { script: origin.script.name().to_owned(), line: origin.line, column: origin.column }
    }
}

struct Edits<'r>(Option<&'r Ruleset>);

impl Serialize for Edits<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Some(ruleset) = self.0 else { return serializer.collect_seq([(); 0]) };
        let touched = Touched::new(ruleset);
        serializer.collect_seq(
            (0..).zip(ruleset.edits()).map(|(index, edit)| JsonEdit::new(ruleset, &touched, index, edit)),
        )
    }
}

#[derive(Serialize)]
struct JsonEdit {
    kind: &'static str,
    table: &'static str,
    chain: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    policy: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    /// Lines that it added and that are still there.
    added: Vec<String>,
    /// Lines of the input that it took out.
    removed: Vec<String>,
    origin: JsonOrigin,
}

impl JsonEdit {
    fn new(ruleset: &Ruleset, touched: &Touched, index: usize, edit: &Edit) -> Self {
        let name = |symbol| text(ruleset.source(), ruleset.symbols().name(symbol));
        let line = |rule: &RuleId| text(ruleset.source(), &ruleset.line(*rule));
        Self {
            kind: edit.kind.as_str(),
            table: edit.table.as_str(),
            chain: name(edit.chain),
            policy: match edit.kind {
                EditKind::SetPolicy(Policy::Accept) => Some("ACCEPT"),
                EditKind::SetPolicy(Policy::Drop) => Some("DROP"),
                _ => None,
            },
            name: match edit.kind {
                EditKind::RenameChain(symbol) => Some(name(symbol)),
                _ => None,
            },
            added: of_edit(&touched.added, index).map(line).collect(),
            removed: of_edit(&touched.removed, index).map(line).collect(),
            origin: JsonOrigin::new(&edit.origin),
        }
    }
}

/// The rules that each edit added or took out, by edit.
struct Touched {
    added: Vec<(EditId, RuleId)>,
    removed: Vec<(EditId, RuleId)>,
}

impl Touched {
    fn new(ruleset: &Ruleset) -> Self {
        let mut touched = Self { added: Vec::new(), removed: Vec::new() };
        let chains = ruleset.tables().flat_map(super::super::model::table::Table::chains);
        for chain in chains
            .map(|id| ruleset.chain(*id))
            .filter(|chain| chain.base().is_some() || chain.created().is_some())
        {
            let added = chain.rules().iter().filter_map(|rule| Some((ruleset.added_by(rule)?, rule)));
            touched.added.extend(added);
            let removed =
                chain.base_rules().iter().filter_map(|rule| Some((ruleset.removed_by(rule)?, rule)));
            touched.removed.extend(removed);
        }
        // Stable sorts: the rules of one edit stay in the order of their chain.
        touched.added.sort_by_key(|(edit, _)| *edit);
        touched.removed.sort_by_key(|(edit, _)| *edit);
        touched
    }
}

/// The rules of the edit with the index `index`.
fn of_edit(rules: &[(EditId, RuleId)], index: usize) -> impl Iterator<Item = &RuleId> {
    let start = rules.partition_point(|(edit, _)| edit.index() < index);
    let rules = rules.iter().skip(start);
    rules.take_while(move |(edit, _)| edit.index() == index).map(|(_, rule)| rule)
}

#[derive(Serialize)]
struct JsonAllowed<'d> {
    code: &'d str,
    why: &'d str,
    origin: JsonOrigin,
}

#[derive(Serialize)]
struct JsonDiagnostic<'d> {
    severity: &'static str,
    code: &'static str,
    message: &'d str,
    /// What it is about.
    place: Option<Place<'d>>,
    /// Other places that explain it.
    see: Vec<Place<'d>>,
    notes: &'d [String],
    help: &'d [String],
}

impl<'d> JsonDiagnostic<'d> {
    fn new(diagnostic: &'d Diagnostic) -> Self {
        let place =
            diagnostic.labels.iter().position(|label| label.primary).or(diagnostic.labels.first().map(|_| 0));
        let others = (0..).zip(&diagnostic.labels).filter(|(index, _)| Some(*index) != place);
        Self {
            severity: diagnostic.severity.as_str(),
            code: diagnostic.code,
            message: &diagnostic.message,
            place: place.and_then(|index| diagnostic.labels.get(index)).map(Place::new),
            see: others.map(|(_, label)| Place::new(label)).collect(),
            notes: &diagnostic.notes,
            help: &diagnostic.help,
        }
    }
}

#[derive(Serialize)]
struct Place<'d> {
    file: &'d str,
    line: u32,
    column: u32,
    text: &'d str,
}

impl<'d> Place<'d> {
    fn new(label: &'d Label) -> Self {
        let LineColumn { line, column } = label.source.line_column(label.span.start);
        Self { file: label.source.name(), line, column, text: &label.text }
    }
}

/// Text as JSON can hold it: bytes that are not UTF-8 become U+FFFD.
fn text(source: &SourceFile, text: &str) -> String {
    String::from_utf8_lossy(&source.original(text)).into_owned()
}
