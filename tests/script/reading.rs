//! Reading: what each property and method says.

use super::said;

#[test]
fn a_rule_tells_its_parts() {
    let text = said(
        "let r = chain(\"INPUT\").rules[1]; print(r.chain); print(r.table); print(r.position); print(r.protocol);\n\
         print(r.source); print(r.destination == ()); print(r.in_interface == ()); print(r.out_interface == ());\n\
         print(r.dport); print(r.sport == ()); print(r.target); print(r.comment); print(r.counters == ());\n\
         print(r.has(\"comment\")); print(r.option(\"dport\")); print(r.text == r.canonical); print(chain(\"SITE\").rules[-1].ctstate);",
    );
    assert_eq!(
        text,
        "INPUT\nfilter\n2\ntcp\n10.0.0.0/8\ntrue\ntrue\ntrue\n22\ntrue\nACCEPT\na b\ntrue\ntrue\n22\ntrue\nRELATED,ESTABLISHED\n"
    );
}

#[test]
fn chains_tables_and_lists_tell_theirs() {
    let text = said(
        "let c = chain(\"INPUT\"); print(c.name); print(c.table); print(c.policy); print(chain(\"SITE\").policy == ());\n\
         print(c.counters.packets); print(c.counters.bytes); print(chain(\"SITE\").references); print(c.rules.len);\n\
         print(c.rules.is_empty()); print(c.rules.some(|r| r.target == \"SITE\")); print(c.rules.all(|r| r.target == \"SITE\"));\n\
         print(c.rules.map(|r| r.position).len()); print(c.rules.to_array().len()); print(chains().len()); print(tables().len());\n\
         print(ruleset.tables.len()); print(ruleset.family); print(table(\"nat\").chains.len()); print(has_chain(\"SITE\"));\n\
         print(has_rule(\"INPUT\", \"-i lo -j ACCEPT\")); print(find(\"INPUT\", \"ACCEPT\").len()); print(count(\"INPUT\", \"ACCEPT\"));\n\
         let n = 0; for r in c.rules { n += r.position; } print(n); print(table(\"filter\").chain(\"SITE\").name);\n\
         print(docker.present); print(docker.layout == ()); print(docker.bridges.len()); print(docker.published.len());",
    );
    let words: Vec<&str> = text.lines().collect();
    assert_eq!(
        words.join(" "),
        "INPUT filter ACCEPT true 3 4 1 3 false true false 3 3 4 5 5 ipv4 4 true true 2 2 6 SITE false true 0 0"
    );
}
