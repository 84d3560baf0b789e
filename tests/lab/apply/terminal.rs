//! A real terminal: what is typed there, and what its end does.

use std::process::{Child, Command};
use std::thread;
use std::time::{Duration, Instant};

use super::Host;
use super::kill::{Random, settle};
use crate::support::login::Login;
use crate::support::namespace::Backend;
use crate::support::skip::available;
use crate::support::terminal::Terminal;

/// Runs what follows, and does not end with the terminal, as under `nohup`.
const DEAF: [&str; 4] = ["sh", "-c", "trap '' HUP; exec \"$@\"", "sh"];

/// Applies on a terminal that is the controlling one; `setsid` is a command that runs that, and `first` comes before.
fn on_terminal(setsid: &mut Command, first: &[&str], host: &Host, words: &[&str]) -> (Terminal, Child) {
    let bin = host.folder.path().join("bin");
    let command = setsid.arg("--ctty").args(first);
    command.arg(env!("CARGO_BIN_EXE_dwscript")).arg(host.folder.path().join("site.rhai"));
    command
        .arg("--apply")
        .arg("--iptables-dir")
        .arg(bin)
        .arg("--state-dir")
        .arg(host.state_dir())
        .args(words);
    Terminal::start(command)
}

#[test]
fn a_y_at_the_console_confirms_and_an_n_rolls_back() {
    let Some(host) = Host::new(Backend::Nft) else { return };
    let Some(login) = available(Login::new(&host.namespace)) else { return };
    let before = host.rules();
    for (answer, status) in [("perhaps\nn\n", 1), ("y\n", 0)] {
        let (terminal, mut child) =
            on_terminal(&mut login.console("setsid"), &[], &host, &["--confirm", "60"]);
        terminal.wait_for("keep the new rules? `y` within 60 s");
        terminal.write(answer);
        assert_eq!(child.wait().unwrap().code(), Some(status), "{}", terminal.printed());
        assert_eq!(host.rules() == before, answer != "y\n");
        host.assert_quiet();
    }
}

#[test]
fn a_terminal_that_ends_over_nft_undoes_the_run() {
    hung_up(Backend::Nft, 3);
}

#[test]
fn a_terminal_that_ends_over_legacy_undoes_the_run() {
    hung_up(Backend::Legacy, 4);
}

fn hung_up(backend: Backend, seed: u64) {
    let Some(host) = Host::new(backend) else { return };
    let old = host.rules();
    let mut random = Random(seed);
    let rounds = if std::env::var_os("DWSCRIPT_SOAK").is_some() { 100 } else { 6 };
    for round in 0..rounds {
        let mut setsid = host.namespace.command("setsid");
        let first = if random.below(3) == 0 { &DEAF[..] } else { &[] };
        let (terminal, mut child) = on_terminal(&mut setsid, first, &host, &["--confirm", "1"]);
        // Some terminals end while the run waits.
        if round % 3 == 2 {
            terminal.wait_for("keep the new rules?");
        }
        thread::sleep(Duration::from_millis(random.below(350)));
        let waited = host.state().as_deref() == Some("pending");
        drop(terminal);
        let closed = Instant::now();
        let status = child.wait().unwrap();
        assert!(!status.success(), "round {round}: {status}");
        settle(&host, closed);
        assert_eq!(host.rules(), old, "round {round}, {:?}", host.state());
        assert!(
            !waited || host.state().as_deref() == Some("rolled-back"),
            "round {round}: {:?}",
            host.state()
        );
        host.assert_quiet();
    }
    assert_eq!(host.apply(&["--no-confirm"]).status, Some(0));
    assert_ne!(host.rules(), old);
}
