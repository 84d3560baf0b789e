//! Deltas, loaded by the real iptables-restore: what comes of them is the target, and of their inverses the base.

use dwscript::delta::{self, Delta};
use dwscript::model::{Family, TableName};
use dwscript::samples::SAMPLES;
use dwscript::save;

use crate::corpus::Verdict;
use crate::delta::pairs::{self, Editor, Pool, Random, Spelling, State};
use crate::support::command::dwscript;
use crate::support::namespace::{Backend, Namespace};
use crate::support::process::text;
use crate::support::skip::available;

/// A scratch host.
struct Host {
    namespace: Namespace,
    backend: Backend,
    family: Family,
}

impl Host {
    fn new(backend: Backend, family: Family) -> Option<Self> {
        available(backend.check())?;
        let host = Self { namespace: available(Namespace::new())?, backend, family };
        let family = if family == Family::Ipv4 { "inet" } else { "inet6" };
        for set in [
            "hosts hash:ip",
            "nets hash:net",
            "pairs hash:ip,port",
            "marks hash:ip",
            "docker-ext-bridges-v4 hash:net",
        ] {
            let (name, kind) = set.split_once(' ').unwrap();
            let skbinfo = if name == "marks" { &["skbinfo", "timeout", "60"][..] } else { &[] };
            let words = [&["create", name, kind, "family", family], skbinfo].concat();
            host.namespace.run("ipset", &words, b"");
        }
        Some(host)
    }

    /// Loads a text; what iptables-restore says against it.
    fn restore(&self, text: &str, args: &[&str]) -> Result<(), String> {
        let output = self.namespace.restore(self.backend, self.family, text, args);
        if output.status.success() { Ok(()) } else { Err(self::text(&output.stderr)) }
    }

    /// Loads a whole ruleset into empty tables.
    fn fresh(&self, text: &str) -> Result<(), String> {
        let empty = TableName::ALL.map(|table| {
            let hooks = table.hooks().iter();
            let chains: String = hooks.map(|hook| format!(":{} ACCEPT [0:0]\n", hook.as_str())).collect();
            format!("*{table}\n{chains}COMMIT\n")
        });
        self.restore(&empty.concat(), &[]).unwrap();
        self.restore(text, &[])
    }

    fn saved(&self) -> String {
        self.namespace.save(self.backend, self.family)
    }

    fn state(&self) -> State {
        pairs::saved_state(&self.saved())
    }
}

fn written(delta: &Delta) -> String {
    let mut out = Vec::new();
    delta.write(&mut out).unwrap();
    String::from_utf8(out).unwrap()
}

/// Tries one pair out; whether the kernel takes both of its rulesets.
fn try_pair(host: &Host, pool: &Pool, seed: u64) -> bool {
    let mut random = Random::new(seed);
    let spelling = if random.below(2) == 0 { Spelling::AsWritten } else { Spelling::Saved };
    let mut base = pairs::base(pool, spelling, &mut random);
    if host.fresh(&base).is_err() {
        return false;
    }
    if spelling == Spelling::Saved {
        base = host.saved();
    }
    let before = host.state();
    let ruleset = pairs::parse(&base, host.family);
    assert_eq!(pairs::state(&ruleset), before, "seed {seed}\n{base}");
    let mut editor = Editor { pool, random, ruleset };
    editor.edit();
    let ruleset = editor.ruleset;
    let mut target = Vec::new();
    save::write(&ruleset, &mut target).unwrap();
    let target = String::from_utf8(target).unwrap();
    let (forward, inverse) = (written(&delta::forward(&ruleset)), written(&delta::inverse(&ruleset)));
    let about = || format!("seed {seed}\n{base}delta\n{forward}inverse\n{inverse}target\n{target}");
    if let Err(error) = host.restore(&forward, &["-n"]) {
        assert!(host.fresh(&target).is_err(), "{error}{}", about());
        return false;
    }
    let after = host.state();
    assert_eq!(after, pairs::state(&ruleset), "the delta: {}", about());
    host.restore(&inverse, &["-n"]).unwrap_or_else(|error| panic!("{error}{}", about()));
    assert_eq!(host.state(), before, "the inverse: {}", about());
    host.fresh(&target).unwrap_or_else(|error| panic!("{error}{}", about()));
    assert_eq!(host.state(), after, "the whole: {}", about());
    true
}

fn try_pairs(backend: Backend, family: Family) {
    let Some(host) = Host::new(backend, family) else { return };
    let pool = Pool::new(family, |entry| *entry.verdict(backend) == Verdict::Same);
    let wanted = if std::env::var_os("DWSCRIPT_SOAK").is_some() { 500 } else { 40 };
    let first: u64 = std::env::var("DWSCRIPT_SEED").map_or(1, |seed| seed.parse().unwrap());
    let mut good = 0;
    for seed in first.. {
        good += usize::from(try_pair(&host, &pool, seed));
        if good == wanted {
            break;
        }
        assert!(seed < first + 4 * wanted as u64, "only {good} pairs load");
    }
}

#[test]
fn random_deltas_over_nft() {
    try_pairs(Backend::Nft, Family::Ipv4);
    try_pairs(Backend::Nft, Family::Ipv6);
}

#[test]
fn random_deltas_over_legacy() {
    try_pairs(Backend::Legacy, Family::Ipv4);
    try_pairs(Backend::Legacy, Family::Ipv6);
}

#[test]
fn rules_that_differ_in_a_prefix_length_alone_are_told_apart() {
    let text = |rules: &str| format!("*filter\n:INPUT ACCEPT [0:0]\n{rules}COMMIT\n");
    let (wide, narrow) = ("-A INPUT -s 2001:db8::/32 -j ACCEPT\n", "-A INPUT -s 2001:db8::/48 -j ACCEPT\n");
    for backend in Backend::ALL {
        let Some(host) = Host::new(backend, Family::Ipv6) else { continue };
        let [base, target] = [&[wide, narrow, "-A INPUT -j DROP\n"].concat(), wide].map(text);
        host.fresh(&base).unwrap();
        let [base, target] = [base, target].map(|text| pairs::parse(&text, Family::Ipv6));
        let delta = delta::between(delta::View::result(&base), delta::View::result(&target));
        host.restore(&written(&delta), &["-n"]).unwrap();
        assert_eq!(host.state(), pairs::state(&target), "{backend:?}");
    }
}

#[test]
fn shipped_scripts_on_every_sample() {
    for backend in Backend::ALL {
        for family in [Family::Ipv4, Family::Ipv6] {
            let Some(host) = Host::new(backend, family) else { continue };
            for sample in SAMPLES {
                let Some(base) = sample.text(family) else { continue };
                for script in ["scripts/harden.rhai", "scripts/tutorial.rhai"] {
                    try_script(&host, script, sample.name, base);
                }
            }
        }
    }
}

fn try_script(host: &Host, script: &str, sample: &str, base: &str) {
    let family = if host.family == Family::Ipv4 { "-4" } else { "-6" };
    let run = |args: &[&str]| {
        let output = dwscript(&[&[script, "--sample", sample, family], args].concat(), b"");
        assert!(output.status.success() || output.stdout.is_empty(), "{script} on {sample}");
        output.status.success().then(|| text(&output.stdout))
    };
    let Some(target) = run(&[]) else { return };
    let (forward, inverse) = (run(&["--delta"]).unwrap(), run(&["--delta", "--inverse"]).unwrap());
    let about = || format!("{script} on {sample} over {:?}", host.backend);
    let restore =
        |text: &str| host.restore(text, &["-n"]).unwrap_or_else(|error| panic!("{}: {error}", about()));
    host.fresh(base).unwrap_or_else(|error| panic!("{}: {error}", about()));
    let before = host.state();
    restore(&forward);
    let after = host.state();
    assert_eq!(after, pairs::state(&pairs::parse(&target, host.family)), "{}\n{forward}", about());
    restore(&inverse);
    assert_eq!(host.state(), before, "{}\n{inverse}", about());
    host.fresh(&target).unwrap();
    assert_eq!(host.state(), after, "{}\n{forward}", about());
}
