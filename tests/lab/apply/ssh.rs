//! The confirmation where the administrator comes over SSH: a real `sshd`, with and without `sudo`.

use std::fs;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use super::lockout::{LOCKOUT, Session, connect};
use super::{Host, kill};
use crate::support::command::Printed;
use crate::support::login::{Login, USER};
use crate::support::namespace::{Backend, Namespace};
use crate::support::process::run;
use crate::support::skip::available;

const ADDRESS: &str = "10.9.0.1";

/// A host with an SSH server, and a client.
struct Site {
    host: Host,
    client: Namespace,
    login: Login,
}

/// As whom somebody comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum As {
    Root,
    /// As a user without rights, who asks `sudo` for them.
    Sudo,
}

impl As {
    const ALL: [Self; 2] = [Self::Root, Self::Sudo];

    fn user(self) -> &'static str {
        match self {
            Self::Root => "root",
            Self::Sudo => USER,
        }
    }

    fn prefix(self) -> &'static str {
        match self {
            Self::Root => "",
            Self::Sudo => "sudo ",
        }
    }
}

impl Site {
    #[track_caller]
    fn new(backend: Backend) -> Option<Self> {
        let host = Host::new(backend)?;
        let client = available(Namespace::new())?;
        connect(&host.namespace, &client);
        let login = available(Login::new(&host.namespace))?;
        Some(Self { host, client, login })
    }

    /// `ssh` over a connection of its own.
    fn ssh(&self, whom: As, options: &[&str], remote: &str) -> Command {
        let mut command = self.login.ssh(&self.client, whom.user(), ADDRESS);
        command.args(options).arg(remote);
        command
    }

    /// What is typed over there.
    fn line(&self, whom: As, words: &str) -> String {
        let program = env!("CARGO_BIN_EXE_dwscript");
        format!("{}{program} {words} --state-dir {}", whom.prefix(), self.host.state_dir().display())
    }

    fn applying(&self, whom: As, words: &str) -> String {
        let folder = self.host.folder.path().display();
        self.line(whom, &format!("{folder}/site.rhai --apply --iptables-dir {folder}/bin {words}"))
    }

    /// Runs `dwscript` over a new connection.
    fn run(&self, whom: As, words: &str) -> Printed {
        run(&mut self.ssh(whom, &["-T"], &self.line(whom, words)), b"").into()
    }

    #[track_caller]
    fn revert(&self, before: &str) {
        let reverted = self.host.run(&["revert"]);
        assert_eq!(reverted.status, Some(0), "{}", reverted.stderr);
        assert_eq!(self.host.rules(), before);
    }
}

/// With and without a terminal.
const WAYS: [(As, &str); 4] = [(As::Root, "-T"), (As::Root, "-tt"), (As::Sudo, "-T"), (As::Sudo, "-tt")];

/// A connection that sessions share.
struct Shared<'s> {
    site: &'s Site,
    whom: As,
    socket: String,
    master: Child,
}

impl<'s> Shared<'s> {
    #[track_caller]
    fn open(site: &'s Site, whom: As, name: &str) -> Self {
        let socket = site.login.file(name).display().to_string();
        let mut command = site.login.ssh(&site.client, whom.user(), ADDRESS);
        command.args(["-M", "-S", &socket, "-N"]).stdin(Stdio::null());
        let mut master = command.spawn().unwrap();
        let begun = Instant::now();
        while !site.login.file(name).exists() {
            assert!(master.try_wait().unwrap().is_none(), "no connection: {}", site.login.log());
            assert!(begun.elapsed() < Duration::from_secs(30), "no connection: {}", site.login.log());
            thread::sleep(Duration::from_millis(5));
        }
        Self { site, whom, socket, master }
    }

    /// `ssh` over this connection.
    fn ssh(&self, remote: &str) -> Command {
        self.site.ssh(self.whom, &["-T", "-S", &self.socket], remote)
    }

    fn run(&self, words: &str) -> Printed {
        run(&mut self.ssh(&self.site.line(self.whom, words)), b"").into()
    }
}

impl Drop for Shared<'_> {
    fn drop(&mut self) {
        let _ = self.master.kill();
        let _ = self.master.wait();
        let _ = fs::remove_file(&self.socket);
    }
}

fn spawn(command: &mut Command) -> Child {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

#[track_caller]
fn ended(child: Child) -> Printed {
    child.wait_with_output().unwrap().into()
}

#[track_caller]
fn refused(printed: &Printed, words: &str) {
    assert_eq!(printed.status, Some(1), "{}", printed.stderr);
    assert!(printed.stderr.contains(words), "{}", printed.stderr);
    assert!(
        printed.stderr.contains("from a new connection, or insist by --confirm-here"),
        "{}",
        printed.stderr
    );
}

#[test]
fn a_new_connection_confirms_and_one_that_was_open_does_not() {
    let Some(site) = Site::new(Backend::Nft) else { return };
    let before = site.host.rules();
    for (applier, confirmer) in As::ALL.into_iter().flat_map(|one| As::ALL.map(|other| (one, other))) {
        let own = Shared::open(&site, applier, "own");
        let other = Shared::open(&site, confirmer, "other");
        let mut running = spawn(&mut own.ssh(&site.applying(applier, "--confirm 60")));
        // A `y` that rides the connection.
        running.stdin.take().unwrap().write_all(b"y\n").unwrap();
        site.host.wait_for("pending");
        refused(&own.run("confirm"), "was started by this very SSH connection");
        refused(&other.run("confirm"), "this SSH connection is older than the change of run");
        assert_eq!(site.host.state().as_deref(), Some("pending"), "{applier:?}");
        let confirmed = site.run(confirmer, "confirm");
        assert_eq!(confirmed.status, Some(0), "{applier:?} {confirmer:?}: {}", confirmed.stderr);
        let applied = ended(running);
        assert_eq!(applied.status, Some(0), "{}", applied.stderr);
        assert!(
            applied.stderr.contains("` from a new connection, else it is rolled back"),
            "{}",
            applied.stderr
        );
        assert_ne!(site.host.rules(), before);
        site.revert(&before);
    }
    let history = site.host.run(&["history"]).stdout;
    assert!(history.contains("root from 10.9.0.2"), "{history}");
    assert!(history.contains("alice from 10.9.0.2"), "sudo hides where she came from: {history}");
}

#[test]
fn over_ssh_a_y_counts_only_where_it_is_insisted_on() {
    let Some(site) = Site::new(Backend::Nft) else { return };
    let before = site.host.rules();
    let mut earlier = Session::open(&mut site.ssh(As::Sudo, &["-T"], "cat"));
    for (whom, terminal) in WAYS {
        let mut answered = |words: &str| {
            let mut running = spawn(&mut site.ssh(whom, &[terminal], &site.applying(whom, words)));
            site.host.wait_for("pending");
            running.stdin.as_mut().unwrap().write_all(b"y\n").unwrap();
            earlier.say("more");
            assert!(earlier.hears("more", Duration::from_secs(20)), "the earlier connection is cut");
            let input = running.stdin.take();
            let printed = ended(running);
            drop(input);
            printed
        };
        let rolled_back = answered("--confirm 2");
        assert_eq!(rolled_back.status, Some(1), "{whom:?} {terminal}: {rolled_back:?}");
        let words = format!("{}{}", rolled_back.stdout, rolled_back.stderr);
        assert!(words.contains("` from a new connection, else it is rolled back"), "{words}");
        assert!(words.contains("was not confirmed and is rolled back"), "{words}");
        assert_eq!(site.host.rules(), before);
        let kept = answered("--confirm 60 --confirm-here");
        assert_eq!(kept.status, Some(0), "{whom:?} {terminal}: {kept:?}");
        site.revert(&before);
    }
}

#[test]
fn from_the_same_connection_a_confirmation_can_be_insisted_on() {
    let Some(site) = Site::new(Backend::Nft) else { return };
    let own = Shared::open(&site, As::Sudo, "own");
    let running = spawn(&mut own.ssh(&site.applying(As::Sudo, "--confirm 60")));
    site.host.wait_for("pending");
    assert_eq!(own.run("confirm --confirm-here").status, Some(0));
    assert_eq!(ended(running).status, Some(0));
}

/// Runs a line as a terminal multiplexer does that was started over SSH: it hangs below no server any more.
struct Multiplexed(PathBuf);

impl Multiplexed {
    #[track_caller]
    fn start(site: &Site, whom: As, name: &str, line: &str) -> Self {
        let printed = site.login.file("home").join(name);
        let alone =
            r#"until read -r _ _ _ parent _ </proc/$$/stat && [ "$parent" = 1 ]; do sleep 0.02; done"#;
        let remote = format!(
            "setsid --fork sh -c '{alone}; {line}; echo status $?' </dev/null >{} 2>&1",
            printed.display()
        );
        let started = run(&mut site.ssh(whom, &["-T"], &remote), b"");
        assert!(started.status.success(), "{started:?}");
        Self(printed)
    }

    /// What it printed, its status last.
    #[track_caller]
    fn ended(self) -> String {
        let begun = Instant::now();
        loop {
            let printed = fs::read_to_string(&self.0).unwrap_or_default();
            if printed.contains("\nstatus ") {
                return printed;
            }
            assert!(begun.elapsed() < Duration::from_secs(30), "{printed}");
            thread::sleep(Duration::from_millis(10));
        }
    }
}

#[test]
fn a_terminal_multiplexer_cannot_prove_that_its_connection_is_a_new_one() {
    let Some(site) = Site::new(Backend::Nft) else { return };
    for whom in As::ALL {
        let old = Shared::open(&site, whom, "old");
        let applied = Multiplexed::start(&site, whom, "applied", &site.applying(whom, "--confirm 60"));
        site.host.wait_for("pending");
        let confirmed = Multiplexed::start(&site, whom, "confirmed", &site.line(whom, "confirm")).ended();
        assert!(confirmed.contains("error[unknown-connection]"), "{confirmed}");
        assert!(confirmed.ends_with("status 1\n"), "{confirmed}");
        refused(&old.run("confirm"), "this SSH connection is older than the change of run");
        assert_eq!(site.host.state().as_deref(), Some("pending"));
        assert_eq!(site.run(whom, "confirm").status, Some(0));
        let applied = applied.ended();
        assert!(applied.contains("` from a new connection, else it is rolled back"), "{applied}");
        assert!(applied.ends_with("status 0\n"), "{applied}");
        assert_eq!(site.host.run(&["revert"]).status, Some(0));
        for name in ["applied", "confirmed"] {
            fs::remove_file(site.login.file("home").join(name)).unwrap();
        }
    }
}

#[test]
fn who_sits_in_front_of_the_host_confirms_what_came_over_ssh() {
    let Some(site) = Site::new(Backend::Nft) else { return };
    let running = spawn(&mut site.ssh(As::Sudo, &["-T"], &site.applying(As::Sudo, "--confirm 60")));
    site.host.wait_for("pending");
    let mut console = site.login.console(env!("CARGO_BIN_EXE_dwscript"));
    let console = run(console.args(["confirm", "--state-dir"]).arg(site.host.state_dir()), b"");
    assert!(console.status.success(), "{console:?}");
    assert_eq!(ended(running).status, Some(0));
}

#[test]
fn a_lockout_stalls_ssh_until_it_is_rolled_back() {
    for backend in Backend::usable() {
        let Some(site) = Site::new(backend) else { return };
        let before = site.host.rules();
        site.host.folder.write("site.rhai", LOCKOUT);
        let whoms = if backend == Backend::Nft { &As::ALL[..] } else { &As::ALL[1..] };
        for &whom in whoms {
            let mut earlier = Session::open(&mut site.ssh(whom, &["-T"], "cat"));
            earlier.say("one");
            assert!(earlier.hears("one", Duration::from_secs(30)), "no connection: {}", site.login.log());
            let mut running =
                spawn(&mut site.ssh(whom, &["-T"], &site.applying(whom, "--confirm 3 --allow lockout")));
            site.host.wait_for("pending");
            let begun = Instant::now();
            earlier.say("two");
            assert!(!earlier.hears("two", Duration::from_millis(1500)), "the rules shut nobody out");
            assert!(running.try_wait().unwrap().is_none(), "the end came through a shut door");
            let applied = ended(running);
            assert_eq!(applied.status, Some(1), "{}", applied.stderr);
            assert!(applied.stderr.contains("was not confirmed and is rolled back"), "{}", applied.stderr);
            assert!(begun.elapsed() < Duration::from_secs(15), "{:?}", begun.elapsed());
            assert!(earlier.hears("two", Duration::from_secs(20)), "the earlier connection did not resume");
            assert_eq!(site.host.rules(), before);
            site.host.assert_quiet();
        }
    }
}

#[test]
fn a_connection_that_breaks_while_it_waits_changes_nothing() {
    for backend in Backend::usable() {
        let Some(site) = Site::new(backend) else { return };
        let before = site.host.rules();
        for (whom, terminal) in
            As::ALL.into_iter().flat_map(|whom| ["-T", "-tt"].map(|option| (whom, option)))
        {
            let what = format!("{backend:?} {whom:?} {terminal}");
            let broken = |words: &str| {
                let mut running = spawn(&mut site.ssh(whom, &[terminal], &site.applying(whom, words)));
                site.host.wait_for("pending");
                kill("-KILL", &running.id().to_string());
                running.wait().unwrap();
            };
            broken("--confirm 1");
            let begun = Instant::now();
            site.host.wait_for("rolled-back");
            assert!(begun.elapsed() < Duration::from_secs(3), "{what}: {:?}", begun.elapsed());
            assert_eq!(site.host.rules(), before, "{what}");
            site.host.assert_quiet();
            broken("--confirm 60");
            let confirmed = site.run(whom, "confirm");
            assert_eq!(confirmed.status, Some(0), "{what}: {}", confirmed.stderr);
            site.host.assert_quiet();
            assert_ne!(site.host.rules(), before, "{what}");
            site.revert(&before);
        }
    }
}

#[test]
fn who_would_shut_out_the_very_connection_that_it_comes_by_is_refused() {
    let Some(site) = Site::new(Backend::Nft) else { return };
    let before = site.host.rules();
    site.host.folder.write("site.rhai", LOCKOUT);
    for whom in As::ALL {
        let line = site.applying(whom, "--no-confirm");
        let refused: Printed = run(&mut site.ssh(whom, &["-T"], &line), b"").into();
        assert_eq!(refused.status, Some(1), "{whom:?}: {}", refused.stderr);
        assert!(refused.stderr.contains("error[lockout]: this SSH connection, `"), "{}", refused.stderr);
        assert!(refused.stderr.contains(&format!("dst={ADDRESS} ")), "{}", refused.stderr);
        assert!(refused.stderr.contains("before the scripts it passed"), "{}", refused.stderr);
        assert_eq!((site.host.rules(), site.host.state()), (before.clone(), None));
    }
}
