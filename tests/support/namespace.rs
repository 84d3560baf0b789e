//! Scratch network namespaces: rules loaded there are gone with the test.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::OnceLock;

use dwscript::model::Family;
use tempfile::TempDir;

use crate::support::process::{find, run, stdout_of, text};
use crate::support::skip::{Skip, available, require_root};

/// The two implementations behind the name `iptables`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Backend {
    /// iptables over `nf_tables`.
    Nft,
    /// The `x_tables` of old.
    Legacy,
}

impl Backend {
    /// Both.
    pub(crate) const ALL: [Self; 2] = [Self::Nft, Self::Legacy];

    /// `nft` or `legacy`, as the lab's script spells it.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Nft => "nft",
            Self::Legacy => "legacy",
        }
    }

    /// The program that holds this backend's commands.
    pub(crate) fn program(self) -> Result<PathBuf, Skip> {
        find(match self {
            Self::Nft => "xtables-nft-multi",
            Self::Legacy => "xtables-legacy-multi",
        })
    }

    /// Makes a folder in which the programs that save and restore are this backend's.
    #[track_caller]
    pub(crate) fn link_programs(self, folder: &Path) {
        std::fs::create_dir(folder).unwrap();
        let program = self.program().unwrap();
        for name in ["iptables-save", "iptables-restore", "ip6tables-save", "ip6tables-restore"] {
            std::os::unix::fs::symlink(&program, folder.join(name)).unwrap();
        }
    }

    /// The backends of this machine's programs and kernel; the others are reported as skipped.
    #[track_caller]
    pub(crate) fn usable() -> Vec<Self> {
        Self::ALL.into_iter().filter(|backend| available(backend.check()).is_some()).collect()
    }

    /// Whether a rule can be loaded, found out once.
    pub(crate) fn check(self) -> Result<(), Skip> {
        static NFT: OnceLock<Result<(), Skip>> = OnceLock::new();
        static LEGACY: OnceLock<Result<(), Skip>> = OnceLock::new();
        let known = match self {
            Self::Nft => &NFT,
            Self::Legacy => &LEGACY,
        };
        known.get_or_init(|| self.try_out()).clone()
    }

    fn try_out(self) -> Result<(), Skip> {
        let namespace = Namespace::create()?;
        let program = self.program()?;
        let rule = "*filter\n-A INPUT -j ACCEPT\nCOMMIT\n";
        let output = namespace.run(&program, &["iptables-restore"], rule.as_bytes());
        if output.status.success() {
            return Ok(());
        }
        let words = text(&output.stderr);
        Err(Skip::because(format!("iptables ({}) does not work here: {}", self.as_str(), words.trim())))
    }
}

/// The command of a family: `iptables-save` and `ip6tables-save`, say.
fn command_name(family: Family, verb: &str) -> String {
    let stem = match family {
        Family::Ipv4 => "iptables",
        Family::Ipv6 => "ip6tables",
    };
    format!("{stem}-{verb}")
}

/// An empty network namespace with its loopback interface up.
///
/// A child process holds it by being in it, and ends with its input; so the kernel takes the
/// namespace back whatever ends the test.
#[derive(Debug)]
pub(crate) struct Namespace {
    holder: Child,
    folder: TempDir,
}

impl Namespace {
    /// A new namespace in which iptables over nft works.
    pub(crate) fn new() -> Result<Self, Skip> {
        Backend::Nft.check()?;
        Self::create()
    }

    fn create() -> Result<Self, Skip> {
        require_root()?;
        let failed = |error| Skip::because(format!("cannot make a network namespace: {error}"));
        let folder = TempDir::new().map_err(failed)?;
        let mut holder = Command::new(find("unshare")?)
            .args(["--net", "--", "sh", "-c", "ip link set lo up 2>/dev/null; echo ready; exec cat"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(failed)?;
        let mut line = String::new();
        if let Some(stdout) = holder.stdout.take() {
            BufReader::new(stdout).read_line(&mut line).map_err(failed)?;
        }
        let namespace = Self { holder, folder };
        if line.trim() == "ready" {
            Ok(namespace)
        } else {
            Err(Skip::because("unshare --net is not allowed"))
        }
    }

    /// The file by which other programs enter or name this namespace.
    pub(crate) fn path(&self) -> PathBuf {
        PathBuf::from(format!("/proc/{}/ns/net", self.holder.id()))
    }

    /// The process that holds this namespace, for `ip link … netns PID`.
    pub(crate) fn pid(&self) -> u32 {
        self.holder.id()
    }

    /// A command that will run in this namespace, with its own lock of the legacy backend.
    pub(crate) fn command(&self, program: impl AsRef<Path>) -> Command {
        let mut command = Command::new("nsenter");
        command.arg(format!("--net={}", self.path().display())).arg("--").arg(program.as_ref());
        command.env("XTABLES_LOCKFILE", self.folder.path().join("xtables.lock")).env("LC_ALL", "C");
        command
    }

    /// Runs a program in this namespace.
    pub(crate) fn run(&self, program: impl AsRef<Path>, args: &[&str], stdin: &[u8]) -> Output {
        run(self.command(program).args(args), stdin)
    }

    /// Gives `text` to the backend's `iptables-restore` or `ip6tables-restore`.
    #[track_caller]
    pub(crate) fn restore(&self, backend: Backend, family: Family, text: &str, args: &[&str]) -> Output {
        let mut command = self.command(backend.program().unwrap());
        run(command.arg(command_name(family, "restore")).args(args), text.as_bytes())
    }

    /// What the backend's `iptables-save` or `ip6tables-save` prints.
    #[track_caller]
    pub(crate) fn save(&self, backend: Backend, family: Family) -> String {
        let mut command = self.command(backend.program().unwrap());
        stdout_of(&run(command.arg(command_name(family, "save")), b""))
    }
}

impl Drop for Namespace {
    fn drop(&mut self) {
        drop(self.holder.stdin.take());
        let _ = self.holder.wait();
    }
}

/// What iptables did with one text in namespaces that were empty before.
#[derive(Debug)]
pub(crate) struct Attempt {
    /// `iptables-restore --test`.
    pub(crate) test: Output,
    /// `iptables-restore`.
    pub(crate) load: Output,
    /// What `iptables-save` prints afterwards.
    pub(crate) saved: Vec<u8>,
}

/// Tries a text out, in fresh namespaces: the fast way for many little texts.
///
/// A fresh namespace costs 3 ms; flushing five nft tables in an old one costs 45 ms, and leaves
/// chains of a kind that an empty host does not have.
#[track_caller]
pub(crate) fn attempt(backend: Backend, family: Family, text: &[u8], args: &[&str]) -> Attempt {
    let folder = TempDir::new().unwrap();
    let fresh = || {
        let mut command = Command::new("unshare");
        command.env("XTABLES_LOCKFILE", folder.path().join("xtables.lock")).env("LC_ALL", "C");
        command.args(["--net", "--"]);
        command
    };
    let program = backend.program().unwrap();
    let restore = command_name(family, "restore");
    let rehearsed = run(fresh().arg(&program).arg(&restore).args(args).arg("--test"), text);
    let saved_file = folder.path().join("saved");
    let script = r#"saved=$1 program=$2 save=$3; shift 3; "$program" "$@"; code=$?; "$program" "$save" >"$saved"; exit $code"#;
    let mut load = fresh();
    load.args(["sh", "-c", script, "sh"]).arg(&saved_file).arg(&program);
    load.arg(command_name(family, "save")).arg(&restore).args(args);
    let load = run(&mut load, text);
    Attempt { test: rehearsed, load, saved: std::fs::read(saved_file).unwrap() }
}
