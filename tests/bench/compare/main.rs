//! Whole processes side by side: dwscript with a script that edits nothing (read, parse, check, print) against
//! `iptables-restore --test` of both backends, in one run, and what scripts cost beyond that.
//!
//! `cargo bench --bench compare` prints the table; `-- --quick` leaves the largest ruleset out. Times are CPU time, user
//! and system, of the median run; memory is the largest resident set. It needs root, iptables and python3.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::indexing_slicing,
    reason = "a benchmark prints, and may fail"
)]

#[path = "../../support/generate.rs"]
mod generate;
mod measure;
mod scripts;

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use measure::{Usage, medians};

const DWSCRIPT: &str = env!("CARGO_BIN_EXE_dwscript");

/// A ruleset, how often it is run, and the CPU time that dwscript may take of nft's.
struct Case {
    options: &'static str,
    rules: u32,
    runs: usize,
    goal: f64,
}

const CASES: [Case; 5] = [
    Case { options: "docker 1000", rules: 1_000, runs: 21, goal: 0.30 },
    Case { options: "docker 10000", rules: 10_000, runs: 15, goal: 0.15 },
    Case { options: "k8s 40000", rules: 40_000, runs: 9, goal: 0.15 },
    Case { options: "docker 100000", rules: 100_000, runs: 7, goal: 0.10 },
    Case { options: "docker 1000000", rules: 1_000_000, runs: 3, goal: 0.10 },
];

/// Bytes of memory a rule may take, its text included.
const MEMORY_GOAL: f64 = 300.0;
const GROWTH_GOAL: f64 = 1.10;

fn main() {
    // The tests' harness asks every bench target to run once; that is not what this one is for.
    if std::env::args().any(|argument| argument == "--test" || argument == "--list") {
        return;
    }
    let quick = std::env::args().any(|argument| argument == "--quick");
    let namespace = match Namespace::new() {
        Ok(namespace) => namespace,
        Err(why) => {
            println!("skipped: {why}");
            return;
        }
    };
    let folder = tempfile::TempDir::new().unwrap();
    let nothing = folder.path().join("nothing.rhai");
    std::fs::write(&nothing, "// Edits nothing.\n").unwrap();
    println!(
        "{:<15} {:>9} {:>9} {:>9}  {:>6} {:>6} {:>5}  {:>8} {:>8} {:>8} {:>7}",
        "", "dwscript", "nft", "legacy", "of nft", "legacy", "goal", "dwscript", "nft", "legacy", "B/rule"
    );
    println!(
        "{:<15} {:>9} {:>9} {:>9}  {:>6} {:>6} {:>5}  {:>8} {:>8} {:>8}",
        "ruleset", "ms CPU", "ms CPU", "ms CPU", "", "", "", "MB", "MB", "MB"
    );
    let cases = CASES.iter().filter(|case| !quick || case.rules < 1_000_000);
    let usages: Vec<(u32, Usage)> =
        cases.map(|case| (case.rules, compare(case, &namespace, &nothing))).collect();
    growth(&usages);
    scripts::run(folder.path(), &nothing);
}

fn compare(case: &Case, namespace: &Namespace, script: &Path) -> Usage {
    let file = generate::generate(case.options).unwrap();
    let ours = || {
        let mut command = Command::new(DWSCRIPT);
        command.arg(script).arg("-i").arg(&file);
        command
    };
    let theirs = |backend| {
        let mut command = namespace.command(backend);
        command.args(["iptables-restore", "--test"]).arg(&file);
        command
    };
    let usages =
        medians(case.runs, &[&ours, &|| theirs("xtables-nft-multi"), &|| theirs("xtables-legacy-multi")]);
    let [us, nft, legacy] = usages[..] else { unreachable!("one usage a command") };
    let (of_nft, of_legacy) = (us.cpu_ms() / nft.cpu_ms(), us.cpu_ms() / legacy.cpu_ms());
    let bytes = us.bytes() / f64::from(case.rules);
    let memory = if case.rules < 100_000 {
        String::new()
    } else {
        format!("{bytes:>7.0}{}", miss(bytes <= MEMORY_GOAL))
    };
    println!(
        "{:<15} {:>9.2} {:>9.2} {:>9.2}  {of_nft:>6.3} {of_legacy:>6.3} {:>5.2}{} {:>8.1} {:>8.1} {:>8.1} {memory}",
        case.options,
        us.cpu_ms(),
        nft.cpu_ms(),
        legacy.cpu_ms(),
        case.goal,
        miss(of_nft <= case.goal),
        us.megabytes(),
        nft.megabytes(),
        legacy.megabytes(),
    );
    us
}

fn growth(usages: &[(u32, Usage)]) {
    let cpu = |rules| usages.iter().find(|(found, _)| *found == rules).map(|(_, usage)| usage.cpu_ms());
    if let (Some(small), Some(large)) = (cpu(100_000), cpu(1_000_000)) {
        let exponent = (large / small).log10();
        println!(
            "\ngrowth from 100,000 to 1,000,000 rules: exponent {exponent:.2}, goal {GROWTH_GOAL:.2}{}",
            miss(exponent <= GROWTH_GOAL)
        );
    }
}

/// What is printed behind a figure that misses its goal.
const fn miss(reached: bool) -> &'static str {
    if reached { " " } else { "!" }
}

/// A scratch network namespace, held by a process in it that ends with its input.
struct Namespace(Child);

impl Namespace {
    fn new() -> Result<Self, String> {
        for program in ["xtables-nft-multi", "xtables-legacy-multi"] {
            if !Path::new("/usr/sbin").join(program).is_file() {
                return Err(format!("needs the program {program}"));
            }
        }
        let mut holder = Command::new("unshare");
        holder
            .args(["--net", "--", "sh", "-c", "echo ready; exec cat"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        let mut holder = holder.stderr(Stdio::null()).spawn().map_err(|error| error.to_string())?;
        let mut line = [0; 6];
        let stdout = holder.stdout.as_mut().ok_or("no pipe")?;
        std::io::Read::read_exact(stdout, &mut line).map_err(|_| "needs root, for a network namespace")?;
        Ok(Self(holder))
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new("nsenter");
        command
            .arg(format!("--net=/proc/{}/ns/net", self.0.id()))
            .arg("--")
            .arg(PathBuf::from("/usr/sbin").join(program));
        command.env("XTABLES_LOCKFILE", "/dev/null");
        command
    }
}

impl Drop for Namespace {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        let _ = self.0.wait();
    }
}
