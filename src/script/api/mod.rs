//! What scripts call: a module a topic, each function documented where it is.

#![allow(
    unreachable_pub,
    clippy::unwrap_used,
    clippy::wildcard_imports,
    clippy::needless_pass_by_value,
    reason = "the macro that registers a topic takes public functions of values, needs its names in scope, and unwraps \
              arguments whose types Rhai has checked"
)]

mod bounded;
mod build;
mod docker;
mod edit;
mod host;
mod packets;
mod read;
mod rule;
mod world;

use rhai::{Engine, Module, exported_module};

use super::docker_view::{ContainerView, DockerView, NetworkView, ProxiedView, PublishedView};
use super::fault::Fault;
use super::host_view::HostView;
use super::packets::TraceView;
use super::pattern::Pattern;
use super::spelling::builder::RuleBuilder;
use super::view::{ChainView, CountersView, RuleList, RuleView, RulesetView, TableView};

/// A topic of the reference, and the functions in it.
pub(super) struct Topic {
    /// Its heading.
    pub(super) title: &'static str,
    /// What to know before one reads on.
    pub(super) about: &'static str,
    /// The text that declares its functions.
    pub(super) text: &'static str,
    /// Its functions.
    module: fn() -> Module,
}

/// The topics in the order of the reference.
pub(super) const TOPICS: [Topic; 8] = [
    Topic {
        title: "Editing",
        about: "A `rule` is iptables text, a map whose keys are iptables' long options with `_` for `-`, a builder, or an \
                array of these. An `anchor` or `selector` is a target's name, a position from 1, a rule, `matching(\"…\")`, or a \
                closure `|rule| …`. The functions work on the filter table; `table(\"nat\")` has the same as methods.",
        text: include_str!("edit.rs"),
        module: || exported_module!(edit::topic),
    },
    Topic {
        title: "Rules by a builder",
        about: "Each method gives a new builder and leaves the one it is called on as it was. A value may be `#{ not: … }`.",
        text: include_str!("build.rs"),
        module: || exported_module!(build::topic),
    },
    Topic {
        title: "Reading",
        about: "What is read is a snapshot: it does not change when the ruleset does, and cannot be assigned to.",
        text: include_str!("read.rs"),
        module: || exported_module!(read::topic),
    },
    Topic {
        title: "What a rule says",
        about: "The rules of a chain, and those that `find` gives.",
        text: include_str!("rule.rs"),
        module: || exported_module!(rule::topic),
    },
    Topic {
        title: "Docker",
        about: "`docker` tells what Docker's rules tell; names, which no rule has, come from Docker itself, which is asked when a \
                script wants them and the ruleset is the live one or that of a capture.",
        text: include_str!("docker.rs"),
        module: || exported_module!(docker::topic),
    },
    Topic {
        title: "The host",
        about: "`host` tells what surrounds the ruleset, where it is the live one or that of a capture.",
        text: include_str!("host.rs"),
        module: || exported_module!(host::topic),
    },
    Topic {
        title: "Packets",
        about: "A `packet` is iptables' words, such as `\"in=eth0 src=198.51.100.7 proto=tcp dport=22\"`, or a map, such as \
                `#{ in_interface: \"eth0\", protocol: \"tcp\", dport: 22 }`: `in_interface`, `out_interface`, `source`, \
                `destination` (or `to`, which may be `\"host\"`), `protocol`, `sport`, `dport`, `icmp_type`, `ctstate` (NEW \
                unless said). What is left out is filled in.",
        text: include_str!("packets.rs"),
        module: || exported_module!(packets::topic),
    },
    Topic {
        title: "Parameters and the world",
        about: "`family` is `\"ipv4\"` or `\"ipv6\"`; `ruleset` has `.tables` and `.family`.",
        text: include_str!("world.rs"),
        module: || exported_module!(world::topic),
    },
];

/// Registers all topics, and the bounded forms of Rhai's own functions.
pub(super) fn register(engine: &mut Engine) {
    engine.register_global_module(exported_module!(bounded::topic).into());
    for topic in &TOPICS {
        engine.register_global_module((topic.module)().into());
    }
    name_types(engine);
    read::register(engine);
    rule::register(engine);
    docker::register(engine);
    host::register(engine);
    packets::register(engine);
    world::register(engine);
}

/// Gives the values that scripts hold the names that `type_of` and errors call them by.
fn name_types(engine: &mut Engine) {
    engine
        .register_type_with_name::<RuleBuilder>("rule builder")
        .register_type_with_name::<RuleView>("rule")
        .register_type_with_name::<RuleList>("rules")
        .register_type_with_name::<ChainView>("chain")
        .register_type_with_name::<TableView>("table")
        .register_type_with_name::<RulesetView>("ruleset")
        .register_type_with_name::<CountersView>("counters")
        .register_type_with_name::<Pattern>("pattern")
        .register_type_with_name::<DockerView>("docker")
        .register_type_with_name::<NetworkView>("network")
        .register_type_with_name::<ContainerView>("container")
        .register_type_with_name::<PublishedView>("published port")
        .register_type_with_name::<ProxiedView>("proxied port")
        .register_type_with_name::<HostView>("host")
        .register_type_with_name::<TraceView>("trace")
        .register_type_with_name::<Fault>("error");
}
