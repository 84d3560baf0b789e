//! A script that shuts everybody out, applied through a connection that it cuts.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

use super::Host;
use crate::support::command::Printed;
use crate::support::namespace::{Backend, Namespace};
use crate::support::process::{find, run, stdout_of};
use crate::support::skip::available;

/// Shuts everybody out.
pub(super) const LOCKOUT: &str =
    "set_policy(\"INPUT\", \"DROP\");\nset_policy(\"OUTPUT\", \"DROP\");\nprepend(\"INPUT\", \"-j DROP\");\n";

/// A cable between the host and a client.
pub(super) fn connect(host: &Namespace, client: &Namespace) {
    let ip = |namespace: &Namespace, words: &str| {
        stdout_of(&namespace.run("ip", &words.split(' ').collect::<Vec<_>>(), b""));
    };
    ip(host, &format!("link add up0 type veth peer name cl0 netns {}", client.pid()));
    ip(host, "addr add 10.9.0.1/24 dev up0");
    ip(host, "link set up0 up");
    ip(client, "addr add 10.9.0.2/24 dev cl0");
    ip(client, "link set cl0 up");
}

/// An open connection; what comes back on it, line by line.
pub(super) struct Session {
    client: Child,
    answers: Receiver<String>,
}

impl Session {
    /// One by a command that sends what it is told, and prints what comes back.
    pub(super) fn open(command: &mut Command) -> Self {
        let mut client = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(client.stdout.take().unwrap()).lines();
        let (sender, answers) = mpsc::channel();
        thread::spawn(move || lines.map_while(Result::ok).try_for_each(|line| sender.send(line)));
        Self { client, answers }
    }

    pub(super) fn say(&mut self, word: &str) {
        writeln!(self.client.stdin.as_mut().unwrap(), "{word}").unwrap();
    }

    pub(super) fn hears(&self, word: &str, patience: Duration) -> bool {
        self.answers.recv_timeout(patience).is_ok_and(|line| line == word)
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        let _ = self.client.kill();
        let _ = self.client.wait();
    }
}

#[test]
fn a_lockout_stalls_a_connection_until_it_is_rolled_back() {
    let Some(_) = available(find("busybox")) else { return };
    for backend in Backend::usable() {
        let Some(host) = Host::new(backend) else { return };
        let Some(client) = available(Namespace::new()) else { return };
        connect(&host.namespace, &client);
        let mut server = host.namespace.command("/usr/bin/env");
        server.args(["busybox", "nc", "-ll", "-p", "7000", "-e", "cat"]);
        let mut server = server.spawn().unwrap();
        thread::sleep(Duration::from_millis(300));
        let mut command = client.command("/usr/bin/env");
        let mut session = Session::open(command.args(["busybox", "nc", "10.9.0.1", "7000"]));
        session.say("one");
        assert!(session.hears("one", Duration::from_secs(5)), "no connection");

        let before = host.rules();
        host.folder.write("site.rhai", LOCKOUT);
        let running = host.spawn(&["--confirm", "2"]);
        host.wait_for("pending");
        let begun = Instant::now();
        session.say("two");
        assert!(!session.hears("two", Duration::from_millis(1200)), "the rules shut nobody out");
        assert_eq!(running.wait_with_output().unwrap().status.code(), Some(1));
        assert!(begun.elapsed() < Duration::from_secs(4));
        assert_eq!(host.rules(), before);
        assert!(session.hears("two", Duration::from_secs(10)), "the connection did not resume");
        drop(session);
        server.kill().unwrap();
        server.wait().unwrap();
    }
}

/// The connection that the environment tells, as sshd does.
const SSH_CONNECTION: &str = "10.9.0.2 40000 10.9.0.1 22";

/// Applies a script as if over SSH.
#[track_caller]
fn over_ssh(host: &Host, script: &str, args: &[&str]) -> Printed {
    host.folder.write("site.rhai", script);
    run(host.applying(args).env("SSH_CONNECTION", SSH_CONNECTION), b"").into()
}

#[test]
fn a_script_that_shuts_the_administrator_out_is_refused_unless_that_is_insisted_on() {
    let refused = [
        ("set_policy(\"INPUT\", \"DROP\");\n", "a new connection, the connection that stands\n"),
        (
            "set_policy(\"INPUT\", \"DROP\");\nappend(\"INPUT\", \"-m conntrack --ctstate ESTABLISHED -j ACCEPT\");\n",
            ": a new connection\n",
        ),
        (
            "set_policy(\"INPUT\", \"DROP\");\nappend(\"INPUT\", \"-p tcp --dport 22 -m conntrack --ctstate NEW -j ACCEPT\");\n",
            ": the connection that stands\n",
        ),
        (
            "append(\"OUTPUT\", \"-p tcp -m conntrack --ctstate ESTABLISHED -j DROP\");\n",
            ": the host's answers\n",
        ),
        (
            "append(\"INPUT\", \"-i up0 -s 10.9.0.2 -j REJECT\");\n",
            "a new connection, the connection that stands\n",
        ),
    ];
    for backend in Backend::usable() {
        let Some(host) = Host::new(backend) else { return };
        let Some(client) = available(Namespace::new()) else { return };
        connect(&host.namespace, &client);
        let before = host.rules();
        for (script, words) in refused {
            let printed = over_ssh(&host, script, &["--no-confirm", "-4"]);
            assert_eq!(printed.status, Some(1), "{script}{}", printed.stderr);
            let said = printed.stderr.lines().find(|line| line.starts_with("error[lockout]")).unwrap();
            assert!(format!("{said}\n").ends_with(words), "{script}{said}");
            assert_eq!((host.rules(), host.state()), (before.clone(), None), "{script}");
        }
        let warned = run(
            host.command(&["site.rhai", "--iptables-dir", "bin", "--diff"])
                .env("SSH_CONNECTION", SSH_CONNECTION),
            b"",
        );
        let warned = Printed::from(warned);
        assert_eq!(warned.status, Some(0), "{}", warned.stderr);
        assert!(warned.stderr.contains("warning[lockout]"), "{}", warned.stderr);
        let insisted = over_ssh(&host, refused[0].0, &["--no-confirm", "-4", "--allow", "lockout"]);
        assert_eq!(insisted.status, Some(0), "{}", insisted.stderr);
        assert!(!insisted.stderr.contains("[lockout]"), "{}", insisted.stderr);
        assert_ne!(host.rules(), before);
    }
}

#[test]
fn a_script_that_lets_the_administrator_in_is_applied() {
    let Some(host) = Host::new(Backend::Nft) else { return };
    let Some(client) = available(Namespace::new()) else { return };
    connect(&host.namespace, &client);
    let applied = over_ssh(&host, super::SCRIPT, &["--no-confirm"]);
    assert_eq!(applied.status, Some(0), "{}", applied.stderr);
    assert!(!applied.stderr.contains("lockout"), "{}", applied.stderr);
    // A connection that ends in another network namespace is no business of this one's rules.
    host.folder.write("site.rhai", LOCKOUT);
    let elsewhere =
        host.applying(&["--no-confirm", "-4"]).env("SSH_CONNECTION", "10.8.0.2 40000 10.8.0.1 22").output();
    let elsewhere = Printed::from(elsewhere.unwrap());
    assert_eq!(elsewhere.status, Some(0), "{}", elsewhere.stderr);
}

#[test]
fn packets_that_the_script_declares_are_asked_about_too() {
    let Some(host) = Host::new(Backend::Nft) else { return };
    let script = format!("admin(\"in=eth0 src=198.51.100.7 proto=tcp dport=2222\");\n{}", super::SCRIPT);
    host.folder.write("site.rhai", &script);
    let refused = host.apply(&["--no-confirm"]);
    assert_eq!(refused.status, Some(1), "{}", refused.stderr);
    assert!(refused.stderr.contains("error[lockout]: the administrator's `in=eth0"), "{}", refused.stderr);
    // What the script itself says of it does not lift the refusal.
    host.folder.write("site.rhai", &format!("allow(\"lockout\", \"I know\");\n{script}"));
    let refused = host.apply(&["--no-confirm"]);
    assert_eq!(refused.status, Some(1), "{}", refused.stderr);
    assert!(refused.stderr.contains("error[lockout]"), "{}", refused.stderr);
    let allowed = host.apply(&["--no-confirm", "--allow", "lockout"]);
    assert_eq!(allowed.status, Some(0), "{}", allowed.stderr);
}

#[test]
fn what_a_script_expects_of_packets_is_asked_before_anything_is_applied() {
    let Some(host) = Host::new(Backend::Nft) else { return };
    let before = host.rules();
    let script = format!("{}must_accept(\"in=eth0 proto=tcp dport=80\", \"the web\");\n", super::SCRIPT);
    host.folder.write("site.rhai", &script);
    let refused = host.apply(&["--no-confirm", "-4"]);
    assert_eq!(refused.status, Some(1), "{}", refused.stderr);
    assert!(refused.stderr.contains("error[must-accept]"), "{}", refused.stderr);
    assert_eq!((host.rules(), host.state()), (before, None));
}
