//! Docker's rules stay as they are, whatever the layout.

use dwscript::diagnostic::Severity;
use dwscript::model::{ChainId, Family, RuleId, TableName};
use dwscript::samples::SAMPLES;

use super::{Draft, has_errors, summary};

/// What 28.0.0 writes, from the documents of its tests.
const DOCKER_28_0_0: &str = include_str!("docker-28.0.0.rules");
/// What 29 writes with its iptables backend, from the documents of its tests.
const DOCKER_29: &str = include_str!("docker-29.rules");
/// A node of a swarm that publishes a service.
const SWARM: &str = include_str!("docker-swarm-ingress.rules");

/// Every ruleset that holds nothing but Docker's rules.
fn rulesets() -> impl Iterator<Item = (String, Family, &'static str)> {
    let samples = SAMPLES.iter().flat_map(|sample| {
        let families = [Family::Ipv4, Family::Ipv6].into_iter();
        families.filter_map(|family| Some((sample.name.to_owned(), family, sample.text(family)?)))
    });
    let written = [("28.0.0", DOCKER_28_0_0), ("29", DOCKER_29), ("swarm", SWARM)];
    samples.chain(written.map(|(name, text)| (name.to_owned(), Family::Ipv4, text)))
}

/// The rules of a ruleset, each with its chain and its index in it.
fn rules(draft: &Draft) -> Vec<(TableName, ChainId, usize, RuleId)> {
    let tables = TableName::ALL.into_iter();
    let chains = tables.flat_map(|table| draft.ruleset.live_chains(table).map(move |chain| (table, chain)));
    let rules = chains.flat_map(|(table, chain)| {
        let rules = draft.ruleset.chain(chain).rules().iter().enumerate();
        rules.map(move |(index, rule)| (table, chain, index, rule)).collect::<Vec<_>>()
    });
    rules.collect()
}

#[test]
fn each_rule_of_each_engine_is_guarded() {
    for (name, family, text) in rulesets() {
        let whole = Draft::of(family, text);
        for (table, chain, index, rule) in rules(&whole) {
            let chain = whole.ruleset.chain_name(chain);
            let mut draft = Draft::of(family, text);
            draft.remove(table, chain, index);
            let line = whole.ruleset.line(rule);
            let expected = match (chain, &*line) {
                ("DOCKER-USER", _) => [""; 0].as_slice(),
                (_, line) if line.ends_with("-A FORWARD -j DOCKER-USER") => {
                    &["error docker-user-jump site.rhai:1"]
                }
                _ => &["error docker-rule site.rhai:1"],
            };
            let mut findings = draft.findings();
            findings.retain(|finding| finding.severity == Severity::Error);
            assert_eq!(summary(&findings), expected, "{name}: {line}");
            draft = Draft::of(family, text);
            draft.docker_edits = true;
            draft.remove(table, chain, index);
            assert!(!has_errors(&draft.findings()), "{name}: {line}");
        }
    }
}

#[test]
fn rules_may_be_added_among_dockers() {
    for (name, family, text) in rulesets() {
        let mut draft = Draft::of(family, text);
        for (table, chain, index, _) in rules(&Draft::of(family, text)) {
            let chain = draft.ruleset.chain_name(chain).to_owned();
            draft.insert(table, &chain, index, "-m mark --mark 0x1 -j ACCEPT");
        }
        let mut findings = draft.findings();
        // That Docker flushes its chains is another matter.
        findings.retain(|finding| finding.severity == Severity::Error);
        assert_eq!(summary(&findings), [""; 0], "{name}");
    }
}

#[test]
fn rules_of_the_users_among_dockers_may_go() {
    let own = [
        (TableName::Filter, "FORWARD", "-i eth0 -o docker0 -p tcp -m tcp --dport 5432 -j DROP"),
        (TableName::Filter, "FORWARD", "-i docker0 -o eth1 -j DROP"),
        (TableName::Filter, "FORWARD", "-i docker0 -j ACCEPT"),
        (TableName::Filter, "FORWARD", "-j LOG"),
        (TableName::Filter, "DOCKER-USER", "-i eth0 -j DROP"),
        (TableName::Filter, "INPUT", "-i docker0 -j ACCEPT"),
        (TableName::Nat, "POSTROUTING", "-s 10.8.0.0/24 -o eth0 -j MASQUERADE"),
        (TableName::Nat, "PREROUTING", "-i eth0 -p tcp -m tcp --dport 80 -j REDIRECT --to-ports 8080"),
        (TableName::Raw, "PREROUTING", "-i eth0 -s 203.0.113.0/24 -j DROP"),
    ];
    let text = SAMPLES.iter().find(|sample| sample.name == "docker28-published").unwrap().text(Family::Ipv4);
    for (table, chain, body) in own {
        let block = format!("*{table}\n");
        let (head, tail) = text.unwrap().split_once(&block).unwrap();
        let (rules, behind) = tail.split_once("COMMIT").unwrap();
        let mut draft = Draft::new(&format!("{head}{block}{rules}-A {chain} {body}\nCOMMIT{behind}"));
        let id = draft.ruleset.require_chain(table, chain).unwrap();
        let last = draft.ruleset.chain(id).rules().len() - 1;
        draft.remove(table, chain, last);
        assert_eq!(summary(&draft.findings()), [""; 0], "{body}");
    }
}

fn published() -> Draft {
    let sample = SAMPLES.iter().find(|sample| sample.name == "docker28-published").unwrap();
    Draft::new(sample.text(Family::Ipv4).unwrap())
}

#[test]
fn what_is_put_back_in_its_place_is_not_changed() {
    let mut draft = published();
    draft.remove(TableName::Filter, "FORWARD", 0);
    assert!(has_errors(&draft.findings()));
    draft.insert(TableName::Filter, "FORWARD", 0, "-j  DOCKER-USER").finds(&[]);
}

#[test]
fn an_order_is_kept() {
    let mut draft = published();
    draft.remove(TableName::Raw, "PREROUTING", 0);
    draft.insert(TableName::Raw, "PREROUTING", 9, "-d 172.18.0.2 ! -i br-fa9bbfd4b95f -j DROP");
    draft.finds(&["error docker-rule site.rhai:1"]);
}

#[test]
fn nothing_of_dockers_comes_before_the_jump_to_docker_user() {
    let order = ["error docker-before-user site.rhai:2"];
    let mut draft = published();
    draft.remove(TableName::Filter, "FORWARD", 0).append("FORWARD", "-j DOCKER-USER").finds(&order);
    let mut draft = published();
    draft.remove(TableName::Filter, "FORWARD", 1);
    draft.insert(TableName::Filter, "FORWARD", 0, "-j DOCKER-FORWARD").finds(&order);
    let mut draft = published();
    draft.insert(TableName::Filter, "FORWARD", 0, "-j DOCKER-FORWARD");
    draft.finds(&["error docker-before-user site.rhai:1"]);
    // A rule of the user's is no rule of Docker's, whatever it looks like.
    let replies = "-o docker0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT";
    published().insert(TableName::Filter, "FORWARD", 0, replies).finds(&[]);
}

#[test]
fn an_input_that_has_it_so_is_not_blamed_on_the_script() {
    let text = "*filter\n:DOCKER - [0:0]\n:DOCKER-USER - [0:0]\n-A FORWARD -o docker0 -j DOCKER\n-A FORWARD -j DOCKER-USER\nCOMMIT\n";
    Draft::new(text).append("FORWARD", "-j LOG").finds(&[]);
}

#[test]
fn dockers_chains_stay() {
    let chains = ["DOCKER", "DOCKER-USER", "DOCKER-FORWARD", "DOCKER-BRIDGE", "DOCKER-CT"];
    for chain in chains {
        let mut draft = published();
        draft.rename_chain(TableName::Filter, chain, "MINE").finds(&["error docker-rule site.rhai:1"]);
        let mut draft = published();
        draft.remove_chain(TableName::Filter, chain);
        let findings = summary(&draft.findings());
        assert!(findings.contains(&"error docker-rule site.rhai:1".to_owned()), "{chain}: {findings:?}");
    }
}

#[test]
fn a_chain_of_the_users_may_get_another_name_where_dockers_chain_jumps_to_it() {
    let text = "*filter\n:DOCKER - [0:0]\n:SITE - [0:0]\n-A DOCKER -j SITE\n-A SITE -j RETURN\nCOMMIT\n";
    Draft::new(text).rename_chain(TableName::Filter, "SITE", "WEB").finds(&[]);
}
