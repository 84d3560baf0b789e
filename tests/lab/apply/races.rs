//! Others change rules between two steps of a run: at one moment, which a stand-in for a program finds for certain.

use std::fs;
use std::os::unix::fs::symlink;

use super::Host;
use crate::support::namespace::Backend;

/// A rule of Docker's: its container stops.
const PUBLISHED: &str =
    "DOCKER ! -i docker0 -p tcp -m tcp --dport 8090 -j DNAT --to-destination 172.17.0.2:80";
const JUMP: &str = "FORWARD -j DOCKER-USER";
/// A rule with a place in a chain of Docker's.
const BEFORE_DOCKER: &str = "insert_before(\"FORWARD\", \"DOCKER-USER\", \"-s 203.0.113.9 -j DROP\");\n";

impl Host {
    /// Lets shell commands run beside `name`: `$here` is a folder to note things in, `$iptables` the real program.
    #[track_caller]
    fn beside(&self, name: &str, shell: &str) {
        let real = self.folder.path().join("real");
        fs::create_dir_all(&real).unwrap();
        let iptables = real.join("iptables");
        if !iptables.exists() {
            symlink(self.backend.program().unwrap(), &iptables).unwrap();
        }
        self.fake(name, &format!("here=${{real%/*}} iptables=$here/iptables\n{shell}"));
    }

    /// Lets shell commands run after the first `times` loads of a delta.
    #[track_caller]
    fn after_load(&self, times: usize, shell: &str) {
        let beside = format!(
            "$real \"$@\" || exit\ncase \"$*\" in *noflush*)\n  echo >>$here/loads\n  \
             n=0; while read -r _; do n=$((n+1)); done <$here/loads\n  [ $n -gt {times} ] || {{ {shell}; }};;\nesac"
        );
        self.beside("iptables-restore", &beside);
    }
}

#[test]
fn a_container_that_stops_before_the_verification_is_a_note() {
    for backend in Backend::usable() {
        let Some(host) = Host::new(backend) else { return };
        let before = host.rules();
        host.after_load(1, ": >$here/committed");
        let stops = format!(
            "if [ -e $here/committed ]; then rm $here/committed; $iptables -w -t nat -D {PUBLISHED} || exit; fi\nexec $real \"$@\""
        );
        host.beside("iptables-save", &stops);
        let run = host.apply(&["--no-confirm", "--no-rehearse", "-4"]);
        assert_eq!(run.status, Some(0), "{}", run.stderr);
        let note = format!("others changed ipv4 rules meanwhile\n  gone: `-A {PUBLISHED}` in table nat\n");
        assert!(run.stderr.contains("verified ipv4 ") && run.stderr.contains(&note), "{}", run.stderr);
        assert!(!run.stderr.contains("made again"), "{}", run.stderr);
        assert!(host.rules().contains("dwscript/site"));
        assert_eq!(host.run(&["revert"]).status, Some(0));
        // It does not come back with the way back.
        assert_eq!(host.rules(), before.replace(&format!("-A {PUBLISHED}\n"), ""));
    }
}

#[test]
fn a_rule_that_comes_before_the_verification_is_a_note() {
    for backend in Backend::usable() {
        let Some(host) = Host::new(backend) else { return };
        host.after_load(1, "$iptables -w -I INPUT -s 192.0.2.7 -j DROP");
        let run = host.apply(&["--no-confirm", "--no-rehearse", "-4"]);
        assert_eq!(run.status, Some(0), "{}", run.stderr);
        assert!(
            run.stderr.contains("\n  new: `-A INPUT -s 192.0.2.7/32 -j DROP` in table filter\n"),
            "{}",
            run.stderr
        );
        assert!(!run.stderr.contains("made again"), "{}", run.stderr);
        assert_eq!(host.run(&["revert"]).status, Some(0));
        assert!(host.rules().contains("-A INPUT -s 192.0.2.7/32 -j DROP\n"), "{}", host.rules());
    }
}

/// An engine does this when a network comes: its jump goes to the top of the chain, before a rule of ours.
#[test]
fn rules_in_another_order_are_placed_anew() {
    for backend in Backend::usable() {
        let Some(host) = Host::new(backend) else { return };
        host.folder.write("site.rhai", BEFORE_DOCKER);
        host.after_load(1, &format!("$iptables -w -D {JUMP} && $iptables -w -I {JUMP}"));
        let run = host.apply(&["--no-confirm", "--no-rehearse", "-4"]);
        assert_eq!(run.status, Some(0), "{}", run.stderr);
        assert_eq!(run.stderr.matches("is made again").count(), 1, "{}", run.stderr);
        assert!(
            run.stderr.contains("\n  rules of `FORWARD` in table filter stand in another order\n"),
            "{}",
            run.stderr
        );
        let rules = host.rules();
        let ours = rules.find("dwscript/site").unwrap();
        assert!(ours < rules.find(&format!("-A {JUMP}\n")).unwrap(), "{rules}");
        assert_eq!(rules.matches("dwscript/site").count(), 1, "{rules}");
    }
}

#[test]
fn an_order_that_never_holds_is_taken_back() {
    for backend in Backend::usable() {
        let Some(host) = Host::new(backend) else { return };
        let before = host.rules();
        host.folder.write("site.rhai", BEFORE_DOCKER);
        host.after_load(100, &format!("$iptables -w -D {JUMP} && $iptables -w -I {JUMP}"));
        let run = host.apply(&["--no-confirm", "--no-rehearse", "-4"]);
        assert_eq!(run.status, Some(2), "{}", run.stderr);
        assert_eq!(run.stderr.matches("is made again").count(), 3, "{}", run.stderr);
        assert!(run.stderr.contains("the ipv4 change does not hold after 3 retries"), "{}", run.stderr);
        assert!(
            run.stderr.contains("rules of `FORWARD` in table filter stand in another order"),
            "{}",
            run.stderr
        );
        assert!(run.stderr.contains("the host has its old rules"), "{}", run.stderr);
        assert_eq!(host.rules(), before);
        assert_eq!(host.state().as_deref(), Some("failed"));
    }
}

/// Between the reading and the commit a chain becomes so short that a rule's place in it is none any more.
#[test]
fn a_delta_that_others_overtook_is_made_anew() {
    for backend in Backend::usable() {
        let Some(host) = Host::new(backend) else { return };
        for rule in ["-s 192.0.2.1 -j DROP", "-s 192.0.2.2 -j DROP", "-s 192.0.2.3 -j DROP"] {
            host.iptables(&format!("-A INPUT {rule}"));
        }
        host.folder.write("site.rhai", "insert(\"INPUT\", 3, \"-s 192.0.2.77 -j DROP\");\n");
        let overtakes = "case \"$*\" in *noflush*) if [ ! -e $here/overtaken ]; then : >$here/overtaken\n  \
            $iptables -w -D INPUT -s 192.0.2.1 -j DROP; $iptables -w -D INPUT -s 192.0.2.2 -j DROP; fi;;\nesac\n\
            exec $real \"$@\"";
        host.beside("iptables-restore", overtakes);
        let run = host.apply(&["--no-confirm", "--no-rehearse", "-4"]);
        assert_eq!(run.status, Some(0), "{}", run.stderr);
        assert!(
            run.stderr.contains("the live ipv4 ruleset had changed: the delta was made anew"),
            "{}",
            run.stderr
        );
        let rules = host.rules();
        let input: Vec<&str> = rules.lines().filter(|line| line.starts_with("-A INPUT")).collect();
        assert!(
            matches!(input[..], [ours, other] if ours.contains("192.0.2.77") && other.contains("192.0.2.3/")),
            "{rules}"
        );
    }
}
