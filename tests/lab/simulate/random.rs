//! Random rulesets and packets, the same for the same seed.

use std::net::IpAddr;

use dwscript::model::Family;

use super::site::{Party, Shot, parties};

/// A generator of numbers (splitmix64).
#[derive(Clone, Debug)]
pub(super) struct Dice(u64);

impl Dice {
    pub(super) const fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ 0xD1B5_4A32_D192_ED03)
    }

    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    pub(super) fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(limit).unwrap()).unwrap()
    }

    /// Whether something happens that does so `often` times of a hundred.
    pub(super) fn chance(&mut self, often: usize) -> bool {
        self.below(100) < often
    }

    pub(super) fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        let at = self.below(of.len());
        of[at]
    }
}

/// Ports that packets and rules have in common.
pub(super) const PORTS: [u16; 8] = [22, 53, 80, 443, 5432, 8080, 8090, 9000];

/// A packet from anybody to anybody.
///
/// `number` is its source port, or its identifier in ICMP.
pub(super) fn shot(dice: &mut Dice, family: Family, number: u16, ports: &[u16]) -> Shot {
    let everybody = parties();
    let from = dice.pick(&everybody);
    let to = loop {
        let to = dice.pick(&everybody);
        if to.name != from.name || from.name == "host" || dice.chance(20) {
            break to;
        }
    };
    let own = from.addresses(family);
    let destination = target(dice, family, from, to);
    let source = match from.interface {
        Some(_) => dice.pick(&own),
        None => host_source(family, destination, &own),
    };
    let (protocol, kind) = match dice.below(10) {
        0..=4 => (6, (2, 0)),
        5..=7 => (17, (0, 0)),
        _ if family == Family::Ipv4 => (1, (8, 0)),
        _ => (58, (128, 0)),
    };
    let has_ports = matches!(protocol, 6 | 17);
    let destination_port =
        if has_ports { if dice.chance(50) { dice.pick(ports) } else { dice.pick(&PORTS) } } else { 0 };
    let ttl = dice.pick(&[2, 63, 64, 128]);
    let tos = dice.pick(&[0, 0, 0, 0x10, 0xb8]);
    let source_port = number;
    Shot {
        wire: from.name,
        family,
        protocol,
        source,
        destination,
        source_port,
        destination_port,
        kind,
        ttl,
        tos,
    }
}

fn target(dice: &mut Dice, family: Family, from: Party, to: Party) -> IpAddr {
    if from.name == "host" && to.name == "host" && dice.chance(50) {
        return if family == Family::Ipv4 {
            [127, 0, 0, 1].into()
        } else {
            IpAddr::from([0, 0, 0, 0, 0, 0, 0, 1])
        };
    }
    dice.pick(&to.addresses(family))
}

/// The source that the host would choose.
fn host_source(family: Family, destination: IpAddr, own: &[IpAddr]) -> IpAddr {
    if destination.is_loopback() || own.contains(&destination) {
        return destination;
    }
    let behind = parties()
        .into_iter()
        .find(|party| party.name != "host" && party.addresses(family).contains(&destination));
    let interface = behind.and_then(|party| party.interface).unwrap_or("up0");
    let at = ["docker0", "br-app", "up0"].iter().position(|name| *name == interface).unwrap();
    own[at]
}

/// A ruleset with chains, marks, rewriting and whatever else a packet decides.
pub(super) fn ruleset(seed: u64, family: Family) -> String {
    let mut writer = Writer { dice: Dice::new(seed), family };
    let mut text = String::new();
    for (table, hooks) in TABLES {
        if *table != "filter" && writer.dice.chance(25) {
            continue;
        }
        writer.table(table, hooks, &mut text);
    }
    text
}

const TABLES: &[(&str, &[&str])] = &[
    ("raw", &["PREROUTING", "OUTPUT"]),
    ("mangle", &["PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"]),
    ("nat", &["PREROUTING", "INPUT", "OUTPUT", "POSTROUTING"]),
    ("filter", &["INPUT", "FORWARD", "OUTPUT"]),
    ("security", &["INPUT", "FORWARD", "OUTPUT"]),
];

struct Writer {
    dice: Dice,
    family: Family,
}

impl Writer {
    fn table(&mut self, table: &str, hooks: &[&str], text: &mut String) {
        let users = self.dice.below(5);
        *text += &format!("*{table}\n");
        for hook in hooks {
            let drops = table != "nat" && self.dice.chance(if table == "filter" { 15 } else { 3 });
            *text += &format!(":{hook} {} [0:0]\n", if drops { "DROP" } else { "ACCEPT" });
        }
        for user in 0..users {
            *text += &format!(":U{user} - [0:0]\n");
        }
        for hook in hooks {
            for _ in 0..self.dice.below(6) {
                let rule = self.rule(table, hook, 0, users);
                *text += &format!("-A {hook} {rule}\n");
            }
        }
        // A chain is reached from any hook, so that its rules must suit all of them; it jumps to later ones alone.
        for user in 0..users {
            for _ in 0..=self.dice.below(5) {
                let rule = self.rule(table, "", user + 1, users);
                *text += &format!("-A U{user} {rule}\n");
            }
        }
        *text += "COMMIT\n";
    }

    fn rule(&mut self, table: &str, hook: &str, first_user: usize, users: usize) -> String {
        let mut rule = String::new();
        let mut protocol = None;
        for _ in 0..self.dice.below(3) {
            self.base(hook, &mut rule);
        }
        if self.dice.chance(60) {
            protocol = Some(self.protocol(&mut rule));
        }
        if self.dice.chance(50) {
            self.matching(table, hook, protocol, &mut rule);
        }
        self.target(table, hook, protocol, first_user..users, &mut rule);
        rule
    }

    fn not(&mut self) -> &'static str {
        if self.dice.chance(25) { "! " } else { "" }
    }

    fn base(&mut self, hook: &str, rule: &mut String) {
        let not = self.not();
        let said = |rule: &String, option: &str| rule.contains(&format!("{option} "));
        match self.dice.below(4) {
            0 if !said(rule, "-s") => *rule += &format!("{not}-s {} ", self.network()),
            1 if !said(rule, "-d") => *rule += &format!("{not}-d {} ", self.network()),
            2 if !said(rule, "-i") && matches!(hook, "PREROUTING" | "INPUT" | "FORWARD" | "") => {
                *rule += &format!("{not}-i {} ", self.interface(not));
            }
            3 if !said(rule, "-o") && matches!(hook, "POSTROUTING" | "OUTPUT" | "FORWARD" | "") => {
                *rule += &format!("{not}-o {} ", self.interface(not));
            }
            _ => {}
        }
    }

    fn network(&mut self) -> &'static str {
        match self.family {
            Family::Ipv4 => self.dice.pick(&[
                "10.9.0.0/24",
                "10.9.0.2/32",
                "10.9.0.1/32",
                "172.17.0.0/16",
                "172.17.0.2/32",
                "172.18.0.2/32",
                "172.16.0.0/12",
                "127.0.0.0/8",
                "198.51.100.0/24",
                "172.18.0.0/16",
                "172.17.0.2/255.255.0.255",
            ]),
            Family::Ipv6 => self.dice.pick(&[
                "fd00:9::/64",
                "fd00:9::2/128",
                "fd00:9::1/128",
                "fd00:17::/64",
                "fd00:17::2/128",
                "fd00:18::2/128",
                "fd00::/16",
                "::1/128",
                "2001:db8::/32",
                "fd00:18::/64",
            ]),
        }
    }

    fn address(&mut self) -> &'static str {
        match self.family {
            Family::Ipv4 => self.dice.pick(&[
                "172.17.0.2",
                "172.17.0.3",
                "172.18.0.2",
                "10.9.0.2",
                "10.9.0.1",
                "198.51.100.7",
                "172.18.0.1",
            ]),
            Family::Ipv6 => self.dice.pick(&[
                "fd00:17::2",
                "fd00:17::3",
                "fd00:18::2",
                "fd00:9::2",
                "fd00:9::1",
                "2001:db8:6::7",
                "fd00:18::1",
            ]),
        }
    }

    /// The lone `+` is not negated: iptables-legacy-save does not print it then, and the rule reads as its opposite.
    fn interface(&mut self, not: &str) -> &'static str {
        if !not.is_empty() {
            return self.dice.pick(&["up0", "docker0", "br-app", "lo", "br-+", "docker+", "eth0"]);
        }
        self.dice.pick(&["up0", "docker0", "br-app", "lo", "br-+", "docker+", "eth0", "+"])
    }

    fn port(&mut self) -> u16 {
        self.dice.pick(&PORTS)
    }

    /// Writes a protocol, and perhaps what only it has.
    fn protocol(&mut self, rule: &mut String) -> &'static str {
        let icmp = if self.family == Family::Ipv4 { "icmp" } else { "ipv6-icmp" };
        let name = self.dice.pick(&["tcp", "tcp", "udp", icmp]);
        if self.dice.chance(10) {
            *rule += &format!("! -p {name} ");
            return "";
        }
        *rule += &format!("-p {name} ");
        let (not, port) = (self.not(), self.port());
        match (name, self.dice.below(6)) {
            ("tcp" | "udp", 0 | 1) => *rule += &format!("-m {name} {not}--dport {port} "),
            ("tcp" | "udp", 2) => *rule += &format!("-m {name} {not}--dport {port}:{} ", port + 3000),
            ("tcp" | "udp", 3) => {
                let which = self.dice.pick(&["dports", "sports", "ports"]);
                *rule += &format!("-m multiport {not}--{which} {port},10000:30000,443 ");
            }
            ("tcp", 4) => {
                let flags = self.dice.pick(&["SYN,ACK SYN", "FIN,SYN,RST,ACK SYN", "SYN,RST RST", "ACK ACK"]);
                *rule += &format!("-m tcp {not}--tcp-flags {flags} ");
            }
            ("icmp", 0..=2) => *rule += &format!("-m icmp {not}--icmp-type 8 "),
            ("icmp", 3) => *rule += "-m icmp --icmp-type any ",
            ("ipv6-icmp", 0..=3) => *rule += &format!("-m icmp6 {not}--icmpv6-type 128 "),
            _ => {}
        }
        name
    }

    fn matching(&mut self, table: &str, hook: &str, protocol: Option<&str>, rule: &mut String) {
        let not = self.not();
        let (network, port) = (self.network(), self.port());
        let text = match self.dice.below(16) {
            0 => format!(
                "-m conntrack {not}--ctstate {} ",
                self.dice.pick(&[
                    "NEW",
                    "INVALID",
                    "RELATED,ESTABLISHED",
                    "UNTRACKED",
                    "DNAT",
                    "SNAT",
                    "NEW,UNTRACKED"
                ])
            ),
            1 => format!("-m conntrack {not}--ctorigdst {network} "),
            2 if matches!(protocol, Some("tcp" | "udp")) => {
                format!("-m conntrack {not}--ctorigdstport {port} ")
            }
            3 => format!("-m conntrack {not}--ctreplsrc {network} "),
            4 => format!("-m conntrack --ctdir {} ", self.dice.pick(&["ORIGINAL", "REPLY"])),
            5 => format!("-m mark {not}--mark {} ", self.dice.pick(&["0x0", "0x1", "0x2/0x3", "0x10/0xf0"])),
            6 => format!("-m connmark {not}--mark {} ", self.dice.pick(&["0x0", "0x1", "0x4/0xc"])),
            7 | 8 => self.address_type(hook, not),
            9 => self.range(not),
            10 => format!(
                "-m pkttype {not}--pkt-type {} ",
                self.dice.pick(&["unicast", "broadcast", "multicast"])
            ),
            11 => self.hops(not),
            12 => format!("-m tos {not}--tos {} ", self.dice.pick(&["0x10/0xff", "0x00/0xff", "0xb8/0xf8"])),
            13 => format!("-m length {not}--length {} ", self.dice.pick(&["0:60", "52", "40:200"])),
            14 => format!(
                "-m conntrack {not}--ctstatus {} ",
                self.dice.pick(&["NONE", "CONFIRMED", "SEEN_REPLY", "EXPECTED"])
            ),
            15 if matches!(table, "raw" | "mangle") && hook == "PREROUTING" => {
                format!("-m rpfilter {}", self.dice.pick(&["", "--loose ", "--invert "]))
            }
            _ => format!(
                "-m state {not}--state {} ",
                self.dice.pick(&["NEW", "INVALID", "ESTABLISHED,RELATED"])
            ),
        };
        *rule += &text;
    }

    fn address_type(&mut self, hook: &str, not: &str) -> String {
        let side = self.dice.pick(&["src", "dst"]);
        let kind = match self.family {
            Family::Ipv4 => {
                self.dice.pick(&["LOCAL", "UNICAST", "BROADCAST", "MULTICAST", "LOCAL,BROADCAST"])
            }
            Family::Ipv6 => self.dice.pick(&["LOCAL", "UNICAST", "MULTICAST", "LOCAL,UNICAST"]),
        };
        let limit = match hook {
            "PREROUTING" | "INPUT" if self.dice.chance(25) => "--limit-iface-in ",
            "POSTROUTING" | "OUTPUT" if self.dice.chance(25) => "--limit-iface-out ",
            _ => "",
        };
        format!("-m addrtype {not}--{side}-type {kind} {limit}")
    }

    fn range(&mut self, not: &str) -> String {
        let side = self.dice.pick(&["src", "dst"]);
        let range = match self.family {
            Family::Ipv4 => {
                self.dice.pick(&["172.17.0.2-172.17.0.9", "10.9.0.1-10.9.0.2", "172.17.0.1-172.18.0.2"])
            }
            Family::Ipv6 => {
                self.dice.pick(&["fd00:17::2-fd00:17::9", "fd00:9::1-fd00:9::2", "fd00:17::1-fd00:18::2"])
            }
        };
        format!("-m iprange {not}--{side}-range {range} ")
    }

    fn hops(&mut self, not: &str) -> String {
        let name = if self.family == Family::Ipv4 { "ttl" } else { "hl" };
        match self.dice.below(3) {
            0 => format!("-m {name} {not}--{name}-eq 63 "),
            1 => format!("-m {name} --{name}-lt 64 "),
            _ => format!("-m {name} --{name}-gt 63 "),
        }
    }

    fn target(
        &mut self,
        table: &str,
        hook: &str,
        protocol: Option<&str>,
        users: std::ops::Range<usize>,
        rule: &mut String,
    ) {
        if !users.is_empty() && self.dice.chance(35) {
            let user = users.start + self.dice.below(users.len());
            let how = if self.dice.chance(30) { "-g" } else { "-j" };
            *rule += &format!("{how} U{user}");
            return;
        }
        let text = match self.dice.below(8) {
            0 => String::new(),
            1 => "-j RETURN".to_owned(),
            2 => "-j ACCEPT".to_owned(),
            3 if table != "nat" => "-j DROP".to_owned(),
            4 if table == "filter" => "-j DROP".to_owned(),
            _ => self.special(table, hook, protocol),
        };
        *rule += &text;
        rule.truncate(rule.trim_end().len());
    }

    fn special(&mut self, table: &str, hook: &str, protocol: Option<&str>) -> String {
        match (table, hook) {
            ("raw", _) => self
                .dice
                .pick(&[
                    "-j CT --notrack",
                    "-j CT --notrack",
                    "-j TRACE",
                    "-j MARK --set-xmark 0x1/0xffffffff",
                ])
                .to_string(),
            ("nat", "PREROUTING" | "OUTPUT") => self.destination(protocol),
            ("nat", "POSTROUTING") => match self.dice.below(3) {
                0 => "-j MASQUERADE".to_owned(),
                _ => format!("-j SNAT --to-source {}", self.address()),
            },
            ("nat", "INPUT") => format!("-j SNAT --to-source {}", self.address()),
            ("mangle", _) => match self.dice.below(5) {
                0 => "-j TOS --set-tos 0x10/0xff".to_owned(),
                1 if self.family == Family::Ipv4 => "-j TTL --ttl-set 63".to_owned(),
                1 => "-j HL --hl-set 63".to_owned(),
                _ => self.mark(),
            },
            ("filter" | "security", _) => match self.dice.below(4) {
                0 => "-j LOG --log-prefix \"x \"".to_owned(),
                1 => "-j NFLOG --nflog-group 3".to_owned(),
                _ => self.mark(),
            },
            _ => "-j ACCEPT".to_owned(),
        }
    }

    fn mark(&mut self) -> String {
        (self.dice.pick(&[
            "-j MARK --set-xmark 0x1/0xffffffff",
            "-j MARK --set-xmark 0x2/0x3",
            "-j MARK --set-xmark 0x10/0x0",
            "-j CONNMARK --set-xmark 0x1/0xffffffff",
            "-j CONNMARK --set-xmark 0x4/0xc",
            "-j CONNMARK --save-mark --nfmask 0xffffffff --ctmask 0xffffffff",
            "-j CONNMARK --restore-mark --nfmask 0xf --ctmask 0xf",
        ]))
        .to_owned()
    }

    fn destination(&mut self, protocol: Option<&str>) -> String {
        let ports = matches!(protocol, Some("tcp" | "udp"));
        let (address, port) = (self.address(), self.port());
        let bracketed = if self.family == Family::Ipv6 { format!("[{address}]") } else { address.to_owned() };
        match self.dice.below(5) {
            0 if ports => format!("-j REDIRECT --to-ports {port}"),
            1 => "-j REDIRECT".to_owned(),
            2 if ports => format!("-j DNAT --to-destination {bracketed}:{port}"),
            3 if self.family == Family::Ipv4 => "-j NETMAP --to 172.18.0.0/30".to_owned(),
            3 => "-j NETMAP --to fd00:18::/126".to_owned(),
            4 if ports => format!("-j DNAT --to-destination {bracketed}:{port}-{}", port + 5),
            _ => format!("-j DNAT --to-destination {address}"),
        }
    }
}
