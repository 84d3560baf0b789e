//! Answers in words.

use std::net::IpAddr;

use crate::model::Ruleset;
use crate::simulate::{Arrival, Dependency, Header, Trace, Verdict};

/// An address with its port.
#[must_use]
pub fn endpoint(address: IpAddr, port: Option<u16>) -> String {
    match (address, port) {
        (IpAddr::V4(address), Some(port)) => format!("{address}:{port}"),
        (IpAddr::V6(address), Some(port)) => format!("[{address}]:{port}"),
        (address, None) => address.to_string(),
    }
}

/// Where a packet comes from and goes to.
#[must_use]
pub fn header(header: &Header) -> String {
    let source = endpoint(header.source, header.source_port);
    format!("{source} to {}", endpoint(header.destination, header.destination_port))
}

/// The verdict, and where the packet arrives.
#[must_use]
pub fn outcome(trace: &Trace) -> String {
    let verdict = trace.verdict();
    match trace.arrival() {
        Some(Arrival::Host) => format!("{verdict}, at the host"),
        Some(Arrival::Interface(name)) => format!("{verdict}, out by {name}"),
        None => verdict.to_string(),
    }
}

/// What becomes of a packet, as what is said of it: `is accepted by the host`, say.
#[must_use]
pub fn becomes(trace: &Trace) -> String {
    match (trace.verdict(), trace.arrival()) {
        (Verdict::Accept, Some(Arrival::Interface(name))) => format!("is accepted, out by {name}"),
        (Verdict::Accept, _) => "is accepted".to_owned(),
        (Verdict::Drop, _) => "is dropped".to_owned(),
        (Verdict::Reject(with), _) => format!("is rejected with {with}"),
        (Verdict::Lost(loss), _) => format!("is lost: {loss}"),
        (Verdict::Depends, _) => "depends on what it does not say".to_owned(),
    }
}

/// What a verdict depends on: `limit` of which rule, and what becomes of the packet either way.
#[must_use]
pub fn dependency(ruleset: &Ruleset, dependency: &Dependency) -> String {
    let Dependency { table, chain, number, names, yes, no, .. } = dependency;
    let place = format!("rule {number} of {} {}", table.as_str(), ruleset.chain_name(*chain));
    format!("{} in {place}: {} if it matches, else {}", names.join(", "), any(yes), any(no))
}

fn any(verdicts: &[Verdict]) -> String {
    let words: Vec<String> = verdicts.iter().map(ToString::to_string).collect();
    words.join(" or ")
}
