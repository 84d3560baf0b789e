//! The systemd units.

use std::ffi::OsString;
use std::path::Path;

use crate::diagnostic::Diagnostic;

/// The one that runs the scripts.
pub(super) const NAME: &str = "dwscript.service";
/// The one that runs before the network is up.
pub(super) const EARLY: &str = "dwscript-early.service";
/// What stands before the command in it.
const COMMAND: &str = "ExecStart=";

/// The unit that runs these words when Docker has started.
///
/// It is `PartOf=` Docker's, so that a restart of the engine restarts it, and `WantedBy=` it, so that an engine that was
/// stopped and is started brings it along; stopping it takes no rules away. The rollback of a run outlives the unit's own
/// end, hence `KillMode=process`.
pub(super) fn text(words: &[OsString]) -> Result<String, Diagnostic> {
    Ok(format!(
        "# Written by `dwscript persist`; `dwscript persist --remove` takes it away.\n\
        [Unit]\n\
        Description=Firewall rules of dwscript\n\
        After=network-pre.target netfilter-persistent.service {EARLY} docker.service\n\
        PartOf=docker.service\n\
        \n\
        [Service]\n\
        Type=oneshot\n\
        RemainAfterExit=yes\n\
        KillMode=process\n\
        {COMMAND}{}\n\
        \n\
        [Install]\n\
        WantedBy=docker.service multi-user.target\n",
        line(words)?
    ))
}

/// The unit that runs these words before the network is up, with the state directory mounted.
///
/// systemd.special(7), `network-pre.target`: what sets up a firewall is ordered before it and wants it.
pub(super) fn early_text(words: &[OsString], state_dir: &Path) -> Result<String, Diagnostic> {
    Ok(format!(
        "# Written by `dwscript persist`; `dwscript persist --remove` takes it away.\n\
        [Unit]\n\
        Description=Firewall rules of dwscript for the host itself, before the network is up\n\
        DefaultDependencies=no\n\
        RequiresMountsFor={}\n\
        After=local-fs.target systemd-modules-load.service netfilter-persistent.service\n\
        Wants=network-pre.target\n\
        Before=network-pre.target docker.service shutdown.target\n\
        Conflicts=shutdown.target\n\
        \n\
        [Service]\n\
        Type=oneshot\n\
        RemainAfterExit=yes\n\
        {COMMAND}{}\n\
        \n\
        [Install]\n\
        WantedBy=multi-user.target\n",
        line(&[state_dir.into()])?,
        line(words)?
    ))
}

fn line(words: &[OsString]) -> Result<String, Diagnostic> {
    Ok(words.iter().map(quoted).collect::<Result<Vec<_>, _>>()?.join(" "))
}

/// The command in a unit's text, as it is written there.
pub(super) fn command(text: &str) -> Option<&str> {
    text.lines().find_map(|line| line.strip_prefix(COMMAND))
}

/// A word of the command. Source: systemd.service(5), "Command lines", and systemd.unit(5), "Specifiers".
fn quoted(word: &OsString) -> Result<String, Diagnostic> {
    let text = word.to_str().filter(|text| !text.chars().any(char::is_control));
    let Some(text) = text else {
        let message = format!("`{}` cannot stand in a systemd unit", Path::new(word).display());
        return Err(
            Diagnostic::error("usage", message).help("take a name in UTF-8 without control characters")
        );
    };
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/._-+=,:@".contains(&byte);
    if !text.is_empty() && text.bytes().all(is_plain) {
        return Ok(text.to_owned());
    }
    let escaped = text.replace('\\', "\\\\").replace('"', "\\\"").replace('%', "%%").replace('$', "$$");
    Ok(format!("\"{escaped}\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_quoted_as_systemd_reads_them() {
        let quote = |word: &str| quoted(&OsString::from(word)).unwrap_or_default();
        assert_eq!(quote("/usr/bin/dwscript"), "/usr/bin/dwscript");
        assert_eq!(quote("a b"), "\"a b\"");
        assert_eq!(quote("100%$x\"\\"), "\"100%%$$x\\\"\\\\\"");
        assert_eq!(quote(""), "\"\"");
        assert!(quoted(&OsString::from("a\nb")).is_err());
    }
}
