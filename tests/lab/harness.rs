//! The harness itself: it does what the other tests take for granted, and it can fail.

use dwscript::model::Family;

use crate::support::engine::Engine;
use crate::support::lab::{HOST, Lab, Options};
use crate::support::namespace::{Backend, Namespace, attempt};
use crate::support::process::{stdout_of, text};
use crate::support::skip::available;

const FAMILIES: [Family; 2] = [Family::Ipv4, Family::Ipv6];
const RULES: &str =
    "*filter\n:INPUT DROP [0:0]\n:U - [0:0]\n-A INPUT -i lo -j ACCEPT\n-A INPUT -j U\nCOMMIT\n";

/// The lines of a save that are rules, chains or tables.
fn content(save: &str) -> Vec<&str> {
    save.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).collect()
}

#[test]
fn a_namespace_gives_back_what_was_loaded() {
    for backend in Backend::usable() {
        for family in FAMILIES {
            let Some(ns) = available(Namespace::new()) else { return };
            let output = ns.restore(backend, family, RULES, &[]);
            assert!(output.status.success(), "{backend:?} {family:?}: {}", text(&output.stderr));
            let saved = ns.save(backend, family);
            let lines = content(&saved);
            for line in
                ["*filter", ":INPUT DROP [0:0]", ":U - [0:0]", "-A INPUT -i lo -j ACCEPT", "-A INPUT -j U"]
            {
                assert!(lines.contains(&line), "{backend:?} {family:?} lacks `{line}` in\n{saved}");
            }
        }
    }
}

#[test]
fn namespaces_do_not_see_each_other() {
    let (Some(one), Some(two)) = (available(Namespace::new()), available(Namespace::new())) else { return };
    stdout_of(&one.restore(Backend::Nft, Family::Ipv4, RULES, &[]));
    assert!(!two.save(Backend::Nft, Family::Ipv4).contains("-A INPUT"));
    let link = one.run(
        "ip",
        &["link", "add", "v0", "type", "veth", "peer", "name", "v1", "netns", &two.pid().to_string()],
        b"",
    );
    stdout_of(&link);
    stdout_of(&two.run("ip", &["link", "show", "v1"], b""));
}

#[test]
fn a_namespace_ends_with_its_value() {
    let Some(ns) = available(Namespace::new()) else { return };
    let path = ns.path();
    assert!(path.exists());
    drop(ns);
    assert!(!path.exists());
}

#[test]
fn an_attempt_tells_test_from_load() {
    for backend in Backend::usable() {
        let loop_ = b"*filter\n:A - [0:0]\n-A INPUT -j A\n-A A -j A\nCOMMIT\n";
        let tried = attempt(backend, Family::Ipv4, loop_, &[]);
        assert!(tried.test.status.success(), "{backend:?}: {}", text(&tried.test.stderr));
        assert!(!tried.load.status.success(), "{backend:?} loaded a loop");
        let tried = attempt(backend, Family::Ipv6, RULES.as_bytes(), &[]);
        assert!(tried.load.status.success());
        assert!(text(&tried.saved).contains("-A INPUT -j U"));
    }
}

/// A container's published port, as the client sees it.
fn page(lab: &Lab) -> String {
    text(&lab.client(&["curl", "-sS", "-m", "3", &format!("http://{HOST}:8080/")]).stdout)
}

fn answers_and_restarts(options: Options) {
    let Some(lab) = available(Lab::with(options)) else { return };
    lab.run_container("web", &["-p", "8080:80"], &[]);
    lab.serve(22);
    assert_eq!(page(&lab), "container\n");
    assert!(
        lab.save(Family::Ipv4).contains("--dport 8080 -j DNAT --to-destination"),
        "{}",
        lab.save(Family::Ipv4)
    );
    assert_eq!(text(&lab.client(&["busybox", "nc", "-w", "2", HOST, "22"]).stdout), "host:22\n");
    lab.restart_engine();
    assert!(lab.save(Family::Ipv4).contains(":DOCKER-USER"));
}

#[test]
fn a_lab_over_nft_answers() {
    answers_and_restarts(Options::default());
}

#[test]
fn a_lab_over_legacy_answers() {
    answers_and_restarts(Options { backend: Backend::Legacy, ..Options::default() });
}

#[test]
fn a_lab_with_the_engine_of_trixie_answers() {
    answers_and_restarts(Options { engine: Engine::Trixie, ..Options::default() });
}

#[test]
fn a_lab_with_the_engine_of_sid_answers() {
    answers_and_restarts(Options { engine: Engine::Sid, ..Options::default() });
}

/// The tutorial's mistake: a full restore of a file without the running containers' rules.
#[test]
fn a_full_restore_without_dockers_rules_cuts_the_container_off() {
    let Some(lab) = available(Lab::new()) else { return };
    lab.run_container("web", &["-p", "8080:80"], &[]);
    assert_eq!(page(&lab), "container\n");
    let tutorial = include_str!("../fixtures/input-tutorial-combined.rules");
    let output = lab.restore(Family::Ipv4, tutorial, &[]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert!(!lab.save(Family::Ipv4).contains("DNAT"));
    assert_eq!(page(&lab), "", "the published port answers though its rules are gone");
}
