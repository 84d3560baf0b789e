//! `dwscript compare`: packets that fare otherwise.

use serde_json::Value;

use crate::support::command::Folder;

const OLD: &str = "*filter\n:INPUT DROP [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT\n\
    -A INPUT -p tcp -m tcp --dport 80 -j ACCEPT\nCOMMIT\n";

fn folder() -> Folder {
    let new = OLD.replace("--dport 80 -j ACCEPT", "--dport 80:81 -j ACCEPT");
    let from =
        OLD.replace("-p tcp -m tcp --dport 22 -j ACCEPT", "-s 10.0.0.0/8 -p tcp -m tcp --dport 22 -j ACCEPT");
    let order = "*filter\n:INPUT ACCEPT [0:0]\n-A INPUT -p tcp -m tcp --dport 7 -j DROP\n-A INPUT -p tcp -m tcp --dport 7 -j ACCEPT\nCOMMIT\n";
    let mut lines: Vec<&str> = order.lines().collect();
    lines.swap(2, 3);
    Folder::new(&[
        ("old.rules", OLD),
        ("new.rules", &new),
        ("from.rules", &from),
        ("order.rules", order),
        ("swapped.rules", &(lines.join("\n") + "\n")),
        (
            "close.rhai",
            "set_policy(\"INPUT\", \"DROP\"); append(\"INPUT\", \"-p tcp --dport 22 -j ACCEPT\");\n",
        ),
    ])
}

/// The packets that change, and the exit status.
fn changes(args: &[&str]) -> (Vec<(String, String, String)>, Option<i32>) {
    let printed = folder().run(&[&["compare", "--json"], args].concat());
    let object: Value = serde_json::from_str(&printed.stdout).unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let all = object["changes"].as_array().unwrap().iter();
    let all = all
        .map(|one| (text(&one["packet"]), text(&one["before"]["verdict"]), text(&one["after"]["verdict"])));
    (all.collect(), printed.status)
}

#[test]
fn the_boundary_of_a_rule_that_differs_is_met() {
    let (found, status) = changes(&["old.rules", "new.rules"]);
    let packets: Vec<&str> = found.iter().map(|(packet, ..)| packet.as_str()).collect();
    assert_eq!(status, Some(1));
    assert_eq!(packets, ["in=eth0 src=198.51.100.7 dst=192.0.2.1 proto=tcp dport=81"]);
    assert_eq!((found[0].1.as_str(), found[0].2.as_str()), ("drop", "accept"));
    let (found, _) = changes(&["old.rules", "from.rules"]);
    assert!(
        found.iter().all(|(packet, before, after)| packet.contains("dport=22")
            && (before.as_str(), after.as_str()) == ("accept", "drop")),
        "{found:?}"
    );
    assert!(!found.is_empty() && found.iter().all(|(packet, ..)| !packet.contains("src=10.")), "{found:?}");
}

#[test]
fn order_alone_can_change_a_packet() {
    let (found, status) = changes(&["order.rules", "swapped.rules"]);
    assert_eq!(status, Some(1));
    assert!(found.iter().any(|(packet, ..)| packet.contains("dport=7")), "{found:?}");
}

#[test]
fn nothing_changes_between_equals() {
    let printed = folder().run(&["compare", "old.rules", "old.rules"]);
    assert_eq!(printed.status, Some(0), "{}", printed.stderr);
    assert!(
        printed.stdout.contains("none changes") && printed.stdout.contains("this is a sample"),
        "{}",
        printed.stdout
    );
    let printed = folder().run(&["compare", "docker28-published", "docker28-published"]);
    assert_eq!(printed.status, Some(0), "{}", printed.stderr);
    assert!(
        printed.stdout.contains("ipv4: of ") && printed.stdout.contains("ipv6: of "),
        "{}",
        printed.stdout
    );
}

#[test]
fn scripts_are_compared_with_what_they_run_on() {
    let printed = folder().run(&["compare", "close.rhai", "--sample", "docker28-published", "-46"]);
    assert_eq!(printed.status, Some(1), "{}", printed.stderr);
    for text in ["accept, at the host  ->  drop", "-P INPUT DROP  (close.rhai:1)", "ipv6: of "] {
        assert!(printed.stdout.contains(text), "{text}\n{}", printed.stdout);
    }
    assert!(!printed.stdout.contains("SSH from outside  in"), "{}", printed.stdout);
}

#[test]
fn standard_input_can_be_either() {
    let printed = folder().run_with(&["compare", "-", "old.rules"], OLD);
    assert_eq!(printed.status, Some(0), "{}", printed.stderr);
}

#[test]
fn what_cannot_be_compared_is_told() {
    for args in [
        &["old.rules"][..],
        &["old.rules", "nope.rules"],
        &["old.rules", "new.rules", "-i", "old.rules"],
        &["old.rules", "docker28-publishd"],
    ] {
        let printed = folder().run(&[&["compare"], args].concat());
        assert_eq!((printed.status, printed.stdout.as_str()), (Some(2), ""), "{args:?}");
        assert!(printed.stderr.contains("= help:"), "{}", printed.stderr);
    }
}
