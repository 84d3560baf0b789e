//! Scripts run again and again over live rules, while rules of others come and go and engines start anew: each run finds
//! what the last one left.

use dwscript::model::Family;
use dwscript::samples::SAMPLES;

use crate::support::command::Folder;
use crate::support::lab::{Lab, Options};
use crate::support::namespace::{Backend, Namespace};
use crate::support::process::text;
use crate::support::skip::available;

const HARDEN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/scripts/harden.rhai");

/// Rules at every kind of place.
const SITE: &str = "insert_before(\"FORWARD\", \"DOCKER-USER\", \"-m conntrack --ctstate INVALID -j DROP\");\n\
    prepend(\"DOCKER-USER\", \"-s 198.51.100.0/24 -j DROP\");\n\
    append(\"INPUT\", tcp().dport(8443).comment(\"admin's port\").accept());\n\
    insert(\"INPUT\", 1, \"-m state --state INVALID -j DROP\");\n\
    new_chain(\"SITE\"); append(\"SITE\", \"-m limit --limit 6/minute -j LOG --log-prefix \\\"site: \\\"\"); append(\"SITE\", \"-p icmp -j RETURN\");\n\
    append(\"INPUT\", \"-p udp -m multiport --dports 53,123 -j SITE\");\n\
    table(\"nat\").append(\"POSTROUTING\", \"-s 10.8.0.0/24 -o eth0 -j MASQUERADE\");\n\
    table(\"mangle\").append(\"FORWARD\", \"-p tcp --syn -j TCPMSS --clamp-mss-to-pmtu\");\n";

/// A namespace with live rules, and what changes them.
struct Host {
    namespace: Namespace,
    backend: Backend,
    family: Family,
    folder: Folder,
}

impl Host {
    fn saved(&self) -> String {
        let saved = self.namespace.save(self.backend, self.family);
        saved.lines().filter(|line| !line.starts_with('#')).map(|line| format!("{line}\n")).collect()
    }

    /// What a run over the live rules prints.
    fn run(&self, words: &[&str]) -> String {
        let family = if self.family == Family::Ipv4 { "-4" } else { "-6" };
        let run = self
            .folder
            .run_with(&[words, &["-i", "-", family, "--deny", "not-idempotent"]].concat(), &self.saved());
        assert_eq!(run.status, Some(0), "{words:?} over {:?}: {}", self.backend, run.stderr);
        run.stdout
    }

    #[track_caller]
    fn restore(&self, text: &str, args: &[&str]) {
        let output = self.namespace.restore(self.backend, self.family, text, args);
        assert!(output.status.success(), "{:?}: {}\n{text}", self.backend, self::text(&output.stderr));
    }

    /// Runs the scripts, whose change is loaded as a delta. Then nothing is left to do.
    #[track_caller]
    fn apply(&self, words: &[&str]) {
        self.restore(&self.run(&[words, &["--delta"]].concat()), &["-n"]);
        for format in ["--delta", "--check"] {
            assert_eq!(self.run(&[words, &[format]].concat()), "", "{words:?} over {:?}", self.backend);
        }
    }

    /// Has others change rules.
    fn others(&self, commands: &str) {
        self.restore(&format!("*filter\n{commands}COMMIT\n"), &["-n"]);
    }
}

fn live(sample: &str, backend: Backend, family: Family) {
    let text = SAMPLES.iter().find(|known| known.name == sample).unwrap().text(family).unwrap();
    let Some(namespace) = available(Namespace::new()) else { return };
    let folder = Folder::new(&[("site.rhai", SITE)]);
    let host = Host { namespace, backend, family, folder };
    host.restore(text, &[]);
    let before = host.saved();
    let site: &[&str] = if family == Family::Ipv4 { &["site.rhai"] } else { &[] };
    let all = [&[HARDEN], site].concat();
    host.apply(&all);
    let applied = host.saved();
    assert_ne!(applied, before);
    // Runs apart find the same.
    all.iter().for_each(|script| host.apply(&[script]));
    assert_eq!(host.saved(), applied);
    // Rules of others come, before, between and behind.
    host.others("-I INPUT 1 -p esp -j ACCEPT\n-I INPUT 4 -p ah -j ACCEPT\n-A INPUT -p gre -j DROP\n-I FORWARD 1 -p esp -j DROP\n-A OUTPUT -p ah -j ACCEPT\n");
    host.apply(&all);
    let with_others = host.saved();
    for rule in [
        "-A INPUT -p esp -j ACCEPT",
        "-A INPUT -p ah -j ACCEPT",
        "-A INPUT -p gre -j DROP",
        "-A FORWARD -p esp -j DROP",
    ] {
        assert!(with_others.contains(rule), "{rule}\n{with_others}");
    }
    // And go.
    host.others("-D INPUT -p esp -j ACCEPT\n-D INPUT -p ah -j ACCEPT\n-D INPUT -p gre -j DROP\n-D FORWARD -p esp -j DROP\n-D OUTPUT -p ah -j ACCEPT\n");
    host.apply(&all);
    assert_eq!(host.saved(), applied);
    // What is taken away by hand comes back where it was.
    host.others("-D INPUT 1\n-D OUTPUT 1\n");
    host.apply(&all);
    assert_eq!(host.saved(), applied);
    // Without its owners the host is what it was, but for the policies that were set and the chain that was made.
    let open = ["--policy", "INPUT=ACCEPT", "--policy", "OUTPUT=ACCEPT"];
    host.restore(&host.run(&[&["remove", "--owner", "harden"], &open[..], &["--delta"]].concat()), &["-n"]);
    if family == Family::Ipv4 {
        host.restore(&host.run(&["remove", "--owner", "site", "--delta"]), &["-n"]);
    }
    let rules = |text: &str| {
        text.lines().filter(|line| line.starts_with("-A")).map(ToOwned::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(rules(&host.saved()), rules(&before));
}

#[test]
fn over_live_rules() {
    for backend in Backend::usable() {
        live("docker20-published", backend, Family::Ipv4);
        live("docker28-published", backend, Family::Ipv4);
        live("docker28-published", backend, Family::Ipv6);
    }
}

/// An engine's start puts its jumps to the top of FORWARD, and its containers' rules behind.
fn engine(options: Options) {
    let Some(lab) = available(Lab::with(options)) else { return };
    lab.run_container("web", &["-p", "8080:80"], &[]);
    let folder = Folder::new(&[("site.rhai", SITE)]);
    let run = |words: &[&str]| {
        let run = folder.run_with(&[&["site.rhai", "-i", "-"], words].concat(), &lab.save(Family::Ipv4));
        assert_eq!(run.status, Some(0), "{}", run.stderr);
        run.stdout
    };
    let apply = || {
        let delta = run(&["--delta"]);
        let loaded = lab.restore(Family::Ipv4, &delta, &["-n"]);
        assert!(loaded.status.success(), "{}\n{delta}", text(&loaded.stderr));
        assert_eq!(run(&["--delta"]), "");
        delta
    };
    let first = |chain: &str| {
        let saved = lab.save(Family::Ipv4);
        let filter = saved.lines().skip_while(|line| *line != "*filter");
        let head = format!("-A {chain} ");
        filter
            .take_while(|line| *line != "COMMIT")
            .find(|line| line.starts_with(&head))
            .unwrap_or_default()
            .to_owned()
    };
    apply();
    assert!(first("FORWARD").contains("INVALID"), "{}", first("FORWARD"));
    lab.restart_engine();
    assert!(!first("FORWARD").contains("INVALID"), "the engine moves its jumps to the top");
    let delta = apply();
    assert!(
        first("FORWARD").contains("INVALID") && first("DOCKER-USER").contains("198.51.100.0/24"),
        "{delta}"
    );
    assert!(!delta.contains("8080") && !delta.contains("-j DOCKER"), "Docker's own rules stay: {delta}");
    lab.docker(&["start", "web"]);
    assert_eq!(run(&["--delta"]), "", "a container that starts moves nothing of the script's");
}

#[test]
fn over_an_engine_that_starts_anew() {
    engine(Options::default());
    engine(Options { backend: Backend::Legacy, ..Options::default() });
}
