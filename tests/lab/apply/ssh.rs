//! The confirmation where the administrator comes over SSH: a real `sshd`, with and without `sudo`.

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
        let _ = std::fs::remove_file(&self.socket);
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
        std::io::Write::write_all(&mut running.stdin.take().unwrap(), b"y\n").unwrap();
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
    for (whom, terminal) in As::ALL.into_iter().flat_map(|whom| ["-T", "-tt"].map(|option| (whom, option))) {
        let answered = |words: &str| {
            let mut running = spawn(&mut site.ssh(whom, &[terminal], &site.applying(whom, words)));
            site.host.wait_for("pending");
            std::io::Write::write_all(running.stdin.as_mut().unwrap(), b"y\n").unwrap();
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

/// What a terminal multiplexer leaves behind hangs below no server any more.
#[test]
fn a_process_that_outlived_its_connection_cannot_prove_that_it_is_a_new_one() {
    let Some(site) = Site::new(Backend::Nft) else { return };
    let mut running = spawn(&mut site.ssh(As::Root, &["-T"], &site.applying(As::Root, "--confirm 60")));
    site.host.wait_for("pending");
    let said = site.login.file("said").display().to_string();
    let confirm = format!("{} >{said} 2>&1; echo status $? >>{said}", site.line(As::Root, "confirm"));
    let detached = format!(
        "setsid --fork sh -c 'while ps -o comm= -p $PPID 2>/dev/null | grep -q sshd; do sleep 0.1; done; sleep 0.2; {confirm}' </dev/null >/dev/null 2>&1"
    );
    assert!(run(&mut site.ssh(As::Root, &["-T"], &detached), b"").status.success());
    let begun = Instant::now();
    let words = loop {
        let words = std::fs::read_to_string(&said).unwrap_or_default();
        if words.contains("status") {
            break words;
        }
        assert!(begun.elapsed() < Duration::from_secs(30), "{words}");
        thread::sleep(Duration::from_millis(10));
    };
    assert!(words.contains("error[unknown-connection]") && words.contains("status 1"), "{words}");
    assert_eq!(site.host.state().as_deref(), Some("pending"));
    // Who sits in front of the host needs no connection.
    let mut console = site.login.console(env!("CARGO_BIN_EXE_dwscript"));
    let console = run(console.args(["confirm", "--state-dir"]).arg(site.host.state_dir()), b"");
    assert!(console.status.success(), "{console:?}");
    assert!(running.wait().unwrap().success());
}

#[test]
fn a_lockout_stalls_ssh_until_it_is_rolled_back() {
    for backend in Backend::usable() {
        let Some(site) = Site::new(backend) else { return };
        let before = site.host.rules();
        site.host.folder.write("site.rhai", LOCKOUT);
        for whom in As::ALL {
            let mut earlier = Session::open(&mut site.ssh(whom, &["-T"], "cat"));
            earlier.say("one");
            assert!(earlier.hears("one", Duration::from_secs(30)), "no connection: {}", site.login.log());
            let mut running = spawn(&mut site.ssh(whom, &["-T"], &site.applying(whom, "--confirm 3")));
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
