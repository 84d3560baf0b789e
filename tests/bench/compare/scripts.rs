//! What scripts cost beyond reading and printing.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::generate::generate;
use super::measure::{Usage, medians};
use super::{DWSCRIPT, miss};

/// A script of a hundred thousand calls that add to the end of a long chain.
const APPENDS: &str = "for i in 0..100000 { append(\"INPUT\", \"-s 192.0.2.1/32 -j DROP\"); }\n";
/// A script that adds to the head of a long chain.
const INSERTS: &str = "for i in 0..10000 { insert_before(\"INPUT\", 1, \"-s 192.0.2.1/32 -j DROP\"); }\n";

/// Measures the scripts; `nothing` is one that edits nothing.
pub(crate) fn run(folder: &Path, nothing: &Path) {
    println!("\n{:<50} {:>9} {:>9} {:>9}  {:>6}", "script", "ms CPU", "ms wall", "beyond", "goal");
    let harden = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/harden.rhai");
    let small = generate("docker 1000").unwrap();
    let [usage] = measure(&[&harden], &small)[..] else { unreachable!("one usage a script") };
    println!(
        "{:<50} {:>9.2} {:>9.2} {:>9}  {:>6.1}{}",
        "harden.rhai on 1,000 rules",
        usage.cpu_ms(),
        usage.wall_ms(),
        "",
        10.0,
        miss(usage.wall_ms() < 10.0)
    );
    let long = long_chain(folder);
    for (name, text) in
        [("100,000 append to a chain of 100,000", APPENDS), ("10,000 insert_before at its head", INSERTS)]
    {
        let script = folder.join("many.rhai");
        std::fs::write(&script, text).unwrap();
        let [base, usage] = measure(&[nothing, &script], &long)[..] else {
            unreachable!("one usage a script")
        };
        let beyond = usage.cpu_ms() - base.cpu_ms();
        println!(
            "{name:<50} {:>9.2} {:>9.2} {beyond:>9.2}  {:>6.1}{}",
            usage.cpu_ms(),
            usage.wall_ms(),
            500.0,
            miss(beyond < 500.0)
        );
    }
}

fn measure(scripts: &[&Path], input: &Path) -> Vec<Usage> {
    let commands: Vec<_> = scripts
        .iter()
        .map(|script| {
            move || {
                let mut command = Command::new(DWSCRIPT);
                command.arg(script).arg("-i").arg(input);
                command
            }
        })
        .collect();
    let commands: Vec<&dyn Fn() -> Command> =
        commands.iter().map(|command| command as &dyn Fn() -> Command).collect();
    medians(7, &commands)
}

/// A ruleset whose INPUT has 100,000 rules.
fn long_chain(folder: &Path) -> PathBuf {
    let mut text = "*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n".to_owned();
    for number in 0..100_000_u32 {
        let [_, high, middle, low] = number.to_be_bytes();
        writeln!(text, "-A INPUT -s 10.{high}.{middle}.{low}/32 -j DROP").unwrap();
    }
    text.push_str("COMMIT\n");
    let file = folder.join("long.rules");
    std::fs::write(&file, text).unwrap();
    file
}
