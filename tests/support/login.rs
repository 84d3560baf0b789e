//! A host that people log in to: a real `sshd` with users of its own, beside the machine's.
//!
//! All of it lives in mount and process namespaces that end with the value: the users are in copies of the machine's
//! files, `/run` and `/var/log` are empty ones, and `sudo` and `sshd` see no others.

use std::fs::{self, Permissions};
use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

use crate::support::namespace::Namespace;
use crate::support::process::{find, run, stdout_of, text};
use crate::support::skip::Skip;

/// The user who is not root, and may become it by `sudo` without a password.
pub(crate) const USER: &str = "alice";

/// Makes the namespaces' files differ from the machine's, and stays until its input ends.
const HOLD: &str = r#"
set -e
mount -t tmpfs tmpfs /run
mount -t tmpfs tmpfs /var/log
mkdir -p -m 755 /run/sshd
for file in passwd group shadow sudoers.d; do mount --bind "$1/$file" "/etc/$file"; done
ready=$("$2" -f "$1/sshd_config" -E "$1/log" 2>&1) || { echo "sshd: $ready"; exit 1; }
echo ready
cat >/dev/null
"#;

/// The host's namespaces; whatever runs in them ends with the value.
#[derive(Debug)]
pub(crate) struct Login {
    holder: Child,
    folder: TempDir,
    host: PathBuf,
}

impl Login {
    /// Lets people log in to the host in this network namespace, on port 22 of all its addresses.
    pub(crate) fn new(host: &Namespace) -> Result<Self, Skip> {
        let server = find("sshd")?;
        for program in ["ssh", "ssh-keygen", "sudo", "unshare", "setsid"] {
            find(program)?;
        }
        let folder = TempDir::new().map_err(|error| Skip::because(format!("no folder: {error}")))?;
        furnish(folder.path());
        let mut command = host.command("unshare");
        command.args([
            "--mount",
            "--pid",
            "--fork",
            "--kill-child",
            "--mount-proc",
            "--",
            "sh",
            "-c",
            HOLD,
            "sh",
        ]);
        command.arg(folder.path()).arg(server).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut holder = command.spawn().unwrap();
        let mut line = String::new();
        BufReader::new(holder.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let login = Self { holder, folder, host: host.path() };
        if line.trim() == "ready" {
            Ok(login)
        } else {
            Err(Skip::because(format!("sshd does not start here: {}", line.trim())))
        }
    }

    /// A command that runs a program on the host as somebody does who sits in front of it.
    pub(crate) fn console(&self, program: &str) -> Command {
        let init = init_of(self.holder.id());
        let mut command = Command::new("nsenter");
        command.args(["--target", &init, "--mount", "--pid"]).arg(format!("--net={}", self.host.display()));
        command.arg("--").arg(program).env("LC_ALL", "C");
        for variable in ["SSH_CONNECTION", "SSH_CLIENT", "SSH_TTY"] {
            command.env_remove(variable);
        }
        command
    }

    /// A command that logs in from the client's namespace; options and what is to be run follow.
    pub(crate) fn ssh(&self, client: &Namespace, user: &str, address: &str) -> Command {
        let mut command = client.command("ssh");
        command.args(["-F", "none", "-l", user, "-i"]).arg(self.folder.path().join("key"));
        for option in [
            "BatchMode=yes",
            "ConnectTimeout=20",
            "GlobalKnownHostsFile=/dev/null",
            "IdentitiesOnly=yes",
            "LogLevel=ERROR",
            "StrictHostKeyChecking=no",
            "UserKnownHostsFile=/dev/null",
        ] {
            command.args(["-o", option]);
        }
        command.env_remove("SSH_AUTH_SOCK").arg(address);
        command
    }

    /// A file that no other value has. Every user may make one in `home`.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// What the server says in its log.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.file("log")).unwrap_or_default()
    }
}

impl Drop for Login {
    fn drop(&mut self) {
        drop(self.holder.stdin.take());
        let _ = self.holder.wait();
    }
}

/// The first process of the namespace: `unshare` waits for it.
fn init_of(unshare: u32) -> String {
    let children = fs::read_to_string(format!("/proc/{unshare}/task/{unshare}/children")).unwrap_or_default();
    match children.split_whitespace().next() {
        Some(child) => child.to_owned(),
        None => panic!("the namespace of {unshare} has ended"),
    }
}

/// Writes the users, the keys and the configuration.
fn furnish(folder: &Path) {
    let write = |name: &str, mode: u32, text: &str| {
        fs::write(folder.join(name), text).unwrap();
        fs::set_permissions(folder.join(name), Permissions::from_mode(mode)).unwrap();
    };
    // Users read their keys in it.
    fs::set_permissions(folder, Permissions::from_mode(0o755)).unwrap();
    for (name, mode) in [("home", 0o777), ("sudoers.d", 0o755)] {
        fs::create_dir(folder.join(name)).unwrap();
        fs::set_permissions(folder.join(name), Permissions::from_mode(mode)).unwrap();
    }
    for (name, mode, line) in [
        ("passwd", 0o644, format!("{USER}:x:41234:41234::{}/home:/bin/sh\n", folder.display())),
        ("group", 0o644, format!("{USER}:x:41234:\n")),
        ("shadow", 0o600, format!("{USER}:*:19000:0:99999:7:::\n")),
    ] {
        let machine = fs::read_to_string(Path::new("/etc").join(name)).unwrap();
        // A locked account may not log in, whatever its key.
        let others: String = machine.lines().map(|line| line.replacen(":!", ":*", 1) + "\n").collect();
        write(name, mode, &format!("{others}{line}"));
    }
    write("sudoers.d/lab", 0o440, &format!("{USER} ALL=(ALL:ALL) NOPASSWD: ALL\n"));
    for key in ["key", "host"] {
        let mut command = Command::new("ssh-keygen");
        command.args(["-q", "-t", "ed25519", "-N", "", "-f"]).arg(folder.join(key));
        stdout_of(&run(&mut command, b""));
    }
    let key = text(&fs::read(folder.join("key.pub")).unwrap());
    write("authorized_keys", 0o644, &key);
    write("sshd_config", 0o600, &configuration(folder));
}

fn configuration(folder: &Path) -> String {
    let folder = folder.display();
    format!(
        "Port 22\nHostKey {folder}/host\nPidFile {folder}/pid\nAuthorizedKeysFile {folder}/authorized_keys\n\
         PermitRootLogin yes\nPasswordAuthentication no\nKbdInteractiveAuthentication no\nUsePAM no\nUseDNS no\n\
         StrictModes no\nPrintMotd no\nPrintLastLog no\nLogLevel VERBOSE\n"
    )
}
