//! Sets that scripts declare: there before the rules that name them, and gone after them.

use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Stdio;
use std::thread;
use std::time::{Duration, Instant};

use super::kill::{Random, one, rounds};
use super::{Host, kill};
use crate::support::command::Printed;
use crate::support::namespace::Backend;
use crate::support::process::{find, run, stdout_of};

/// Blocks what a set holds, over IPv4.
fn script(entries: &[&str]) -> String {
    format!(
        "if family == \"ipv4\" {{\n    ipset(\"bad\", {entries:?});\n    append(\"INPUT\", rule().set(\"bad\", \"src\").drop());\n}}\n"
    )
}

const FIRST: [&str; 2] = ["192.0.2.0/24", "198.51.100.7"];
const SECOND: [&str; 3] = ["192.0.2.0/24", "203.0.113.1", "203.0.113.2"];

/// A host whose script declares a set.
#[track_caller]
fn host(backend: Backend) -> Option<Host> {
    let host = Host::new(backend)?;
    host.folder.write("site.rhai", &script(&FIRST));
    Some(host)
}

impl Host {
    /// What the kernel's sets hold.
    #[track_caller]
    fn sets(&self) -> Vec<String> {
        let saved = stdout_of(&self.namespace.run(find("ipset").unwrap(), &["save"], b""));
        let short = |line: &str| line.split(" hashsize").next().unwrap().to_owned();
        let mut lines: Vec<String> = saved.lines().map(short).collect();
        lines.sort();
        lines
    }

    /// Rules and sets.
    #[track_caller]
    fn rules_and_sets(&self) -> String {
        [self.rules(), self.sets().join("\n")].concat()
    }

    #[track_caller]
    fn ipset(&self, words: &str) {
        let args: Vec<&str> = words.split(' ').collect();
        stdout_of(&self.namespace.run(find("ipset").unwrap(), &args, b""));
    }

    /// Puts a shell script in the place of `ipset`; `"$real"` in it is that program.
    fn fake_ipset(&self, shell: &str) {
        let path = self.folder.path().join("bin/ipset");
        let real = find("ipset").unwrap();
        fs::write(&path, format!("#!/bin/sh\nreal={}\n{shell}\n", real.display())).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }

    fn owned_sets(&self) -> serde_json::Value {
        let text = fs::read(self.state_dir().join("sets.json")).unwrap_or_else(|_| b"{}".to_vec());
        serde_json::from_slice(&text).unwrap()
    }
}

/// The set `bad` with these entries, as [`Host::sets`] shows it.
fn bad(entries: &[&str]) -> Vec<String> {
    let mut lines: Vec<String> = entries.iter().map(|entry| format!("add bad {entry}")).collect();
    lines.sort();
    lines.push("create bad hash:net family inet".to_owned());
    lines
}

#[test]
fn a_set_comes_with_the_rules_and_goes_with_them() {
    for backend in Backend::usable() {
        let Some(host) = host(backend) else { return };
        let before = host.rules();
        let run = host.apply(&["--no-confirm"]);
        assert_eq!(run.status, Some(0), "{}", run.stderr);
        assert!(
            run.stdout.contains(
                "ipset bad (ipv4, new): +2 -0 entries  # site.rhai:2\n+192.0.2.0/24\n+198.51.100.7\n"
            ),
            "{}",
            run.stdout
        );
        assert!(run.stderr.contains("committed 1 set"), "{}", run.stderr);
        assert_eq!(host.sets(), bad(&FIRST));
        assert!(host.rules().contains("--match-set bad src"), "{}", host.rules());
        assert_eq!(host.owned_sets()["bad"]["owner"], "site");

        let again = host.apply(&[]);
        assert_eq!((again.status, again.stdout.as_str()), (Some(0), ""), "{}", again.stderr);
        assert!(again.stderr.ends_with("nothing to do\n"), "{}", again.stderr);
        assert!(host.newest().unwrap().ends_with("1"), "a run without a change is no run");
        assert_eq!(host.run(&["site.rhai", "--check", "-4", "--iptables-dir", "bin"]).status, Some(0));

        let reverted = host.run(&["revert"]);
        assert_eq!(reverted.status, Some(0), "{}", reverted.stderr);
        assert_eq!((host.rules(), host.sets()), (before, Vec::new()));
        assert_eq!(host.owned_sets(), serde_json::json!({}));
    }
}

#[test]
fn entries_alone_are_a_change_that_is_confirmed_or_taken_back() {
    for backend in Backend::usable() {
        let Some(host) = host(backend) else { return };
        assert_eq!(host.apply(&["--no-confirm"]).status, Some(0));
        let rules = host.rules();
        host.folder.write("site.rhai", &script(&SECOND));
        let check = host.run(&["site.rhai", "--check", "-4", "--iptables-dir", "bin"]);
        let diff = "ipset bad (ipv4, changed): +2 -1 entries  # site.rhai:2\n-198.51.100.7\n+203.0.113.1\n+203.0.113.2\n";
        assert_eq!((check.status, check.stdout.as_str()), (Some(1), diff), "{}", check.stderr);

        let late = host.apply(&["--confirm", "1"]);
        assert_eq!((late.status, late.stdout.as_str()), (Some(1), diff), "{}", late.stderr);
        assert_eq!(host.state().as_deref(), Some("rolled-back"));
        assert_eq!((host.rules(), host.sets()), (rules.clone(), bad(&FIRST)));

        let waiting = host.spawn(&["--confirm", "60"]);
        host.wait_for("pending");
        assert_eq!(host.sets(), bad(&SECOND));
        assert_eq!(host.run(&["confirm"]).status, Some(0));
        assert_eq!(waiting.wait_with_output().unwrap().status.code(), Some(0));
        assert_eq!(host.sets(), bad(&SECOND));
        assert!(host.apply(&[]).stderr.ends_with("nothing to do\n"));

        assert!(host.run(&["history"]).stdout.contains("+0 -0, bad +2 -1"));
        assert_eq!(host.run(&["revert"]).status, Some(0));
        assert_eq!((host.rules(), host.sets()), (rules, bad(&FIRST)));
    }
}

#[test]
fn without_a_confirmation_a_new_set_is_taken_off() {
    for backend in Backend::usable() {
        let Some(host) = host(backend) else { return };
        let before = host.rules_and_sets();
        let run = host.apply(&["--confirm", "1"]);
        assert_eq!(run.status, Some(1), "{}", run.stderr);
        assert_eq!(host.rules_and_sets(), before);
        assert_eq!(host.owned_sets(), serde_json::json!({}));
    }
}

/// On the way back only what the run changed is undone, as with rules.
#[test]
fn what_others_put_into_a_set_meanwhile_stays_on_the_way_back() {
    let Some(host) = host(Backend::Nft) else { return };
    assert_eq!(host.apply(&["--no-confirm"]).status, Some(0));
    host.folder.write("site.rhai", &script(&SECOND));
    assert_eq!(host.apply(&["--no-confirm"]).status, Some(0));
    host.ipset("add bad 203.0.113.99");
    assert_eq!(host.run(&["revert"]).status, Some(0));
    assert_eq!(host.sets(), bad(&["192.0.2.0/24", "198.51.100.7", "203.0.113.99"]));
}

#[test]
fn a_set_that_is_not_declared_any_more_goes_and_comes_back() {
    for backend in Backend::usable() {
        let Some(host) = host(backend) else { return };
        let before = host.rules_and_sets();
        assert_eq!(host.apply(&["--no-confirm"]).status, Some(0));
        let with = host.rules_and_sets();
        host.folder.write("site.rhai", "");
        let waiting = host.spawn(&["--confirm", "60"]);
        host.wait_for("pending");
        assert_eq!(host.sets(), bad(&FIRST), "until it is confirmed it stays");
        assert_eq!(host.run(&["confirm"]).status, Some(0));
        assert_eq!(host.rules_and_sets(), before);
        assert_eq!(waiting.wait_with_output().unwrap().status.code(), Some(0));
        assert_eq!(host.run(&["revert"]).status, Some(0));
        assert_eq!(host.rules_and_sets(), with);

        let remove = ["remove", "--owner", "site", "--apply", "--no-confirm", "--iptables-dir", "bin"];
        let run = host.run(&remove);
        assert_eq!(run.status, Some(0), "{}", run.stderr);
        assert!(run.stdout.contains("ipset bad (ipv4, gone): +0 -2 entries\n"), "{}", run.stdout);
        assert_eq!(host.rules_and_sets(), before);
        assert_eq!(host.owned_sets(), serde_json::json!({}));
    }
}

#[test]
fn a_set_that_other_rules_name_stays() {
    let Some(host) = host(Backend::Nft) else { return };
    assert_eq!(host.apply(&["--no-confirm"]).status, Some(0));
    host.iptables("-A OUTPUT -m set --match-set bad dst -j DROP");
    host.folder.write("site.rhai", "");
    let run = host.apply(&["--no-confirm"]);
    assert_eq!(run.status, Some(0), "{}", run.stderr);
    assert!(run.stderr.contains("warning[set-stays]"), "{}", run.stderr);
    assert_eq!(host.sets(), bad(&FIRST));
    assert!(host.apply(&[]).stderr.ends_with("nothing to do\n"));
}

#[test]
fn a_set_of_someone_else_is_left_alone() {
    for backend in Backend::usable() {
        let Some(host) = host(backend) else { return };
        host.ipset("create bad hash:net family inet");
        host.ipset("add bad 10.0.0.0/8");
        let before = host.rules_and_sets();
        let run = host.apply(&["--no-confirm"]);
        assert_eq!(run.status, Some(2), "{}", run.stderr);
        assert!(
            run.stderr.contains("error[foreign-set]") && run.stderr.contains("site.rhai:2:5"),
            "{}",
            run.stderr
        );
        assert_eq!((host.rules_and_sets(), host.state()), (before, None));

        // One that holds the same is used, and stays its maker's.
        host.ipset("flush bad");
        FIRST.iter().for_each(|entry| host.ipset(&format!("add bad {entry}")));
        assert_eq!(host.apply(&["--no-confirm"]).status, Some(0));
        assert_eq!(host.run(&["revert"]).status, Some(0));
        assert_eq!(host.sets(), bad(&FIRST));
    }
}

#[test]
fn a_set_cannot_be_of_both_families() {
    let Some(host) = Host::new(Backend::Nft) else { return };
    host.folder.write("site.rhai", "ipset(\"bad\", [\"192.0.2.1\", \"2001:db8::/32\"]);\n");
    let run = host.apply(&["--no-confirm"]);
    assert_eq!(run.status, Some(2), "{}", run.stderr);
    assert!(run.stderr.contains("error[set-of-both-families]"), "{}", run.stderr);
    assert!(run.stderr.contains("`\"bad-\" + family`"), "{}", run.stderr);
    host.folder.write("site.rhai", "ipset(\"bad-\" + family, [\"0.0.0.0/0\", \"2001:db8::/32\"]);\nappend(\"INPUT\", rule().set(\"bad-\" + family, \"src\").drop());\n");
    let run = host.apply(&["--no-confirm"]);
    assert_eq!(run.status, Some(0), "{}", run.stderr);
    let expected = [
        "add bad-ipv4 0.0.0.0/1",
        "add bad-ipv4 128.0.0.0/1",
        "add bad-ipv6 2001:db8::/32",
        "create bad-ipv4 hash:net family inet",
        "create bad-ipv6 hash:net family inet6",
    ];
    assert_eq!(host.sets(), expected);
}

/// After a reboot the kernel has neither rules nor sets; the state directory knows them.
#[test]
fn a_reboot_is_made_good_by_the_next_run() {
    for backend in Backend::usable() {
        let Some(host) = host(backend) else { return };
        assert_eq!(host.apply(&["--no-confirm"]).status, Some(0));
        let with = host.rules_and_sets();
        host.iptables("-F INPUT");
        let begun = Instant::now();
        while !host.namespace.run(find("ipset").unwrap(), &["destroy", "bad"], b"").status.success() {
            assert!(begun.elapsed() < Duration::from_secs(10));
            thread::sleep(Duration::from_millis(10));
        }
        let run = host.apply(&["--no-confirm"]);
        assert_eq!(run.status, Some(0), "{}", run.stderr);
        assert_eq!(host.rules_and_sets(), with);
    }
}

#[test]
fn a_guard_that_dies_behind_the_sets_is_made_good() {
    for backend in Backend::usable() {
        let Some(host) = host(backend) else { return };
        assert_eq!(host.apply(&["--no-confirm"]).status, Some(0));
        let before = host.rules_and_sets();
        let both = [script(&SECOND), script(&FIRST).replace("bad", "worse")].concat();
        host.folder.write("site.rhai", &both);
        let made = host.folder.path().join("made");
        host.fake_ipset(&format!(
            "\"$real\" \"$@\" || exit; [ \"$1\" != restore ] || {{ : >{}; sleep 1; }}",
            made.display()
        ));
        let mut child = host.spawn(&["--confirm", "60"]);
        let begun = Instant::now();
        while !made.exists() {
            assert!(begun.elapsed() < Duration::from_secs(20), "no set was made");
            thread::sleep(Duration::from_millis(5));
        }
        kill("-KILL", &child.id().to_string());
        host.processes().iter().for_each(|pid| kill("-KILL", pid));
        child.wait().unwrap();
        assert_eq!(host.sets().len(), 4 + 3, "{:?}", host.sets());
        fs::remove_file(host.folder.path().join("bin/ipset")).unwrap();

        host.folder.write("site.rhai", &script(&FIRST));
        let begun = Instant::now();
        let recovered = loop {
            let run = host.apply(&["--no-confirm"]);
            if run.status == Some(0) {
                break run;
            }
            assert!(begun.elapsed() < Duration::from_secs(20), "{}", run.stderr);
            thread::sleep(Duration::from_millis(100));
        };
        assert!(recovered.stderr.contains("whose guard had died"), "{}", recovered.stderr);
        assert!(recovered.stderr.ends_with("nothing to do\n"), "{}", recovered.stderr);
        assert_eq!(host.rules_and_sets(), before);
        assert_eq!(host.owned_sets().as_object().unwrap().len(), 1);
    }
}

#[test]
fn a_run_that_is_killed_is_undone_with_its_sets() {
    for (backend, seed) in Backend::usable().into_iter().zip(11..) {
        let Some(host) = host(backend) else { return };
        let mut random = Random(seed);
        let look = Host::rules_and_sets;
        let old = look(&host);
        assert_eq!(host.apply(&["--no-confirm"]).status, Some(0));
        let new = look(&host);
        assert_eq!(host.run(&["revert"]).status, Some(0));
        for round in 0..rounds() / 2 {
            one(&host, &mut random, &old, &new, round, look);
        }
    }
}

#[test]
fn sets_that_the_kernel_refuses_leave_everything_as_it_was() {
    let Some(host) = host(Backend::Nft) else { return };
    let before = host.rules_and_sets();
    host.fake_ipset("case $1 in restore) echo no such luck >&2; exit 1;; esac; exec \"$real\" \"$@\"");
    let run = host.apply(&["--no-confirm"]);
    assert_eq!(run.status, Some(2), "{}", run.stderr);
    assert!(
        run.stderr.contains("`ipset restore` refused the sets") && run.stderr.contains("no such luck"),
        "{}",
        run.stderr
    );
    assert!(run.stderr.contains("the host has its old rules"), "{}", run.stderr);
    assert_eq!((host.rules_and_sets(), host.state().as_deref()), (before, Some("failed")));
    assert_eq!(host.owned_sets(), serde_json::json!({}));
}

#[test]
fn a_host_without_the_program_is_told_what_to_do() {
    let Some(host) = host(Backend::Nft) else { return };
    let before = host.saved();
    let without = |script: &str| {
        host.folder.write("site.rhai", script);
        let mut command = host.namespace.command("/usr/bin/unshare");
        let hide = format!(
            "mount --bind /dev/null {} || exit 77; exec \"$0\" \"$@\"",
            fs::canonicalize(find("ipset").unwrap()).unwrap().display()
        );
        command
            .args(["--mount", "sh", "-c", &hide])
            .args(host.applying(&["--no-confirm"]).get_args().skip(2));
        Printed::from(run(command.current_dir(host.folder.path()), b""))
    };
    let refused = without(&script(&FIRST));
    if refused.status == Some(77) {
        return; // Mounts are not allowed here.
    }
    assert_eq!(refused.status, Some(2), "{}", refused.stderr);
    assert!(
        refused.stderr.contains("error[no-ipset]") && refused.stderr.contains("host.ipset"),
        "{}",
        refused.stderr
    );
    assert_eq!(host.saved(), before);
    let asks = "append(\"INPUT\", rule().comment(`${host.ipset}`).from(\"192.0.2.1\").drop());\n";
    assert_eq!(without(asks).status, Some(0));
    assert!(host.rules().contains("dwscript/site false"), "{}", host.rules());
    assert_eq!(host.apply(&["--no-confirm"]).status, Some(0));
    assert!(host.rules().contains("dwscript/site true"), "{}", host.rules());
}

#[test]
fn fifty_thousand_entries_are_quick() {
    for backend in Backend::usable() {
        let Some(host) = host(backend) else { return };
        let mut list = String::new();
        for index in 0..50_000 {
            writeln!(list, "10.{}.{}.0/24", index / 250, index % 250).unwrap();
        }
        host.folder.write("list", &list);
        host.folder.write("site.rhai", include_str!("../../../scripts/blocklist.rhai"));
        let args = ["--no-confirm", "-4", "-D", "cidrs=@list"];
        let begun = Instant::now();
        let run = host.apply(&args);
        let took = begun.elapsed();
        assert_eq!(run.status, Some(0), "{}", run.stderr);
        assert!(
            run.stdout.contains("+50000 -0 entries") && run.stdout.contains("+… 49995 more"),
            "{}",
            run.stdout
        );
        assert_eq!(host.sets().len(), 50_001);
        assert!(host.apply(&args).stderr.ends_with("nothing to do\n"));
        assert_eq!(host.run(&["revert"]).status, Some(0));
        assert_eq!(host.sets().len(), 0);
        assert!(took < Duration::from_secs(20), "{took:?}");
        println!("{backend:?}: 50,000 entries in {took:?}");
    }
}

/// Nothing makes sets before netfilter-persistent loads its rules.
#[test]
fn rules_that_need_sets_are_not_for_netfilter_persistent() {
    let Some(host) = host(Backend::Nft) else { return };
    let args = ["persist", "site.rhai", "-4", "--root", "root", "--iptables-dir", "bin"];
    let refused = host.run(&[&args[..], &["--method", "netfilter-persistent"]].concat());
    assert_eq!(refused.status, Some(2), "{}", refused.stderr);
    assert!(refused.stderr.contains("error[sets-at-boot]"), "{}", refused.stderr);
    assert!(!host.folder.path().join("root/etc/dwscript").exists());
    let installed = host.run(&args);
    assert_eq!(installed.status, Some(0), "{}", installed.stderr);
}

/// The printed text is of use with the sets beside it.
#[test]
fn printed_sets_are_loaded_before_the_printed_rules() {
    let Some(host) = host(Backend::Nft) else { return };
    let args = ["site.rhai", "-4", "--iptables-dir", "bin", "-o", "rules", "--sets", "sets"];
    let printed = host.run(&args);
    assert_eq!((printed.status, printed.stderr.as_str()), (Some(0), ""));
    for _ in 0..2 {
        let sets = host.folder.read("sets");
        let made = host.namespace.run(find("ipset").unwrap(), &["-exist", "restore"], sets.as_bytes());
        assert!(made.status.success(), "{made:?}");
        assert_eq!(host.sets(), bad(&FIRST));
        host.load(
            &host
                .folder
                .read("rules")
                .replace(":DOCKER", "#:DOCKER")
                .lines()
                .filter(|line| {
                    !line.starts_with('#') && (!line.starts_with('-') || line.contains("match-set"))
                })
                .flat_map(|line| [line, "\n"])
                .collect::<String>(),
        );
    }
    let mut command = host.applying(&["--sets", "x"]);
    let refused = Printed::from(run(command.stdin(Stdio::null()), b""));
    assert_eq!(refused.status, Some(2), "{}", refused.stderr);
}
