//! A script that shuts everybody out, applied through a connection that it cuts.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

use super::Host;
use crate::support::namespace::{Backend, Namespace};
use crate::support::process::{find, stdout_of};
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
