//! Parameters for scripts: from the environment, from TOML files, from the command line; the later ones count for more.

use super::args::ScriptArgs;
use crate::diagnostic::Diagnostic;
use crate::script::Settings;

/// What the scripts are given.
#[expect(clippy::unnecessary_wraps, reason = "placeholder")]
pub(super) fn settings(args: &ScriptArgs) -> Result<Settings, Diagnostic> {
    Ok(Settings { libraries: args.libraries.clone() })
}
