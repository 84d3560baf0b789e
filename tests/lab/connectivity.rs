//! Who reaches whom on a Docker host, by packets: the table of `README.md` beside this file.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::support::agent::Outcome::{self, Drop, Ok, Refused};
use crate::support::engine::Engine;
use crate::support::lab::Options;
use crate::support::namespace::Backend;
use crate::support::scene::{Cells, Mode, Scene};
use crate::support::skip::available;

/// A state of the host's rules in which the table was measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Column {
    /// Docker alone.
    Docker,
    /// With `input-harden-delta.rules` applied in place.
    Delta,
    /// With `input-harden-delta-bridges.rules` besides.
    Bridges,
}

/// A cell's name and its outcomes in the columns: docker, delta, +bridges.
type Row = (&'static str, [Outcome; 3]);

/// The table. Engine 20.10 or 26.1: IPv6 is published by docker-proxy alone.
const TABLE: &[Row] = &[
    ("client-ping", [Ok, Ok, Ok]),
    ("client-ssh", [Ok, Ok, Ok]),
    ("client-host-8080", [Ok, Drop, Drop]),
    ("client-closed-udp", [Refused, Drop, Drop]),
    ("client-published-80", [Ok, Ok, Ok]),
    ("client-published-443", [Ok, Ok, Ok]),
    ("client-published-8090", [Ok, Ok, Ok]),
    ("client-published-docker0", [Ok, Ok, Ok]),
    ("client6-ping", [Ok, Ok, Ok]),
    ("client6-ssh", [Ok, Ok, Ok]),
    ("client6-host-8080", [Ok, Ok, Ok]),
    ("client6-published-80", [Ok, Ok, Ok]),
    ("client6-published-docker0", [Ok, Ok, Ok]),
    ("host-lo-published-80", [Ok, Ok, Ok]),
    ("host-lo-published-443", [Ok, Ok, Ok]),
    ("host-lo-published-docker0", [Ok, Ok, Ok]),
    ("host-lo-8080", [Ok, Ok, Ok]),
    ("host-lo-ping", [Ok, Ok, Ok]),
    ("host-container-5432", [Ok, Drop, Ok]),
    ("host-outside-80", [Ok, Ok, Ok]),
    ("host-outside-443", [Ok, Ok, Ok]),
    ("host-outside-udp-53", [Ok, Ok, Ok]),
    ("host-outside-53", [Ok, Ok, Ok]),
    ("host-outside-udp-123", [Ok, Ok, Ok]),
    ("host-outside-ping", [Ok, Ok, Ok]),
    ("host-outside-22", [Ok, Drop, Drop]),
    ("app-outside", [Ok, Ok, Ok]),
    ("app-same-network", [Ok, Ok, Ok]),
    ("app-dns", [Ok, Ok, Ok]),
    ("app-host-8080", [Ok, Drop, Drop]),
    ("app-own-published", [Ok, Drop, Ok]),
    ("app-other-published", [Ok, Drop, Ok]),
    ("app-other-network", [Drop, Drop, Drop]),
    ("docker0-outside", [Ok, Ok, Ok]),
    ("docker0-host-8080", [Ok, Drop, Drop]),
    ("docker0-own-published", [Ok, Drop, Ok]),
    ("docker0-other-published", [Ok, Drop, Ok]),
    ("docker0-other-network", [Drop, Drop, Drop]),
];

/// A column of the table; a test may then change what it expects to differ.
pub(crate) fn column(column: Column) -> Cells {
    let index = match column {
        Column::Docker => 0,
        Column::Delta => 1,
        Column::Bridges => 2,
    };
    TABLE.iter().map(|(name, outcomes)| ((*name).to_owned(), outcomes[index])).collect()
}

/// Compares all cells, and names every one that differs.
#[track_caller]
pub(crate) fn assert_cells(what: &str, measured: &Cells, expected: &Cells) {
    let names: BTreeMap<_, _> = measured.iter().chain(expected).collect();
    let mut differences = String::new();
    for name in names.into_keys() {
        let (is, should) = (measured.get(name), expected.get(name));
        if is != should {
            let word =
                |cell: Option<&Outcome>| cell.map_or_else(|| "missing".to_owned(), ToString::to_string);
            let _ = writeln!(differences, "  {name}: {}, expected {}", word(is), word(should));
        }
    }
    assert!(differences.is_empty(), "{what}:\n{differences}");
}

fn docker_and_the_deltas(options: Options) {
    let Some(scene) = available(Scene::new(options)) else { return };
    assert_cells("docker alone", &scene.measure(), &column(Column::Docker));
    scene.load(include_str!("../fixtures/input-harden-delta.rules"), "", Mode::Delta);
    assert_cells("the delta", &scene.measure(), &column(Column::Delta));
    scene.load(include_str!("../fixtures/input-harden-delta-bridges.rules"), "", Mode::Delta);
    assert_cells("the delta and bridges", &scene.measure(), &column(Column::Bridges));
}

#[test]
fn docker_and_the_deltas_over_nft() {
    docker_and_the_deltas(Options::default());
}

#[test]
fn docker_and_the_deltas_over_legacy() {
    docker_and_the_deltas(Options { backend: Backend::Legacy, ..Options::default() });
}

#[test]
fn docker_and_the_deltas_with_the_engine_of_trixie() {
    docker_and_the_deltas(Options { engine: Engine::Trixie, ..Options::default() });
}

#[test]
fn docker_and_the_deltas_with_the_engine_of_sid() {
    docker_and_the_deltas(Options { engine: Engine::Sid, ..Options::default() });
}

/// The measure tells right from wrong: a full restore of the tutorial's file loses what it is known to lose,
/// isolation between networks included.
#[test]
fn the_tutorial_loses_what_it_is_known_to_lose() {
    let Some(scene) = available(Scene::new(Options::default())) else { return };
    scene.load(include_str!("../fixtures/input-tutorial-combined.rules"), "", Mode::Full);
    let mut expected = column(Column::Delta);
    for lost in [
        "client-published-80",
        "client-published-443",
        "client-published-8090",
        "client-published-docker0",
        "host-lo-published-docker0",
        "host-lo-8080",
        "host-lo-ping",
        "host-outside-ping",
        "host-outside-53",
        "host-outside-udp-123",
        "app-outside",
        "app-same-network",
    ] {
        expected.insert(lost.to_owned(), Drop);
    }
    // The file's isolation chains know docker0 alone, so its containers now reach the others.
    expected.insert("docker0-other-network".to_owned(), Ok);
    assert_cells("the tutorial on a running host", &scene.measure(), &expected);
}
