//! What the arguments of `dwscript trace` mean.

use std::path::PathBuf;
use std::sync::Arc;

use super::{Colors, Purpose, RunOptions, Texts, both_if_live, families, input, jobs, levels};
use crate::apply::STATE_DIR;
use crate::cli::args::{AskingArgs, InputArgs, TraceArgs};
use crate::cli::input::Input;
use crate::cli::site;
use crate::diagnostic::Diagnostic;
use crate::model::Family;
use crate::packets::{Given, Site, bad_packet};
use crate::report::Format;

/// `dwscript trace`.
pub(in crate::cli) struct TraceOptions {
    pub(in crate::cli) packet: Given,
    pub(in crate::cli) inputs: Vec<(Family, Input)>,
    pub(in crate::cli) site: Arc<Site>,
    /// The scripts that run first; none where the rulesets are asked as they stand.
    pub(in crate::cli) run: Option<RunOptions>,
    pub(in crate::cli) json: bool,
    pub(in crate::cli) colors: Colors,
}

impl TraceOptions {
    pub(in crate::cli) fn new(args: &TraceArgs) -> Result<Self, Diagnostic> {
        let TraceArgs { asking, scripts, .. } = args;
        let packet = Given::parse(&args.packet).map_err(|error| bad_packet(&args.packet, &error))?;
        let given = with_families(&asking.input, packet.packet.families());
        let families = families(&given);
        let inputs: Vec<(Family, Input)> = families
            .iter()
            .map(|family| Ok((*family, input(&given, *family)?)))
            .collect::<Result<_, Diagnostic>>()?;
        let site = Arc::new(site::of(inputs.first().map(|(_, input)| input), &asking.packets)?);
        let run = || RunOptions::asking(scripts, asking, &given, &site);
        Ok(Self {
            packet,
            run: (!scripts.is_empty()).then(run).transpose()?,
            inputs,
            site,
            json: asking.json,
            colors: Colors::new(asking.color.color),
        })
    }
}

/// The families of a packet's addresses, unless said; without addresses those that rulesets are of.
fn with_families(args: &InputArgs, families: &[Family]) -> InputArgs {
    let mut given = args.clone();
    if args.ipv4 || args.ipv6 {
        return given;
    }
    match families {
        [only] => (given.ipv4, given.ipv6) = (*only == Family::Ipv4, *only == Family::Ipv6),
        _ if args.snapshot.is_some() => (given.ipv4, given.ipv6) = (true, true),
        _ => given = both_if_live(args),
    }
    given
}

impl RunOptions {
    /// Those of scripts that run as in the main job, for what becomes of packets then.
    pub(in crate::cli) fn asking(
        scripts: &[PathBuf],
        args: &AskingArgs,
        input: &InputArgs,
        site: &Arc<Site>,
    ) -> Result<Self, Diagnostic> {
        Ok(Self {
            work: Self::work(scripts, &args.script, &args.owner)?,
            jobs: jobs(input, None, Texts::Any)?,
            purpose: Purpose::Print(Format::Diff),
            sets: None,
            state_dir: PathBuf::from(STATE_DIR),
            levels: levels(&args.levels)?,
            colors: Colors::new(args.color.color),
            site: Arc::clone(site),
            asks_docker: input.docker,
        })
    }
}
