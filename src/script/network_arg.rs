//! Networks as the helpers take them: a view of one, a name, or a bridge.

use rhai::{Dynamic, NativeCallContext};

use super::docker_view::{ContainerView, DockerView, NetworkView, PublishedView};
use super::fault::{Fault, Native, raise, shortened};
use super::session::session;
use super::spelling::value::type_name;
use crate::diagnostic::{did_you_mean, list};
use crate::model::Family;

/// The most names that an error lists.
const NAMES: usize = 12;

/// A port of the host.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Dialled {
    pub(super) protocol: String,
    pub(super) host_ip: Option<String>,
    pub(super) host_port: u16,
}

/// The ports that containers publish, each with the bridge of its container. Docker itself is asked for those that docker-proxy
/// alone serves; there are none of IPv4 where rules hand ports on.
pub(super) fn ports(context: &NativeCallContext) -> Vec<(String, Dialled)> {
    let docker = DockerView(session(context));
    let ruled = docker.published().into_iter().filter_map(|view: PublishedView| {
        let port = view.0;
        let own = Dialled { protocol: port.protocol, host_ip: port.host_ip, host_port: port.host_port };
        Some((port.bridge?, own))
    });
    let mut ports: Vec<(String, Dialled)> = ruled.collect();
    let is_ipv6 = session(context).borrow().ruleset.family() == Family::Ipv6;
    if is_ipv6 || docker.layout().is_none() {
        ports.extend(docker.proxied_bridges().into_iter().map(|(bridge, port)| {
            let own = Dialled { protocol: port.protocol, host_ip: port.host_ip, host_port: port.host_port };
            (bridge, own)
        }));
    }
    ports
}

/// The bridge of the one network that a script gave the function `name`.
pub(super) fn bridge(context: &NativeCallContext, name: &str, given: &Dynamic) -> Native<String> {
    let bridge = bridges(context, name, given)?;
    if bridge.ends_with('+') {
        let fault = Fault::new("bad-value", format!("`{name}` takes one network, and `{bridge}` is any"));
        return Err(raise(context, fault.help("go through `docker.networks`, which has each by itself")));
    }
    Ok(bridge)
}

/// The same, or a pattern of `docker.bridges`. Docker itself is asked for names alone.
pub(super) fn bridges(context: &NativeCallContext, name: &str, given: &Dynamic) -> Native<String> {
    if let Some(view) = given.read_lock::<NetworkView>() {
        return Ok(view.0.bridge.clone());
    }
    let Some(text) = given.read_lock::<rhai::ImmutableString>() else {
        return Err(raise(context, no_network(name, given)));
    };
    let docker = DockerView(session(context));
    let networks = docker.networks();
    let is_bridge = networks.iter().any(|view| view.0.bridge == text.as_str());
    if is_bridge || docker.bridges().iter().any(|own| *own == text.as_str()) {
        return Ok(text.to_string());
    }
    let named = networks.iter().find(|view| view.name().as_deref() == Some(text.as_str()));
    named.map(|view| view.0.bridge.clone()).ok_or_else(|| raise(context, unknown(&docker, &networks, &text)))
}

fn unknown(docker: &DockerView, networks: &[NetworkView], name: &str) -> Fault {
    let fault =
        Fault::new("unknown-network", format!("Docker has no network `{}` with a bridge", shortened(&name)));
    let bridges = networks.iter().map(|view| view.0.bridge.clone());
    let names: Vec<String> = networks.iter().filter_map(NetworkView::name).chain(bridges).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let fault = if docker.names_known() {
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
