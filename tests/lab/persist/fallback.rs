//! The last good result, where the scripts fail, and what is loaded of it before the network is up.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use dwscript::model::Family;

use crate::support::command::{Folder, Printed};
use crate::support::namespace::{Backend, Namespace};
use crate::support::process::{run, text};
use crate::support::skip::available;

const DOCKER: &str = include_str!("../../../src/samples/docker20-published.rules");
/// The same after a container more was started, and with a jump that fail2ban made.
const NEWER: &str = "*nat\n-A DOCKER ! -i docker0 -p tcp -m tcp --dport 9999 -j DNAT --to-destination 172.17.0.9:80\nCOMMIT\n\
    *filter\n:f2b-sshd - [0:0]\n-A INPUT -p tcp -m multiport --dports 22 -j f2b-sshd\n-A f2b-sshd -j RETURN\nCOMMIT\n";
const OPEN: &str = "*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\nCOMMIT\n";
const FAMILIES: [Family; 2] = [Family::Ipv4, Family::Ipv6];

const SCRIPT: &str = r#"owner("site");
set_policy("INPUT", "DROP");
new_chain("ADMIN");
append("ADMIN", `-p tcp --dport ${param("ssh_port", 22)} -j ACCEPT`);
append("INPUT", "-i lo -j ACCEPT");
append("INPUT", "-j ADMIN");
append("OUTPUT", "-p udp --dport 9 -j DROP");
prepend("FORWARD", "-m conntrack --ctstate INVALID -j DROP");
table("mangle").append("OUTPUT", "-p tcp --dport 22 -j DSCP --set-dscp 16");
if family == "ipv4" { append("DOCKER-USER", "-s 203.0.113.0/24 -j DROP"); }
"#;

struct Host {
    namespace: Namespace,
    backend: Backend,
    folder: Folder,
}

impl Host {
    /// A host with Docker's rules on which the script was applied by the unit.
    #[track_caller]
    fn new(backend: Backend) -> Option<Self> {
        available(backend.check())?;
        let host = Self {
            namespace: available(Namespace::new())?,
            backend,
            folder: Folder::new(&[("site.rhai", SCRIPT)]),
        };
        backend.link_programs(&host.folder.path().join("bin"));
        host.load(Family::Ipv4, DOCKER, &[]);
        let install = ["persist", "site.rhai", "-D", "ssh_port=22", "--early", "--root", "root"];
        let installed =
            host.run(&[&install[..], &["--iptables-dir", "bin", "--state-dir", "/state"]].concat());
        assert_eq!(installed.status, Some(0), "{}", installed.stderr);
        Some(host)
    }

    fn run(&self, args: &[&str]) -> Printed {
        let mut command = self.namespace.command(env!("CARGO_BIN_EXE_dwscript"));
        run(command.args(args).current_dir(self.folder.path()), b"").into()
    }

    fn unit(&self, name: &str) -> Printed {
        let unit = self.folder.read(&format!("root/etc/systemd/system/{name}.service"));
        let command = unit.lines().find_map(|line| line.strip_prefix("ExecStart=")).unwrap();
        let root = self.folder.path().join("root");
        let command = command.replace("/etc/dwscript", &root.join("etc/dwscript").to_string_lossy());
        let state = format!("--state-dir {}", root.join("state").display());
        let command =
            command.replace("--state-dir /state", &state).replace("--time-limit 4", "--time-limit 1");
        self.run(&command.split(' ').skip(1).collect::<Vec<_>>())
    }

    #[track_caller]
    fn load(&self, family: Family, rules: &str, args: &[&str]) {
        let output = self.namespace.restore(self.backend, family, rules, args);
        assert!(output.status.success(), "{}", text(&output.stderr));
    }

    /// The rules and policies of both families, without counters.
    fn saved(&self) -> Vec<String> {
        let mut lines = Vec::new();
        for family in FAMILIES {
            let mut table = String::new();
            for line in self.namespace.save(self.backend, family).lines() {
                if let Some(name) = line.strip_prefix('*') {
                    table = format!("{} {name}", family.as_str());
                } else if line.starts_with("-A") || line.starts_with(':') && !line.contains(" ACCEPT ") {
                    lines.push(format!("{table} {}", line.split(" [").next().unwrap()));
                }
            }
        }
        lines.sort_by(|one, other| one.split(' ').take(2).cmp(other.split(' ').take(2)));
        lines
    }

    fn ours(&self) -> Vec<String> {
        self.saved().into_iter().filter(|rule| rule.contains("dwscript/site")).collect()
    }

    /// What a boot and an engine leave, without anything of ours.
    fn boot(&mut self) {
        self.namespace = Namespace::new().unwrap();
        self.load(Family::Ipv4, DOCKER, &["--noflush"]);
    }

    fn script(&self, text: &str) {
        self.folder.write("root/etc/dwscript/boot/scripts/site.rhai", text);
    }

    fn standing(&self) -> serde_json::Value {
        let printed = self.run(&["persist", "--root", "root", "--status", "--json"]);
        serde_json::from_str(&printed.stdout).unwrap()
    }
}

#[test]
fn a_script_that_fails_leaves_its_last_good_result() {
    for backend in Backend::usable() {
        let Some(mut host) = Host::new(backend) else { return };
        let run = host.unit("dwscript");
        assert_eq!(run.status, Some(0), "{}", run.stderr);
        let before = host.saved();
        assert_eq!(host.ours().len(), 13, "{before:#?}");
        let failures = [
            ("append(\"INPUT\", ;", "syntax: "),
            ("let port = required(\"needed\");", "needed"),
            ("append(\"INPUT\", \"-j NOWHERE\");", "missing-chain: "),
            ("loop {}", "limit"),
        ];
        for (text, word) in failures {
            host.boot();
            host.script(&format!("{SCRIPT}{text}\n"));
            let run = host.unit("dwscript");
            assert_eq!(run.status, Some(1), "{text}: {}", run.stderr);
            assert!(
                run.stderr.contains("warning[fallback]") && run.stderr.contains("error["),
                "{}",
                run.stderr
            );
            assert_eq!(host.saved(), before, "{text}");
            let last = host.standing()["last_run"].clone();
            assert_eq!(last["outcome"], "fell-back");
            assert!(last["errors"][0].as_str().unwrap().contains(word), "{text}: {last:#}");
            // Once more: nothing is doubled.
            assert!(host.unit("dwscript").stderr.contains("all of it was there already"));
            assert_eq!(host.saved(), before, "{text}");
        }
        let printed = host.run(&["persist", "--root", "root", "--status"]).stdout;
        assert!(printed.contains("stands in for them\nbecause: "), "{printed}");
        assert!(printed.contains("site.rhai differs from its installed copy"), "{printed}");
        host.script(SCRIPT);
        assert_eq!(host.unit("dwscript").status, Some(0));
        assert_eq!(host.standing()["last_run"]["outcome"], "applied");
    }
}

#[test]
fn a_fallback_touches_no_rule_of_others_and_takes_older_ones_of_ours_out() {
    for backend in Backend::usable() {
        let Some(mut host) = Host::new(backend) else { return };
        assert_eq!(host.unit("dwscript").status, Some(0));
        let ours = host.ours();
        host.boot();
        host.load(Family::Ipv4, NEWER, &["--noflush"]);
        let others = host.saved();
        let stale = "*filter\n-A INPUT -p tcp -m tcp --dport 23 -m comment --comment \"dwscript/site\" -j ACCEPT\n\
            -A DOCKER-USER -s 203.0.113.0/24 -m comment --comment \"dwscript/site\" -j DROP\nCOMMIT\n";
        host.load(Family::Ipv4, stale, &["--noflush"]);
        host.script("not a script at all");
        assert_eq!(host.unit("dwscript").status, Some(1));
        assert_eq!(host.ours(), ours);
        let is_rule = |rule: &&String| rule.contains(" -A ") && !rule.contains("dwscript/site");
        let left: Vec<String> = host.saved().iter().filter(is_rule).cloned().collect();
        assert_eq!(left, others.iter().filter(is_rule).cloned().collect::<Vec<_>>());
        // Ours comes before the rule that ends DOCKER-USER, as it did.
        let user: Vec<String> =
            host.saved().into_iter().filter(|rule| rule.contains("-A DOCKER-USER")).collect();
        assert_eq!(user.len(), 2, "{user:?}");
    }
}

#[test]
fn without_a_good_result_nothing_changes() {
    let Some(host) = Host::new(Backend::Nft) else { return };
    let before = host.saved();
    host.script("not a script at all");
    for damage in [None, Some("{\"version\":1}\n")] {
        let path = host.folder.path().join("root/state/last-good");
        match damage {
            None => fs::remove_file(path).unwrap(),
            Some(text) => fs::write(path, text).unwrap(),
        }
        for unit in ["dwscript", "dwscript-early"] {
            let run = host.unit(unit);
            assert_eq!(run.status, Some(2), "{}", run.stderr);
            assert!(run.stderr.contains("error[no-last-good]"), "{}", run.stderr);
        }
        assert_eq!(host.saved(), before);
        assert_eq!(host.standing()["last_run"]["outcome"], "failed");
    }
}

/// Whatever ends the process that runs the scripts: here a program that it calls does, once.
#[test]
fn a_process_that_is_killed_falls_back_too() {
    let Some(mut host) = Host::new(Backend::Nft) else { return };
    assert_eq!(host.unit("dwscript").status, Some(0));
    let before = host.saved();
    host.boot();
    let bin = host.folder.path().join("bin");
    fs::rename(bin.join("iptables-save"), bin.join("iptables-save.real")).unwrap();
    let real = host.backend.program().unwrap();
    let fake = format!(
        "#!/bin/sh\n[ -e {killed} ] || {{ : >{killed}; kill -9 $PPID; }}\nexec {} iptables-save \"$@\"\n",
        real.display(),
        killed = host.folder.path().join("killed").display()
    );
    host.folder.write("bin/iptables-save", &fake);
    fs::set_permissions(bin.join("iptables-save"), fs::Permissions::from_mode(0o755)).unwrap();
    let run = host.unit("dwscript");
    assert_eq!(run.status, Some(1), "{}", run.stderr);
    assert!(run.stderr.contains("the process ended with signal: 9"), "{}", run.stderr);
    assert_eq!(host.saved(), before);
}

#[test]
fn a_run_that_waits_is_not_disturbed() {
    let Some(host) = Host::new(Backend::Nft) else { return };
    let state = host.folder.path().join("root/state");
    fs::create_dir_all(&state).unwrap();
    let lock = fs::File::create(state.join("lock")).unwrap();
    lock.lock().unwrap();
    let before = host.saved();
    let run = host.unit("dwscript");
    assert_eq!(run.status, Some(2), "{}", run.stderr);
    assert!(run.stderr.contains("error[locked]") && !run.stderr.contains("fallback"), "{}", run.stderr);
    assert_eq!(host.saved(), before);
}

#[test]
fn the_host_itself_is_closed_before_the_engine_comes() {
    for backend in Backend::usable() {
        let Some(mut host) = Host::new(backend) else { return };
        assert_eq!(host.unit("dwscript").status, Some(0));
        let before = host.saved();
        host.namespace = Namespace::new().unwrap();
        let early = host.unit("dwscript-early");
        assert_eq!((early.status, early.stderr.as_str()), (Some(0), ""), "{}", early.stdout);
        let loaded = host.saved();
        assert_eq!(host.ours().len(), 10, "{loaded:#?}");
        assert!(
            loaded.iter().all(|line| !line.contains("FORWARD") && !line.contains("DOCKER")),
            "{loaded:#?}"
        );
        for family in FAMILIES {
            let policy = format!("{} filter :INPUT DROP", family.as_str());
            assert!(loaded.contains(&policy), "{loaded:#?}");
        }
        assert_eq!(host.unit("dwscript-early").stdout, "loaded 0 lines before the network is up\n");
        assert_eq!(host.saved(), loaded);
        // An engine sets no policy of INPUT.
        let engine =
            DOCKER.lines().filter(|line| !line.starts_with(":INPUT")).map(|line| format!("{line}\n"));
        let engine: String = engine.collect();
        host.load(Family::Ipv4, &engine, &["--noflush"]);
        let run = host.unit("dwscript");
        assert_eq!(run.status, Some(0), "{}", run.stderr);
        assert_eq!(host.saved(), before);
        // Started by hand on a host that runs it changes nothing either.
        assert_eq!(host.unit("dwscript-early").stdout, "loaded 0 lines before the network is up\n");
        assert_eq!(host.saved(), before);
    }
}

#[test]
fn sets_are_there_before_the_rules_that_name_them() {
    let Some(mut host) = Host::new(Backend::Nft) else { return };
    if available(crate::support::process::find("ipset")).is_none() {
        return;
    }
    let script = "owner(\"site\"); ipset(\"blocked\", [\"192.0.2.0/24\"]);\n\
        if family == \"ipv4\" { prepend(\"INPUT\", \"-m set --match-set blocked src -j DROP\"); }\n";
    host.folder.write("site.rhai", script);
    let install = ["persist", "site.rhai", "-4", "--early", "--root", "root", "--iptables-dir", "bin"];
    let installed = host.run(&[&install[..], &["--state-dir", "/state"]].concat());
    assert_eq!(installed.status, Some(0), "{}", installed.stderr);
    assert_eq!(host.unit("dwscript").status, Some(0));
    let before = host.saved();
    assert_eq!(host.ours().len(), 1, "{before:#?}");
    let held = |host: &Host| text(&host.namespace.run("ipset", &["save", "blocked"], b"").stdout);
    host.script("not a script at all");
    for unit in ["dwscript-early", "dwscript"] {
        host.boot();
        let run = host.unit(unit);
        assert_eq!(run.status, Some(i32::from(unit == "dwscript")), "{}", run.stderr);
        assert_eq!(host.saved(), before, "{unit}");
        assert!(held(&host).contains("add blocked 192.0.2.0/24"), "{}", held(&host));
    }
}

#[test]
fn without_tags_there_is_a_last_good_result_too() {
    let Some(mut host) = Host::new(Backend::Nft) else { return };
    let install = [
        "persist",
        "site.rhai",
        "--no-tag",
        "--root",
        "root",
        "--iptables-dir",
        "bin",
        "--state-dir",
        "/state",
    ];
    let plain = SCRIPT.replace("owner(\"site\");", "").replace("param(\"ssh_port\", 22)", "22");
    host.folder.write("site.rhai", &plain);
    host.load(Family::Ipv6, OPEN, &[]);
    let installed = host.run(&install);
    assert_eq!(installed.status, Some(0), "{}", installed.stderr);
    assert_eq!(host.unit("dwscript").status, Some(0));
    let before = host.saved();
    host.boot();
    host.script("not a script at all");
    let run = host.unit("dwscript");
    assert_eq!(run.status, Some(1), "{}", run.stderr);
    assert_eq!(host.saved(), before);
    assert!(host.unit("dwscript").stderr.contains("all of it was there already"));
}
