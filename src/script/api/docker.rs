//! Docker as scripts see it: what its rules tell of bridges and published ports.

use rhai::plugin::*;
use rhai::{Array, Engine, INT};

use crate::script::docker_view::{DockerView, PublishedView};
use crate::script::read;

/// Registers the refusal to assign.
pub(super) fn register(engine: &mut Engine) {
    read::refuse_assignments::<DockerView>(engine, &["present", "layout", "bridges", "published"]);
    read::refuse_assignments::<PublishedView>(
        engine,
        &["host_ip", "host_port", "protocol", "container_ip", "container_port", "bridge", "family"],
    );
}

/// Docker.
#[export_module]
pub(crate) mod topic {
    /// Whether the ruleset holds Docker's chains.
    #[rhai_fn(get = "present", pure)]
    pub fn present(docker: &mut DockerView) -> bool {
        docker.layout().is_some()
    }

    /// Which engines write such chains, such as `"28"`; `()` where there is no Docker.
    #[rhai_fn(get = "layout", pure)]
    pub fn layout(docker: &mut DockerView) -> Dynamic {
        docker.layout().map_or(Dynamic::UNIT, Dynamic::from)
    }

    /// The interfaces of Docker's bridges, for use in rules that must hold for networks to come as well: `docker0` and
    /// `br-+`, or where some `br-` interface is not Docker's, each bridge by its name. Empty where there is no Docker.
    #[rhai_fn(get = "bridges", pure)]
    pub fn bridges(docker: &mut DockerView) -> Array {
        docker.bridges().into_iter().map(Dynamic::from).collect()
    }

    /// The ports that containers publish, as an array in the order of Docker's rules.
    #[rhai_fn(get = "published", pure)]
    pub fn published(docker: &mut DockerView) -> Array {
        docker.published().into_iter().map(Dynamic::from).collect()
    }

    /// The address of the host that the port is published on; `()` for all of them.
    #[rhai_fn(get = "host_ip", pure)]
    pub fn host_ip(port: &mut PublishedView) -> Dynamic {
        port.0.host_ip.clone().map_or(Dynamic::UNIT, Dynamic::from)
    }

    /// The port of the host, as clients dial it.
    #[rhai_fn(get = "host_port", pure)]
    pub fn host_port(port: &mut PublishedView) -> INT {
        INT::from(port.0.host_port)
    }

    /// The protocol: `"tcp"`, `"udp"` or `"sctp"`.
    #[rhai_fn(get = "protocol", pure)]
    pub fn protocol(port: &mut PublishedView) -> String {
        port.0.protocol.clone()
    }

    /// The address of the container.
    #[rhai_fn(get = "container_ip", pure)]
    pub fn container_ip(port: &mut PublishedView) -> String {
        port.0.container_ip.clone()
    }

    /// The port of the container, as rules behind DNAT see it.
    #[rhai_fn(get = "container_port", pure)]
    pub fn container_port(port: &mut PublishedView) -> INT {
        INT::from(port.0.container_port)
    }

    /// The bridge of the container's network; `()` where the rules do not tell.
    #[rhai_fn(get = "bridge", pure)]
    pub fn bridge(port: &mut PublishedView) -> Dynamic {
        port.0.bridge.clone().map_or(Dynamic::UNIT, Dynamic::from)
    }

    /// `"ipv4"` or `"ipv6"`.
    #[rhai_fn(get = "family", pure)]
    pub fn family(port: &mut PublishedView) -> String {
        port.1.as_str().to_owned()
    }
}
