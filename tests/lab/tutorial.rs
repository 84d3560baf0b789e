//! `scripts/tutorial.rhai` is the tutorial by its letter: loaded, it saves the same as the tutorial's own file.

use dwscript::model::Family::Ipv4;

use crate::support::command::dwscript;
use crate::support::namespace::{Backend, Namespace};
use crate::support::skip::available;

/// What iptables-save prints, without comment lines and counters.
fn comparable(saved: &str) -> Vec<String> {
    let line = |line: &str| line.split(" [").next().unwrap_or_default().to_owned();
    saved.lines().filter(|line| !line.starts_with('#')).map(line).collect()
}

#[test]
fn saves_the_same_as_the_tutorials_file() {
    let run = dwscript(&["scripts/tutorial.rhai", "--no-tag", "--sample", "docker19-default"], b"");
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    let printed = String::from_utf8(run.stdout).unwrap();
    let file = include_str!("../fixtures/input-tutorial-combined.rules");
    for comment in file.lines().filter(|line| {
        line.starts_with("# ") && !line.contains("iptables-save") && !line.contains("Completed")
    }) {
        assert!(printed.lines().any(|line| line == comment), "{comment} is missing in\n{printed}");
    }
    for backend in Backend::usable() {
        let saved = [&printed, file].map(|text| {
            let namespace = available(Namespace::new())?;
            let output = namespace.restore(backend, Ipv4, text, &[]);
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            Some(comparable(&namespace.save(backend, Ipv4)))
        });
        assert_eq!(saved[0], saved[1], "{backend:?}");
    }
}
