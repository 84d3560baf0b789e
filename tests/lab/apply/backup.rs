//! Whole dumps, written and loaded.

use super::Host;
use crate::support::namespace::Backend;

#[test]
fn a_dump_comes_back_whole_and_never_wipes_what_it_lacks() {
    for backend in Backend::usable() {
        let Some(host) = Host::new(backend) else { return };
        let run = |args: &[&str]| -> crate::support::command::Printed {
            let mut command = host.namespace.command(env!("CARGO_BIN_EXE_dwscript"));
            command.args(args).args(["--iptables-dir", "bin"]).current_dir(host.folder.path());
            if args[0] == "restore" {
                command.arg("--state-dir").arg(host.state_dir());
            }
            crate::support::process::run(&mut command, b"").into()
        };
        let before = host.rules();
        let backup = run(&["backup", "-o", "host.rules"]);
        assert_eq!(backup.status, Some(0), "{}", backup.stderr);
        let same = run(&["restore", "host.rules"]);
        assert_eq!((same.status, same.stdout.as_str()), (Some(0), "nothing to do\n"), "{}", same.stderr);
        host.iptables("-A INPUT -s 192.0.2.7 -j DROP");
        host.iptables("-P INPUT DROP");
        host.iptables("-D DOCKER-USER -j RETURN");
        let changed = host.rules();
        let refused = run(&["restore", "host.rules"]);
        assert_eq!(refused.status, Some(2), "{}", refused.stdout);
        assert!(
            refused.stderr.contains("error[would-wipe]") && refused.stderr.contains("192.0.2.7"),
            "{}",
            refused.stderr
        );
        assert_eq!(host.rules(), changed);
        let wiped = run(&["restore", "host.rules", "--wipe"]);
        assert_eq!(wiped.status, Some(0), "{}", wiped.stderr);
        assert_eq!(host.rules(), before);
    }
}
