//! Networks as the helpers take them: a view of one, a name, or a bridge.

use rhai::{Dynamic, NativeCallContext};

use super::docker_view::{ContainerView, DockerView, NetworkView, PublishedView};
use super::fault::{Fault, Native, raise, shortened};
use super::session::session;
use super::spelling::value::type_name;
use crate::diagnostic::{did_you_mean, list};

/// The most names that an error lists.
const NAMES: usize = 12;

/// What a script can mean by a network, and the ports that it publishes.
pub(super) struct Networks {
    networks: Vec<NetworkView>,
    /// The bridges as `docker.bridges` gives them, patterns too.
    patterns: Vec<String>,
    /// Whether names are known.
    named: bool,
    /// The published ports with their containers' bridges.
    pub(super) ports: Vec<(String, HostPort)>,
}

/// A port of the host.
pub(super) struct HostPort {
    pub(super) host_ip: Option<String>,
    pub(super) host_port: u16,
    pub(super) protocol: String,
}

/// A network that a rule is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Side {
    /// Its bridge, which may be a pattern.
    pub(super) bridge: String,
}

impl Networks {
    /// What there is.
    pub(super) fn of(context: &NativeCallContext) -> Self {
        let docker = DockerView(session(context));
        let port = |view: PublishedView| {
            let port = view.0;
            let own = HostPort { host_ip: port.host_ip, host_port: port.host_port, protocol: port.protocol };
            Some((port.bridge?, own))
        };
        let mut ports: Vec<(String, HostPort)> = docker.published().into_iter().filter_map(port).collect();
        ports.extend(docker.proxied_bridges().into_iter().map(|(bridge, port)| {
            (bridge, HostPort { host_ip: port.host_ip, host_port: port.host_port, protocol: port.protocol })
        }));
        Self { networks: docker.networks(), patterns: docker.bridges(), named: docker.names_known(), ports }
    }

    /// The network that a script gave the function `name`.
    pub(super) fn side(&self, context: &NativeCallContext, name: &str, given: &Dynamic) -> Native<Side> {
        if let Some(view) = given.read_lock::<NetworkView>() {
            return Ok(Side { bridge: view.0.bridge.clone() });
        }
        let Some(text) = given.read_lock::<rhai::ImmutableString>() else {
            return Err(raise(context, no_network(name, given)));
        };
        let is_bridge = |view: &&NetworkView| view.0.bridge == text.as_str();
        if self.networks.iter().any(|view| is_bridge(&view))
            || self.patterns.iter().any(|own| *own == text.as_str())
        {
            return Ok(Side { bridge: text.to_string() });
        }
        let named = self.networks.iter().find(|view| view.name().as_deref() == Some(text.as_str()));
        named
            .map(|view| Side { bridge: view.0.bridge.clone() })
            .ok_or_else(|| raise(context, self.unknown(&text)))
    }

    fn unknown(&self, name: &str) -> Fault {
        let fault = Fault::new(
            "unknown-network",
            format!("Docker has no network `{}` with a bridge", shortened(&name)),
        );
        let bridges = self.networks.iter().map(|view| view.0.bridge.clone());
        let names: Vec<String> = self.networks.iter().filter_map(NetworkView::name).chain(bridges).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let fault = if self.named {
            fault
        } else {
            fault.note("Docker itself cannot be asked for names here, and its rules have bridges alone")
        };
        match did_you_mean(name, names.iter().copied()) {
            Some(near) => fault.help(format!("did you mean `{near}`?")),
            None if names.is_empty() => fault.help("test `docker.present` where a script can do without"),
            None => fault.help(format!("there are {}", list(names, NAMES))),
        }
    }
}

fn no_network(name: &str, given: &Dynamic) -> Fault {
    let what = if given.is::<PublishedView>() {
        "a published port"
    } else if given.is::<ContainerView>() {
        "a container"
    } else {
        type_name(given)
    };
    Fault::new("bad-value", format!("`{name}` takes a network, and this is {what}"))
        .help("give one of `docker.networks`, a network's name, or its bridge")
}
