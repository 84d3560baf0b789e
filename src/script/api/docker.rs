//! Docker as scripts see it: what its rules tell, and what it tells itself.

use rhai::plugin::*;
use rhai::{Array, Engine, INT, Variant};

use crate::script::docker_help as help;
use crate::script::docker_view::{ContainerView, DockerView, NetworkView, ProxiedView, PublishedView};
use crate::script::read;
use crate::script::spelling::RuleBuilder;

/// Registers the refusal to assign.
pub(super) fn register(engine: &mut Engine) {
    read::refuse_assignments::<DockerView>(
        engine,
        &[
            "present",
            "layout",
            "backend",
            "user_chain",
            "names_known",
            "bridges",
            "networks",
            "containers",
            "published",
            "proxied",
        ],
    );
    read::refuse_assignments::<NetworkView>(engine, &["name", "bridge", "subnets", "internal", "icc"]);
    read::refuse_assignments::<ContainerView>(engine, &["name", "addresses", "networks"]);
    read::refuse_assignments::<PublishedView>(
        engine,
        &[
            "host_ip",
            "host_port",
            "protocol",
            "container",
            "container_ip",
            "container_port",
            "bridge",
            "family",
            "local",
        ],
    );
    read::refuse_assignments::<ProxiedView>(
        engine,
        &["host_ip", "host_port", "protocol", "container", "container_port", "family", "local"],
    );
}

fn array<T: Variant + Clone>(items: Vec<T>) -> Array {
    items.into_iter().map(Dynamic::from).collect()
}

fn optional<T: Variant + Clone>(value: Option<T>) -> Dynamic {
    value.map_or(Dynamic::UNIT, Dynamic::from)
}

/// Docker.
#[export_module]
pub(crate) mod topic {
    /// Whether the ruleset holds Docker's chains, or the host its tables of nftables.
    #[rhai_fn(get = "present", pure)]
    pub fn present(docker: &mut DockerView) -> bool {
        docker.layout().is_some()
    }

    /// Which engines write such chains: `"19.03"`, `"28.0.0"`, `"28"` or `"29"`, each the first that does; `"nftables"`
    /// where the engine keeps its rules in nftables, `()` where there is no Docker.
    #[rhai_fn(get = "layout", pure)]
    pub fn layout(docker: &mut DockerView) -> Dynamic {
        docker.layout().map_or(Dynamic::UNIT, |layout| layout.as_str().into())
    }

    /// Where Docker keeps its rules: `"iptables"` or `"nftables"`; `()` where there is no Docker. What iptables accepts
    /// the rules in nftables drop all the same: then no rule here opens anything to a container.
    #[rhai_fn(get = "backend", pure)]
    pub fn backend(docker: &mut DockerView) -> Dynamic {
        docker.layout().map_or(Dynamic::UNIT, |layout| layout.backend().into())
    }

    /// The chain that Docker leaves to the user, `"DOCKER-USER"`; `()` where the ruleset has none, as that of IPv6 up to
    /// engine 26, and that of an engine that uses nftables.
    #[rhai_fn(get = "user_chain", pure)]
    pub fn user_chain(docker: &mut DockerView) -> Dynamic {
        docker.user_chain().map_or(Dynamic::UNIT, Dynamic::from)
    }

    /// Whether Docker itself can be asked, on a live host or from a capture: rules have no names of networks and
    /// containers.
    #[rhai_fn(get = "names_known", pure)]
    pub fn names_known(docker: &mut DockerView) -> bool {
        docker.names_known()
    }

    /// The interfaces of Docker's bridges, for use in rules that must hold for networks to come as well: `docker0` and
    /// `br-+`, or where some `br-` interface is not Docker's, each bridge by its name. Empty where there is no Docker.
    #[rhai_fn(get = "bridges", pure)]
    pub fn bridges(docker: &mut DockerView) -> Array {
        array(docker.bridges())
    }

    /// The networks that have a bridge of the host, as an array in the order of the bridges' names.
    #[rhai_fn(get = "networks", pure)]
    pub fn networks(docker: &mut DockerView) -> Array {
        array(docker.networks())
    }

    /// The running containers, as an array in the order of their names. An error where Docker cannot be asked: see
    /// `docker.names_known`.
    #[rhai_fn(get = "containers", pure, return_raw)]
    pub fn containers(
        context: NativeCallContext,
        docker: &mut DockerView,
    ) -> Result<Array, Box<EvalAltResult>> {
        docker.containers(&context).map(array)
    }

    /// The ports that containers publish, as an array in the order of Docker's rules.
    #[rhai_fn(get = "published", pure)]
    pub fn published(docker: &mut DockerView) -> Array {
        array(docker.published())
    }

    /// The ports of the family at hand that are published and that no rule hands on: packets for them come to docker-proxy,
    /// a process of the host, through INPUT. So it is for IPv6 up to engine 26. An error where Docker cannot be asked: see
    /// `docker.names_known`.
    #[rhai_fn(get = "proxied", pure, return_raw)]
    pub fn proxied(context: NativeCallContext, docker: &mut DockerView) -> Result<Array, Box<EvalAltResult>> {
        docker.proxied(&context).map(array)
    }

    /// The network's name; `()` where Docker cannot be asked.
    #[rhai_fn(get = "name", pure)]
    pub fn network_name(network: &mut NetworkView) -> Dynamic {
        optional(network.name())
    }

    /// The network's bridge.
    #[rhai_fn(get = "bridge", pure)]
    pub fn network_bridge(network: &mut NetworkView) -> String {
        network.0.bridge.clone()
    }

    /// The network's subnets of the family at hand, such as `"172.18.0.0/16"`. Rules tell those that Docker masquerades
    /// for, and those of internal networks.
    #[rhai_fn(get = "subnets", pure)]
    pub fn network_subnets(network: &mut NetworkView) -> Array {
        array(network.subnets())
    }

    /// Whether the network has no way out.
    #[rhai_fn(get = "internal", pure)]
    pub fn network_internal(network: &mut NetworkView) -> bool {
        network.0.internal
    }

    /// Whether containers in the network reach each other.
    #[rhai_fn(get = "icc", pure)]
    pub fn network_icc(network: &mut NetworkView) -> bool {
        network.0.icc
    }

    /// The container's name.
    #[rhai_fn(get = "name", pure)]
    pub fn container_name(container: &mut ContainerView) -> String {
        container.0.name.clone()
    }

    /// The container's addresses of the family at hand.
    #[rhai_fn(get = "addresses", pure)]
    pub fn container_addresses(container: &mut ContainerView) -> Array {
        array(container.addresses())
    }

    /// The names of the networks that the container is in.
    #[rhai_fn(get = "networks", pure)]
    pub fn container_networks(container: &mut ContainerView) -> Array {
        container.0.networks.iter().map(|place| Dynamic::from(place.network.clone())).collect()
    }

    /// The address of the host that the port is published on; `()` for all of them.
    #[rhai_fn(get = "host_ip", pure)]
    pub fn host_ip(port: &mut PublishedView) -> Dynamic {
        optional(port.0.host_ip.clone())
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

    /// The name of the container; `()` where Docker cannot be asked.
    #[rhai_fn(get = "container", pure)]
    pub fn container(port: &mut PublishedView) -> Dynamic {
        optional(port.container())
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
        optional(port.0.bridge.clone())
    }

    /// `"ipv4"` or `"ipv6"`.
    #[rhai_fn(get = "family", pure)]
    pub fn family(port: &mut PublishedView) -> String {
        port.1.as_str().to_owned()
    }

    /// Whether the port is bound to loopback: only this host itself can dial it.
    #[rhai_fn(get = "local", pure)]
    pub fn local(port: &mut PublishedView) -> bool {
        port.0.is_local()
    }

    /// As `port.host_ip`.
    #[rhai_fn(get = "host_ip", pure)]
    pub fn proxied_host_ip(proxied: &mut ProxiedView) -> Dynamic {
        optional(proxied.0.host_ip.clone())
    }

    /// As `port.host_port`.
    #[rhai_fn(get = "host_port", pure)]
    pub fn proxied_host_port(proxied: &mut ProxiedView) -> INT {
        INT::from(proxied.0.host_port)
    }

    /// As `port.protocol`.
    #[rhai_fn(get = "protocol", pure)]
    pub fn proxied_protocol(proxied: &mut ProxiedView) -> String {
        proxied.0.protocol.clone()
    }

    /// The name of the container.
    #[rhai_fn(get = "container", pure)]
    pub fn proxied_container(proxied: &mut ProxiedView) -> String {
        proxied.0.container.clone()
    }

    /// As `port.container_port`.
    #[rhai_fn(get = "container_port", pure)]
    pub fn proxied_container_port(proxied: &mut ProxiedView) -> INT {
        INT::from(proxied.0.container_port)
    }

    /// As `port.family`.
    #[rhai_fn(get = "family", pure)]
    pub fn proxied_family(proxied: &mut ProxiedView) -> String {
        proxied.1.as_str().to_owned()
    }

    /// As `port.local`.
    #[rhai_fn(get = "local", pure)]
    pub fn proxied_local(proxied: &mut ProxiedView) -> bool {
        proxied.0.is_local()
    }

    /// The match for every port that Docker publishes, those to come as well, for a rule of one's own in DOCKER-USER: a
    /// connection that DNAT has sent on.
    #[rhai_fn(name = "published")]
    pub fn published_any() -> RuleBuilder {
        help::any_published()
    }

    /// The match for a published port, for a rule of one's own in DOCKER-USER:
    /// `published(8080).from("192.0.2.0/24").drop()`. It is the port that clients dial, which DNAT has rewritten by
    /// then, and holds for connections that were published alone: what containers dial themselves it lets be. `port` is a
    /// number, a range `"8000:8010"`, `"53/udp"`, or one of `docker.published`; TCP is meant where nothing else is said.
    #[rhai_fn(name = "published", return_raw)]
    pub fn published_port(
        context: NativeCallContext,
        port: Dynamic,
    ) -> Result<RuleBuilder, Box<EvalAltResult>> {
        help::published(&context, &port, None)
    }

    /// The same with the protocol beside: `published(53, "udp")`.
    #[rhai_fn(name = "published", return_raw)]
    pub fn published_of(
        context: NativeCallContext,
        port: Dynamic,
        protocol: &str,
    ) -> Result<RuleBuilder, Box<EvalAltResult>> {
        help::published(&context, &port, Some(protocol))
    }

    /// Lets only these sources open connections to a published port, and this host itself. `port` is one of
    /// `docker.published` or `docker.proxied`, a number, a range `"8000:8010"` or `"53/udp"`; a number holds for containers
    /// to come as well, and over both families. It closes DOCKER-USER (FORWARD of the mangle table, where there is none), and
    /// INPUT, by which docker-proxy is reached: over IPv6, and from containers of this host, which count as sources like
    /// any other. Running connections go on. A list without an address of the family at hand closes the port to all of that
    /// family, with a warning; an empty list is an error.
    #[rhai_fn(return_raw)]
    pub fn restrict(
        context: NativeCallContext,
        port: Dynamic,
        cidrs: Dynamic,
    ) -> Result<(), Box<EvalAltResult>> {
        help::restrict(&context, &port, &cidrs)
    }

    /// Lets this host alone open connections to a published port; `port` is given as for `restrict`.
    #[rhai_fn(return_raw)]
    pub fn host_only(context: NativeCallContext, port: Dynamic) -> Result<(), Box<EvalAltResult>> {
        help::host_only(&context, &port)
    }

    /// Lets no connection pass between two networks, in either direction: not to the addresses of containers, and not through
    /// this host to the ports that containers of the other network publish now. Each is one of `docker.networks`, the name of a
    /// network where Docker can be asked, or a bridge, and no pattern such as `br-+`. Running connections go on.
    #[rhai_fn(return_raw)]
    pub fn block_between(
        context: NativeCallContext,
        one: Dynamic,
        other: Dynamic,
    ) -> Result<(), Box<EvalAltResult>> {
        help::block_between(&context, &one, &other)
    }

    /// Lets no container reach, through this host, the ports that containers of other networks publish now: the part of
    /// `block_between` about the host, for all networks at once. Running connections go on.
    #[rhai_fn(return_raw)]
    pub fn block_through_host(context: NativeCallContext) -> Result<(), Box<EvalAltResult>> {
        help::block_through_host(&context)
    }

    /// Lets containers of a network open connections to these addresses alone, and within the network. This host counts as
    /// any other: list its address, and that of the DNS server, where containers need them. What comes in to the containers
    /// is answered as before. `network` is given as for `block_between`, or one of `docker.bridges`; the list as for
    /// `restrict`.
    #[rhai_fn(return_raw)]
    pub fn egress(
        context: NativeCallContext,
        network: Dynamic,
        cidrs: Dynamic,
    ) -> Result<(), Box<EvalAltResult>> {
        help::egress(&context, &network, &cidrs)
    }
}
