//! A real Docker Engine in network namespaces of its own: `tests/lab/docker-lab.sh`, held by a value.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use dwscript::model::Family;
use tempfile::TempDir;

use crate::support::engine::{Engine, script};
use crate::support::namespace::Backend;
use crate::support::process::{find, run, stdout_of, text};
use crate::support::skip::{Skip, require_root};

/// The host's address on its uplink `up0`.
pub(crate) const HOST: &str = "10.9.0.1";
/// The same over IPv6.
pub(crate) const HOST6: &str = "fd00:9::1";
/// The client's address; it also plays the internet, as the host's default gateway.
pub(crate) const CLIENT: &str = "10.9.0.2";

/// How a lab is to be.
#[derive(Clone, Debug)]
pub(crate) struct Options {
    /// What `iptables` is for the engine and for [`Lab::exec`].
    pub(crate) backend: Backend,
    /// The engine's version.
    pub(crate) engine: Engine,
    /// More arguments for dockerd, separated by blanks.
    pub(crate) arguments: &'static str,
}

impl Default for Options {
    fn default() -> Self {
        Self { backend: Backend::Nft, engine: Engine::Installed, arguments: "" }
    }
}

/// A host that runs a Docker Engine, and a client beside it; both end with the value.
#[derive(Debug)]
pub(crate) struct Lab {
    id: String,
    folder: PathBuf,
    engine: Option<PathBuf>,
    options: Options,
    guard: Child,
}

impl Lab {
    /// A lab with the installed engine over nft.
    pub(crate) fn new() -> Result<Self, Skip> {
        Self::with(Options::default())
    }

    /// A lab to order; it is up in about a second.
    pub(crate) fn with(options: Options) -> Result<Self, Skip> {
        require_root()?;
        for program in ["ip", "nsenter", "setsid", "busybox", "docker", "curl"] {
            find(program)?;
        }
        options.backend.check()?;
        let engine = options.engine.folder()?;
        // The path goes into socket names of 108 bytes, so it must be a short one.
        let folder = tempfile::Builder::new()
            .prefix("dwl")
            .tempdir_in("/tmp")
            .map(TempDir::keep)
            .map_err(|error| Skip::because(format!("cannot make a folder in /tmp: {error}")))?;
        let id = next_id();
        let guard = spawn_guard(&id, &folder);
        let lab = Self { id, folder, engine, options, guard };
        let up = lab.script(&["up"], b"");
        if up.status.success() {
            return Ok(lab);
        }
        let words = text(&up.stderr);
        let last = words.lines().last().unwrap_or("no message");
        Err(Skip::because(format!("the Docker Engine does not start here: {last}")))
    }

    fn command(&self) -> Command {
        let mut command = lab_command(&self.id, &self.folder);
        command.env("DWLAB_BACKEND", self.options.backend.as_str());
        command.env("DWLAB_ARGS", self.options.arguments);
        if let Some(engine) = &self.engine {
            command.env("DWLAB_PATH", engine);
        }
        command
    }

    /// Runs a command of the lab's script, whatever comes of it.
    pub(crate) fn script(&self, args: &[&str], stdin: &[u8]) -> Output {
        run(self.command().args(args), stdin)
    }

    /// Runs a program on the host; `iptables` is the lab's backend there.
    pub(crate) fn exec(&self, args: &[&str], stdin: &[u8]) -> Output {
        self.script(&[&["exec"], args].concat(), stdin)
    }

    /// Runs a program on the client.
    pub(crate) fn client(&self, args: &[&str]) -> Output {
        self.script(&[&["client"], args].concat(), b"")
    }

    /// Runs the docker client; what it prints, trimmed.
    #[track_caller]
    pub(crate) fn docker(&self, args: &[&str]) -> String {
        let output = self.script(&[&["docker"], args].concat(), b"");
        stdout_of(&output).trim().to_owned()
    }

    /// What `iptables-save` or `ip6tables-save` prints on the host.
    #[track_caller]
    pub(crate) fn save(&self, family: Family) -> String {
        let args: &[&str] = match family {
            Family::Ipv4 => &["save"],
            Family::Ipv6 => &["save", "-6"],
        };
        stdout_of(&self.script(args, b""))
    }

    /// Gives text to the host's `iptables-restore` or `ip6tables-restore`.
    pub(crate) fn restore(&self, family: Family, text: &str, args: &[&str]) -> Output {
        let program = match family {
            Family::Ipv4 => "iptables-restore",
            Family::Ipv6 => "ip6tables-restore",
        };
        self.exec(&[&[program], args].concat(), text.as_bytes())
    }

    /// Starts a container that runs `command`; an empty one is a web server on port 80.
    #[track_caller]
    pub(crate) fn run_container(&self, name: &str, options: &[&str], command: &[&str]) {
        let mut args = [&["run-container", name], options].concat();
        if !command.is_empty() {
            args.push("--");
            args.extend(command);
        }
        stdout_of(&self.script(&args, b""));
    }

    /// A listener on the host that answers `host:PORT`.
    #[track_caller]
    pub(crate) fn serve(&self, port: u16) {
        let port = port.to_string();
        stdout_of(&self.script(&["serve", &format!("s{port}"), &port], b""));
    }

    /// Stops dockerd and starts it again; the rules of the namespace stay in between.
    #[track_caller]
    pub(crate) fn restart_engine(&self) {
        stdout_of(&self.script(&["engine-stop"], b""));
        stdout_of(&self.script(&["engine-start"], b""));
    }

    /// The file by which a program enters the host's namespace.
    pub(crate) fn host_namespace(&self) -> PathBuf {
        PathBuf::from(format!("/run/netns/dwlab-{}-h", self.id))
    }

    /// The file by which a program enters the client's namespace.
    pub(crate) fn client_namespace(&self) -> PathBuf {
        PathBuf::from(format!("/run/netns/dwlab-{}-c", self.id))
    }

    /// The file by which a program enters a running container's network namespace.
    #[track_caller]
    pub(crate) fn container_namespace(&self, name: &str) -> PathBuf {
        PathBuf::from(format!("/proc/{}/ns/net", self.docker(&["inspect", "-f", "{{.State.Pid}}", name])))
    }

    /// A running container's address in a network.
    #[track_caller]
    pub(crate) fn container_address(&self, name: &str, network: &str) -> String {
        let template = format!("{{{{(index .NetworkSettings.Networks \"{network}\").IPAddress}}}}");
        self.docker(&["inspect", "-f", &template, name])
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        drop(self.guard.stdin.take());
        let _ = self.guard.wait();
    }
}

/// A process outside the terminal's reach that takes the lab down when its input ends: with the
/// value, and also when the test is killed or interrupted.
fn spawn_guard(id: &str, folder: &Path) -> Child {
    let program = script("docker-lab.sh");
    let lab = lab_command(id, folder);
    let mut guard = Command::new("setsid");
    guard.args(["sh", "-c", r#"cat >/dev/null; exec "$0" down"#]).arg(program);
    guard.envs(lab.get_envs().filter_map(|(name, value)| Some((name, value?))));
    guard.stdin(Stdio::piped()).stdout(Stdio::null());
    guard.spawn().unwrap_or_else(|error| panic!("setsid: {error}"))
}

fn lab_command(id: &str, folder: &Path) -> Command {
    let mut command = Command::new(script("docker-lab.sh"));
    command.env("DWLAB_ID", id).env("DWLAB_DIR", folder).env("LC_ALL", "C").env_remove("DWLAB_ENGINE");
    command.env_remove("DWLAB_PATH");
    command
}

/// Three digits of the process and three of a count, in base 36: unique among running tests.
fn next_id() -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let mut rest = u64::from(std::process::id() % 46_656) * 46_656;
    rest += u64::from(COUNT.fetch_add(1, Ordering::Relaxed) % 46_656);
    let mut digits = String::new();
    for _ in 0..6 {
        digits.insert(0, char::from_digit((rest % 36) as u32, 36).unwrap_or('0'));
        rest /= 36;
    }
    digits
}
