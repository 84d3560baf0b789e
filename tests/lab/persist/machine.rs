//! What `persist` installs, with a systemd that runs it, and the rollback as a unit of its own. The engine is a unit that
//! puts Docker's rules in.

use std::fs;

use crate::support::machine::Machine;
use crate::support::process::text;
use crate::support::skip::available;

const SCRIPT: &str = r#"owner("site");
set_policy("INPUT", "DROP");
set_policy("OUTPUT", "DROP");
new_chain("ADMIN");
append("ADMIN", "-p tcp --dport 22 -j ACCEPT");
append("INPUT", "-i lo -j ACCEPT");
append("INPUT", "-j ADMIN");
append("OUTPUT", "-j ACCEPT");
prepend("FORWARD", "-m conntrack --ctstate INVALID -j DROP");
if family == "ipv4" { prepend("DOCKER-USER", "-s 203.0.113.0/24 -j DROP"); }
"#;
/// Notes what is there when it starts.
const ENGINE: &str = "[Unit]\n\
    After=network-pre.target\n\
    [Service]\n\
    Type=notify\n\
    NotifyAccess=all\n\
    ExecStartPre=/bin/sh -c 'iptables-save >/var/before.v4; ip6tables-save >/var/before.v6'\n\
    ExecStart=/bin/sh -c 'iptables -n -L DOCKER >/dev/null 2>&1 || iptables-restore -n </opt/docker.rules; \
    systemd-notify --ready; exec sleep infinity'\n\
    [Install]\n\
    WantedBy=multi-user.target\n";
const DOCKER: &str = include_str!("../../../src/samples/docker20-published.rules");
const DWSCRIPT: &str = "/opt/dwscript";

fn machine() -> Option<Machine> {
    let machine = available(Machine::new(&[("docker.service", ENGINE)]))?;
    machine.write("opt/docker.rules", DOCKER);
    machine.write("opt/site.rhai", SCRIPT);
    machine.stdout(&["systemctl", "enable", "--now", "docker"]);
    Some(machine)
}

/// Policies other than ACCEPT and rules of both families, by table: its place in a dump tells when it was made.
fn rules(machine: &Machine) -> Vec<String> {
    let mut rules = Vec::new();
    for program in ["iptables-save", "ip6tables-save"] {
        let mut table = "";
        let saved = machine.stdout(&[program]);
        for line in saved.lines() {
            table = line.strip_prefix('*').unwrap_or(table);
            // A chain that was never touched is not printed.
            if line.starts_with("-A") || line.starts_with(':') && !line.contains(" ACCEPT ") {
                rules.push(format!("{program} {table} {}", line.split(" [").next().unwrap()));
            }
        }
    }
    rules.sort_by(|one, other| one.split(' ').take(2).cmp(other.split(' ').take(2)));
    rules
}

fn ours(rules: &[String]) -> Vec<String> {
    rules.iter().filter(|rule| rule.contains("dwscript/site")).cloned().collect()
}

fn property(machine: &Machine, unit: &str, name: &str) -> String {
    machine.stdout(&["systemctl", "show", "--value", "--property", name, unit]).trim().to_owned()
}

fn status(machine: &Machine) -> serde_json::Value {
    let printed = machine.stdout(&[DWSCRIPT, "persist", "--status", "--json"]);
    serde_json::from_str(&printed).unwrap()
}

#[test]
fn systemd_applies_the_scripts_whenever_the_engine_starts_and_falls_back() {
    let Some(mut machine) = machine() else { return };
    let installed = machine.stdout(&[DWSCRIPT, "persist", "/opt/site.rhai", "--early", "--json"]);
    let installed: serde_json::Value = serde_json::from_str(&installed).unwrap();
    let enabled = installed["units"].as_array().unwrap().iter().map(|unit| &unit["enabled"]);
    assert_eq!(enabled.collect::<Vec<_>>(), ["enabled", "enabled"]);
    assert_eq!(installed["drift"]["lines"]["ipv6"], 8, "{installed:#}");
    machine.stdout(&["systemctl", "restart", "dwscript"]);
    let before = rules(&machine);
    assert_eq!(ours(&before).len(), 11, "{before:#?}");
    assert_eq!(status(&machine)["drift"]["lines"]["ipv6"], 0);

    let again = |machine: &Machine, how: &[&[&str]]| {
        machine.stdout(&["iptables", "-F", "INPUT"]);
        for words in how {
            machine.stdout(&[&["systemctl"], *words].concat());
        }
        machine.wait("the rules are there again", |machine| rules(machine) == before);
    };
    again(&machine, &[&["restart", "docker"]]);
    again(&machine, &[&["stop", "docker"], &["start", "docker"]]);

    machine.reboot();
    machine.wait("the rules are there after a boot", |machine| rules(machine) == before);
    before_the_network(&machine);

    let script = machine.path("etc/dwscript/boot/scripts/site.rhai");
    fs::write(&script, format!("{SCRIPT}let x = ;")).unwrap();
    machine.reboot();
    machine.wait("the unit fails", |machine| property(machine, "dwscript", "ActiveState") == "failed");
    assert_eq!(rules(&machine), before);
    let standing = status(&machine);
    assert_eq!(standing["last_run"]["outcome"], "fell-back", "{standing:#}");
    assert!(standing["last_run"]["errors"][0].as_str().unwrap().starts_with("syntax: "), "{standing:#}");
    assert_eq!(standing["changed_sources"][0]["path"], "/opt/site.rhai");
    let journal = machine.stdout(&["journalctl", "--no-pager", "-o", "cat", "-u", "dwscript", "-b"]);
    assert!(journal.contains("warning[fallback]") && journal.contains("error[syntax]"), "{journal}");
    // A unit that failed is started with the engine as well.
    again(&machine, &[&["restart", "docker"]]);

    machine.stdout(&[DWSCRIPT, "persist", "--remove"]);
    assert_eq!(machine.run(&[DWSCRIPT, "persist", "--status"]).status.code(), Some(1));
    machine.reboot();
    assert_eq!(ours(&rules(&machine)), Vec::<String>::new());
}

/// That the host itself was closed before the network was up and before the engine came, and nothing else was loaded.
#[track_caller]
fn before_the_network(machine: &Machine) {
    assert_eq!(property(machine, "dwscript-early", "Result"), "success");
    let at = |unit, name| property(machine, unit, name).parse::<u64>().unwrap();
    let loaded = at("dwscript-early", "ActiveEnterTimestampMonotonic");
    let network = at("network-pre.target", "ActiveEnterTimestampMonotonic");
    let engine = at("docker", "InactiveExitTimestampMonotonic");
    assert!(0 < loaded && loaded <= network && network <= engine, "{loaded} {network} {engine}");
    for family in ["v4", "v6"] {
        let saved = fs::read_to_string(machine.path("var").join(format!("before.{family}"))).unwrap();
        assert!(saved.contains(":INPUT DROP") && saved.contains(":OUTPUT DROP"), "{saved}");
        let rules: Vec<&str> = saved.lines().filter_map(|line| line.strip_prefix("-A ")).collect();
        let chains: Vec<&str> = rules.iter().filter_map(|rule| rule.split(' ').next()).collect();
        assert_eq!(chains, ["INPUT", "INPUT", "OUTPUT", "ADMIN"], "{saved}");
    }
}

#[test]
fn the_rollback_outlives_all_processes_of_the_session() {
    let Some(machine) = machine() else { return };
    let before = rules(&machine);
    // What merely left the session's terminal is killed with it.
    let command = format!("setsid sleep 4242 & exec {DWSCRIPT} /opt/site.rhai --apply --confirm 3");
    let session = [
        "systemd-run",
        "--quiet",
        "--unit=session",
        "--slice=user.slice",
        "--property=KillMode=control-group",
    ];
    machine.stdout(&[&session[..], &["/bin/sh", "-c", &command]].concat());
    machine.wait("the rules wait for their confirmation", |machine| {
        text(&machine.run(&[DWSCRIPT, "history"]).stdout).contains(" pending ")
    });
    assert_eq!(ours(&rules(&machine)).len(), 11);
    let cgroup = property(&machine, "session", "ControlGroup");
    assert!(cgroup.starts_with("/user.slice/"), "{cgroup}");
    machine.stdout(&["systemctl", "kill", "--kill-whom=all", "--signal=KILL", "session"]);
    machine.wait("the session is gone", |machine| property(machine, "session", "ActiveState") != "active");
    let left = machine.stdout(&["sh", "-c", "cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' ' '"]);
    assert!(!left.contains("sleep 4242 "), "{left}");
    machine.wait("the rules are rolled back", |machine| rules(machine) == before);
    machine.wait("the run is over", |machine| {
        text(&machine.run(&[DWSCRIPT, "history"]).stdout).contains(" rolled-back ")
    });
    machine.wait("the guard is gone", |machine| {
        machine.stdout(&["systemctl", "list-units", "--no-legend", "dwscript-guard-*"]).is_empty()
    });
}
