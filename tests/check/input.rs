//! Faults that the input had: warnings, and errors for `lint`.

use dwscript::check::{self, Levels};
use dwscript::model::Family;
use dwscript::samples::SAMPLES;

use super::{Draft, summary};

const FAULTS: &[(&str, &str)] = &[
    ("-A INPUT -j NOWHERE\n", "missing-chain host.rules:5"),
    ("-A INPUT -j FORWARD\n", "jump-to-built-in host.rules:5"),
    (":A - [0:0]\n-A INPUT -j A\n-A A -j A\n", "jump-loop host.rules:7"),
    ("-A FORWARD -j MASQUERADE\n", "wrong-table host.rules:5"),
    ("-A INPUT -m owner --uid-owner 0 -j ACCEPT\n", "wrong-hook host.rules:5"),
    ("-A INPUT -o eth0 -j ACCEPT\n", "wrong-interface host.rules:5"),
    ("-A INPUT -p tcp -m tcp --dport 65536 -j ACCEPT\n", "bad-port host.rules:5"),
    (":U DROP [0:0]\n", "policy-on-user-chain host.rules:5"),
    (":OUTPUT REJECT [0:0]\n", "bad-policy host.rules:5"),
    (":a-name-longer-than-the-kernel-keeps - [0:0]\n", "bad-chain-name host.rules:5"),
    ("-N LOG\n", "bad-chain-name host.rules:5"),
    ("-A INPUT -j U\n:U - [0:0]\n", "late-chain host.rules:5"),
    ("-A INPUT -j U\n-N U\n", "late-chain host.rules:5"),
    ("-A U -j ACCEPT\n:U - [0:0]\n", "late-chain host.rules:6"),
    ("-A U -j ACCEPT\n", "undeclared-chain host.rules:5"),
    ("-D INPUT 3\n", "vain-command host.rules:5"),
];

#[test]
fn faults_of_the_input_are_warnings_and_errors_for_lint() {
    for (lines, expected) in FAULTS {
        let draft = Draft::filter(lines);
        let faults = |severity| {
            let mut expected = vec![format!("{severity} {expected}")];
            if lines.starts_with(":OUTPUT") {
                expected.insert(0, "warning repeated-chain host.rules:5".to_owned());
            }
            expected
        };
        assert_eq!(summary(&draft.findings()), faults("warning"), "{lines}");
        assert_eq!(summary(&check::lint(&draft.ruleset, &Levels::default())), faults("error"), "{lines}");
    }
}

#[test]
fn what_loads_is_a_warning_for_lint_too() {
    Draft::filter(":A - [0:0]\n-A A -j A\n").lints(&["warning jump-loop host.rules:6"]);
    Draft::filter(":LOG - [0:0]\n-A INPUT -j LOG\n").lints(&["warning chain-named-as-target host.rules:5"]);
    Draft::new("*filter\n:INPUT - [0:0]\nCOMMIT\n").lints(&["warning no-policy host.rules:2"]);
    Draft::filter(":U - [0:0]\n-A INPUT -j U\n-A U -o lo -j DROP\n")
        .lints(&["warning wrong-interface host.rules:7"]);
}

#[test]
fn a_chain_hides_the_target_of_its_name() {
    let lines = ":DNAT - [0:0]\n:MASQUERADE - [0:0]\n-A INPUT -j DNAT\n-A OUTPUT -j MASQUERADE\n";
    let named = "warning chain-named-as-target host.rules:";
    Draft::filter(lines).lints(&[&format!("{named}5"), &format!("{named}6")]);
}

#[test]
fn findings_about_a_text_come_in_the_order_of_its_lines() {
    let lines = "-A INPUT -j NOWHERE\n-A INPUT -p tcp --dport 0:99999 -j ACCEPT\n-A FORWARD -j MASQUERADE\n-A OUTPUT -j GONE\n";
    let order = ["missing-chain", "bad-port", "wrong-table", "missing-chain"];
    let expected = order.iter().zip(5..).map(|(code, line)| format!("error {code} host.rules:{line}"));
    let expected: Vec<String> = expected.collect();
    Draft::filter(lines).lints(&expected.iter().map(String::as_str).collect::<Vec<_>>());
}

#[test]
fn an_unknown_target_with_options_is_an_extension() {
    Draft::filter("-A INPUT -j TARPIT --tarpit\n-A INPUT -m geoip --src-cc CN -j DROP\n").lints(&[]);
}

#[test]
fn the_captures_have_no_fault() {
    for sample in SAMPLES {
        for family in [Family::Ipv4, Family::Ipv6] {
            let Some(text) = sample.text(family) else { continue };
            let draft = Draft::of(family, text);
            let mut findings = check::lint(&draft.ruleset, &Levels::default());
            // This is how Docker is.
            findings.retain(|finding| finding.code != "direct-routing");
            assert_eq!(summary(&findings), [""; 0], "{}", sample.name);
        }
    }
}

#[test]
fn levels_turn_findings_round() {
    let draft = Draft::filter(":A - [0:0]\n-A A -j A\n-A INPUT -j NOWHERE\n");
    let with = |change: &dyn Fn(&mut Levels)| {
        let mut levels = Levels::default();
        change(&mut levels);
        summary(&check::lint(&draft.ruleset, &levels))
    };
    let words = |code: &str| vec![code.to_owned()];
    let (jump, missing) = ("jump-loop host.rules:6", "missing-chain host.rules:7");
    assert_eq!(
        with(&|levels| levels.deny(&words("warnings")).unwrap()),
        [format!("error {jump}"), format!("error {missing}")]
    );
    assert_eq!(with(&|levels| levels.allow(&words("missing-chain")).unwrap()), [format!("warning {jump}")]);
    assert_eq!(
        with(&|levels| levels.warn(&words("missing-chain")).unwrap()),
        [format!("warning {jump}"), format!("warning {missing}")]
    );
    let error = Levels::default().deny(&words("mising-chain")).unwrap_err();
    assert_eq!(error.near, Some("missing-chain"));
}

#[test]
fn what_a_script_brings_in_cannot_be_allowed() {
    let mut draft = Draft::filter("");
    draft.append("INPUT", "-j NOWHERE");
    let mut levels = Levels::default();
    levels.allow(&["missing-chain".to_owned()]).unwrap();
    let rejected = check::check(draft.ruleset, &levels).unwrap_err();
    assert_eq!(summary(&rejected.diagnostics), ["error missing-chain site.rhai:1"]);
}
