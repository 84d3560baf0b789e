//! Asking Docker itself, by its own client: it knows of contexts and of `DOCKER_HOST`, and how to reach what they name.

use std::ffi::OsString;
use std::time::{Duration, Instant};

use crate::apply::{AskError, ask};
use crate::diagnostic::Diagnostic;
use crate::docker::Inventory;
use crate::script::Unknown;

/// How long all of the client's answers may take.
const LIMIT: Duration = Duration::from_secs(5);

/// What the client may know of our environment: where its settings are, which engine is meant, and how to get there.
const ENVIRONMENT: [&str; 9] = [
    "HOME",
    "DOCKER_API_VERSION",
    "DOCKER_CERT_PATH",
    "DOCKER_CONFIG",
    "DOCKER_CONTEXT",
    "DOCKER_HOST",
    "DOCKER_TLS",
    "DOCKER_TLS_VERIFY",
    "SSH_AUTH_SOCK",
];

/// Where the client looks for `ssh`.
const PATH: &str = "/usr/sbin:/usr/bin:/sbin:/bin";

/// The networks and running containers of the engine that the client talks to.
pub(super) fn inventory() -> Result<Inventory, Unknown> {
    let client = Client::new();
    // A container that ends between the two questions makes the second one fail; asking again is enough.
    client
        .inventory()
        .or_else(|error| match error {
            AskError::Failed { words, .. } if words.contains("No such") => client.inventory(),
            error => Err(error),
        })
        .map_err(unknown)
}

/// The engine's version; none where it does not answer.
pub(super) fn version() -> Option<String> {
    let text = Client::new().ask(&["version", "--format", "{{.Server.Version}}"]).ok()?;
    Some(text.trim().to_owned()).filter(|version| !version.is_empty())
}

fn unknown(error: AskError) -> Unknown {
    match error {
        AskError::Missing(_) => Unknown::Absent(error.to_string()),
        error => Unknown::Failed(
            Diagnostic::warning(
                "docker-unreachable",
                "Docker does not tell the names of networks and containers",
            )
            .note(error.to_string())
            .help(
                "see whether `docker ps` works for this user; DOCKER_HOST and contexts are heeded as it does",
            ),
        ),
    }
}

/// The client, and until when it may answer.
struct Client {
    environment: Vec<(&'static str, OsString)>,
    end: Instant,
}

impl Client {
    fn new() -> Self {
        let kept = ENVIRONMENT.into_iter().filter_map(|name| Some((name, std::env::var_os(name)?)));
        Self { environment: kept.chain([("PATH", PATH.into())]).collect(), end: Instant::now() + LIMIT }
    }

    fn ask(&self, args: &[&str]) -> Result<String, AskError> {
        let left = self.end.saturating_duration_since(Instant::now());
        let bytes = ask("docker", None, args, &self.environment, left)?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    fn inventory(&self) -> Result<Inventory, AskError> {
        let networks = self.ask(&["network", "ls", "--quiet", "--no-trunc"])?;
        let networks = self.inspect(&["network", "inspect"], Inventory::NETWORK_FORMAT, &networks)?;
        let containers = self.ask(&["ps", "--quiet", "--no-trunc"])?;
        let containers =
            self.inspect(&["inspect", "--type", "container"], Inventory::CONTAINER_FORMAT, &containers)?;
        Inventory::parse(&networks, &containers)
            .map_err(|error| AskError::Process(format!("what `docker` prints is not understood: {error}")))
    }

    /// What the client tells of the things whose identifiers are listed.
    fn inspect(&self, command: &[&str], format: &str, list: &str) -> Result<String, AskError> {
        let things: Vec<&str> = list.split_whitespace().collect();
        if things.is_empty() {
            return Ok(String::new());
        }
        self.ask(&[command, &["--format", format], &things].concat())
    }
}
