//! A captured host as input, and a Docker that cannot be asked.

use std::net::TcpListener;
use std::time::{Duration, Instant};

use super::{ADD, RULES};
use crate::support::command::{Folder, program};
use crate::support::process::{find, run, text};
use crate::support::skip::available;

const HOST: &str = r#"{
  "version": 1,
  "taken": 1795500000,
  "versions": { "docker": "28.5.2" },
  "backend": "nft",
  "ipv4": { "nft": "NFT", "legacy": "LEGACY" },
  "ipv6": { "nft": "", "legacy": null },
  "host": {
    "interfaces": [{ "name": "lo", "up": true }, { "name": "up0", "up": true, "kind": "veth" }],
    "addresses": [
      { "interface": "up0", "address": "10.9.0.1", "prefix": 24 },
      { "interface": "up0", "address": "fd00:9::1", "prefix": 64 }
    ],
    "routes": [],
    "sysctls": {},
    "tables": ["ip filter"]
  },
  "docker": {
    "networks": [{ "name": "app", "driver": "bridge", "bridge": "br-0123456789ab", "subnets": ["172.18.0.0/16"], "internal": false, "icc": true }],
    "containers": [{ "name": "web", "networks": [{ "network": "app", "addresses": ["172.18.0.2"] }],
      "ports": [{ "host_ip": "::", "host_port": 80, "protocol": "tcp", "container_port": 80 }] }]
  }
}"#;

fn host(nft: &str, legacy: &str) -> String {
    HOST.replace("NFT", &nft.replace('\n', "\\n")).replace("LEGACY", &legacy.replace('\n', "\\n"))
}

const NAMES: &str = "print(`${host.addresses} ${host.interfaces} ${docker.containers[0].name}`);\n\
    for port in docker.proxied { print(`${port.container} ${port.host_port}`); }\n";

#[test]
fn a_snapshot_is_the_input_of_all_that_read_a_ruleset() {
    let folder = Folder::new(&[("host.json", &host(RULES, "")), ("add.rhai", ADD), ("names.rhai", NAMES)]);
    let same = folder.run(&["add.rhai", "--snapshot", "host.json"]);
    folder.write("host.rules", RULES);
    assert_eq!(same, folder.run(&["add.rhai", "-i", "host.rules"]));
    let names = folder.run(&["names.rhai", "--snapshot", "host.json"]);
    assert_eq!((names.status, names.stdout.as_str()), (Some(0), RULES));
    assert_eq!(names.stderr, "[\"10.9.0.1\"] [\"lo\", \"up0\"] web\n");
    let names = folder.run(&["names.rhai", "--snapshot", "host.json", "-6"]);
    assert_eq!(names.stderr, "[\"fd00:9::1\"] [\"lo\", \"up0\"] web\nweb 80\n");
    let formatted = folder.run(&["fmt", "--snapshot", "host.json"]);
    assert_eq!(formatted, folder.run(&["fmt", "-i", "host.rules"]));
    let both = folder.run(&["names.rhai", "--snapshot", "host.json", "-46", "-o", "out"]);
    assert_eq!((both.status, folder.read("out.v4").as_str()), (Some(0), RULES));
    folder.write("host.json", &host(&RULES.replace("-i lo -j ACCEPT", "-j NOWHERE"), ""));
    let lint = folder.run(&["lint", "--snapshot", "host.json"]);
    assert_eq!(lint.status, Some(1));
    assert!(
        lint.stderr.contains("error[missing-chain]") && lint.stderr.contains("<snapshot>:5"),
        "{}",
        lint.stderr
    );
}

#[test]
fn rules_of_the_other_backend_are_warned_of() {
    let folder = Folder::new(&[("add.rhai", ADD), ("host.json", &host(RULES, RULES))]);
    let run = folder.run(&["add.rhai", "--snapshot", "host.json"]);
    assert_eq!(run.status, Some(0));
    assert!(run.stderr.contains("warning[other-backend]"), "{}", run.stderr);
    folder.write("host.json", &host(RULES, "*filter\n:INPUT ACCEPT [0:0]\nCOMMIT\n"));
    assert_eq!(folder.run(&["add.rhai", "--snapshot", "host.json"]).stderr, "");
    folder.write("host.json", &host(RULES, "*filter\n:INPUT DROP [0:0]\nCOMMIT\n"));
    assert!(folder.run(&["add.rhai", "--snapshot", "host.json"]).stderr.contains("other-backend"));
}

#[test]
fn what_is_no_snapshot_is_refused() {
    let folder = Folder::new(&[("add.rhai", ADD), ("host.json", RULES)]);
    let refused = |says: &str| {
        let run = folder.run(&["add.rhai", "--snapshot", "host.json"]);
        assert_eq!((run.status, run.stdout.as_str()), (Some(2), ""));
        assert!(run.stderr.starts_with("error[") && run.stderr.contains(says), "{}", run.stderr);
    };
    refused("is no snapshot");
    folder.write("host.json", "{\"version\": 2}");
    refused("of version 2, and this reads 1");
    folder.write("host.json", "{\"version\": 1}");
    refused("is a broken snapshot");
    folder.write("host.json", &host(RULES, "").replace("\"nft\": \"\"", "\"nft\": null"));
    let run = folder.run(&["add.rhai", "--snapshot", "host.json", "-6"]);
    assert!(run.stderr.contains("holds no ipv6 ruleset"), "{}", run.stderr);
    let run = folder.run(&["add.rhai", "--snapshot", "missing.json"]);
    assert!(run.stderr.contains("`missing.json` cannot be read"), "{}", run.stderr);
}

#[test]
fn an_engine_over_nftables_is_explained_by_its_sample() {
    let script = "print(docker.layout); print(docker.backend); print(docker.present); print(docker.user_chain == ());\n\
        print(docker.published.len()); print(docker.networks.len()); print(docker.bridges);";
    let folder = Folder::new(&[("ask.rhai", script)]);
    for family in ["-4", "-6"] {
        let run = folder.run(&["ask.rhai", "--sample", "docker29-nftables", family]);
        assert!(run.stderr.starts_with("nftables\nnftables\ntrue\ntrue\n0\n0\n"), "{}", run.stderr);
    }
}

/// A client that gets no answer must not hold up a run for longer than its limit, nor fail it.
#[test]
fn a_docker_that_does_not_answer_is_given_up() {
    let Some(_) = available(find("docker")) else { return };
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let script = "print(docker.names_known); print(docker.published[0].container == ());";
    let folder = Folder::new(&[("ask.rhai", script)]);
    let args = ["ask.rhai", "--sample", "docker28-published", "--docker"];
    let mut command = program(folder.path(), &args);
    command.env("DOCKER_HOST", format!("tcp://{}", silent.local_addr().unwrap()));
    let start = Instant::now();
    let output = run(&mut command, b"");
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{said}");
    assert!(start.elapsed() < Duration::from_secs(30), "{:?}", start.elapsed());
    assert!(said.starts_with("false\ntrue\n") && said.contains("warning[docker-unreachable]"), "{said}");
    // A script that asks nothing of Docker does not wait for it.
    folder.write("ask.rhai", "print(docker.layout);");
    let output = run(&mut command, b"");
    assert_eq!(text(&output.stderr), "28\n");
}
