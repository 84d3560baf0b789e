//! What the arguments mean: checked, and with every choice made.

mod trace;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub(super) use trace::TraceOptions;

use super::args::{
    ApplyArgs, ColorArgs, FmtArgs, FormatName, InputArgs, LevelArgs, LintArgs, LintFormat, OutputArgs,
    OwnerArgs, PacketArgs, PersistArgs, RemoveArgs, RunArgs, ScriptArgs,
};
use super::color::Colors;
use super::input::{self, Input};
use super::output::Destination;
use super::parameters;
use super::site;
use super::snapshot::Snapshot;
use super::status::usage;
use crate::apply::STATE_DIR;
use crate::check::Levels;
use crate::diagnostic::Diagnostic;
use crate::model::{Family, Hook, Policy, owner};
use crate::packets::Site;
use crate::report::Format;
use crate::script::{Settings, Tagging};

/// The main job, and `dwscript remove`.
pub(super) struct RunOptions {
    pub(super) work: Work,
    pub(super) jobs: Vec<Job>,
    pub(super) purpose: Purpose,
    /// Where the sets go that the scripts declare.
    pub(super) sets: Option<PathBuf>,
    /// Where it is kept which of the host's sets are ours.
    pub(super) state_dir: PathBuf,
    pub(super) levels: Levels,
    pub(super) colors: Colors,
    /// The host that packets are followed on.
    pub(super) site: Arc<Site>,
    /// Whether Docker is asked for names though the ruleset is a dump.
    pub(super) asks_docker: bool,
}

/// What is done to the rulesets.
pub(super) enum Work {
    /// Scripts run.
    Scripts(Vec<PathBuf>, Box<Settings>),
    /// The rules of an owner are taken off.
    Remove(String, Vec<(Hook, Policy)>),
}

/// One family's ruleset, and where its result goes.
pub(super) struct Job {
    pub(super) family: Family,
    pub(super) input: Input,
    pub(super) destination: Destination,
}

/// What a run is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    /// To print the result.
    Print(Format),
    /// To tell whether the result differs from the input.
    Check,
}

impl Purpose {
    /// Whether a text is printed that iptables-restore loads.
    pub(super) const fn is_text(self) -> bool {
        matches!(self, Self::Print(Format::Restore | Format::Delta | Format::Inverse))
    }
}

impl RunOptions {
    pub(super) fn new(args: &RunArgs) -> Result<Self, Diagnostic> {
        Self::with(Self::scripts(args)?, &args.input, &args.output, &args.apply, (&args.levels, &args.color))?
            .on(&args.packets)
    }

    /// Those of `--apply` and `--rehearse`.
    pub(super) fn apply(args: &RunArgs) -> Result<Self, Diagnostic> {
        Self::live(Self::scripts(args)?, &args.input, &args.apply, (&args.levels, &args.color))?
            .on(&args.packets)
    }

    /// Those of `dwscript remove --apply`.
    pub(super) fn apply_removal(args: &RemoveArgs) -> Result<Self, Diagnostic> {
        Self::live(Self::removal(args)?, &args.input, &args.apply, (&args.levels, &args.color))?
            .on(&PacketArgs::default())
    }

    /// Both families of the live ruleset, unless said.
    fn live(
        work: Work,
        input: &InputArgs,
        apply: &ApplyArgs,
        (said, color): (&LevelArgs, &ColorArgs),
    ) -> Result<Self, Diagnostic> {
        let input = both_if_live(input);
        Ok(Self {
            work,
            jobs: jobs(&input, None, Texts::Any)?,
            purpose: Purpose::Print(Format::Diff),
            sets: None,
            state_dir: apply.state.state_dir.clone(),
            levels: levels(said)?,
            colors: Colors::new(color.color),
            site: Arc::default(),
            asks_docker: input.docker,
        })
    }

    /// Those by which `dwscript persist` tries scripts and parameters: as `--apply` will.
    pub(super) fn trial(
        args: &PersistArgs,
        scripts: &[PathBuf],
        script: &ScriptArgs,
    ) -> Result<Self, Diagnostic> {
        Self {
            work: Self::work(scripts, script, &args.owner)?,
            jobs: jobs(&both_if_live(&args.input), None, Texts::Any)?,
            purpose: Purpose::Print(Format::Diff),
            sets: None,
            state_dir: PathBuf::from(STATE_DIR),
            levels: levels(&args.levels)?,
            colors: Colors::new(args.color.color),
            site: Arc::default(),
            asks_docker: args.input.docker,
        }
        .on(&PacketArgs::default())
    }

    /// The same with what the user says of packets.
    fn on(self, packets: &PacketArgs) -> Result<Self, Diagnostic> {
        let site = site::of(self.jobs.first().map(|job| &job.input), packets)?;
        Ok(Self { site: Arc::new(site), ..self })
    }

    fn scripts(args: &RunArgs) -> Result<Work, Diagnostic> {
        Self::work(&args.scripts, &args.script, &args.owner)
    }

    fn work(scripts: &[PathBuf], script: &ScriptArgs, owner: &OwnerArgs) -> Result<Work, Diagnostic> {
        if scripts.is_empty() {
            return Err(usage("no script is given")
                .help("for example `dwscript scripts/harden.rhai`; `dwscript --help` says more"));
        }
        let mut settings = parameters::settings(script)?;
        settings.tagging = match owner {
            OwnerArgs { no_tag: true, .. } => Tagging::None,
            OwnerArgs { owner, adopt, .. } => Tagging::Tags { owner: owner.clone(), adopt: *adopt },
        };
        Ok(Work::Scripts(scripts.to_owned(), Box::new(settings)))
    }

    /// Those of `dwscript remove`.
    pub(super) fn remove(args: &RemoveArgs) -> Result<Self, Diagnostic> {
        Self::with(Self::removal(args)?, &args.input, &args.output, &args.apply, (&args.levels, &args.color))?
            .on(&PacketArgs::default())
    }

    fn removal(args: &RemoveArgs) -> Result<Work, Diagnostic> {
        owner::check(&args.owner).map_err(|error| usage(&error.to_string()))?;
        let policies = args.policies.iter().map(|policy| policy_of(policy)).collect::<Result<_, _>>()?;
        Ok(Work::Remove(args.owner.clone(), policies))
    }

    fn with(
        work: Work,
        input: &InputArgs,
        output: &OutputArgs,
        apply: &ApplyArgs,
        (said, color): (&LevelArgs, &ColorArgs),
    ) -> Result<Self, Diagnostic> {
        let purpose = if output.check { Purpose::Check } else { Purpose::Print(format(output)) };
        Ok(Self {
            work,
            jobs: jobs(input, output.output.as_deref(), texts(purpose))?,
            purpose,
            sets: output.sets.clone(),
            state_dir: apply.state.state_dir.clone(),
            levels: levels(said)?,
            colors: Colors::new(color.color),
            site: Arc::default(),
            asks_docker: input.docker,
        })
    }
}

/// Both families of the live ruleset, unless said.
fn both_if_live(args: &InputArgs) -> InputArgs {
    let mut input = args.clone();
    let is_live = input.input.is_none() && input.sample.is_none() && input.snapshot.is_none();
    if is_live && !input.ipv4 && !input.ipv6 {
        (input.ipv4, input.ipv6) = (true, true);
    }
    input
}

/// `dwscript fmt`.
pub(super) struct FmtOptions {
    pub(super) jobs: Vec<Job>,
    /// Whether the diff is wanted and not the text.
    pub(super) check: bool,
    pub(super) levels: Levels,
    pub(super) colors: Colors,
}

impl FmtOptions {
    pub(super) fn new(args: &FmtArgs) -> Result<Self, Diagnostic> {
        let texts = if args.check { Texts::Any } else { Texts::Whole };
        Ok(Self {
            jobs: jobs(&args.input, args.output.as_deref(), texts)?,
            check: args.check,
            levels: levels(&args.levels)?,
            colors: Colors::new(args.color.color),
        })
    }
}

/// `CHAIN=POLICY`.
fn policy_of(text: &str) -> Result<(Hook, Policy), Diagnostic> {
    let parsed = text.split_once('=').and_then(|(chain, policy)| {
        let hook =
            [Hook::Input, Hook::Forward, Hook::Output].into_iter().find(|hook| hook.as_str() == chain)?;
        Some((hook, Policy::parse(policy)?))
    });
    parsed.ok_or_else(|| {
        usage(&format!("`--policy {text}` is no `CHAIN=POLICY`"))
            .help("for example `--policy INPUT=ACCEPT`; the chains are INPUT, FORWARD and OUTPUT, the policies ACCEPT and DROP")
    })
}

/// `dwscript lint`.
pub(super) struct LintOptions {
    pub(super) inputs: Vec<(Family, Input)>,
    /// Where the rulesets are that those of `inputs` are to replace.
    pub(super) replaced: Vec<(Family, Input)>,
    /// Whether Docker is asked for its networks though the ruleset is a dump.
    pub(super) asks_docker: bool,
    pub(super) format: LintFormat,
    pub(super) levels: Levels,
    pub(super) colors: Colors,
}

impl LintOptions {
    pub(super) fn new(args: &LintArgs) -> Result<Self, Diagnostic> {
        let given = both_if_live(&args.input);
        let families = families(&given);
        let inputs = families.iter().map(|family| Ok((*family, input(&given, *family)?)));
        let replaced = args.replaces.iter().flat_map(|path| {
            families.iter().map(|family| (*family, replaced(path, families.len() > 1, *family)))
        });
        Ok(Self {
            inputs: inputs.collect::<Result<_, Diagnostic>>()?,
            replaced: replaced.collect(),
            asks_docker: args.input.docker,
            format: if args.json { LintFormat::Json } else { args.format },
            levels: levels(&args.levels)?,
            colors: Colors::new(args.color.color),
        })
    }
}

/// Where the ruleset is that is to be replaced: `live`, or a dump.
fn replaced(path: &Path, both: bool, family: Family) -> Input {
    match path {
        _ if path.as_os_str() == "live" => Input::Live(None),
        _ if both => Input::File(suffixed(path, family)),
        _ => Input::File(path.to_owned()),
    }
}

fn format(args: &OutputArgs) -> Format {
    match args.format {
        Some(FormatName::Diff) => Format::Diff,
        Some(FormatName::Delta) => Format::Delta,
        Some(FormatName::Inverse) => Format::Inverse,
        Some(FormatName::Json) => Format::Json,
        None if args.diff => Format::Diff,
        None if args.inverse => Format::Inverse,
        None if args.delta => Format::Delta,
        None if args.json => Format::Json,
        Some(FormatName::Restore) | None => Format::Restore,
    }
}

fn families(args: &InputArgs) -> &'static [Family] {
    match (args.ipv4, args.ipv6) {
        (true, true) => &[Family::Ipv4, Family::Ipv6],
        (false, true) => &[Family::Ipv6],
        (_, false) => &[Family::Ipv4],
    }
}

/// What is printed for each family.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Texts {
    /// A text that stands alone.
    Whole,
    /// Whatever can follow another one.
    Any,
}

const fn texts(purpose: Purpose) -> Texts {
    match purpose {
        Purpose::Print(Format::Diff) | Purpose::Check => Texts::Any,
        Purpose::Print(_) => Texts::Whole,
    }
}

fn jobs(args: &InputArgs, output: Option<&Path>, texts: Texts) -> Result<Vec<Job>, Diagnostic> {
    let families = families(args);
    let both = families.len() > 1;
    if both && texts == Texts::Whole && output.is_none() {
        return Err(usage("two families do not go into one text")
            .help("give `-o PREFIX`: the results go to PREFIX.v4 and PREFIX.v6"));
    }
    let job = |family: &Family| {
        let destination = match output {
            None => Destination::Stdout,
            Some(path) if path.as_os_str() == "-" && !both => Destination::Stdout,
            Some(path) if both => Destination::File(suffixed(path, *family)),
            Some(path) => Destination::File(path.to_owned()),
        };
        Ok(Job { family: *family, input: input(args, *family)?, destination })
    };
    families.iter().map(job).collect()
}

fn input(args: &InputArgs, family: Family) -> Result<Input, Diagnostic> {
    let both = args.ipv4 && args.ipv6;
    if let Some(name) = &args.sample {
        return Ok(Input::Sample(input::sample(name)?));
    }
    if let Some(path) = &args.snapshot {
        let snapshot = Snapshot::parse(&path.display().to_string(), &input::file(path)?)?;
        return Ok(Input::Snapshot(Arc::new(snapshot)));
    }
    match &args.input {
        None => Ok(Input::Live(args.iptables_dir.clone())),
        Some(path) if path.as_os_str() == "-" && both => {
            Err(usage("standard input holds the ruleset of one family")
                .help("give -4 or -6, or files by `-46 -i PREFIX`"))
        }
        Some(path) if path.as_os_str() == "-" => Ok(Input::Stdin),
        Some(path) if both => Ok(Input::File(suffixed(path, family))),
        Some(path) => Ok(Input::File(path.clone())),
    }
}

/// `PREFIX.v4` or `PREFIX.v6`.
pub(super) fn suffixed(prefix: &Path, family: Family) -> PathBuf {
    let mut name = OsString::from(prefix);
    name.push(match family {
        Family::Ipv4 => ".v4",
        Family::Ipv6 => ".v6",
    });
    name.into()
}

fn levels(args: &LevelArgs) -> Result<Levels, Diagnostic> {
    let mut levels = Levels::default();
    let said = levels
        .warn(&args.warn)
        .and_then(|()| levels.allow(&args.allow))
        .and_then(|()| levels.deny(&args.deny));
    match said {
        Ok(()) => Ok(levels),
        Err(error) => {
            let diagnostic = usage(&error.to_string());
            Err(match error.near {
                Some(near) => diagnostic.help(format!("did you mean `{near}`?")),
                None => diagnostic
                    .help("a finding shows its code in brackets; `warnings` stands for all warnings"),
            })
        }
    }
}
