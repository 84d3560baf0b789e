//! A host of its own for packets: an uplink, two bridges with two containers each, and nobody who answers.
//!
//! ```text
//! client 10.9.0.2, the router too ── up0     10.9.0.1     fd00:9::1
//! c1 172.17.0.2, c2 172.17.0.3    ── docker0 172.17.0.1   fd00:17::1
//! d1 172.18.0.2, d2 172.18.0.3    ── br-app  172.18.0.1   fd00:18::1
//! ```

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{IpAddr, Ipv6Addr};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Stdio};

use dwscript::model::Family;
use dwscript::simulate::{Facts, Interface, Origin, Route, Subnet};

use crate::support::namespace::{Backend, Namespace};
use crate::support::process::{find, stdout_of};
use crate::support::skip::Skip;

/// A link of the host's: the far end's name, the interface, and the number of its network.
struct Link {
    wire: &'static str,
    port: &'static str,
    interface: &'static str,
    mac: &'static str,
    /// The last part of the address of whoever is there.
    host: u8,
}

const LINKS: [Link; 5] = [
    Link { wire: "client", port: "up0", interface: "up0", mac: "02:00:00:00:09:02", host: 2 },
    Link { wire: "c1", port: "p1", interface: "docker0", mac: "02:00:00:00:17:02", host: 2 },
    Link { wire: "c2", port: "p2", interface: "docker0", mac: "02:00:00:00:17:03", host: 3 },
    Link { wire: "d1", port: "p3", interface: "br-app", mac: "02:00:00:00:18:02", host: 2 },
    Link { wire: "d2", port: "p4", interface: "br-app", mac: "02:00:00:00:18:03", host: 3 },
];

/// The interfaces of the host in the order of their making, their hardware addresses and networks.
const INTERFACES: [(&str, &str, [&str; 2]); 3] = [
    ("docker0", "02:00:00:00:17:01", ["172.17.0.1/16", "fd00:17::1/64"]),
    ("br-app", "02:00:00:00:18:01", ["172.18.0.1/16", "fd00:18::1/64"]),
    ("up0", "02:00:00:00:09:01", ["10.9.0.1/24", "fd00:9::1/64"]),
];

/// Addresses behind the client.
const OUTSIDE: [&str; 2] = ["198.51.100.7", "2001:db8:6::7"];

/// Whoever can send or receive a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Party {
    /// `host`, or the far end of a link.
    pub(super) name: &'static str,
    /// The host's interface that it is behind.
    pub(super) interface: Option<&'static str>,
    /// The number of the address in the interface's network.
    host: u8,
}

/// Everybody, the host first.
pub(super) fn parties() -> Vec<Party> {
    let host = Party { name: "host", interface: None, host: 1 };
    let far =
        LINKS.iter().map(|link| Party { name: link.wire, interface: Some(link.interface), host: link.host });
    std::iter::once(host).chain(far).collect()
}

impl Party {
    /// Its addresses.
    pub(super) fn addresses(&self, family: Family) -> Vec<IpAddr> {
        let at = usize::from(family == Family::Ipv6);
        let on = |interface: &str, host: u8| {
            let (.., nets) = INTERFACES.iter().find(|(name, ..)| *name == interface).unwrap();
            let own: Subnet = nets[at].parse().unwrap();
            match own.address {
                IpAddr::V4(own) => IpAddr::from([own.octets()[0], own.octets()[1], own.octets()[2], host]),
                IpAddr::V6(own) => Ipv6Addr::from_bits((own.to_bits() & !0xff) | u128::from(host)).into(),
            }
        };
        let Some(interface) = self.interface else {
            return INTERFACES.iter().map(|(name, ..)| on(name, 1)).collect();
        };
        let mut addresses = vec![on(interface, self.host)];
        if self.name == "client" {
            addresses.push(OUTSIDE[at].parse().unwrap());
        }
        addresses
    }
}

/// The hardware address that a packet from `wire` to `destination` carries.
pub(super) fn next_hop(wire: &str, destination: IpAddr) -> &'static str {
    let Some(link) = LINKS.iter().find(|link| link.wire == wire) else { return "-" };
    let family = if destination.is_ipv4() { Family::Ipv4 } else { Family::Ipv6 };
    let beside = parties().into_iter().find(|party| {
        party.interface == Some(link.interface)
            && party.name != wire
            && party.addresses(family).contains(&destination)
    });
    let beside = beside.and_then(|party| LINKS.iter().find(|link| link.wire == party.name));
    let (_, mac, _) = INTERFACES.iter().find(|(name, ..)| *name == link.interface).unwrap();
    beside.map_or(mac, |link| link.mac)
}

/// A packet to send.
#[derive(Clone, Debug)]
pub(super) struct Shot {
    pub(super) wire: &'static str,
    pub(super) family: Family,
    pub(super) protocol: u8,
    pub(super) source: IpAddr,
    pub(super) destination: IpAddr,
    pub(super) source_port: u16,
    pub(super) destination_port: u16,
    /// TCP's flags and a 0, or type and code of ICMP.
    pub(super) kind: (u8, u8),
    pub(super) ttl: u8,
    pub(super) tos: u8,
}

impl Shot {
    /// How many bytes it has.
    pub(super) const fn length(&self) -> u16 {
        let header = match self.family {
            Family::Ipv4 => 20,
            Family::Ipv6 => 40,
        };
        let transport = if self.protocol == 6 { 20 } else { 8 };
        header + transport + 12
    }
}

/// Where a packet came out, and with which addresses and ports.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Arrived {
    pub(super) wire: String,
    pub(super) source: IpAddr,
    pub(super) destination: IpAddr,
    pub(super) ports: (u16, u16),
}

/// The host and its surroundings.
pub(super) struct Site {
    host: Namespace,
    _wires: Namespace,
    agent: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    shell: Child,
    commands: ChildStdin,
    answers: BufReader<ChildStdout>,
    sent: u32,
    ports: u16,
    backend: Backend,
    bridge_netfilter: bool,
}

impl Site {
    /// A new host over `backend`.
    pub(super) fn new(backend: Backend) -> Result<Self, Skip> {
        backend.check()?;
        let python = find("python3")?;
        let (host, wires) = (Namespace::new()?, Namespace::new()?);
        stdout_of(&wires.run("sh", &["-c", "echo 1 >/proc/sys/net/ipv6/conf/default/disable_ipv6"], b""));
        stdout_of(&host.run("sh", &["-c", SYSCTLS], b""));
        stdout_of(&host.run("ip", &["-batch", "-"], links(wires.pid()).as_bytes()));
        let up: String = LINKS.iter().map(wire_up).collect();
        stdout_of(&wires.run("ip", &["-batch", "-"], up.as_bytes()));
        stdout_of(&host.run("ip", &["-batch", "-"], addresses().as_bytes()));
        stdout_of(&host.run("bridge", &["-batch", "-"], known_ports().as_bytes()));
        let forwarding = "for key in ipv4/ip_forward ipv6/conf/all/forwarding; do echo 1 >/proc/sys/net/$key; done; cat /proc/sys/net/bridge/bridge-nf-call-iptables 2>/dev/null; true";
        let bridge = stdout_of(&host.run("sh", &["-c", forwarding], b""));
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/lab/simulate/wires.py");
        let mut command = host.command(python);
        command.arg(script).arg(wires.path()).args(LINKS.iter().map(|link| link.wire));
        let mut agent = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let mut shell = host.command("sh").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let mut site = Self {
            input: agent.stdin.take().unwrap(),
            output: BufReader::new(agent.stdout.take().unwrap()),
            commands: shell.stdin.take().unwrap(),
            answers: BufReader::new(shell.stdout.take().unwrap()),
            host,
            _wires: wires,
            agent,
            shell,
            sent: 0,
            ports: 10_000,
            backend,
            bridge_netfilter: bridge.trim() == "1",
        };
        assert_eq!(site.line(), "ready");
        Ok(site)
    }

    /// What is known of the host.
    pub(super) fn facts(&self, text: &str) -> Facts {
        let interface = |(name, _, nets): &(&str, &str, [&str; 2])| Interface {
            addresses: nets.iter().map(|net| net.parse().unwrap()).collect(),
            is_bridge: *name != "up0",
            ..Interface::new(*name, Origin::Told)
        };
        let route = |family| Route {
            destination: Subnet::everything(family),
            interface: "up0".to_owned(),
            gateway: None,
            source: None,
            origin: Origin::Told,
        };
        let routes = [Family::Ipv4, Family::Ipv6].map(route).to_vec();
        let mut facts = Facts::new(INTERFACES.iter().map(interface).collect(), routes);
        facts.bridge_netfilter = self.bridge_netfilter;
        for set in sets(text) {
            facts.sets.insert(set.to_owned(), MEMBERS.map(|net| net.parse().unwrap()).to_vec());
        }
        facts
    }

    /// Loads a ruleset in place of the last one, and swallows what comes for the ports that it names.
    #[track_caller]
    pub(super) fn load(&mut self, family: Family, text: &str, ports: &[u16]) {
        for set in sets(text) {
            self.make_set(family, set);
        }
        let flushed = self.host.restore(self.backend, family, EMPTY, &[]);
        stdout_of(&flushed);
        let output = self.host.restore(self.backend, family, text, &[]);
        assert!(output.status.success(), "{}\n{text}", String::from_utf8_lossy(&output.stderr));
        stdout_of(&self.host.run("conntrack", &["--flush"], b""));
        let ports: Vec<String> = ports.iter().map(ToString::to_string).collect();
        self.order(&format!("listen {}", ports.join(" ")));
    }

    /// An ipset of networks, which rules may name.
    fn make_set(&self, family: Family, name: &str) {
        let kind = if family == Family::Ipv4 { "inet" } else { "inet6" };
        let member = MEMBERS[usize::from(family == Family::Ipv6)];
        let order = format!("create {name} hash:net family {kind}\nadd {name} {member}\n");
        stdout_of(&self.host.run("ipset", &["-exist", "restore"], order.as_bytes()));
    }

    /// A source port that no packet had: each begins a connection of its own.
    pub(super) fn unused_port(&mut self) -> u16 {
        self.ports = if self.ports < 60_000 { self.ports + 1 } else { 10_000 };
        self.ports
    }

    /// Swallows what comes for one more port of the host, which it would answer with a reset.
    pub(super) fn hold(&mut self, port: u16) {
        self.order(&format!("hold {port}"));
    }

    /// What `iptables-save -c` prints.
    pub(super) fn counters(&mut self, family: Family) -> String {
        let save = match family {
            Family::Ipv4 => "iptables-save",
            Family::Ipv6 => "ip6tables-save",
        };
        let program = self.backend.program().unwrap();
        writeln!(self.commands, "{} {save} -c; echo; echo '# end'", program.display()).unwrap();
        let mut text = String::new();
        while !text.ends_with("# end\n") {
            assert!(self.answers.read_line(&mut text).unwrap() > 0, "the shell is gone: {text}");
        }
        text.truncate(text.len() - "# end\n".len());
        text
    }

    /// Sends a packet; its number, and what has come out by now.
    pub(super) fn send(&mut self, shot: &Shot) -> (u32, Vec<Arrived>) {
        self.sent += 1;
        let Shot {
            wire, protocol, source, destination, source_port, destination_port, kind, ttl, tos, ..
        } = shot;
        let family = if shot.family == Family::Ipv4 { 4 } else { 6 };
        let (mac, number) = (next_hop(wire, *destination), self.sent);
        let (a, b) = kind;
        let order = format!(
            "send {number} {wire} {mac} {family} {protocol} {source} {destination} {source_port} {destination_port} {a} {b} {ttl} {tos}"
        );
        (number, self.order(&order).into_iter().filter(|(of, _)| *of == number).map(|(_, one)| one).collect())
    }

    /// What has come out of the packet since it was sent.
    pub(super) fn arrivals(&mut self, number: u32) -> Vec<Arrived> {
        self.order("sync").into_iter().filter(|(of, _)| *of == number).map(|(_, one)| one).collect()
    }

    fn order(&mut self, order: &str) -> Vec<(u32, Arrived)> {
        writeln!(self.input, "{order}").unwrap();
        let mut arrived = Vec::new();
        loop {
            let line = self.line();
            let words: Vec<&str> = line.split(' ').collect();
            match words.as_slice() {
                ["done"] => return arrived,
                ["arrived", number, wire, source, destination, from, to] => {
                    let ports = (from.parse().unwrap(), to.parse().unwrap());
                    let (source, destination) = (source.parse().unwrap(), destination.parse().unwrap());
                    let one = Arrived { wire: (*wire).to_owned(), source, destination, ports };
                    arrived.push((number.parse().unwrap(), one));
                }
                ["refused", ..] => {}
                _ => panic!("the agent says `{line}` to `{order}`"),
            }
        }
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        assert!(self.output.read_line(&mut line).unwrap() > 0, "the agent is gone");
        line.trim_end().to_owned()
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        // Each ends with its input; but the fields are dropped behind this.
        for child in [&mut self.agent, &mut self.shell] {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// What each set holds, of either family.
const MEMBERS: [&str; 2] = ["172.17.0.0/16", "fd00:17::/64"];

/// The ipsets that a text names.
fn sets(text: &str) -> Vec<&str> {
    let named = text.split("--match-set ").skip(1).filter_map(|rest| rest.split(' ').next());
    let mut sets: Vec<&str> = named.collect();
    sets.sort_unstable();
    sets.dedup();
    sets
}

/// Rules that leave nothing of others.
const EMPTY: &str = "*raw\nCOMMIT\n*mangle\nCOMMIT\n*nat\nCOMMIT\n*filter\nCOMMIT\n*security\nCOMMIT\n";

/// Quiet: no answers, no multicast reports, no redirects.
const SYSCTLS: &str = "cd /proc/sys/net
echo 1 >ipv4/icmp_echo_ignore_all
echo 1 >ipv6/icmp/echo_ignore_all
for name in all default; do
    echo 0 >ipv4/conf/$name/rp_filter
    echo 0 >ipv4/conf/$name/send_redirects
    echo 0 >ipv6/conf/$name/accept_ra
    echo 0 >ipv6/conf/$name/accept_dad
    echo 0 >ipv6/conf/$name/router_solicitations
    echo 1 >ipv6/conf/$name/addr_gen_mode
    echo 1 >ipv6/conf/$name/mldv1_unsolicited_report_interval
    echo 1 >ipv6/conf/$name/mldv2_unsolicited_report_interval
done
true";

fn links(wires: u32) -> String {
    let mut text = String::new();
    for (name, mac, _) in INTERFACES.iter().filter(|(name, ..)| *name != "up0") {
        text += &format!("link add {name} address {mac} type bridge mcast_snooping 0\n");
    }
    for Link { wire, port, interface, .. } in &LINKS {
        text += &format!("link add {port} type veth peer name {wire} netns {wires}\n");
        if port != interface {
            text += &format!("link set {port} master {interface}\n");
        }
    }
    text += &format!("link set up0 address {}\n", INTERFACES[2].1);
    for name in ["up0", "docker0", "br-app", "p1", "p2", "p3", "p4"] {
        text += &format!("link set {name} up\n");
    }
    text
}

fn wire_up(Link { wire, mac, .. }: &Link) -> String {
    format!("link set {wire} address {mac} arp off up\n")
}

/// Behind which port of its bridge each is, so that nothing is flooded.
fn known_ports() -> String {
    let bridged = LINKS.iter().filter(|link| link.port != link.interface);
    bridged.map(|Link { port, mac, .. }| format!("fdb replace {mac} dev {port} master static\n")).collect()
}

/// Addresses, and of whom they are told at once.
fn addresses() -> String {
    let mut text = String::new();
    for (name, _, nets) in INTERFACES {
        text += &format!("addr add {} dev {name}\naddr add {} dev {name} nodad\n", nets[0], nets[1]);
    }
    for party in parties().iter().filter(|party| party.name != "host") {
        let link = LINKS.iter().find(|link| link.wire == party.name).unwrap();
        for family in [Family::Ipv4, Family::Ipv6] {
            let address = party.addresses(family)[0];
            let Link { interface, mac, .. } = link;
            text += &format!("neigh replace {address} lladdr {mac} dev {interface} nud permanent\n");
        }
    }
    text + "route add default via 10.9.0.2 dev up0\nroute add default via fd00:9::2 dev up0\n"
}
