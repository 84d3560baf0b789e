//! What tests ask for: rulesets from captures and files, and scripts that run as users run them.

use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use crate::apply::STATE_DIR;
use crate::check::Levels;
use crate::cli::args::{ColorChoice, PacketArgs};
use crate::cli::color::Colors;
use crate::cli::input::{self, Input};
use crate::cli::lockout;
use crate::cli::options::{Job, Purpose, RunOptions, Work, suffixed};
use crate::cli::output::Destination;
use crate::cli::run::results;
use crate::cli::site;
use crate::cli::snapshot::Snapshot;
use crate::cli::world;
use crate::diagnostic::{Diagnostic, did_you_mean};
use crate::model::{Family, Ruleset};
use crate::report::Format;
use crate::samples::{SAMPLES, Sample};
use crate::save;
use crate::script::{Bench, Loaded, Params, Ran, Settings};

const FAMILIES: [Family; 2] = [Family::Ipv4, Family::Ipv6];

/// The files that a test may name: those in its folder, and in those of `--library`.
pub(super) struct Files {
    folder: PathBuf,
    settings: Settings,
}

impl Files {
    /// Those of a test in the file `test`.
    pub(super) fn new(test: &Path, settings: &Settings) -> Self {
        let folder = test.parent().filter(|folder| !folder.as_os_str().is_empty());
        Self { folder: folder.unwrap_or(Path::new(".")).to_owned(), settings: settings.clone() }
    }

    /// The file called `name`, which may lead out of none of the folders, links included.
    fn find(&self, name: &str) -> Result<Option<PathBuf>, Diagnostic> {
        let plain = |part: Component<'_>| {
            matches!(part, Component::Normal(_) | Component::CurDir | Component::ParentDir)
        };
        let relative = Path::new(name);
        if name.is_empty() || name.contains('\0') || !relative.components().all(plain) {
            return Err(outside(name));
        }
        let roots = || std::iter::once(&self.folder).chain(&self.settings.libraries);
        let real: Vec<PathBuf> = roots().filter_map(|root| root.canonicalize().ok()).collect();
        for root in roots() {
            let file = root.join(relative);
            let Ok(target) = file.canonicalize() else { continue };
            if !real.iter().any(|root| target.starts_with(root)) {
                return Err(outside(name));
            }
            if target.is_file() {
                return Ok(Some(if root == Path::new(".") { relative.to_owned() } else { file }));
            }
        }
        Ok(None)
    }

    /// Where the rules called `name` are, and the families that there are of them.
    fn inputs(&self, name: &str) -> Result<Vec<(Family, Input)>, Diagnostic> {
        if let Some(sample) = Sample::find(name) {
            let there = FAMILIES.into_iter().filter(|family| sample.text(*family).is_some());
            return Ok(there.map(|family| (family, Input::Sample(sample))).collect());
        }
        if let Some(file) = self.find(name)? {
            let text = input::file(&file)?;
            if !text.trim_ascii_start().starts_with(b"{") {
                return Ok(vec![(Family::Ipv4, Input::File(file))]);
            }
            let snapshot = Arc::new(Snapshot::parse(&file.display().to_string(), &text)?);
            let there = FAMILIES.into_iter().filter(|family| snapshot.text(*family).is_ok());
            return Ok(there.map(|family| (family, Input::Snapshot(Arc::clone(&snapshot)))).collect());
        }
        let mut found = Vec::new();
        for family in FAMILIES {
            let dump = suffixed(Path::new(name), family);
            let file = self.find(&dump.display().to_string())?;
            found.extend(file.map(|file| (family, Input::File(file))));
        }
        if found.is_empty() { Err(unknown(name)) } else { Ok(found) }
    }
}

fn outside(name: &str) -> Diagnostic {
    Diagnostic::error("module-outside", format!("`{name}` leads out of the folders of the test"))
        .help("files must lie in the test's folder or one given by `--library`, links included")
}

fn unknown(name: &str) -> Diagnostic {
    let unknown = Diagnostic::error("unknown-sample", format!("there is no capture or file `{name}`"));
    let near = did_you_mean(name, SAMPLES.iter().map(|sample| sample.name));
    match near {
        Some(near) => unknown.help(format!("did you mean `{near}`?")),
        None => unknown.help("`dwscript --sample list` names the captures; files lie beside the test"),
    }
}

impl Bench for Files {
    fn load(&self, name: &str, family: Option<Family>) -> Result<Loaded, Diagnostic> {
        let mut inputs = self.inputs(name)?;
        if let (Some(family), [(only, Input::File(_))]) = (family, inputs.as_mut_slice()) {
            // What family a dump is of is not in its name.
            *only = family;
        }
        inputs.retain(|(of, _)| family.is_none_or(|family| *of == family));
        let Some((_, first)) = inputs.first() else {
            let which = family.unwrap_or_default().as_str();
            let message = format!("`{name}` has no {which} rules");
            return Err(Diagnostic::error("unknown-sample", message)
                .help("`dwscript --sample list` says which families a capture has"));
        };
        let mut settings = Settings::default();
        world::give(&mut settings, first, false);
        settings.site = Arc::new(site::of(Some(first), &PacketArgs::default())?);
        let mut rulesets = Vec::with_capacity(inputs.len());
        for (family, input) in &inputs {
            let read = input.read(*family).map_err(|mut stop| {
                let error = stop.diagnostics.pop();
                error.unwrap_or_else(|| {
                    Diagnostic::error("unreadable-input", format!("`{name}` cannot be read"))
                })
            })?;
            rulesets.push(read.ruleset);
        }
        Ok(Loaded { rulesets, settings })
    }

    fn run(&self, scripts: &[String], params: &Params, on: &Loaded) -> Result<Ran, Vec<Diagnostic>> {
        let mut paths = Vec::with_capacity(scripts.len());
        for name in scripts {
            let file = self.find(name).map_err(|error| vec![error])?;
            paths.push(file.ok_or_else(|| vec![no_script(name)])?);
        }
        let options = self.options(paths, params, on).map_err(|error| vec![error])?;
        let mut results = results(&options).map_err(|(_, stop)| stop.diagnostics)?;
        lockout::warn(&options, &mut results).map_err(|stop| stop.diagnostics)?;
        Ok(Ran {
            rulesets: results.iter().map(|result| result.checked.ruleset().clone()).collect(),
            sets: results.iter().flat_map(|result| result.sets.clone()).collect(),
            warnings: results.iter().flat_map(|result| result.diagnostics.clone()).collect(),
        })
    }
}

impl Files {
    /// A run of the main job on what the test has.
    fn options(&self, scripts: Vec<PathBuf>, params: &Params, on: &Loaded) -> Result<RunOptions, Diagnostic> {
        let settings = Settings {
            libraries: self.settings.libraries.clone(),
            params: params.clone(),
            limits: self.settings.limits,
            print: self.settings.print.clone(),
            ..on.settings.clone()
        };
        Ok(RunOptions {
            work: Work::Scripts(scripts, Box::new(settings)),
            jobs: on.rulesets.iter().map(job).collect::<Result<_, _>>()?,
            purpose: Purpose::Print(Format::Diff),
            sets: None,
            state_dir: PathBuf::from(STATE_DIR),
            levels: Levels::default(),
            colors: Colors::new(ColorChoice::Never),
            site: Arc::clone(&on.settings.site),
            asks_docker: false,
        })
    }
}

fn job(ruleset: &Ruleset) -> Result<Job, Diagnostic> {
    let mut text = Vec::new();
    save::write(ruleset, &mut text)
        .map_err(|error| Diagnostic::error("unwritable-output", error.to_string()))?;
    let input = Input::Made(ruleset.source().name().to_owned(), text);
    Ok(Job { family: ruleset.family(), input, destination: Destination::Stdout })
}

fn no_script(name: &str) -> Diagnostic {
    Diagnostic::error("unreadable-input", format!("there is no script `{name}`"))
        .help("scripts are looked for beside the test, then in the folders given by `--library`")
}
