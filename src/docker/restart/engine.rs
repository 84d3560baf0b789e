//! What dockerd does to the chains, in its order.

use super::shape::{DEFAULT, Part};
use super::state::{After, ChainAfter, Entry};
use super::{Endpoint, Network};
use crate::docker::layout::{Layout, USER_CHAIN};
use crate::model::{Family, TableName};

use TableName::{Filter, Nat, Raw};

/// The rules of containers, which go when these stop and come back when they start.
struct Endpoints {
    chains: Vec<(TableName, &'static str, Vec<Entry>)>,
}

/// dockerd starts.
pub(super) fn start(after: &mut After) {
    let endpoints = stop_containers(after);
    after.flush_others();
    for (table, name) in own_chains(after) {
        after.edit(table, &name, |chain| chain.entries.sort_by_key(|entry| rank(entry, &chain.name)));
    }
    for chain in ["PREROUTING", "OUTPUT"] {
        move_nat_jump(after, chain);
    }
    make_default_network(after);
    ensure_networks(after);
    put_jumps_first(after);
    start_containers(after, endpoints);
}

/// `docker network create`.
pub(super) fn network(after: &mut After, network: &Network) {
    let Network { bridge, subnet, internal } = network;
    let rule = |text: String| vec![Entry::new(Part::Network, text)];
    if !internal {
        after.edit(Nat, "POSTROUTING", |chain| {
            chain.put_first(rule(format!("-s {subnet} ! -o {bridge} -j MASQUERADE")));
        });
        after.edit(Nat, "DOCKER", |chain| chain.put_first(rule(format!("-i {bridge} -j RETURN"))));
    }
    isolate(after, network);
    if after.exists(Filter, "DOCKER-FORWARD") {
        in_chains_of_28(after, network);
        return;
    }
    let texts = in_forward(bridge);
    let texts = texts.into_iter().skip(if *internal { 3 } else { 0 });
    let entries = texts.map(|text| Entry::new(Part::Network, text)).collect();
    after.edit(Filter, "FORWARD", |chain| chain.put_first(entries));
    put_jumps_first(after);
}

/// A container with a published port starts.
pub(super) fn container(after: &mut After, endpoint: &Endpoint) {
    let Endpoint { bridge, address, protocol, port, host_port } = endpoint;
    let (bits, shown) = match after.family() {
        Family::Ipv4 => (32, address.clone()),
        Family::Ipv6 => (128, format!("[{address}]")),
    };
    let rule = |text: String| vec![Entry::new(Part::Endpoint, text)];
    let matched = format!("-p {protocol} -m {protocol} --dport");
    let dnat = format!("! -i {bridge} {matched} {host_port} -j DNAT --to-destination {shown}:{port}");
    let accept = format!("-d {address}/{bits} ! -i {bridge} -o {bridge} {matched} {port} -j ACCEPT");
    after.edit(Nat, "DOCKER", |chain| chain.put_last(rule(dnat)));
    if is_28(after) {
        after.edit(Filter, "DOCKER", |chain| chain.put_first(rule(accept)));
        after.edit(Raw, "PREROUTING", |chain| {
            chain.put_last(rule(format!("-d {address}/{bits} ! -i {bridge} -j DROP")));
        });
        return;
    }
    after.edit(Filter, "DOCKER", |chain| chain.put_last(rule(accept)));
    let hairpin = format!("-s {address}/{bits} -d {address}/{bits} {matched} {port} -j MASQUERADE");
    after.edit(Nat, "POSTROUTING", |chain| chain.put_last(rule(hairpin)));
}

fn is_28(after: &After) -> bool {
    matches!(after.layout, Layout::V28Sets | Layout::V28 | Layout::V29)
}

fn own_chains(after: &After) -> Vec<(TableName, String)> {
    let own = after.chains().iter().filter(|chain| chain.policy == "-" && chain.name != USER_CHAIN);
    let own = own.filter(|chain| crate::docker::layout::is_own_chain(chain.table, &chain.name));
    own.map(|chain| (chain.table, chain.name.clone())).collect()
}

/// The order of the parts in one of Docker's own chains. Up to 27, whatever is of a network is put on top as it comes.
fn rank(entry: &Entry, chain: &str) -> u8 {
    match entry.part {
        Some(Part::First) if chain == "DOCKER-FORWARD" => 0,
        Some(Part::Last) => 3,
        Some(Part::Endpoint) if chain == "DOCKER" => 1,
        _ => 2,
    }
}

fn stop_containers(after: &mut After) -> Endpoints {
    let places = [(Nat, "DOCKER"), (Filter, "DOCKER"), (Nat, "POSTROUTING"), (Raw, "PREROUTING")];
    let mut chains = Vec::new();
    for (table, name) in places {
        let mut taken = Vec::new();
        after.edit(table, name, |chain| taken = chain.take(|entry| entry.part == Some(Part::Endpoint)));
        chains.push((table, name, taken));
    }
    Endpoints { chains }
}

fn start_containers(after: &mut After, endpoints: Endpoints) {
    let on_top = is_28(after);
    for (table, name, entries) in endpoints.chains {
        after.edit(table, name, |chain| match (table, on_top) {
            (Filter, true) => chain.put_first(entries),
            _ => chain.put_last(entries),
        });
    }
}

/// The jumps of the nat table are deleted and appended.
fn move_nat_jump(after: &mut After, name: &'static str) {
    let loopback = match after.family() {
        Family::Ipv4 => "127.0.0.0/8",
        Family::Ipv6 => "::1/128",
    };
    let local = "-m addrtype --dst-type LOCAL -j DOCKER";
    let text = if name == "OUTPUT" { format!("! -d {loopback} {local}") } else { local.to_owned() };
    after.edit(Nat, name, |chain| {
        let mut jumps = chain.take(|entry| entry.part == Some(Part::Jump));
        if jumps.is_empty() {
            jumps.push(Entry::new(Part::Jump, text));
        }
        chain.put_last(jumps);
    });
}

/// The default network is made anew: its rules go, and come on top.
fn make_default_network(after: &mut After) {
    for (table, name) in [(Nat, "POSTROUTING"), (Filter, "FORWARD")] {
        after.edit(table, name, |chain| {
            let first = chain.take(|entry| entry.part == Some(Part::Default));
            let last = chain.take(|entry| entry.part == Some(Part::DefaultLast));
            chain.put_first(first);
            chain.put_last(last);
        });
    }
}

/// Up to 27, the rules of a network that FORWARD does not have are put on top.
fn ensure_networks(after: &mut After) {
    if after.exists(Filter, "DOCKER-FORWARD") {
        return;
    }
    let Some(second) = after.chain(Filter, "DOCKER-ISOLATION-STAGE-2") else { return };
    // The bridges of networks that are not internal are named there.
    let bridges: Vec<String> = second
        .rules()
        .filter_map(|(_, text)| Some(text.strip_prefix("-o ")?.split(' ').next()?.to_owned()))
        .filter(|bridge| after.bridges.contains(bridge))
        .collect();
    after.edit(Filter, "FORWARD", |chain| {
        for bridge in bridges.iter().rev() {
            let jump = format!("-o {bridge} -j DOCKER");
            if !chain.rules().any(|(_, text)| text == jump) {
                let part = if bridge == DEFAULT { Part::Default } else { Part::Network };
                chain.put_first(in_forward(bridge).into_iter().map(|text| Entry::new(part, text)).collect());
            }
        }
    });
}

/// The four rules of a network in FORWARD, up to 27.
fn in_forward(bridge: &str) -> [String; 4] {
    [
        format!("-o {bridge} -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT"),
        format!("-o {bridge} -j DOCKER"),
        format!("-i {bridge} ! -o {bridge} -j ACCEPT"),
        format!("-i {bridge} -o {bridge} -j ACCEPT"),
    ]
}

/// FORWARD begins with the jump to DOCKER-USER, then with that to Docker's own rules.
fn put_jumps_first(after: &mut After) {
    let own = if after.exists(Filter, "DOCKER-FORWARD") {
        "DOCKER-FORWARD"
    } else if after.exists(Filter, "DOCKER-ISOLATION-STAGE-1") {
        "DOCKER-ISOLATION-STAGE-1"
    } else {
        return;
    };
    let jump = format!("-j {own}");
    after.edit(Filter, "FORWARD", |chain| jump_first(chain, Part::Jump, jump));
    let is_new = !after.exists(Filter, USER_CHAIN);
    if is_new && after.family() == Family::Ipv6 && after.layout == Layout::V19 {
        // 20.10 to 26 know no DOCKER-USER there.
        return;
    }
    if is_new {
        after.create(Filter, USER_CHAIN);
        if after.layout == Layout::V19 {
            let last = Entry::new(Part::Last, "-j RETURN".to_owned());
            after.edit(Filter, USER_CHAIN, |chain| chain.put_last(vec![last]));
        }
    }
    let jump = format!("-j {USER_CHAIN}");
    after.edit(Filter, "FORWARD", |chain| jump_first(chain, Part::UserJump, jump));
}

/// Moves the first such jump to the top; one that is missing is made.
fn jump_first(chain: &mut ChainAfter, part: Part, text: String) {
    let at = chain.entries.iter().position(|entry| entry.part == Some(part) && entry.text == text);
    let jump = at.map_or_else(|| Entry::new(part, text), |at| chain.entries.remove(at));
    chain.put_first(vec![jump]);
}

/// Keeps a new network apart from the others.
fn isolate(after: &mut After, network: &Network) {
    let Network { bridge, subnet, internal } = network;
    let at_end = after.exists(Filter, "DOCKER-FORWARD");
    let first = "DOCKER-ISOLATION-STAGE-1";
    if *internal {
        let drops =
            [format!("! -s {subnet} -o {bridge} -j DROP"), format!("! -d {subnet} -i {bridge} -j DROP")];
        let chain = if after.exists(Filter, first) { first } else { "DOCKER-INTERNAL" };
        let entries = drops.map(|text| Entry::new(Part::First, text)).to_vec();
        after.edit(Filter, chain, |chain| chain.put_first(entries));
        return;
    }
    let apart = format!("-i {bridge} ! -o {bridge} -j DOCKER-ISOLATION-STAGE-2");
    let apart = vec![Entry::new(Part::Network, apart)];
    after.edit(Filter, first, |chain| if at_end { chain.put_last(apart) } else { chain.put_first(apart) });
    let drop = vec![Entry::new(Part::Network, format!("-o {bridge} -j DROP"))];
    after.edit(Filter, "DOCKER-ISOLATION-STAGE-2", |chain| chain.put_first(drop));
}

/// From 28.0.1 on, the rules of a network stand in Docker's own chains.
fn in_chains_of_28(after: &mut After, network: &Network) {
    let Network { bridge, internal, .. } = network;
    let mut append = |chain: &str, text: String| {
        after.edit(Filter, chain, |chain| chain.put_last(vec![Entry::new(Part::Network, text)]));
    };
    if *internal {
        append("DOCKER-FORWARD", format!("-i {bridge} -o {bridge} -j ACCEPT"));
        return;
    }
    append("DOCKER", format!("! -i {bridge} -o {bridge} -j DROP"));
    append("DOCKER-BRIDGE", format!("-o {bridge} -j DOCKER"));
    append("DOCKER-CT", format!("-o {bridge} -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT"));
    append("DOCKER-FORWARD", format!("-i {bridge} -j ACCEPT"));
}
