//! What `dwscript persist` installs, below a folder that stands for a host.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use crate::support::command::{Folder, Printed};
use crate::support::process::{find, run, text};
use crate::support::skip::available;

/// A host's policy, with a module and a parameter.
const SCRIPT: &str = r#"owner("site");
import "lib/ports" as ports;
param("admin", "any");
set_policy("INPUT", "DROP");
for code in ["loopback-blocked", "stateless-input", "bridge-to-host", "icmpv6-blocked"] { allow(code, "it is not loaded"); }
for port in ports::open() { append("INPUT", `-p tcp --dport ${port} -j ACCEPT`); }
for net in param("nets", []) { if family == "ipv4" { prepend("DOCKER-USER", `-s ${net} -j DROP`); } }
"#;
const MODULE: &str = "fn open() { [22, 443] }\n";
/// Where the unit is.
const UNIT: &str = "root/etc/systemd/system/dwscript.service";
const EARLY: &str = "root/etc/systemd/system/dwscript-early.service";
/// What only Docker's rules hold.
const DOCKERS: [&str; 5] = ["-j DOCKER", "docker0", "DNAT", "MASQUERADE", ":DOCKER "];

fn folder() -> Folder {
    let folder =
        Folder::new(&[("site one.rhai", SCRIPT), ("nets", "192.0.2.0/24\n203.0.113.0/24 # theirs\n")]);
    fs::create_dir(folder.path().join("lib")).unwrap();
    folder.write("lib/ports.rhai", MODULE);
    folder.write("other.rhai", "nothing of this is imported");
    folder
}

fn persist(folder: &Folder, args: &[&str]) -> Printed {
    folder.run(&[&["persist", "--root", "root"], args].concat())
}

/// Installs the script for IPv4, tried on a capture.
fn install(folder: &Folder, args: &[&str]) -> Printed {
    let usual =
        ["site one.rhai", "--sample", "docker28-published", "-D", "nets=@nets", "-D", "admin=a \"b\""];
    persist(folder, &[&usual[..], args].concat())
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn scripts_modules_parameters_and_the_unit_are_installed() {
    let folder = folder();
    let run = install(&folder, &["--state-dir", "/var/lib/other"]);
    assert_eq!((run.status, run.stderr.as_str()), (Some(0), ""), "{}", run.stdout);
    assert!(run.stdout.contains("systemctl enable dwscript.service"), "{}", run.stdout);
    assert_eq!(folder.read("root/etc/dwscript/boot/scripts/site one.rhai"), SCRIPT);
    assert_eq!(folder.read("root/etc/dwscript/boot/scripts/lib/ports.rhai"), MODULE);
    assert!(!folder.path().join("root/etc/dwscript/boot/scripts/other.rhai").exists());
    let params: toml::Table = folder.read("root/etc/dwscript/boot/params.toml").parse().unwrap();
    assert_eq!(params["nets"].as_array().unwrap().len(), 2);
    assert_eq!(params["admin"].as_str(), Some("a \"b\""));
    let unit = folder.read(UNIT);
    let program = fs::canonicalize(env!("CARGO_BIN_EXE_dwscript")).unwrap();
    let expected = format!(
        "# Written by `dwscript persist`; `dwscript persist --remove` takes it away.\n\
        [Unit]\n\
        Description=Firewall rules of dwscript\n\
        After=network-pre.target netfilter-persistent.service dwscript-early.service docker.service\n\
        PartOf=docker.service\n\
        \n\
        [Service]\n\
        Type=oneshot\n\
        RemainAfterExit=yes\n\
        KillMode=process\n\
        ExecStart={} persist --run \"/etc/dwscript/boot/scripts/site one.rhai\" \
        --params /etc/dwscript/boot/params.toml --time-limit 4 --state-dir /var/lib/other\n\
        \n\
        [Install]\n\
        WantedBy=docker.service multi-user.target\n",
        program.display()
    );
    assert_eq!(unit, expected);
    let root = folder.path().join("root/etc");
    assert_eq!(mode(&root.join("dwscript/boot")), 0o700);
    assert_eq!(mode(&root.join("dwscript/boot/params.toml")), 0o600);
    assert_eq!(mode(&root.join("systemd/system/dwscript.service")), 0o644);
    let left: Vec<_> =
        fs::read_dir(root.join("dwscript")).unwrap().flatten().map(|entry| entry.file_name()).collect();
    assert_eq!(left, ["boot"]);
}

#[test]
fn systemd_finds_no_fault_in_the_unit() {
    if available(find("systemd-analyze")).is_none() {
        return;
    }
    let folder = folder();
    assert_eq!(install(&folder, &["--owner", "site", "--early"]).status, Some(0));
    let mut command = Command::new("systemd-analyze");
    command.arg("verify").args([UNIT, EARLY].map(|unit| folder.path().join(unit)));
    let output = run(command.env("LC_ALL", "C"), b"");
    let said = text(&output.stderr);
    let ours: Vec<&str> = said.lines().filter(|line| line.contains("dwscript")).collect();
    assert!(output.status.success() && ours.is_empty(), "{said}");
}

#[test]
fn netfilter_persistent_gets_no_rule_of_dockers() {
    let folder = folder();
    fs::create_dir_all(folder.path().join("root/etc/iptables")).unwrap();
    folder.write("root/etc/iptables/rules.v4", "# an old one\n");
    for _ in 0..2 {
        let run = install(&folder, &["-46", "--method", "netfilter-persistent"]);
        assert_eq!((run.status, run.stderr.as_str()), (Some(0), ""), "{}", run.stdout);
        assert!(run.stdout.contains("IP6TABLES_RESTORE_NOFLUSH=yes"), "{}", run.stdout);
    }
    let v4 = folder.read("root/etc/iptables/rules.v4");
    let expected = "\
        # Written by `dwscript persist`, without Docker's rules: for the boot, and for nothing later.\n\
        *filter\n\
        :INPUT DROP [0:0]\n\
        :FORWARD DROP [0:0]\n\
        :OUTPUT ACCEPT [0:0]\n\
        :DOCKER-USER - [0:0]\n\
        -A INPUT -p tcp -m tcp --dport 22 -m comment --comment \"dwscript/site\" -j ACCEPT\n\
        -A INPUT -p tcp -m tcp --dport 443 -m comment --comment \"dwscript/site\" -j ACCEPT\n\
        -A DOCKER-USER -s 203.0.113.0/24 -m comment --comment \"dwscript/site\" -j DROP\n\
        -A DOCKER-USER -s 192.0.2.0/24 -m comment --comment \"dwscript/site\" -j DROP\n\
        COMMIT\n";
    assert_eq!(v4, expected);
    let v6 = folder.read("root/etc/iptables/rules.v6");
    assert!(DOCKERS.iter().all(|word| !v6.contains(word)), "{v6}");
    for name in ["rules.v4", "rules.v6"] {
        assert_eq!(mode(&folder.path().join("root/etc/iptables").join(name)), 0o640);
    }
    assert_eq!(persist(&folder, &["--remove"]).status, Some(0));
    assert_eq!(folder.read("root/etc/iptables/rules.v4"), "# an old one\n");
    assert!(!folder.path().join("root/etc/iptables/rules.v6").exists());
}

#[test]
fn no_capture_leaves_a_rule_of_dockers_for_the_boot() {
    let folder = Folder::new(&[("none.rhai", "let nothing = 0;\n")]);
    let list = folder.run(&["--sample", "list"]).stdout;
    let names: Vec<&str> = list.lines().filter_map(|line| line.split(' ').next()).collect();
    assert!(names.len() > 10, "{list}");
    for name in names {
        let args = ["none.rhai", "--sample", name, "--method", "netfilter-persistent"];
        let run = persist(&folder, &args);
        assert_eq!(run.status, Some(0), "{name}: {}", run.stderr);
        let rules = folder.read("root/etc/iptables/rules.v4");
        assert!(DOCKERS.iter().all(|word| !rules.contains(word)), "{name}: {rules}");
        // What goes in once comes out the same: nothing of it was left to guess.
        let again = folder.run(&["fmt", "-i", "root/etc/iptables/rules.v4"]);
        assert_eq!(again.stdout, rules, "{name}");
    }
}

#[test]
fn status_and_remove_know_what_is_installed() {
    let folder = folder();
    let none = persist(&folder, &["--status"]);
    assert_eq!((none.status, none.stdout.as_str()), (Some(1), "nothing is installed\n"));
    assert_eq!(install(&folder, &[]).status, Some(0));
    let some = persist(&folder, &["--status"]);
    assert_eq!(some.status, Some(0), "{}", some.stderr);
    assert!(
        some.stdout.starts_with("unit: root/etc/systemd") && some.stdout.contains("persist --run"),
        "{}",
        some.stdout
    );
    let removed = persist(&folder, &["--remove"]);
    assert_eq!(removed.status, Some(0), "{}", removed.stderr);
    assert!(!folder.path().join(UNIT).exists() && !folder.path().join("root/etc/dwscript/boot").exists());
    assert_eq!(persist(&folder, &["--status"]).status, Some(1));
    assert_eq!(persist(&folder, &["--remove"]).stdout, "nothing was installed\n");
}

#[test]
fn what_would_not_run_at_boot_is_not_installed() {
    let folder = folder();
    assert_eq!(install(&folder, &[]).status, Some(0));
    let before = folder.read(UNIT);
    folder.write("computed.rhai", "let name = \"lib\" + \"/ports\"; import name as ports; ports::open();\n");
    folder.write("wrong.rhai", "append(\"INPUT\", \"-j NOWHERE\");\n");
    for (script, status, code) in
        [("computed.rhai", 2, "error[incomplete-copy]"), ("wrong.rhai", 1, "error[missing-chain]")]
    {
        let run = persist(&folder, &[script, "--sample", "docker28-published"]);
        assert_eq!(run.status, Some(status), "{}", run.stderr);
        assert!(run.stderr.contains(code), "{}", run.stderr);
    }
    let mut command =
        crate::support::command::program(folder.path(), &["persist", "--root", "root", "computed.rhai"]);
    let printed = Printed::from(run(command.env("DWSCRIPT_PARAM_ADMIN", "x"), b""));
    assert_eq!(printed.status, Some(2), "{}", printed.stderr);
    assert!(printed.stderr.contains("-D admin=VALUE"), "{}", printed.stderr);
    assert_eq!(folder.read(UNIT), before);
    let shared = folder.path().join("site one.rhai");
    fs::set_permissions(&shared, fs::Permissions::from_mode(0o666)).unwrap();
    assert!(install(&folder, &[]).stderr.contains("error[untrusted-script]"));
    assert_eq!(install(&folder, &["--trust"]).status, Some(0));
    assert_eq!(mode(&folder.path().join("root/etc/dwscript/boot/scripts/site one.rhai")), 0o600);
}

#[test]
fn an_early_unit_is_there_where_it_is_asked_for() {
    let folder = folder();
    let run = install(&folder, &["--early", "-46"]);
    assert_eq!((run.status, run.stderr.as_str()), (Some(0), ""), "{}", run.stdout);
    assert!(
        run.stdout.contains("systemctl enable dwscript.service dwscript-early.service"),
        "{}",
        run.stdout
    );
    let program = fs::canonicalize(env!("CARGO_BIN_EXE_dwscript")).unwrap();
    let expected = format!(
        "# Written by `dwscript persist`; `dwscript persist --remove` takes it away.\n\
        [Unit]\n\
        Description=Firewall rules of dwscript for the host itself, before the network is up\n\
        DefaultDependencies=no\n\
        RequiresMountsFor=/var/lib/dwscript\n\
        After=local-fs.target systemd-modules-load.service netfilter-persistent.service\n\
        Wants=network-pre.target\n\
        Before=network-pre.target docker.service shutdown.target\n\
        Conflicts=shutdown.target\n\
        \n\
        [Service]\n\
        Type=oneshot\n\
        RemainAfterExit=yes\n\
        ExecStart={} persist --run-early --state-dir /var/lib/dwscript\n\
        \n\
        [Install]\n\
        WantedBy=multi-user.target\n",
        program.display()
    );
    assert_eq!(folder.read(EARLY), expected);
    assert_eq!(install(&folder, &[]).status, Some(0));
    assert!(!folder.path().join(EARLY).exists() && folder.path().join(UNIT).exists());
    assert_eq!(install(&folder, &["--early"]).status, Some(0));
    assert_eq!(persist(&folder, &["--remove"]).status, Some(0));
    assert!(!folder.path().join(EARLY).exists());
}

#[test]
fn status_tells_what_has_changed_since() {
    let folder = folder();
    assert_eq!(install(&folder, &[]).status, Some(0));
    assert_eq!(mode(&folder.path().join("root/var/lib/dwscript/last-good")), 0o600);
    let same = persist(&folder, &["--status"]).stdout;
    for line in ["last run: none yet\n", "last good result: 20", "sources: as they were installed\n"] {
        assert!(same.contains(line), "{line}: {same}");
    }
    folder.write("lib/ports.rhai", "fn open() { [22] }\n");
    folder.write("nets", "192.0.2.0/24\n");
    let changed = persist(&folder, &["--status"]).stdout;
    assert!(changed.contains("lib/ports.rhai differs from its installed copy\n"), "{changed}");
    assert!(changed.contains("source: params.toml differs from its installed copy\n"), "{changed}");
    fs::remove_file(folder.path().join("site one.rhai")).unwrap();
    let gone = persist(&folder, &["--status", "--json"]);
    let gone: serde_json::Value = serde_json::from_str(&gone.stdout).unwrap();
    let kinds =
        gone["changed_sources"].as_array().unwrap().iter().map(|source| source["change"].as_str().unwrap());
    assert_eq!(kinds.collect::<Vec<_>>(), ["differs", "gone", "differs"], "{gone:#}");
    assert_eq!((&gone["installed"], &gone["units"][0]["name"]), (&true.into(), &"dwscript.service".into()));
    assert_eq!(persist(&folder, &["--remove"]).status, Some(0));
    assert!(!folder.path().join("root/var/lib/dwscript/last-good").exists());
    let none = persist(&folder, &["--status", "--json"]);
    assert!(none.status == Some(1) && none.stdout.contains("\"installed\": false"), "{}", none.stdout);
}

#[test]
fn programs_are_told_what_is_installed_and_what_is_wrong() {
    let folder = folder();
    let run = install(&folder, &["--json"]);
    let installed: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!((run.status, &installed["installed"]), (Some(0), &true.into()), "{installed:#}");
    folder.write("wrong.rhai", "append(\"INPUT\", \"-j NOWHERE\");\n");
    let run = persist(&folder, &["wrong.rhai", "--sample", "docker28-published", "--json"]);
    let failed: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!((run.status, run.stderr.as_str()), (Some(1), ""));
    let error = &failed["errors"][0];
    assert_eq!(
        (&error["code"], &error["place"]),
        (&"missing-chain".into(), &"wrong.rhai:1:1".into()),
        "{failed:#}"
    );
}
