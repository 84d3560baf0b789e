//! Lints: silent where nothing harms, loud where something does, explained, and printed for other programs.

mod explained;
mod formats;

use std::collections::BTreeSet;
use std::sync::Arc;

use dwscript::check::{self, Levels};
use dwscript::docker::{self, Layout};
use dwscript::model::Family;
use dwscript::samples::{SAMPLES, Sample};
use dwscript::save;
use dwscript::source::SourceFile;
use serde_json::Value;

use crate::support::command::{Folder, dwscript};
use crate::support::process::text;

/// Whether it is true of an engine that nobody touched: IPv6 is open, and up to 27 a neighbour reaches containers by their
/// addresses.
fn is_of_docker(sample: &Sample, code: &str) -> bool {
    let is_old = || {
        let source = SourceFile::from_bytes("sample", sample.text(Family::Ipv4).unwrap().into()).unwrap();
        let ruleset = save::parse(&Arc::new(source), Family::Ipv4).unwrap();
        docker::layout(&ruleset) == Some(Layout::V19)
    };
    code == "family-gap" || code == "direct-routing" && is_old()
}

/// The codes that `dwscript lint` finds.
#[track_caller]
fn codes(args: &[&str]) -> BTreeSet<String> {
    codes_with(args, &[0, 1])
}

/// The same where the exit status is one of these.
#[track_caller]
fn codes_with(args: &[&str], statuses: &[i32]) -> BTreeSet<String> {
    let run = dwscript(&[&["lint", "--json"], args].concat(), b"");
    assert!(statuses.contains(&run.status.code().unwrap()), "{args:?}: {}", text(&run.stderr));
    assert!(run.stdout.starts_with(b"{"), "{args:?}: {}", text(&run.stdout));
    let mut found = BTreeSet::new();
    for object in serde_json::Deserializer::from_slice(&run.stdout).into_iter::<Value>() {
        let object = object.unwrap_or_else(|_| panic!("{}", text(&run.stderr)));
        let diagnostics = object["diagnostics"].as_array().unwrap();
        found.extend(diagnostics.iter().map(|one| one["code"].as_str().unwrap().to_owned()));
    }
    found
}

fn families(sample: &Sample) -> Vec<&'static str> {
    let ipv6 = sample.text(Family::Ipv6).is_some();
    if ipv6 { vec!["-4", "-6", "-46"] } else { vec!["-4"] }
}

#[test]
fn untouched_engines_have_nothing_but_what_is_true_of_docker() {
    for sample in SAMPLES {
        for family in families(sample) {
            let mut found = codes(&["--sample", sample.name, family]);
            found.retain(|code| !is_of_docker(sample, code));
            assert!(found.is_empty(), "{} {family}: {found:?}", sample.name);
        }
    }
}

#[test]
fn harden_is_silent_over_every_capture() {
    for sample in SAMPLES {
        for family in families(sample) {
            let both = family == "-46";
            let format = if both { "--diff" } else { "--delta" };
            let run = dwscript(&["scripts/harden.rhai", "--sample", sample.name, family, format], b"");
            // Where Docker's rules are in nftables the script says that it does not see them.
            let stderr = text(&run.stderr);
            let said: BTreeSet<&str> = stderr.lines().filter(|line| line.contains("]: ")).collect();
            let unseen = "warning[docker-unreachable]: what Docker has and publishes is not known";
            let expected = if sample.tables.is_empty() { vec![] } else { vec![unseen] };
            let expected: BTreeSet<&str> = expected.into_iter().collect();
            assert_eq!((run.status.code(), said), (Some(0), expected), "{} {family}", sample.name);
            assert_eq!(stderr.is_empty(), sample.tables.is_empty(), "{} {family}", sample.name);
        }
    }
}

#[test]
fn what_harden_makes_has_nothing_but_what_is_true_of_docker() {
    for sample in SAMPLES {
        for (family, option) in [(Family::Ipv4, "-4"), (Family::Ipv6, "-6")] {
            if sample.text(family).is_none() {
                continue;
            }
            let run = dwscript(&["scripts/harden.rhai", "--sample", sample.name, option], b"");
            let source = SourceFile::from_bytes("hardened", run.stdout).unwrap();
            let ruleset = save::parse(&Arc::new(source), family).unwrap();
            let mut found = check::lint(&ruleset, &Levels::default());
            found.retain(|one| !is_of_docker(sample, one.code));
            let found: Vec<_> = found.iter().map(|one| (one.code, &one.message)).collect();
            assert!(found.is_empty(), "{} {option}: {found:?}", sample.name);
        }
    }
}

/// The mistakes of the tutorial's combined file, as packets showed them: `tests/lab/connectivity.rs` and
/// `the_tutorial_loses_what_it_is_known_to_lose`. Its IPv6 is open, its loopback and its containers' own ways are shut, and
/// large packets get lost.
const OF_THE_TUTORIAL: [&str; 5] =
    ["family-gap", "host-to-container", "loopback-blocked", "no-related", "output-blocked"];

#[test]
fn the_tutorials_mistakes_are_named() {
    let folder = Folder::new(&[
        ("host.v4", include_str!("../fixtures/input-tutorial-combined.rules")),
        ("host.v6", ""),
    ]);
    let prefix = folder.path().join("host");
    let found = codes(&["-46", "-i", prefix.to_str().unwrap()]);
    for code in OF_THE_TUTORIAL {
        assert!(found.contains(code), "{code} is not among {found:?}");
    }
    // With containers of that host, the ways through their bridges are missing as well.
    let found = codes(&["-i", "tests/fixtures/docker20-after-tutorial-containers-restarted.rules"]);
    assert!(found.contains("bridge-to-host"), "{found:?}");
    // The listing as it was published sets no policy.
    let listing = include_str!("../fixtures/input-tutorial-combined.rules");
    let listing = listing.replace(":INPUT DROP", ":INPUT ACCEPT").replace(":OUTPUT DROP", ":OUTPUT ACCEPT");
    folder.write("listing.rules", &listing);
    let found = codes(&["-i", folder.path().join("listing.rules").to_str().unwrap()]);
    assert!(found.contains("policy-not-set"), "{found:?}");
    // Its fragments have no COMMIT, and one of them has a port that does not exist.
    folder.write("fragment.rules", "*filter\n:INPUT ACCEPT [0:0]\n-A INPUT -i lo -j ACCEPT\n");
    let fragment = folder.path().join("fragment.rules");
    assert!(codes_with(&["-i", fragment.to_str().unwrap()], &[2]).contains("no-commit"));
    folder.write("port.rules", &listing.replace("--dport 443", "--dport 443:65536"));
    assert!(codes(&["-i", folder.path().join("port.rules").to_str().unwrap()]).contains("bad-port"));
}

/// The cost of a lint does not grow with the square of the rules: 60,000 rules that all differ, and as many that are the same.
#[test]
fn long_chains_are_no_trouble() {
    for body in ["-s 10.DD/32 -p tcp -m tcp --dport 22 -j DROP", "-p tcp -m tcp --dport 80 -j ACCEPT"] {
        let mut rules = String::from("*filter\n:INPUT ACCEPT [0:0]\n");
        for number in 0_u32..60_000 {
            let address = format!("{}.{}.{}", number >> 16, (number >> 8) & 255, number & 255);
            rules.push_str(&format!("-A INPUT {}\n", body.replace("DD", &address)));
        }
        rules.push_str("COMMIT\n");
        let source = SourceFile::from_bytes("host.rules", rules.into_bytes()).unwrap();
        let ruleset = save::parse(&Arc::new(source), Family::Ipv4).unwrap();
        let begun = std::time::Instant::now();
        let found = check::lint(&ruleset, &Levels::default());
        assert!(begun.elapsed().as_secs() < 60, "{:?}", begun.elapsed());
        assert_eq!(found.is_empty(), body.contains("DD"), "{found:?}");
    }
}
