//! Others who manage rules on the host: the real ufw, firewalld and fail2ban, each with files of its own.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use super::machine::{Machine, ended};
use crate::support::namespace::Backend;
use crate::support::process::find;
use crate::support::skip::available;

/// What ufw writes to is the machine's own; the backend is the one of the test, whatever `iptables` is here.
const UFW: &str = "for folder in /etc/ufw /lib/ufw /etc/default; do\n\
    copy=/run/copy$folder; mkdir -p $copy; cp -a $folder/. $copy; mount --bind $copy $folder\n\
    done";

fn ufw(backend: Backend) -> Option<Machine> {
    available(find("ufw"))?;
    Machine::new(backend, &[UFW, &programs(backend)].concat())
}

/// Has the system's `iptables` be of this backend: the file behind the name is another one.
fn programs(backend: Backend) -> String {
    let program = backend.program().unwrap();
    format!(
        "\nusual=$(readlink -f /usr/sbin/iptables); [ \"$usual\" = {0} ] || mount --bind {0} \"$usual\"",
        program.display()
    )
}

/// The lines of `rules` that `other` lacks.
fn beyond(rules: &str, other: &str) -> Vec<String> {
    rules.lines().filter(|line| !other.lines().any(|its| its == *line)).map(ToOwned::to_owned).collect()
}

#[test]
fn a_reload_of_ufw_does_what_the_warning_says() {
    for backend in Backend::usable() {
        let Some(machine) = ufw(backend) else { return };
        let host = &machine.host;
        let quiet = machine.apply(&["--no-confirm"]);
        assert!(quiet.status == Some(0) && !quiet.stderr.contains("ufw"), "{}", quiet.stderr);
        assert_eq!(host.run(&["revert"]).status, Some(0));
        machine.must(&["ufw", "--force", "enable"]);
        machine.must(&["ufw", "default", "deny", "incoming"]);
        let before = host.rules();
        let script = "set_policy(\"FORWARD\", \"ACCEPT\");\n\
            prepend(\"INPUT\", \"-p tcp --dport 8443 -j ACCEPT\");\n\
            append(\"ufw-user-input\", \"-p tcp --dport 9443 -j ACCEPT\");\n";
        host.folder.write("site.rhai", script);
        let run = machine.apply(&["--no-confirm", "-4"]);
        assert_eq!(run.status, Some(0), "{}", run.stderr);
        assert_eq!(run.stderr.matches("warning[ufw-active]: ufw is active").count(), 1, "{}", run.stderr);
        assert!(run.stderr.contains("sets the policies of INPUT, FORWARD and OUTPUT to its own"));
        assert!(run.stderr.contains("empties its chains `ufw-…`; rules elsewhere stay"), "{}", run.stderr);
        let applied = host.rules();
        assert!(machine.apply(&["-4"]).stderr.ends_with("nothing to do\n"));

        machine.must(&["ufw", "reload"]);
        let lost = beyond(&applied, &host.rules());
        let lost: Vec<&str> = lost.iter().map(String::as_str).collect();
        assert!(matches!(lost[..], [rule] if rule.contains("--dport 9443")), "{lost:?}");
        assert!(host.rules().contains(":FORWARD DROP"), "{}", host.rules());
        assert!(host.rules().contains("--dport 8443"), "{}", host.rules());

        let mended = machine.apply(&["--no-confirm", "-4"]);
        assert_eq!(mended.status, Some(0), "{}", mended.stderr);
        assert_eq!(host.rules(), applied);
        for id in ["3", "2"] {
            let run = host.run(&["revert", id]);
            assert_eq!(run.status, Some(0), "{id}: {}", run.stderr);
        }
        assert_eq!(host.rules(), before);

        machine.must(&["ufw", "disable"]);
        assert!(!host.rules().contains("DROP [0:0]") && !host.rules().contains(":INPUT DROP"));
        let run = machine.apply(&["--no-confirm", "-4"]);
        assert!(!run.stderr.contains("ufw-active"), "{}", run.stderr);
    }
}

#[test]
fn an_ufw_that_owns_the_built_in_chains_is_told_of() {
    let Some(machine) = ufw(Backend::Nft) else { return };
    let host = &machine.host;
    machine.must(&["sed", "-i", "s/^MANAGE_BUILTINS=.*/MANAGE_BUILTINS=yes/", "/etc/default/ufw"]);
    host.folder.write("site.rhai", "prepend(\"INPUT\", \"-p tcp --dport 8443 -j ACCEPT\");\n");
    machine.must(&["ufw", "--force", "enable"]);
    let run = machine.apply(&["--no-confirm", "-4"]);
    assert_eq!(run.status, Some(0), "{}", run.stderr);
    assert!(
        run.stderr.contains("MANAGE_BUILTINS=yes its reload takes every rule of others"),
        "{}",
        run.stderr
    );
    let applied = host.rules();
    assert!(applied.contains("8443"), "{applied}");
    machine.must(&["ufw", "reload"]);
    let lost = host.rules();
    assert!(!lost.contains("8443") && !lost.contains("-j DOCKER"), "{lost}");
    assert_eq!(machine.apply(&["--no-confirm", "-4"]).status, Some(0));
    assert!(host.rules().contains("8443"));
}

/// A bus of its own, on which firewalld may take its name.
const BUS: &str = r#"cat >/run/bus.conf <<'END'
<busconfig><type>system</type><listen>unix:path=/run/bus</listen><auth>EXTERNAL</auth>
<policy context="default"><allow send_destination="*"/><allow receive_sender="*"/><allow own="*"/><allow user="*"/></policy>
</busconfig>
END
mkdir -p /run/fw /run/log; cp -a /etc/firewalld/. /run/fw; mount --bind /run/fw /etc/firewalld; mount --bind /run/log /var/log
dbus-daemon --config-file=/run/bus.conf --nopidfile --fork >/dev/null 2>&1 </dev/null
"#;
const ADDRESS: &str = "DBUS_SYSTEM_BUS_ADDRESS=unix:path=/run/bus";

/// A machine with a firewalld that runs, and Docker's rules made after it has started.
fn firewalld(backend: &str) -> Option<Machine> {
    for program in ["firewalld", "dbus-daemon"] {
        available(find(program))?;
    }
    let choose =
        format!("sed -i s/^FirewallBackend=.*/FirewallBackend={backend}/ /etc/firewalld/firewalld.conf");
    let machine = Machine::new(Backend::Nft, &[BUS, &choose, &programs(Backend::Nft)].concat())?;
    machine.start_program(&["env", ADDRESS, "firewalld", "--nofork", "--nopid"]);
    machine.wait_until("firewalld", || {
        machine.run(&["env", ADDRESS, "firewall-cmd", "--state"]).status == Some(0)
    });
    machine.host.load(super::DOCKER);
    Some(machine)
}

#[test]
fn a_reload_of_firewalld_does_what_the_warning_says() {
    for backend in ["nftables", "iptables"] {
        let Some(machine) = firewalld(backend) else { return };
        let host = &machine.host;
        let before = host.rules();
        let run = machine.apply(&["--no-confirm"]);
        assert_eq!(run.status, Some(0), "{}", run.stderr);
        assert!(run.stderr.contains("warning[firewalld-active]: firewalld is active"), "{}", run.stderr);
        assert!(!run.stderr.contains("`inet firewalld`"), "{}", run.stderr);
        let applied = host.rules();
        assert_eq!(host.run(&["revert"]).status, Some(0));
        assert_eq!(host.rules(), before);
        assert_eq!(machine.apply(&["--no-confirm"]).status, Some(0));
        assert!(machine.apply(&[]).stderr.ends_with("nothing to do\n"));

        machine.must(&["env", ADDRESS, "firewall-cmd", "--reload"]);
        let reloaded = host.rules();
        assert!(!reloaded.contains("dwscript/site") && !reloaded.contains("DOCKER"), "{reloaded}");
        let policies = reloaded.matches(":INPUT DROP").count();
        if backend == "nftables" {
            assert!(run.stderr.contains("leaves their policies: with INPUT at DROP nothing gets in then"));
            assert_eq!(policies, 2, "{reloaded}");
        } else {
            assert!(run.stderr.contains("and sets the policies to ACCEPT"), "{}", run.stderr);
            assert_eq!(policies, 0, "{reloaded}");
        }
        // The engine answers firewalld's signal by making its own rules anew.
        host.load(super::DOCKER);
        let mended = machine.apply(&["--no-confirm"]);
        assert_eq!(mended.status, Some(0), "{}", mended.stderr);
        assert_eq!(sorted(&host.rules()), sorted(&applied));
    }
}

fn sorted(rules: &str) -> Vec<&str> {
    let mut lines: Vec<&str> = rules.lines().collect();
    lines.sort_unstable();
    lines
}

const JAILS: &str = "[DEFAULT]\nbantime = 600\nfindtime = 600\nmaxretry = 2\nbackend = polling\n\
    filter = knock\nport = 22,443\nprotocol = tcp\n\
    [old]\nenabled = true\nlogpath = LOG\naction = iptables-multiport[name=old, port=\"22,443\", protocol=tcp]\n\
    [new]\nenabled = true\nlogpath = LOG\naction = nftables-multiport[name=new, port=\"22,443\", protocol=tcp]\n";

/// A machine with a fail2ban that watches a log file.
fn fail2ban() -> Option<Machine> {
    for program in ["fail2ban-server", "fail2ban-client", "nft"] {
        available(find(program))?;
    }
    let setup = "mkdir -p f2b; cp -a /etc/fail2ban/. f2b; rm -f f2b/jail.d/* f2b/jail.conf; : >knock.log; mkdir -p /run/fail2ban";
    let machine = Machine::new(Backend::Nft, &[setup, &programs(Backend::Nft)].concat())?;
    let folder = &machine.host.folder;
    let log = folder.path().join("knock.log");
    folder.write("f2b/jail.local", &JAILS.replace("LOG", log.to_str().unwrap()));
    folder.write("f2b/filter.d/knock.conf", "[Definition]\nfailregex = ^ refused <HOST>$\n");
    folder.write("f2b/fail2ban.local", "[Definition]\ndbfile = None\nlogtarget = SYSOUT\n");
    machine.start_program(&["fail2ban-server", "-c", "f2b", "-f", "start"]);
    machine.wait_until("fail2ban", || {
        ["old", "new"].iter().all(|jail| client(&machine, &["status", jail]).status == Some(0))
    });
    Some(machine)
}

fn client(machine: &Machine, words: &[&str]) -> crate::support::command::Printed {
    machine.run(&[&["fail2ban-client", "-c", "f2b"], words].concat())
}

/// The addresses that a jail has banned, in order.
fn banned(machine: &Machine, jail: &str) -> Vec<String> {
    let said = client(machine, &["get", jail, "banip"]).stdout;
    let mut addresses: Vec<String> = said.split_whitespace().map(ToOwned::to_owned).collect();
    addresses.sort();
    addresses
}

/// The bans of the iptables jail as they stand in the rules, in order.
fn in_iptables(rules: &str) -> Vec<String> {
    let bans = rules.lines().filter_map(|line| line.strip_prefix("-A f2b-old -s ")?.split('/').next());
    let mut bans: Vec<String> = bans.map(ToOwned::to_owned).collect();
    bans.sort();
    bans
}

/// Bans and pardons for as long as `goes_on`.
fn churn(machine: &Machine, goes_on: &AtomicBool) {
    let mut turn = 0;
    while goes_on.load(Ordering::Relaxed) {
        let address = |turn: usize| format!("198.51.100.{}", turn % 40 + 1);
        for jail in ["old", "new"] {
            client(machine, &["set", jail, "banip", &address(turn)]);
            if turn >= 3 {
                client(machine, &["set", jail, "unbanip", &address(turn - 3)]);
            }
        }
        turn += 1;
    }
}

#[test]
fn bans_of_fail2ban_come_and_go_meanwhile() {
    let Some(machine) = fail2ban() else { return };
    let host = &machine.host;
    let log = "2026-01-01 00:00:00 refused 192.0.2.66\n".replace("2026-01-01 00:00:00", &now());
    host.folder.write("knock.log", &log.repeat(3));
    machine.wait_until("the log's ban", || host.rules().contains("-A f2b-old -s 192.0.2.66/32"));
    // The other jail makes its table with its first ban.
    machine.wait_until("the log's ban in nftables", || {
        machine.run(&["nft", "list", "table", "inet", "f2b-table"]).stdout.contains("192.0.2.66")
    });
    let ours = |rules: &str| -> Vec<String> {
        rules.lines().filter(|line| !line.contains("f2b-")).map(ToOwned::to_owned).collect()
    };
    let before = ours(&host.rules());
    let goes_on = AtomicBool::new(true);
    thread::scope(|scope| {
        scope.spawn(|| churn(&machine, &goes_on));
        let end = Stop(&goes_on);
        let confirmed = machine.apply(&["--no-confirm"]);
        assert_eq!(confirmed.status, Some(0), "{}", confirmed.stderr);
        assert!(confirmed.stderr.contains("other-tables]: nftables holds other tables: `inet f2b-table`"));
        assert_eq!(host.run(&["revert"]).status, Some(0));
        let unconfirmed = ended(machine.spawn(&["--confirm", "2"]));
        assert_eq!(unconfirmed.status, Some(1), "{}", unconfirmed.stderr);
        assert!(unconfirmed.stderr.contains("error[not-confirmed]"), "{}", unconfirmed.stderr);
        drop(end);
    });
    let rules = host.rules();
    assert_eq!(ours(&rules), before);
    assert_eq!(rules.matches("-j f2b-old").count(), 1, "{rules}");
    let old = banned(&machine, "old");
    assert!(old.contains(&"192.0.2.66".to_owned()) && old.len() > 3, "{old:?}");
    assert_eq!(in_iptables(&rules), old, "{rules}");
    let set = machine.must(&["nft", "list", "table", "inet", "f2b-table"]);
    for address in banned(&machine, "new") {
        assert_eq!(set.matches(&address).count(), 1, "{address}: {set}");
    }
    client(&machine, &["stop"]);
    machine.wait_until("the end of fail2ban", || !host.rules().contains("f2b"));
    assert_eq!(ours(&host.rules()), before);
}

/// Ends what goes on, whatever ends its scope.
struct Stop<'a>(&'a AtomicBool);

impl Drop for Stop<'_> {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Relaxed);
    }
}

/// The time of day, as a log has it.
fn now() -> String {
    let date =
        crate::support::process::run(std::process::Command::new("date").arg("+%Y-%m-%d %H:%M:%S"), b"");
    crate::support::process::text(&date.stdout).trim().to_owned()
}
