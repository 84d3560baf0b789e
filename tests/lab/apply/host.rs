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
fn a_drop_in_the_other_backend_is_refused() {
    for other in [":FORWARD DROP [0:0]", "-A INPUT -s 192.0.2.1 -j DROP"] {
        let Some(host) = host() else { return };
        load(&host, Backend::Nft, DOCKER);
        load(&host, Backend::Legacy, &format!("*filter\n{other}\nCOMMIT\n"));
        let before = host.saved();
        let run = apply(&host);
        assert_eq!(run.status, Some(2), "{}", run.stderr);
        assert!(
            run.stderr.contains("error[other-backend]") && run.stderr.contains("iptables-legacy-save"),
            "{}",
            run.stderr
        );
        assert_eq!(host.saved(), before);
    }
}

#[test]
fn other_tables_of_nftables_are_a_warning() {
    let Some(host) = host() else { return };
    load(&host, Backend::Nft, DOCKER);
    if !host.namespace.run("nft", &["add table inet firewalld"], b"").status.success() {
        return;
    }
    let run = apply(&host);
    assert_eq!(run.status, Some(0), "{}", run.stderr);
    assert!(
        run.stderr.contains("warning[other-tables]: nftables holds other tables: `inet firewalld`"),
        "{}",
        run.stderr
    );
    assert!(run.stderr.contains("firewalld is active"), "{}", run.stderr);
}

#[test]
fn an_active_ufw_is_a_warning() {
    let Some(host) = host() else { return };
    load(&host, Backend::Nft, DOCKER);
    load(&host, Backend::Nft, "*filter\n:ufw-before-input - [0:0]\n-A INPUT -j ufw-before-input\nCOMMIT\n");
    let run = apply(&host);
    assert_eq!(run.status, Some(0), "{}", run.stderr);
    assert!(run.stderr.contains("warning[ufw-active]"), "{}", run.stderr);
}

#[test]
fn rules_that_iptables_cannot_express_are_refused() {
    let Some(host) = host() else { return };
    load(&host, Backend::Nft, DOCKER);
    let map = "add rule ip filter INPUT tcp dport vmap { 22 : accept, 23 : drop }";
    if !host.namespace.run("nft", &[map], b"").status.success() {
        return;
    }
    let run = apply(&host);
    assert_eq!(run.status, Some(2), "{}", run.stderr);
    assert!(run.stderr.contains("error[incomplete-dump]"), "{}", run.stderr);
}

#[test]
fn rules_with_anonymous_sets_are_refused() {
    let Some(host) = host() else { return };
    load(&host, Backend::Nft, DOCKER);
    let set = "add rule ip filter FORWARD ip saddr { 192.0.2.1, 192.0.2.2 } accept";
    if !host.namespace.run("nft", &[set], b"").status.success() {
        return;
    }
    let run = apply(&host);
    assert_eq!(run.status, Some(2), "{}", run.stderr);
    assert!(run.stderr.contains("error[incomplete-dump]"), "{}", run.stderr);
}
