//! `dwscript fmt` against iptables: the formatted text is what iptables-save prints once the text is loaded.

use std::collections::BTreeMap;
use std::path::Path;

use dwscript::model::Family;

use crate::support::command::Folder;
use crate::support::namespace::{Backend, Namespace};
use crate::support::process::run;
use crate::support::skip::available;

/// A text by its tables, without comments and counters. Which order tables come in is the backend's own affair, and
/// legacy prints those that nothing was loaded into.
fn tables(text: &str) -> BTreeMap<String, Vec<String>> {
    let mut tables: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut lines = None;
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        if line.starts_with('*') {
            lines = Some(tables.entry(line.to_owned()).or_default());
        } else if let Some(lines) = &mut lines {
            let rule = line.strip_prefix('[').and_then(|line| line.split_once("] "));
            let line = rule.map_or(line, |(_, rule)| rule);
            lines.push(
                line.split_once(" [")
                    .filter(|_| line.starts_with(':'))
                    .map_or(line, |(chain, _)| chain)
                    .to_owned(),
            );
        }
    }
    let is_used = |line: &String| line.starts_with("-A") || line.ends_with(" -") || line.ends_with("DROP");
    tables.retain(|_, lines| lines.iter().any(is_used));
    tables
}

/// Makes the sets that engine 28.0.0 keeps its bridges in, where the text names them.
#[track_caller]
fn make_sets(namespace: &Namespace, text: &str, family: Family) {
    let (set, kind) = match family {
        Family::Ipv4 => ("docker-ext-bridges-v4", "inet"),
        Family::Ipv6 => ("docker-ext-bridges-v6", "inet6"),
    };
    if text.contains(set) {
        let mut ipset = namespace.command("ipset");
        let made = run(ipset.args(["create", set, "hash:net", "family", kind]), b"");
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    }
}

#[track_caller]
fn assert_as_saved(name: &str, text: &str, family: Family, backends: &[Backend]) {
    let option = if family == Family::Ipv4 { "-4" } else { "-6" };
    let folder = Folder::new(&[("before.rules", text)]);
    let formatted = folder.run(&["fmt", option, "-i", "before.rules"]);
    assert_eq!(formatted.status, Some(0), "{name}: {}", formatted.stderr);
    for backend in backends {
        let Some(namespace) = available(Namespace::new()) else { return };
        make_sets(&namespace, text, family);
        let loaded = namespace.restore(*backend, family, text, &[]);
        assert!(loaded.status.success(), "{name}: {}", String::from_utf8_lossy(&loaded.stderr));
        let saved = namespace.save(*backend, family);
        assert_eq!(tables(&formatted.stdout), tables(&saved), "{name} on {backend:?}");
    }
}

#[test]
fn captures_and_fixtures_are_formatted_as_iptables_saves_them() {
    let backends = Backend::usable();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for folder in ["src/samples", "tests/fixtures"] {
        for entry in std::fs::read_dir(root.join(folder)).unwrap() {
            let file = entry.unwrap().path();
            let name = file.to_string_lossy().into_owned();
            // A delta needs the host that it is for.
            if file.extension().is_none_or(|extension| extension != "rules") || name.contains("delta") {
                continue;
            }
            let text = std::fs::read_to_string(&file).unwrap();
            let family = if name.contains(".v6.") { Family::Ipv6 } else { Family::Ipv4 };
            assert_as_saved(&name, &text, family, &backends);
        }
    }
}

/// Texts as people write them.
const HAND_WRITTEN: &[&str] = &[
    "*filter\n:INPUT DROP [0:0]\n:FORWARD DROP\n:zeta -\n:Alpha - [0:0]\n-A INPUT -i lo -j ACCEPT\n-A INPUT -m state --state established,RELATED -j ACCEPT\n-A INPUT -p tcp --dport ssh -s 10.0.0.1,10.0.0.2/24 -j zeta\n-A zeta -p icmp --icmp-type echo-request -m limit --limit 1/minute -j Alpha\n-A Alpha -j LOG --log-prefix \"a \\\"b\\\" \"\n-A zeta -j REJECT\nCOMMIT\n",
    "*filter\n-A INPUT -j ACCEPT\n-A INPUT -s 192.0.2.1 -j DROP\n-D INPUT 1\n-P FORWARD DROP\n-N X\n-A X -p tcp --syn -j RETURN\n-A FORWARD -j X\nCOMMIT\n*nat\n-A POSTROUTING -o eth0 -j MASQUERADE\n-A PREROUTING -p tcp --dport 80 -j DNAT --to 172.17.0.2:8080\nCOMMIT\n",
    "*raw\n:Z -\n:B - [0:0]\n:A - [0:0]\n-A PREROUTING -d 10.0.0.1 -j Z\n-A B\n-A Z -j A\nCOMMIT\n*mangle\n-A FORWARD -p tcp --tcp-flags SYN,RST SYN -j TCPMSS --clamp-mss-to-pmtu\nCOMMIT\n",
    "*filter\n:LOG - [0:0]\n:REJECT - [0:0]\n-A INPUT -p tcp -j REJECT\n-A INPUT -j LOG\n-A LOG -j ACCEPT\nCOMMIT\n",
];

/// Commands that count rules which a list of addresses stands for: the nft backend does not take these in one batch.
const COMMANDS: &[&str] = &[
    "*filter\n:X - [0:0]\n-A INPUT -s 10.0.0.1,10.0.0.2 -j ACCEPT\n-I INPUT 2 -s 10.9.0.1,10.9.0.2 -d 10.8.0.1,10.8.0.2 -j DROP\n-D INPUT -s 10.0.0.2 -j ACCEPT\n-D INPUT 3\n-A INPUT -j X\n-E X Y\n-R INPUT 1 -j LOG\nCOMMIT\n",
];

#[test]
fn hand_written_texts_are_formatted_as_iptables_saves_them() {
    let backends = Backend::usable();
    for text in HAND_WRITTEN {
        assert_as_saved(text, text, Family::Ipv4, &backends);
    }
    for text in COMMANDS.iter().filter(|_| backends.contains(&Backend::Legacy)) {
        assert_as_saved(text, text, Family::Ipv4, &[Backend::Legacy]);
    }
}
