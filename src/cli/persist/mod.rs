//! `dwscript persist`: scripts that run whenever Docker has started.

mod copy;
mod good;
mod last;
mod manifest;
mod places;
mod standing;
mod systemd;
mod trial;
mod unattended;
mod unit;
mod words;

use std::ffi::OsString;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;

use serde_json::json;
use tempfile::Builder;

use super::args::{Method, PersistArgs};
use super::color::Colors;
use super::input::Input;
use super::modules::check_all_trust;
use super::options::RunOptions;
use super::output;
use super::parameters;
use super::status::{Status, Stop, needs_root, usage};
use crate::apply::{Host, check_trust, is_root};
use crate::diagnostic::{Diagnostic, Style};
use crate::model::Family;
use copy::Copies;
use good::Good;
use last::Last;
use manifest::Manifest;
use places::Places;
use standing::Standing;
use trial::Trial;

pub(super) fn run(args: &PersistArgs) -> Status {
    if args.run {
        return unattended::run_scripts(args);
    }
    if args.run_early {
        return unattended::run_early(args);
    }
    let colors = Colors::new(args.color.color);
    let places = Places::new(&args.root);
    let done = if args.status {
        Ok(Vec::new())
    } else if args.remove {
        remove(&places)
    } else {
        install(args, &places, colors.stderr)
    };
    match done {
        Ok(said) => tell(args, &places, &said),
        Err(stop) if args.json => print_or(&failure(&stop), stop.status),
        Err(stop) => {
            output::say(&stop.diagnostics, colors.stderr);
            stop.status
        }
    }
}

/// Prints what was done, or how it stands.
fn tell(args: &PersistArgs, places: &Places, said: &[String]) -> Status {
    if !args.status && !args.json {
        return output::print(&lines(said));
    }
    let standing = Standing::of(places);
    if standing.installed && places.is_host() && !is_root() {
        let partial = Diagnostic::warning(
            "needs-root",
            "how the last run ended and what has changed is told to root alone",
        );
        output::say(&[partial], Colors::new(args.color.color).stderr);
    }
    let status = if args.status && !standing.installed { Status::No } else { Status::Done };
    let text = if args.json {
        serde_json::to_string_pretty(&standing).unwrap_or_default() + "\n"
    } else {
        lines(&standing.lines())
    };
    print_or(&text, status)
}

fn print_or(text: &str, status: Status) -> Status {
    match output::print(text) {
        Status::Done => status,
        failed => failed,
    }
}

fn failure(stop: &Stop) -> String {
    let errors = stop.diagnostics.iter().map(|error| {
        json!({
            "severity": error.severity.as_str(), "code": error.code, "message": error.message, "notes": error.notes,
            "help": error.help, "place": error.place().map(|(file, at)| format!("{file}:{}:{}", at.line, at.column)),
        })
    });
    format!("{:#}\n", json!({"version": 1, "errors": errors.collect::<Vec<_>>()}))
}

fn lines(said: &[String]) -> String {
    said.iter().flat_map(|line| [line.as_str(), "\n"]).collect()
}

fn may_write(places: &Places) -> Result<(), Diagnostic> {
    if places.is_host() { needs_root("`dwscript persist`") } else { Ok(()) }
}

fn install(args: &PersistArgs, places: &Places, style: Style) -> Result<Vec<String>, Stop> {
    if args.scripts.is_empty() {
        return Err(usage("no script is given")
            .help("for example `dwscript persist scripts/harden.rhai`; `--status` says what is installed")
            .into());
    }
    may_write(places)?;
    refuse_environment()?;
    if !args.trust {
        check_all_trust(&args.scripts, &args.script.libraries)?;
        args.script.params.iter().try_for_each(|path| check_trust(path))?;
    }
    let options = RunOptions::trial(args, &args.scripts, &args.script)?;
    let host = host(args, &options)?;
    let trial = Trial::run(options, host.as_ref(), Some(style))?;
    if args.method == Method::NetfilterPersistent {
        trial.refuse_sets()?;
    }
    let folder = places.folder();
    let above = folder.parent().unwrap_or(&folder);
    places::make_folder(above, 0o755)?;
    let staged = Builder::new().prefix(".new-").permissions(Permissions::from_mode(0o700)).tempdir_in(above);
    let staged = staged.map_err(|error| places::unwritable(above, &error))?;
    let copies = Copies::make(&args.scripts, &args.script, staged.path())?;
    trial::of_copies(args, &copies, staged.path(), host.as_ref(), &trial)?;
    let units = Units::new(args, &copies)?;
    Manifest::new(args, &copies, &units.words).write(staged.path())?;
    places::swap_folder(&staged.keep(), &folder)?;
    let state_dir = places.state_dir(&words::absolute(&args.state.state_dir));
    trial.good.write(&state_dir)?;
    let mut said = vec![folder.display().to_string()];
    units.write(places, &mut said)?;
    if args.method == Method::NetfilterPersistent {
        write_rules(places, &trial.boot, &mut said)?;
    }
    let names: &[&str] = if args.early { &[unit::NAME, unit::EARLY] } else { &[unit::NAME] };
    said.push(systemd::enable(places, names)?);
    Ok(said)
}

/// The units' texts.
struct Units {
    /// What the main one runs.
    words: Vec<OsString>,
    main: String,
    early: Option<String>,
}

impl Units {
    fn new(args: &PersistArgs, copies: &Copies) -> Result<Self, Diagnostic> {
        let at_boot = Places::folder_at_boot();
        let given = copies.script_args(&at_boot, args.script.time_limit);
        let words = words::run(args, &copies.scripts(&at_boot), &given);
        let program: OsString = words::program()?.into();
        let with = |words: &[OsString]| [std::slice::from_ref(&program), words].concat();
        let early = args.early.then(|| {
            unit::early_text(&with(&words::run_early(args)), &words::absolute(&args.state.state_dir))
        });
        Ok(Self { main: unit::text(&with(&words))?, early: early.transpose()?, words })
    }

    /// Writes them; an early one of before goes where none is wanted now.
    fn write(&self, places: &Places, said: &mut Vec<String>) -> Result<(), Diagnostic> {
        let texts = [(unit::NAME, Some(&self.main)), (unit::EARLY, self.early.as_ref())];
        for (name, text) in texts {
            let path = places.unit(name);
            match text {
                Some(text) => {
                    places::keep_aside(&path)?;
                    places::write(&path, text.as_bytes(), 0o644)?;
                    said.push(path.display().to_string());
                }
                None => said.extend(remove_unit(places, name)?),
            }
        }
        Ok(())
    }
}

/// The environment of a shell is not that of a boot.
fn refuse_environment() -> Result<(), Diagnostic> {
    let Some((key, name)) = parameters::in_environment() else { return Ok(()) };
    Err(usage(&format!("`{key}` is set, and will not be at boot"))
        .help(format!("unset it, and give `-D {name}=VALUE` if the scripts are to have it")))
}

/// The live ruleset, where that is what the scripts are tried on: read once, so that both trials see the same.
fn host(args: &PersistArgs, options: &RunOptions) -> Result<Option<Host>, Diagnostic> {
    if !options.jobs.iter().any(|job| matches!(job.input, Input::Live(_))) {
        return Ok(None);
    }
    needs_root("trying the scripts on the live rules")?;
    let families: Vec<Family> = options.jobs.iter().map(|job| job.family).collect();
    Host::read(args.input.iptables_dir.as_deref(), &families).map(Some)
}

/// Writes what netfilter-persistent loads.
fn write_rules(
    places: &Places,
    rules: &[(Family, Vec<u8>)],
    said: &mut Vec<String>,
) -> Result<(), Diagnostic> {
    for (family, text) in rules {
        let path = places.rules(*family);
        if let Some(aside) = places::keep_aside(&path)? {
            said.push(format!("{} (what was there before)", aside.display()));
        }
        let head =
            format!("{}, without Docker's rules: for the boot, and for nothing later.\n", places::HEAD);
        places::write(&path, &[head.as_bytes(), text].concat(), 0o640)?;
        said.push(path.display().to_string());
    }
    said.push("set IPTABLES_RESTORE_NOFLUSH=yes and IP6TABLES_RESTORE_NOFLUSH=yes in /etc/default/netfilter-persistent".to_owned());
    Ok(())
}

fn remove(places: &Places) -> Result<Vec<String>, Stop> {
    may_write(places)?;
    let folder = places.folder();
    let manifest = Manifest::read(&folder);
    let mut said = Vec::new();
    for name in [unit::NAME, unit::EARLY] {
        said.extend(remove_unit(places, name)?);
    }
    if folder.exists() {
        places::remove_folder(&folder).map_err(|error| places::unwritable(&folder, &error))?;
        said.push(format!("removed {}", folder.display()));
    }
    if let Some(state_dir) = manifest.map(|manifest| places.state_dir(&manifest.state_dir)) {
        // They are of no use to anybody, and a host that lost them lost nothing.
        let _ = [Good::path(&state_dir), Last::path(&state_dir)].map(fs::remove_file);
    }
    for path in [Family::Ipv4, Family::Ipv6].map(|family| places.rules(family)) {
        if places::take_away(&path)? {
            let what = if path.exists() { "put back what was before at" } else { "removed" };
            said.push(format!("{what} {}", path.display()));
        }
    }
    if said.is_empty() {
        return Ok(vec!["nothing was installed".to_owned()]);
    }
    said.push("the rules on the host stay; `dwscript remove --owner NAME --apply` takes them off".to_owned());
    Ok(said)
}

/// Disables a unit and takes its file away, if it is ours; what is to be said of that.
fn remove_unit(places: &Places, name: &str) -> Result<Vec<String>, Diagnostic> {
    let path = places.unit(name);
    if !places::is_ours(&path) {
        return Ok(Vec::new());
    }
    let said = systemd::disable(places, name)?;
    places::take_away(&path)?;
    systemd::forget(places, name)?;
    Ok(said.into_iter().chain([format!("removed {}", path.display())]).collect())
}
