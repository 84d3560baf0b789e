//! What is read, what is printed, and what is refused. The kernel's word on far more lines is in `tests/lab`.

use super::*;
use crate::model::names::{Hook, TableName};

#[track_caller]
fn spec(text: &str) -> Spec<'_> {
    match Spec::parse(text, Family::Ipv4) {
        Ok(spec) => spec,
        Err(error) => panic!("{text}: {error}"),
    }
}

#[track_caller]
fn prints(text: &str, printed: &str) {
    let once = spec(text).canonical();
    assert_eq!(once, printed, "{text}");
    assert_eq!(spec(&once).canonical(), once, "canonical text must stay as it is");
}

#[track_caller]
fn refused(text: &str, code: &str, marked: &str) {
    let error = match Spec::parse(text, Family::Ipv4) {
        Ok(spec) => panic!("{text} was taken for {}", spec.canonical()),
        Err(error) => error,
    };
    assert_eq!((error.code(), &text[error.span.range()]), (code, marked), "{text}: {error}");
}

#[test]
fn options_are_ordered_and_modules_made_explicit() {
    prints(
        "-p tcp --dport 22 ! -s 10.1.2.3/8 -j ACCEPT -m conntrack --ctstate ESTABLISHED,RELATED -i eth0",
        "! -s 10.0.0.0/8 -i eth0 -p tcp -m tcp --dport 22 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT",
    );
    prints("-p udp --sport 53 -g CHAIN", "-p udp -m udp --sport 53 -g CHAIN");
    prints("-p 6 --syn", "-p tcp -m tcp --tcp-flags FIN,SYN,RST,ACK SYN");
}

#[test]
fn spellings_of_getopt() {
    prints("-p tcp -mtcp --dport=22 -vj DROP", "-p tcp -m tcp --dport 22 -j DROP");
    prints("--proto tcp --dpor 22 --ju DROP", "-p tcp -m tcp --dport 22 -j DROP");
    prints("-fi eth0 -j DROP", "-i eth0 -f -j DROP");
    prints(r#"-m comment --comment="a b" -j DROP --"#, r#"-m comment --comment "a b" -j DROP"#);
    refused("--d 10.0.0.1", "ambiguous-option", "--d");
    refused("-p tcp --syn=1", "unexpected-value", "--syn=1");
    refused("-ptcp", "joined-value", "-ptcp");
    refused("-p tcp --jump=ACCEPT", "joined-value", "--jump=ACCEPT");
    refused("-p tcp --dport", "missing-value", "--dport");
    refused("-z", "unknown-option", "-z");
    refused("-p tcp --dprt 22", "unknown-option", "--dprt");
    refused("-s 10.0.0.1 junk", "stray-word", "junk");
    refused("-j DROP -- -p tcp", "stray-word", "-p");
}

#[test]
fn an_option_belongs_to_the_match_that_has_it() {
    prints(
        "-m comment --comment one -m comment --comment two",
        "-m comment --comment one -m comment --comment two",
    );
    prints(
        "-m conntrack -m comment --comment x --ctstate NEW",
        "-m conntrack --ctstate NEW -m comment --comment x",
    );
    prints("-m mark --mark 1 -m connmark --mark 2", "-m mark --mark 0x1 -m connmark --mark 0x2");
    refused("-m comment --comment a --comment b", "duplicate-option", "--comment");
    refused("-p tcp -m multiport --dports 80 --dport 22", "duplicate-option", "--dport");
    refused("-m conntrack -j DROP", "missing-option", "conntrack");
    refused("-m tcp --dport 22", "match-needs-protocol", "tcp");
    refused("-m multiport --dports 80 -p tcp", "port-without-protocol", "80");
}

#[test]
fn what_is_not_understood_stays() {
    prints("-m foo --bar 1 2 ! --baz -j QUUX --x", "-m foo --bar 1 2 ! --baz -j QUUX --x");
    prints(r#"-m foo --bar=1 -5 "a b" -j DROP"#, r#"-m foo --bar=1 -5 "a b" -j DROP"#);
    prints("-p tcp -m foo --bar --dport 22 -j X", "-p tcp -m foo --bar -m tcp --dport 22 -j X");
    assert!(!spec("-m foo --bar").is_understood());
    assert!(spec("-j CHAIN").is_understood());
}

#[test]
fn negation() {
    prints("! -i eth0 ! -p tcp ! -f", "! -i eth0 ! -p tcp ! -f");
    refused("! -j DROP", "bad-negation", "!");
    refused("! ! -s 10.0.0.1", "bad-negation", "!");
    refused("-s 10.0.0.1 !", "bad-negation", "!");
    refused("-s ! 10.0.0.1", "bad-address", "!");
    refused("! -s 10.0.0.1,10.0.0.2", "bad-negation", "! -s 10.0.0.1,10.0.0.2");
    refused("! -p all", "bad-negation", "! -p all");
    refused("-m limit ! --limit 1/s", "bad-negation", "!");
}

#[test]
fn values_that_are_none() {
    refused("-p tcp --dport 65536", "bad-port", "65536");
    refused("-p tcp --dport 9:1", "bad-port", "9:1");
    refused("-s 10.0.0.256", "bad-address", "10.0.0.256");
    refused("-s 2001:db8::1", "mixed-family", "2001:db8::1");
    refused("-i interface-too-long", "bad-interface", "interface-too-long");
    refused("-p tpc", "bad-protocol", "tpc");
    refused("-m conntrack --ctstate NEVER", "unknown-name", "NEVER");
    refused("-m limit --limit 5/week", "bad-value", "5/week");
    refused("-m icmp6", "wrong-family", "icmp6");
    refused("-t nat -j DROP", "not-in-rule", "-t");
    refused(r#"-m comment --comment "a"#, "unterminated-quote", "");
}

#[test]
fn messages_say_what_to_do() {
    let message = |text| Spec::parse(text, Family::Ipv4).unwrap_err().to_string();
    assert_eq!(
        message("-p tpc"),
        "`tpc` is not a protocol; give its name or a number from 0 to 255; did you mean `tcp`?"
    );
    assert_eq!(
        message("-m conntrack"),
        "`-m conntrack` needs `--ctstate` or `--ctproto` or `--ctorigsrc` or one of 10 more; add one of them"
    );
    assert_eq!(
        message("--ctstate NEW"),
        "no option `--ctstate` here; did you mean `-m conntrack --ctstate`?"
    );
}

#[test]
fn lists_of_addresses_are_several_rules() {
    let spec = spec("-s 10.0.0.1,10.0.0.2 -d 10.1.0.0/16,10.2.0.0/16 -j DROP");
    let rules: Vec<String> = spec.expand().map(|rule| rule.canonical()).collect();
    let pairs = ["1/32 -d 10.1.0.0", "1/32 -d 10.2.0.0", "2/32 -d 10.1.0.0", "2/32 -d 10.2.0.0"];
    assert_eq!(rules, pairs.map(|pair| format!("-s 10.0.0.{pair}/16 -j DROP")));
    assert_eq!(Spec::parse("-6 -j DROP", Family::Ipv4).unwrap().rule_count(), 0);
}

#[test]
fn what_scripts_and_checks_ask() {
    let spec = spec(
        "! -s 10.0.0.0/8 -i br-+ -p tcp --dport 22 -m comment --comment x -j DNAT --to-destination 10.0.0.1:2222",
    );
    assert_eq!(spec.protocol_name(), Some(Negated { negated: false, value: "tcp".to_owned() }));
    assert!(spec.source().unwrap().negated);
    assert_eq!(spec.in_interface().unwrap().value, "br-+");
    assert_eq!(spec.option("dport").unwrap().value, "22");
    assert_eq!(spec.option("to-destination").unwrap().value, "10.0.0.1:2222");
    assert_eq!(spec.target().unwrap().name(), "DNAT");
    assert_eq!(spec.tables(), TableSet::of(&[TableName::Nat]));
    assert_eq!(spec.hooks(), HookSet::of(&[Hook::Prerouting]));
    assert!(spec.has_match("tcp") && !spec.has_match("udp") && !spec.is_goto());
}

#[test]
fn keys_of_maps_find_their_owner() {
    let owner = |long, protocol| keys::owner(long, Family::Ipv4, protocol, &[]).unwrap().extension.name;
    assert_eq!(owner("dport", Some(17)), "udp");
    assert_eq!(owner("dport", Some(6)), "tcp");
    assert_eq!(owner("dports", Some(6)), "multiport");
    assert_eq!(owner("to-destination", None), "DNAT");
    assert!(matches!(keys::find("in_interface"), Some(keys::Key::Base(BaseOption::InInterface))));
    assert_eq!(keys::similar("ctsate").as_deref(), Some("ctstate"));
    assert!(keys::find("nonsense").is_none());
}

#[test]
fn a_parser_is_used_again() {
    let mut parser = Parser::new();
    assert!(parser.check("-p tcp --dport 22 -j ACCEPT", Family::Ipv4).is_ok());
    assert!(parser.check("-p tcp --dport x! -j ACCEPT", Family::Ipv4).is_err());
    let spec = parser.parse("-j DROP", Family::Ipv4).unwrap();
    assert_eq!(spec.canonical(), "-j DROP");
}

#[test]
fn notes_tell_what_iptables_does_not() {
    let codes = |text: &str| -> Vec<&'static str> {
        spec(text).notes().iter().map(|note| note.kind.code()).collect()
    };
    assert_eq!(codes("-p udp --dport 65536"), ["port-wraps"]);
    assert_eq!(codes("-p udp --dport 65535 -j LOG --log-prefix short"), [""; 0]);
    assert_eq!(codes(&format!("-j LOG --log-prefix {}", "x".repeat(30))), ["text-cut"]);
    assert_eq!(codes("-p icmpv6"), ["never-matches"]);
}
