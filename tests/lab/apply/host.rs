//! Which backend is the host's, and when none can be told.

use dwscript::model::Family;

use super::{DOCKER, Host};
use crate::support::command::Printed;
use crate::support::namespace::Backend;
use crate::support::process::{run, text};

/// Applies with the system's own programs, by which both backends can be seen.
fn apply(host: &Host) -> Printed {
    let mut command = host.command(&["site.rhai", "--apply", "--no-confirm"]);
    run(&mut command, b"").into()
}

/// A host on which both backends work.
fn host() -> Option<Host> {
    if Backend::usable().len() < 2 {
        return None;
    }
    Host::empty(Backend::Nft)
}

fn load(host: &Host, backend: Backend, rules: &str) {
    let output = host.namespace.restore(backend, Family::Ipv4, rules, &["-n"]);
    assert!(output.status.success(), "{}", text(&output.stderr));
}

#[test]
fn the_backend_is_the_one_that_holds_dockers_chains() {
    for backend in Backend::ALL {
        let Some(host) = host() else { return };
        load(&host, backend, DOCKER);
        let run = apply(&host);
        assert_eq!(run.status, Some(0), "{}", run.stderr);
        assert!(run.stderr.contains(&format!("backend {},", backend.as_str())), "{}", run.stderr);
        assert!(host.namespace.save(backend, Family::Ipv4).contains("dwscript/site"));
    }
}

#[test]
fn an_empty_legacy_table_beside_nft_is_no_reason_to_refuse() {
    let Some(host) = host() else { return };
    load(&host, Backend::Nft, DOCKER);
    load(&host, Backend::Legacy, "*filter\nCOMMIT\n");
    let run = apply(&host);
    assert_eq!(run.status, Some(0), "{}", run.stderr);
}

#[test]
fn empty_tables_of_nft_beside_legacy_are_no_reason_to_refuse() {
    let Some(host) = host() else { return };
    load(&host, Backend::Legacy, DOCKER);
    load(&host, Backend::Nft, "*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\nCOMMIT\n");
    let run = apply(&host);
    assert_eq!(run.status, Some(0), "{}", run.stderr);
    assert!(run.stderr.contains("backend legacy,"), "{}", run.stderr);
}

#[test]
fn a_drop_in_the_other_backend_is_refused() {
    for (own, other) in [(Backend::Nft, Backend::Legacy), (Backend::Legacy, Backend::Nft)] {
        for family in [Family::Ipv4, Family::Ipv6] {
            for line in [":FORWARD DROP [0:0]", "-A INPUT -p tcp --dport 9 -j DROP"] {
                refuse(own, other, family, line);
            }
        }
    }
}

fn refuse(own: Backend, other: Backend, family: Family, line: &str) {
    let Some(host) = host() else { return };
    load(&host, own, DOCKER);
    let text = format!("*filter\n{line}\nCOMMIT\n");
    assert!(host.namespace.restore(other, family, &text, &["-n"]).status.success());
    let saved = || {
        Backend::ALL.map(|backend| {
            host.namespace
                .save(backend, family)
                .lines()
                .filter(|line| !line.starts_with('#'))
                .map(super::without_counters)
                .collect::<String>()
        })
    };
    let before = saved();
    let run = apply(&host);
    assert_eq!(run.status, Some(2), "{}", run.stderr);
    let see = format!("-{}-save`", other.as_str());
    assert!(run.stderr.contains("error[other-backend]") && run.stderr.contains(&see), "{}", run.stderr);
    assert_eq!(saved(), before);
    assert_eq!(host.state(), None);
}

#[test]
fn other_tables_of_nftables_are_a_warning() {
    let Some(host) = host() else { return };
    load(&host, Backend::Nft, DOCKER);
    assert!(host.namespace.run("nft", &["add table inet mine"], b"").status.success());
    let run = apply(&host);
    assert_eq!(run.status, Some(0), "{}", run.stderr);
    assert!(
        run.stderr.contains("warning[other-tables]: nftables holds other tables: `inet mine`"),
        "{}",
        run.stderr
    );
}

/// What `ufw disable` leaves behind is no ufw that is active.
#[test]
fn what_a_disabled_ufw_leaves_is_no_warning() {
    let Some(host) = host() else { return };
    load(&host, Backend::Nft, DOCKER);
    load(&host, Backend::Nft, "*filter\n:ufw-before-input - [0:0]\n-A INPUT -j ufw-before-input\nCOMMIT\n");
    let run = apply(&host);
    assert_eq!(run.status, Some(0), "{}", run.stderr);
    assert!(!run.stderr.contains("ufw-active"), "{}", run.stderr);
}

#[test]
fn rules_that_iptables_cannot_express_are_refused() {
    let Some(host) = host() else { return };
    load(&host, Backend::Nft, DOCKER);
    let map = "add rule ip filter INPUT tcp dport vmap { 22 : accept, 23 : drop }";
    assert!(host.namespace.run("nft", &[map], b"").status.success());
    let run = apply(&host);
    assert_eq!(run.status, Some(2), "{}", run.stderr);
    assert!(run.stderr.contains("error[incomplete-dump]"), "{}", run.stderr);
}

#[test]
fn rules_with_anonymous_sets_are_refused() {
    let Some(host) = host() else { return };
    load(&host, Backend::Nft, DOCKER);
    let set = "add rule ip filter FORWARD ip saddr { 192.0.2.1, 192.0.2.2 } accept";
    assert!(host.namespace.run("nft", &[set], b"").status.success());
    let run = apply(&host);
    assert_eq!(run.status, Some(2), "{}", run.stderr);
    assert!(run.stderr.contains("error[incomplete-dump]"), "{}", run.stderr);
}
