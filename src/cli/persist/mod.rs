//! `dwscript persist`: scripts that run whenever Docker has started.

mod copy;
mod places;
mod systemd;
mod unit;

use std::ffi::OsString;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use tempfile::Builder;

use super::apply::give;
use super::args::{Method, PersistArgs, ScriptArgs};
use super::color::Colors;
use super::input::Input;
use super::options::RunOptions;
use super::output;
use super::parameters;
use super::run::{self, RunResult};
use super::status::{Status, Stop, needs_root, usage};
use crate::apply::{Host, check_trust};
use crate::diagnostic::{Diagnostic, Severity, Style};
use crate::model::Family;
use crate::report::{boot, canonical};
use copy::Copies;
use places::Places;

pub(super) fn run(args: &PersistArgs) -> Status {
    let colors = Colors::new(args.color.color);
    let places = Places::new(&args.root);
    let done = if args.status {
        Ok(status(&places))
    } else if args.remove {
        remove(&places)
    } else {
        install(args, &places, colors.stderr)
    };
    match done {
        Ok((status, text)) => match output::print(&text) {
            Status::Done => status,
            failed => failed,
        },
        Err(stop) => {
            output::say(&stop.diagnostics, colors.stderr);
            stop.status
        }
    }
}

fn may_write(places: &Places) -> Result<(), Diagnostic> {
    if places.is_host() { needs_root("`dwscript persist`") } else { Ok(()) }
}

fn install(args: &PersistArgs, places: &Places, style: Style) -> Result<(Status, String), Stop> {
    if args.scripts.is_empty() {
        return Err(usage("no script is given")
            .help("for example `dwscript persist scripts/harden.rhai`; `--status` says what is installed")
            .into());
    }
    may_write(places)?;
    refuse_environment()?;
    if !args.trust {
        let given = args.scripts.iter().chain(&args.script.params).chain(&args.script.libraries);
        given.into_iter().try_for_each(|path| check_trust(path))?;
    }
    let options = RunOptions::trial(args, &args.scripts, &args.script)?;
    let host = host(args, &options)?;
    let trial = Trial::run(options, host.as_ref(), Some(style))?;
    if args.method == Method::NetfilterPersistent {
        refuse_sets(&trial.sets)?;
    }
    let folder = places.folder();
    let above = folder.parent().unwrap_or(&folder);
    places::make_folder(above, 0o755)?;
    let staged = Builder::new().prefix(".new-").permissions(Permissions::from_mode(0o700)).tempdir_in(above);
    let staged = staged.map_err(|error| places::unwritable(above, &error))?;
    let copies = Copies::make(&args.scripts, &args.script, staged.path())?;
    try_copies(args, &copies, staged.path(), host.as_ref(), &trial)?;
    let at_boot = Places::folder_at_boot();
    let given = copies.script_args(&at_boot, args.script.time_limit);
    let unit = unit::text(&command(args, &copies.scripts(&at_boot), &given)?)?;
    places::swap_folder(&staged.keep(), &folder)?;
    places::keep_aside(&places.unit())?;
    places::write(&places.unit(), unit.as_bytes(), 0o644)?;
    let mut said = vec![folder.display().to_string(), places.unit().display().to_string()];
    if args.method == Method::NetfilterPersistent {
        write_rules(places, &trial.boot, &mut said)?;
    }
    said.push(systemd::enable(places)?);
    Ok((Status::Done, lines(&said)))
}

/// Sees that the copies do what the scripts do: a module that was not found, for one, is missed now and not at boot.
fn try_copies(
    args: &PersistArgs,
    copies: &Copies,
    folder: &Path,
    host: Option<&Host>,
    wanted: &Trial,
) -> Result<(), Diagnostic> {
    let given = copies.script_args(folder, args.script.time_limit);
    let options = RunOptions::trial(args, &copies.scripts(folder), &given)?;
    match Trial::run(options, host, None) {
        Ok(found) if found.texts == wanted.texts => Ok(()),
        Ok(_) => Err(incomplete(&[])),
        Err(stop) => Err(incomplete(&stop.diagnostics)),
    }
}

fn lines(said: &[String]) -> String {
    said.iter().flat_map(|line| [line.as_str(), "\n"]).collect()
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

/// What scripts make of the ruleset that they are tried on.
struct Trial {
    texts: Vec<Vec<u8>>,
    /// What is to be loaded at boot, by family.
    boot: Vec<(Family, Vec<u8>)>,
    /// The sets that the scripts declare.
    sets: Vec<String>,
}

impl Trial {
    fn run(mut options: RunOptions, host: Option<&Host>, say: Option<Style>) -> Result<Self, Stop> {
        if let Some(host) = host {
            give(&mut options, host);
        }
        let results = run::results(&options).map_err(|(_, stop)| stop)?;
        let mut trial = Self { texts: Vec::new(), boot: Vec::new(), sets: Vec::new() };
        for RunResult { job, checked, sets, diagnostics, .. } in &results {
            if let Some(style) = say {
                output::say(diagnostics, style);
            }
            let (mut text, mut kept) = (Vec::new(), Vec::new());
            let written = canonical::write(checked, &mut text).and_then(|()| boot::write(checked, &mut kept));
            written.map_err(|error| Diagnostic::error("unwritable-output", error.to_string()))?;
            trial.texts.push(text);
            trial.sets.extend(sets.iter().map(|set| format!("`{}`", set.name)));
            trial.boot.push((job.family, kept));
        }
        Ok(trial)
    }
}

/// Refuses scripts whose rules netfilter-persistent could not load, as nothing has made their sets so early.
fn refuse_sets(sets: &[String]) -> Result<(), Diagnostic> {
    if sets.is_empty() {
        return Ok(());
    }
    let message = format!("netfilter-persistent loads no sets, and the rules need {}", sets.join(", "));
    Err(Diagnostic::error("sets-at-boot", message)
        .note("nothing was installed")
        .help("leave out `--method`: the unit makes the sets before the rules")
        .help("or have the script do without sets, such as `blocklist.rhai` by `-D ipset=false`"))
}

/// That the copies do not do what the scripts do.
fn incomplete(said: &[Diagnostic]) -> Diagnostic {
    let message = "the scripts do something else, or nothing, once they are copied";
    let error = Diagnostic::error("incomplete-copy", message).note("nothing was installed");
    let notes = said.iter().filter(|diagnostic| diagnostic.severity == Severity::Error);
    notes
        .fold(error, |error, diagnostic| error.note(format!("the copies: {}", diagnostic.message)))
        .help("modules are copied whose names stand behind `import` in quotes; give the folder of others by --library")
}

/// The words of the command that the unit runs.
fn command(args: &PersistArgs, scripts: &[PathBuf], given: &ScriptArgs) -> Result<Vec<OsString>, Diagnostic> {
    let program = std::env::current_exe().and_then(fs::canonicalize).map_err(|error| {
        Diagnostic::error("no-program", format!("the path of this program cannot be found: {error}"))
            .help("is it still there?")
    })?;
    let mut words: Vec<OsString> = vec![program.into()];
    words.extend(scripts.iter().map(OsString::from));
    let mut option = |name: &str, value: &dyn AsRef<std::ffi::OsStr>| {
        words.push(name.into());
        words.push(value.as_ref().to_owned());
    };
    given.params.iter().for_each(|path| option("--params", path));
    given.libraries.iter().for_each(|path| option("--library", path));
    option("--time-limit", &given.time_limit.to_string());
    args.owner.owner.iter().for_each(|owner| option("--owner", owner));
    args.levels.warn.iter().for_each(|code| option("--warn", code));
    args.levels.allow.iter().for_each(|code| option("--allow", code));
    args.levels.deny.iter().for_each(|code| option("--deny", code));
    if let Some(folder) = &args.input.iptables_dir {
        option("--iptables-dir", &absolute(folder));
    }
    option("--state-dir", &absolute(&args.state.state_dir));
    let flags = [
        (args.owner.no_tag, "--no-tag"),
        (args.owner.adopt, "--adopt"),
        (args.input.ipv4, "-4"),
        (args.input.ipv6, "-6"),
        (true, "--apply"),
        (true, "--no-confirm"),
    ];
    words.extend(flags.into_iter().filter(|(given, _)| *given).map(|(_, flag)| flag.into()));
    Ok(words)
}

fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
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

fn status(places: &Places) -> (Status, String) {
    let unit = places.unit();
    let text = fs::read_to_string(&unit).unwrap_or_default();
    let mut said = Vec::new();
    if let Some(command) = unit::command(&text) {
        said.extend([format!("unit: {}", unit.display()), format!("runs: {command}")]);
        said.extend(systemd::state(places));
    }
    let rules = [Family::Ipv4, Family::Ipv6].map(|family| places.rules(family));
    let ours = rules.iter().filter(|path| places::is_ours(path));
    said.extend(ours.map(|path| format!("rules at boot: {}", path.display())));
    if said.is_empty() {
        (Status::No, "nothing is installed\n".to_owned())
    } else {
        (Status::Done, lines(&said))
    }
}

fn remove(places: &Places) -> Result<(Status, String), Stop> {
    may_write(places)?;
    let (unit, folder) = (places.unit(), places.folder());
    let mut said = Vec::new();
    if places::is_ours(&unit) {
        said.extend(systemd::disable(places)?);
        places::take_away(&unit)?;
        said.push(format!("removed {}", unit.display()));
        systemd::reload(places)?;
    }
    if folder.exists() {
        places::remove_folder(&folder).map_err(|error| places::unwritable(&folder, &error))?;
        said.push(format!("removed {}", folder.display()));
    }
    for path in [Family::Ipv4, Family::Ipv6].map(|family| places.rules(family)) {
        if places::take_away(&path)? {
            let what = if path.exists() { "put back what was before at" } else { "removed" };
            said.push(format!("{what} {}", path.display()));
        }
    }
    if said.is_empty() {
        return Ok((Status::Done, "nothing was installed\n".to_owned()));
    }
    said.push("the rules on the host stay; `dwscript remove --owner NAME --apply` takes them off".to_owned());
    Ok((Status::Done, lines(&said)))
}
