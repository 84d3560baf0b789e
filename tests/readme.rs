//! README.md does what it says: each command of its `console` blocks is run.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::support::command::{Folder, Printed};
use crate::support::namespace::Namespace;
use crate::support::process::run;
use crate::support::skip::available;

/// Commands that build or test this project, which is what is going on.
const OURS: [&str; 3] = ["cargo test", "cargo install", "cargo bench"];

fn readme() -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap()
}

/// The texts of the blocks that are marked with `language`.
fn blocks<'t>(text: &'t str, language: &str) -> Vec<&'t str> {
    let fence = format!("```{language}\n");
    let blocks = text.split(&fence).skip(1);
    blocks.map(|rest| rest.split("```").next().unwrap()).collect()
}

/// A folder with all that the commands name: the shipped scripts, the script that the text shows, programs by name.
fn folder(text: &str) -> Folder {
    let folder = Folder::new(&[("base.rhai", "append(\"INPUT\", \"-i lo -j ACCEPT\");\n")]);
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let site = blocks(text, "rhai").into_iter().next().expect("the README shows a script");
    folder.write("site.rhai", site);
    folder.write("drop.txt", "192.0.2.0/24\n2001:db8::/32\n");
    folder.write("rules.v4", "*filter\n-A INPUT -p tcp --dport ssh -j ACCEPT\nCOMMIT\n");
    fs::create_dir(folder.path().join("scripts")).unwrap();
    for entry in fs::read_dir(root.join("scripts")).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), folder.path().join("scripts").join(entry.file_name())).unwrap();
    }
    fs::create_dir(folder.path().join("bin")).unwrap();
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_dwscript"), folder.path().join("bin/dwscript")).unwrap();
    for (name, sample) in
        [("iptables-save", "docker28-published.rules"), ("ip6tables-save", "docker28-published.v6.rules")]
    {
        let sample = root.join("src/samples").join(sample);
        folder.write(&format!("bin/{name}"), &format!("#!/bin/sh\ncat {}\n", sample.display()));
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        fs::set_permissions(folder.path().join("bin").join(name), mode).unwrap();
    }
    folder
}

#[test]
fn the_commands_of_the_readme_run() {
    let text = readme();
    let folder = folder(&text);
    let commands = blocks(&text, "console").into_iter().flat_map(str::lines);
    let commands: Vec<&str> = commands.filter_map(|line| line.strip_prefix("$ ")).collect();
    assert!(commands.len() > 10, "{commands:?}");
    for command in commands.iter().filter(|command| !OURS.iter().any(|ours| command.starts_with(ours))) {
        let typed = command.replace("cargo run --release -- ", "dwscript ");
        let mut shell = Command::new("sh");
        let path =
            format!("{}:{}", folder.path().join("bin").display(), std::env::var("PATH").unwrap_or_default());
        shell.args(["-c", &typed]).current_dir(folder.path()).env("PATH", path).env("LC_ALL", "C");
        let printed = Printed::from(run(&mut shell, b""));
        // `--check` answers by its exit status.
        let fine = printed.status == Some(0) || command.contains("--check") && printed.status == Some(1);
        assert!(fine, "$ {command}\n{:?}\n{}", printed.status, printed.stderr);
        let silent = [">", "lint", " -o "].iter().any(|word| command.contains(word));
        assert!(silent || !printed.stdout.is_empty(), "$ {command} prints nothing");
    }
}

/// Commands that change a host, on one that is made for them: a network namespace, and a state directory of its own.
#[test]
fn the_commands_of_the_readme_that_change_a_host_run() {
    let Some(host) = available(Namespace::new()) else { return };
    let text = readme();
    let folder = folder(&text);
    let commands = blocks(&text, "shell").into_iter().flat_map(str::lines);
    let commands: Vec<&str> = commands.filter_map(|line| line.strip_prefix("$ dwscript ")).collect();
    assert!(commands.len() > 5, "{commands:?}");
    // Nor are its configuration and its systemd.
    let own = "mount -t tmpfs tmpfs /var/lib && mount -t tmpfs tmpfs /mnt && cp -a /etc/. /mnt && mount --bind /mnt /etc && \
        { [ ! -d /run/systemd ] || mount -t tmpfs tmpfs /run/systemd; }";
    let mut script = format!("set -e; {{ {own}; }} 2>/dev/null || exit 77\n");
    for command in commands {
        let confirms = command.ends_with("--apply");
        let confirm =
            if confirms { "until $0 confirm --confirm-here 2>/dev/null; do sleep 0.1; done & " } else { "" };
        script += &format!("echo '$ {command}' >&2\n{confirm}$0 {command} </dev/null\nwait\n");
    }
    let mut shell = host.command("/usr/bin/unshare");
    shell.args(["--mount", "sh", "-c", &script, env!("CARGO_BIN_EXE_dwscript")]).current_dir(folder.path());
    let printed = Printed::from(run(&mut shell, b""));
    // Without the right to mount nothing is run: the machine's own state directory is not ours.
    assert!(matches!(printed.status, Some(0 | 77)), "{}", printed.stderr);
}

#[test]
fn the_options_of_the_readme_exist() {
    let folder = Folder::new(&[]);
    let commands = [
        "remove", "fmt", "confirm", "revert", "history", "backup", "restore", "persist", "explain", "lint",
        "test",
    ];
    let commands: Vec<_> = commands.iter().map(|command| [*command, "--help"]).collect();
    let helps = commands.iter().map(|args| &args[..]).chain([&["--help"][..]]);
    let help: String = helps.map(|args| folder.run(args).stdout).collect();
    let text = readme();
    let text = blocks(&text, "rhai").into_iter().fold(text.clone(), |text, script| text.replace(script, ""));
    let words = text.split(|character: char| !(character.is_ascii_alphanumeric() || character == '-'));
    let ours = |word: &&str| word.starts_with("--") && word.len() > 3;
    for option in words
        .filter(ours)
        .filter(|option| !["--release", "--path", "--bench", "--test", "--noflush"].contains(option))
    {
        assert!(help.contains(option), "{option} is in README.md and not in the help");
    }
}
