//! A runaway script ends with an error, in time, and without taking the machine's memory.

use std::process::Stdio;
use std::time::{Duration, Instant};

use wait4::Wait4 as _;

use super::RULES;
use crate::support::command::{Folder, program};

/// What no script may take longer than.
const TIME: Duration = Duration::from_secs(5);
/// What no script may take more than, in bytes.
const MEMORY: u64 = 512 << 20;

#[track_caller]
fn ends(script: &str) {
    let folder = Folder::new(&[("s.rhai", script), ("host.rules", RULES)]);
    let mut command = program(folder.path(), &["s.rhai", "-i", "host.rules", "-o", "out.rules"]);
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(std::fs::File::create(folder.path().join("err")).unwrap());
    let start = Instant::now();
    let used = command.spawn().unwrap().wait4().unwrap();
    let (took, said) = (start.elapsed(), folder.read("err"));
    assert_eq!(used.status.code(), Some(2), "{script}\n{said}");
    assert!(said.contains("error[") && said.contains("-limit]"), "{script}\n{said}");
    assert!(took < TIME, "{script}: {took:?}");
    assert!(used.rusage.maxrss < MEMORY, "{script}: {} MiB", used.rusage.maxrss >> 20);
    assert!(!folder.path().join("out.rules").exists(), "{script}");
}

#[test]
fn loops_without_an_end() {
    ends("while true {}");
    ends("loop { try { loop {} } catch {} }");
    ends("let x = 0; for i in 0..9000000000000000000 { x = i; }");
}

#[test]
fn closures_within_closures() {
    ends(
        "let a = []; for i in 0..1000 { a.push(i); } fn f(a, n) { let b = a; a.filter(|x| n < 1 || f(b, n - 1)).len() > 0 } f(a, 5);",
    );
    ends(
        "let a = []; for i in 0..1000 { a.push(i); } fn f(a, n) { let b = a; a.map(|x| if n > 0 { f(b, n - 1) }) } f(a, 5);",
    );
    let many = "for i in 1..2000 { append(\"INPUT\", `-p tcp --dport ${i} -j DROP`); } ";
    ends(
        &[many, "find(\"INPUT\", |a| find(\"INPUT\", |b| find(\"INPUT\", |c| false).len() > 0).len() > 0);"]
            .concat(),
    );
    ends(
        &[many, "fn f(n) { chain(\"INPUT\").rules.filter(|r| n < 1 || f(n - 1)).len() > 0 } f(5);"].concat(),
    );
    ends(&[many, "fn f(n) { chain(\"INPUT\").rules.map(|r| if n > 0 { f(n - 1) }) } f(5);"].concat());
}

#[test]
fn values_that_grow() {
    for script in [
        "let s = \"aaaa\"; loop { s += s; }",
        "let a = [1]; loop { a += a; }",
        "let a = [1]; loop { a = [a, a, a, a]; }",
        "let m = #{ a: 1 }; loop { m = #{ a: m, b: m }; }",
        "loop { try { let a = [1]; loop { a += a; } } catch {} }",
    ] {
        ends(script);
    }
}

#[test]
fn much_from_a_single_call() {
    for script in [
        "let s = \"a\"; s.pad(100000000000, \"x\");",
        "let a = []; a.pad(100000000, 1);",
        "let a = []; a.pad(400000, 1); let b = []; b.pad(400000, a);",
        "let s = \"a\"; s.pad(1000000, \"a\"); let t = s; s.replace(\"a\", t);",
        "let s = \"a\"; s.pad(10000000, \"x\"); let a = []; a.pad(100000, s); print(`${a}`);",
        "let s = \"a\"; s.pad(10000000, \"x\"); let t = s + \"y\"; let u = s + \"z\"; let a = []; a.pad(300000, t); a.index_of(u);",
        "let a = []; for i in 0..60000 { a.push(`10.0.${i / 256}.${i % 256}`); } append(\"INPUT\", rule().from(a).to(a).accept());",
    ] {
        ends(script);
    }
}

#[test]
fn calls_without_an_end() {
    ends("fn f(x) { f(x + 1) } f(0);");
    ends("fn f(x) { find(\"INPUT\", |r| f(x)); true } f(0);");
    ends("fn f(x) { [1].map(|y| f(y)) } f(0);");
    ends("fn f(x) { f(x + 1) } loop { try { f(0); } catch {} }");
}

#[test]
fn rules_without_an_end() {
    ends("let i = 0; loop { i += 1; append(\"INPUT\", `-m mark --mark ${i} -j DROP`); }");
    ends("loop { note(\"x\"); }");
}
