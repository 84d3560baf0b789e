//! A Docker host as administrators have it, and every question about who reaches whom there.
//!
//! ```text
//! client 10.9.0.2, also the outside     host 10.9.0.1, fd00:9::1
//!   tcp 22 53 80 443, udp 53 123          tcp 22 8080
//!                                         network app:  web (80 and 443 to its port 80), db (5432, not published)
//!                                         docker0:      solo (8088 to its port 80)
//!                                         network side: peer (8090 to its port 80)
//! ```
//!
//! A cell is named `WHO-WHAT`; the probe behind it is a real packet from a real namespace, and it
//! is `ok` only when the very service that was meant has answered.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::thread;

use dwscript::model::Family;

use crate::support::agent::{Knock, Listeners, Outcome, Probe, probe, serve};
use crate::support::lab::{CLIENT, HOST, HOST6, Lab, Options};
use crate::support::process::text;
use crate::support::skip::Skip;

/// The outcome of each cell.
pub(crate) type Cells = BTreeMap<String, Outcome>;

/// Whether `iptables-restore` flushes the tables that its text names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// A full restore.
    Full,
    /// With `--noflush`.
    Delta,
}

/// A running Docker host with its containers, services and surroundings.
#[derive(Debug)]
pub(crate) struct Scene {
    /// The lab below, for whatever else a test wants.
    pub(crate) lab: Lab,
    addresses: Addresses,
    _services: [Listeners; 2],
}

#[derive(Debug)]
struct Addresses {
    db: String,
    solo: String,
}

impl Scene {
    /// Sets everything up, which takes about three seconds.
    pub(crate) fn new(options: Options) -> Result<Self, Skip> {
        let lab = Lab::with(options)?;
        let services = [
            serve(&lab.host_namespace(), "host", &["tcp:22", "tcp:8080"]),
            serve(
                &lab.client_namespace(),
                "outside",
                &["tcp:22", "tcp:53", "tcp:80", "tcp:443", "udp:53", "udp:123"],
            ),
        ];
        lab.docker(&["network", "create", "app"]);
        lab.docker(&["network", "create", "side"]);
        run_web(&lab, "web", &["--network", "app", "-p", "80:80", "-p", "443:80"]);
        run_web(&lab, "solo", &["-p", "8088:80"]);
        run_web(&lab, "peer", &["--network", "side", "-p", "8090:80"]);
        lab.run_container("db", &["--network", "app"], &["nc", "-ll", "-p", "5432", "-e", "echo", "db"]);
        let addresses = Addresses {
            db: lab.container_address("db", "app"),
            solo: lab.container_address("solo", "bridge"),
        };
        Ok(Self { lab, addresses, _services: services })
    }

    /// Loads rules on the host, per family; an empty text leaves its family alone.
    ///
    /// # Panics
    /// When `iptables-restore` refuses the text.
    #[track_caller]
    pub(crate) fn load(&self, v4: &str, v6: &str, mode: Mode) {
        let args: &[&str] = match mode {
            Mode::Full => &[],
            Mode::Delta => &["-n"],
        };
        for (family, rules) in [(Family::Ipv4, v4), (Family::Ipv6, v6)] {
            if !rules.is_empty() {
                let output = self.lab.restore(family, rules, args);
                assert!(output.status.success(), "{family:?}: {}\n{rules}", text(&output.stderr));
            }
        }
    }

    /// Measures every cell, all at once; about three seconds when something is dropped.
    #[track_caller]
    pub(crate) fn measure(&self) -> Cells {
        let places: [(PathBuf, Vec<Probe>); 4] = [
            (self.lab.client_namespace(), client_probes()),
            (self.lab.host_namespace(), host_probes(&self.addresses)),
            (self.lab.container_namespace("web"), app_probes(&self.addresses)),
            (self.lab.container_namespace("solo"), solo_probes(&self.addresses)),
        ];
        thread::scope(|scope| {
            let running = places.each_ref().map(|(place, probes)| scope.spawn(move || probe(place, probes)));
            running.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
        })
    }
}

/// A container with a web server on port 80 whose page is the container's name.
fn run_web(lab: &Lab, name: &str, options: &[&str]) {
    let server = format!("echo {name} >/www/index.html; exec httpd -f -p 80 -h /www");
    lab.run_container(name, options, &["sh", "-c", &server]);
}

/// Another machine: the host's services, a closed port, what is published, and the same over IPv6.
fn client_probes() -> Vec<Probe> {
    vec![
        Probe::new("client-ping", Knock::Ping, HOST, 0, ""),
        Probe::new("client-ssh", Knock::Tcp, HOST, 22, "host:22"),
        Probe::new("client-host-8080", Knock::Tcp, HOST, 8080, "host:8080"),
        Probe::new("client-closed-udp", Knock::Udp, HOST, 9999, ""),
        Probe::new("client-published-80", Knock::Tcp, HOST, 80, "web"),
        Probe::new("client-published-443", Knock::Tcp, HOST, 443, "web"),
        Probe::new("client-published-8090", Knock::Tcp, HOST, 8090, "peer"),
        Probe::new("client-published-docker0", Knock::Tcp, HOST, 8088, "solo"),
        Probe::new("client6-ping", Knock::Ping, HOST6, 0, ""),
        Probe::new("client6-ssh", Knock::Tcp, HOST6, 22, "host:22"),
        Probe::new("client6-host-8080", Knock::Tcp, HOST6, 8080, "host:8080"),
        Probe::new("client6-published-80", Knock::Tcp, HOST6, 80, "web"),
        Probe::new("client6-published-docker0", Knock::Tcp, HOST6, 8088, "solo"),
    ]
}

/// The host itself: its loopback, a container's unpublished port, and the outside.
fn host_probes(addresses: &Addresses) -> Vec<Probe> {
    let lo = "127.0.0.1";
    vec![
        Probe::new("host-lo-published-80", Knock::Tcp, lo, 80, "web"),
        Probe::new("host-lo-published-443", Knock::Tcp, lo, 443, "web"),
        Probe::new("host-lo-published-docker0", Knock::Tcp, lo, 8088, "solo"),
        Probe::new("host-lo-8080", Knock::Tcp, lo, 8080, "host:8080"),
        Probe::new("host-lo-ping", Knock::Ping, lo, 0, ""),
        Probe::new("host-container-5432", Knock::Tcp, &addresses.db, 5432, "db"),
        Probe::new("host-outside-80", Knock::Tcp, CLIENT, 80, "outside:80"),
        Probe::new("host-outside-443", Knock::Tcp, CLIENT, 443, "outside:443"),
        Probe::new("host-outside-udp-53", Knock::Udp, CLIENT, 53, "outside:53"),
        Probe::new("host-outside-53", Knock::Tcp, CLIENT, 53, "outside:53"),
        Probe::new("host-outside-udp-123", Knock::Udp, CLIENT, 123, "outside:123"),
        Probe::new("host-outside-ping", Knock::Ping, CLIENT, 0, ""),
        Probe::new("host-outside-22", Knock::Tcp, CLIENT, 22, "outside:22"),
    ]
}

/// The container `web` in the network `app`.
fn app_probes(addresses: &Addresses) -> Vec<Probe> {
    vec![
        Probe::new("app-outside", Knock::Tcp, CLIENT, 80, "outside:80"),
        Probe::new("app-same-network", Knock::Tcp, &addresses.db, 5432, "db"),
        Probe::new("app-dns", Knock::Dns, "127.0.0.11", 53, ""),
        Probe::new("app-host-8080", Knock::Tcp, HOST, 8080, "host:8080"),
        Probe::new("app-own-published", Knock::Tcp, HOST, 80, "web"),
        Probe::new("app-other-published", Knock::Tcp, HOST, 8088, "solo"),
        Probe::new("app-other-network", Knock::Tcp, &addresses.solo, 80, "solo"),
    ]
}

/// The container `solo` on `docker0`.
fn solo_probes(addresses: &Addresses) -> Vec<Probe> {
    vec![
        Probe::new("docker0-outside", Knock::Tcp, CLIENT, 80, "outside:80"),
        Probe::new("docker0-host-8080", Knock::Tcp, HOST, 8080, "host:8080"),
        Probe::new("docker0-own-published", Knock::Tcp, HOST, 8088, "solo"),
        Probe::new("docker0-other-published", Knock::Tcp, HOST, 80, "web"),
        Probe::new("docker0-other-network", Knock::Tcp, &addresses.db, 5432, "db"),
    ]
}
