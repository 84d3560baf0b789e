//! Built-in captures of real Docker Engines: what `iptables-save` and `ip6tables-save` printed, byte for byte. Those of 28.0.0 and
//! 29, which were not there to run, are written out from the documents of moby's own tests, and say so.

use crate::model::Family;

/// A capture of one state of one engine.
#[derive(Clone, Copy, Debug)]
pub struct Sample {
    /// What `--sample` calls it: its file's name.
    pub name: &'static str,
    /// What the host was doing, in one line.
    pub about: &'static str,
    /// What `iptables-save` printed.
    ipv4: &'static str,
    /// What `ip6tables-save` printed; none where it was not captured.
    ipv6: Option<&'static str>,
    /// The tables of nftables on that host, where they matter.
    pub tables: &'static [&'static str],
}

impl Sample {
    /// The capture called `name`.
    #[must_use]
    pub fn find(name: &str) -> Option<&'static Self> {
        SAMPLES.iter().find(|sample| sample.name == name)
    }

    /// The text of one family, where it was captured. An empty text is a family that the engine left alone.
    #[must_use]
    pub const fn text(&self, family: Family) -> Option<&'static str> {
        match family {
            Family::Ipv4 => Some(self.ipv4),
            Family::Ipv6 => self.ipv6,
        }
    }
}

macro_rules! ipv4_only {
    ($name:literal, $about:literal) => {
        Sample {
            name: $name,
            about: $about,
            ipv4: include_str!(concat!($name, ".rules")),
            ipv6: None,
            tables: &[],
        }
    };
}

macro_rules! both {
    ($name:literal, $about:literal) => {
        Sample {
            name: $name,
            about: $about,
            ipv4: include_str!(concat!($name, ".rules")),
            ipv6: Some(include_str!(concat!($name, ".v6.rules"))),
            tables: &[],
        }
    };
}

/// Every capture, by age of the engine; engines 19 to 26 leave IPv6 alone unless told otherwise.
pub static SAMPLES: &[Sample] = &[
    ipv4_only!("docker19-default", "engine 19.03, no containers"),
    ipv4_only!("docker19-containers", "engine 19.03, a container publishes ports 80 and 443"),
    both!("docker20-fresh", "engine 20.10, no containers"),
    ipv4_only!("docker20-published", "engine 20.10, containers publish ports on two networks"),
    ipv4_only!("docker20-published-counters", "the same with the counters of each rule (iptables-save -c)"),
    ipv4_only!("docker20-many-30", "engine 20.10, 30 containers publish a port each"),
    ipv4_only!("docker20-user-network", "engine 20.10, a network of the user's, no containers"),
    ipv4_only!("docker20-internal-network", "engine 20.10, an internal network beside published ports"),
    ipv4_only!("docker20-icc-off-network", "engine 20.10, a network without traffic between its containers"),
    ipv4_only!("docker20-icc-false", "engine 20.10 started with --icc=false"),
    ipv4_only!(
        "docker20-named-bridge-no-masq-host-binding",
        "engine 20.10, eight ports, a named bridge, a network without masquerade, a port bound to one address"
    ),
    ipv4_only!("docker20-no-userland-proxy", "engine 20.10 started with --userland-proxy=false"),
    both!("docker20-ip6tables", "engine 20.10 started with --ip6tables"),
    ipv4_only!("docker20-iptables-false", "engine 20.10 started with --iptables=false: no rules at all"),
    ipv4_only!("docker20-swarm-init", "engine 20.10, first node of a swarm"),
    ipv4_only!("docker20-legacy-fresh", "engine 20.10 over iptables-legacy, no containers"),
    ipv4_only!("docker20-legacy-published", "engine 20.10 over iptables-legacy, published ports"),
    both!("docker26-fresh", "engine 26.1, no containers"),
    both!("docker26-published", "engine 26.1, published ports"),
    both!("docker26-internal-network", "engine 26.1, an internal network beside published ports"),
    both!("docker26-icc-off-network", "engine 26.1, a network without traffic between its containers"),
    both!("docker28-fresh", "engine 28.5, no containers"),
    both!("docker28-published", "engine 28.5, published ports"),
    both!("docker28-internal-network", "engine 28.5, an internal network beside published ports"),
    both!("docker28-icc-off-network", "engine 28.5, a network without traffic between its containers"),
    ipv4_only!(
        "docker28.0.0-icc-off-network",
        "engine 28.0.0 from its documents, unproved: published ports, an internal network, one without traffic inside"
    ),
    ipv4_only!("docker29-published", "engine 29 from its documents, unproved: published ports"),
    ipv4_only!(
        "docker29-icc-off-network",
        "engine 29 from its documents, unproved: the same with an internal network and one without traffic inside"
    ),
    Sample {
        tables: &["ip docker-bridges", "ip6 docker-bridges"],
        ..both!(
            "docker29-nftables",
            "engine 29 over nftables from its documents, unproved: no rule of iptables"
        )
    },
];
