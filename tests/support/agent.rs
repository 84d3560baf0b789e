//! This test binary again, inside a namespace: it sends probes or answers them.
//!
//! The standard library cannot enter a namespace, so [`probe`] and [`serve`] start the running
//! binary there, through `nsenter`, with nothing but the test below to run. A plain run of that
//! test finds no order and does nothing.

use std::collections::BTreeMap;
use std::fmt;
use std::io::{self, BufRead as _, BufReader, ErrorKind, Read as _, Write as _};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::support::process::{run, stdout_of};

/// The order for the agent: `probe`, `pester`, or `serve` and what to listen on.
const ORDER: &str = "DWSCRIPT_TEST_AGENT";
/// The name of the test below, as libtest spells it.
const AGENT: &str = "support::agent::agent";
/// How long an answer may take. A lost packet is sent again after one second.
const PATIENCE: Duration = Duration::from_millis(2500);
/// Between two probes that are repeated: an engine's docker-proxy and its web server start a process for each.
const PAUSE: Duration = Duration::from_millis(5);
/// A request that a web server answers and any other service ignores.
const REQUEST: &[u8] = b"GET / HTTP/1.0\r\n\r\n";
/// A DNS query for the address of `db`.
const DNS_QUERY: &[u8] = b"\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x02db\x00\x00\x01\x00\x01";

/// What became of a probe.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Outcome {
    /// The service that was meant answered.
    Ok,
    /// Someone answered that nobody listens: a reset, an ICMP error, or a closed connection.
    Refused,
    /// No answer came, or the own kernel refused to send.
    Drop,
    /// Another service answered.
    Wrong,
}

impl Outcome {
    const ALL: [Self; 4] = [Self::Ok, Self::Refused, Self::Drop, Self::Wrong];
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ok => "ok",
            Self::Refused => "refused",
            Self::Drop => "drop",
            Self::Wrong => "wrong",
        })
    }
}

/// How a probe knocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Knock {
    /// A TCP connection that must bring a line with the expected words.
    Tcp,
    /// A UDP datagram that must bring one with the expected words.
    Udp,
    /// An ICMP echo request.
    Ping,
    /// A DNS query for the container `db`, answered by any address.
    Dns,
}

impl Knock {
    const ALL: [(&'static str, Self); 4] =
        [("tcp", Self::Tcp), ("udp", Self::Udp), ("ping", Self::Ping), ("dns", Self::Dns)];
}

/// One probe: a name, how and where it knocks, and a word of the right answer.
#[derive(Clone, Debug)]
pub(crate) struct Probe {
    name: String,
    knock: Knock,
    target: SocketAddr,
    expected: String,
}

impl Probe {
    /// A probe of `address` and `port`; `expected` is one word of the right service's answer.
    ///
    /// # Panics
    /// When the address is none.
    pub(crate) fn new(name: &str, knock: Knock, address: &str, port: u16, expected: &str) -> Self {
        let address: IpAddr = address.parse().unwrap_or_else(|error| panic!("{name}: `{address}`: {error}"));
        let target = SocketAddr::new(address, port);
        Self { name: name.to_owned(), knock, target, expected: expected.to_owned() }
    }

    fn to_line(&self) -> String {
        let knock = Knock::ALL.iter().find(|(_, knock)| *knock == self.knock).map_or("", |(word, _)| word);
        format!("{} {knock} {} {}\n", self.name, self.target, self.expected)
    }

    fn from_line(line: &str) -> Option<Self> {
        let mut words = line.split(' ');
        let name = words.next()?.to_owned();
        let word = words.next()?;
        let (_, knock) = Knock::ALL.into_iter().find(|(known, _)| *known == word)?;
        let target = words.next()?.parse().ok()?;
        Some(Self { name, knock, target, expected: words.next().unwrap_or_default().to_owned() })
    }

    fn run(&self) -> Outcome {
        let answer = match self.knock {
            Knock::Tcp => self.tcp(),
            Knock::Udp => self.udp(REQUEST),
            Knock::Dns => self.udp(DNS_QUERY),
            Knock::Ping => return ping(self.target.ip()),
        };
        match answer {
            Ok(bytes) if bytes.is_empty() => Outcome::Refused,
            Ok(bytes) => self.judge(&bytes),
            Err(error) => match error.kind() {
                ErrorKind::ConnectionRefused | ErrorKind::ConnectionReset => Outcome::Refused,
                _ => Outcome::Drop,
            },
        }
    }

    fn judge(&self, answer: &[u8]) -> Outcome {
        let right = match self.knock {
            // The third and fourth byte hold the flags: an answer, and no error in its low bits.
            Knock::Dns => {
                answer.get(2).is_some_and(|b| b & 0x80 != 0) && answer.get(3).is_some_and(|b| b % 16 == 0)
            }
            _ => String::from_utf8_lossy(answer).contains(&self.expected),
        };
        if right { Outcome::Ok } else { Outcome::Wrong }
    }

    /// The whole answer: docker-proxy accepts a connection before it has one to the container.
    fn tcp(&self) -> io::Result<Vec<u8>> {
        let mut stream = TcpStream::connect_timeout(&self.target, PATIENCE)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.write_all(REQUEST)?;
        let mut answer = Vec::new();
        match stream.read_to_end(&mut answer) {
            Err(error) if answer.is_empty() => Err(error),
            _ => Ok(answer),
        }
    }

    fn udp(&self, request: &[u8]) -> io::Result<Vec<u8>> {
        let any: IpAddr = match self.target {
            SocketAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
            SocketAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
        };
        let socket = UdpSocket::bind((any, 0))?;
        socket.set_read_timeout(Some(PATIENCE))?;
        socket.connect(self.target)?;
        socket.send(request)?;
        let mut answer = vec![0; 512];
        let length = socket.recv(&mut answer)?;
        answer.truncate(length);
        Ok(answer)
    }
}

fn ping(target: IpAddr) -> Outcome {
    let family = if target.is_ipv6() { "-6" } else { "-4" };
    let mut command = Command::new("busybox");
    command.args(["ping", family, "-c", "1", "-W", "2", &target.to_string()]);
    if run(&mut command, b"").status.success() { Outcome::Ok } else { Outcome::Drop }
}

/// Sends all probes at once from a namespace; the outcomes by the probes' names.
#[track_caller]
pub(crate) fn probe(namespace: &Path, probes: &[Probe]) -> BTreeMap<String, Outcome> {
    let lines: String = probes.iter().map(Probe::to_line).collect();
    let output = run(agent_command(namespace).env(ORDER, "probe"), lines.as_bytes());
    let outcomes: BTreeMap<_, _> = stdout_of(&output).lines().filter_map(outcome_of).collect();
    assert_eq!(outcomes.len(), probes.len(), "probes without an outcome: {outcomes:?}");
    outcomes
}

fn outcome_of(line: &str) -> Option<(String, Outcome)> {
    let (name, word) = line.strip_prefix("probe ")?.split_once(' ')?;
    let outcome = Outcome::ALL.into_iter().find(|outcome| outcome.to_string() == word)?;
    Some((name.to_owned(), outcome))
}

/// Listeners in a namespace, until the value is dropped.
#[derive(Debug)]
pub(crate) struct Listeners(Child);

impl Drop for Listeners {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        let _ = self.0.wait();
    }
}

/// Listens on ports such as `tcp:22` over both families; each answers `NAME:PORT` and a newline.
///
/// # Panics
/// When the agent ends before it listens.
#[track_caller]
pub(crate) fn serve(namespace: &Path, name: &str, ports: &[&str]) -> Listeners {
    let order = format!("serve {name} {}", ports.join(" "));
    let mut command = agent_command(namespace);
    command.env(ORDER, order).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::inherit());
    let mut child = command.spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert!(
        lines.any(|line| line.is_ok_and(|line| line == "agent listens")),
        "{name} cannot listen on {ports:?}"
    );
    // The rest of the output must go somewhere, or the agent would stop at a full pipe.
    thread::spawn(move || lines.for_each(drop));
    Listeners(child)
}

/// One probe after the other from a namespace, until it is asked what became of them.
#[derive(Debug)]
pub(crate) struct Pester(Child);

/// What became of the probes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Pestered {
    /// How many there were.
    pub(crate) probes: usize,
    /// Those that did not bring the right answer, and when, in milliseconds after the first.
    pub(crate) failures: Vec<String>,
    /// How often the namespace's kernel asked for a connection again: a lost packet that no probe shows.
    pub(crate) repeated: u64,
}

/// Repeats a probe from a namespace.
#[track_caller]
pub(crate) fn pester(namespace: &Path, probe: &Probe) -> Pester {
    let mut command = agent_command(namespace);
    command.env(ORDER, "pester").stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::inherit());
    let mut child = command.spawn().unwrap();
    child.stdin.as_mut().unwrap().write_all(probe.to_line().as_bytes()).unwrap();
    Pester(child)
}

impl Pester {
    /// Ends it; what became of the probes.
    #[track_caller]
    pub(crate) fn end(mut self) -> Pestered {
        drop(self.0.stdin.take());
        let mut text = String::new();
        self.0.stdout.take().unwrap().read_to_string(&mut text).unwrap();
        let said = |what: &str| -> Vec<String> {
            text.lines().filter_map(|line| line.strip_prefix(what)).map(ToOwned::to_owned).collect()
        };
        let total = said("pestered ").pop().unwrap();
        let (probes, repeated) = total.split_once(' ').unwrap();
        Pestered {
            probes: probes.parse().unwrap(),
            failures: said("failed "),
            repeated: repeated.parse().unwrap(),
        }
    }
}

impl Drop for Pester {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        let _ = self.0.wait();
    }
}

fn agent_command(namespace: &Path) -> Command {
    let mut command = Command::new("nsenter");
    command.arg(format!("--net={}", namespace.display())).arg("--").arg(std::env::current_exe().unwrap());
    command.args([AGENT, "--exact", "--nocapture", "--test-threads=1"]);
    command
}

/// Not a test of anything: the part that runs in the namespace, when there is an order for it.
#[test]
fn agent() {
    let order = std::env::var(ORDER).unwrap_or_default();
    let mut words = order.split(' ');
    match words.next() {
        Some("probe") => probe_all(),
        Some("serve") => serve_all(words.next().unwrap(), words),
        Some("pester") => pester_all(),
        _ => {}
    }
}

fn probe_all() {
    let lines: Vec<String> = io::stdin().lines().map_while(Result::ok).collect();
    thread::scope(|scope| {
        for probe in lines.iter().filter_map(|line| Probe::from_line(line)) {
            scope.spawn(move || say(&format!("probe {} {}", probe.name, probe.run())));
        }
    });
}

fn pester_all() {
    let mut line = String::new();
    io::stdin().read_line(&mut line).unwrap();
    let probe = Probe::from_line(line.trim_end()).unwrap();
    let ended = thread::spawn(|| io::stdin().read_to_end(&mut Vec::new()));
    let (begun, repeated) = (Instant::now(), repeated_connects());
    let mut probes = 0;
    while !ended.is_finished() {
        let at = begun.elapsed().as_millis();
        let outcome = probe.run();
        probes += 1;
        if outcome != Outcome::Ok {
            say(&format!("failed {outcome} at {at} ms"));
        }
        thread::sleep(PAUSE);
    }
    say(&format!("pestered {probes} {}", repeated_connects() - repeated));
}

/// How often a connection's first packet was sent again in this namespace.
fn repeated_connects() -> u64 {
    let text = std::fs::read_to_string("/proc/net/netstat").unwrap();
    let mut lines = text.lines().filter_map(|line| line.strip_prefix("TcpExt: "));
    let (names, values) = (lines.next().unwrap().split(' '), lines.next().unwrap().split(' '));
    names.zip(values).find(|(name, _)| *name == "TCPSynRetrans").unwrap().1.parse().unwrap()
}

fn serve_all<'a>(name: &str, ports: impl Iterator<Item = &'a str>) {
    for port in ports {
        let (protocol, number) = port.split_once(':').unwrap();
        let address = SocketAddr::new(Ipv6Addr::UNSPECIFIED.into(), number.parse().unwrap());
        let answer = format!("{name}:{number}\n");
        match protocol {
            "tcp" => serve_tcp(TcpListener::bind(address).unwrap(), answer),
            _ => serve_udp(UdpSocket::bind(address).unwrap(), answer),
        }
    }
    say("agent listens");
    let _ = io::stdin().read_to_end(&mut Vec::new());
}

fn serve_tcp(listener: TcpListener, answer: String) {
    thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            // Reading the request first keeps the close from becoming a reset.
            let _ = stream.set_read_timeout(Some(PATIENCE));
            let _ = stream.read(&mut [0; 512]);
            let _ = stream.write_all(answer.as_bytes());
        }
    });
}

fn serve_udp(socket: UdpSocket, answer: String) {
    thread::spawn(move || {
        let mut request = [0; 512];
        while let Ok((_, sender)) = socket.recv_from(&mut request) {
            let _ = socket.send_to(answer.as_bytes(), sender);
        }
    });
}

/// One line on the real standard output, whole, with threads writing beside.
fn say(line: &str) {
    let mut out = io::stdout().lock();
    let _ = out.write_all(format!("\n{line}\n").as_bytes());
    let _ = out.flush();
}
