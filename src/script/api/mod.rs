//! What scripts call: a module a topic, each function documented where it is.

#![allow(
    unreachable_pub,
    clippy::unwrap_used,
    clippy::wildcard_imports,
    clippy::needless_pass_by_value,
    reason = "the macro that registers a topic takes public functions of values, needs its names in scope, and unwraps \
              arguments whose types Rhai has checked"
)]

mod build;
mod docker;
mod edit;
mod read;
mod world;

use rhai::{Engine, Module, exported_module};

/// A topic of the reference, and the functions in it.
pub(super) struct Topic {
    /// Its heading.
    pub(super) title: &'static str,
    /// What to know before one reads on.
    pub(super) about: &'static str,
    /// Its functions.
    pub(super) module: fn() -> Module,
}

/// The topics in the order of the reference.
pub(super) const TOPICS: [Topic; 5] = [
    Topic {
        title: "Editing",
        about: "A `rule` is iptables text, a map whose keys are iptables' long options with `_` for `-`, a builder, or an \
                array of these. An `anchor` or `selector` is a target's name, a position from 1, a rule, `matching(\"…\")`, or a \
                closure `|rule| …`. The functions work on the filter table; `table(\"nat\")` has the same as methods.",
        module: || exported_module!(edit::topic),
    },
    Topic {
        title: "Rules by a builder",
        about: "Each method gives a new builder and leaves the one it is called on as it was. A value may be `#{ not: … }`.",
        module: || exported_module!(build::topic),
    },
    Topic {
        title: "Reading",
        about: "What is read is a snapshot: it does not change when the ruleset does, and cannot be assigned to.",
        module: || exported_module!(read::topic),
    },
    Topic {
        title: "Docker",
        about: "`docker` tells what Docker's rules tell.",
        module: || exported_module!(docker::topic),
    },
    Topic {
        title: "Parameters and the world",
        about: "`family` is `\"ipv4\"` or `\"ipv6\"`; `ruleset` has `.tables` and `.family`.",
        module: || exported_module!(world::topic),
    },
];

/// Registers all topics.
pub(super) fn register(engine: &mut Engine) {
    for topic in &TOPICS {
        engine.register_global_module((topic.module)().into());
    }
    read::register(engine);
    docker::register(engine);
}
