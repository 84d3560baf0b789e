//! `-m owner`: who sent the packet.

use crate::model::extension::{Extension, HookSet, Instance, OptionSpec, Rule};
use crate::model::names::Hook;
use crate::model::value::hostfile::HostFile;
use crate::model::value::{Argument, Custom, Samples, Sink, SpecErrorKind, Value, number};

pub(super) static OWNER: Extension = Extension {
    hooks: HookSet::of(&[Hook::Output, Hook::Postrouting]),
    options: &[
        OptionSpec::negatable("socket-exists", Value::Nothing),
        OptionSpec::negatable("uid-owner", Value::Custom(&USER)),
        OptionSpec::negatable("gid-owner", Value::Custom(&GROUP)),
        OptionSpec::new("suppl-groups", Value::Nothing),
    ],
    rules: &[
        Rule::AnyOf(&["uid-owner", "gid-owner", "socket-exists"]),
        Rule::Needs("suppl-groups", "gid-owner"),
    ],
    check: Some(check),
    ..Extension::matching("owner")
};

static USER: Custom = Custom {
    words: 1,
    read: |argument, out| read(argument, HostFile::Users, out),
    samples: Samples::Either(&["0", "1000", "1000-2000", "root"]),
};

static GROUP: Custom = Custom {
    words: 1,
    read: |argument, out| read(argument, HostFile::Groups, out),
    samples: Samples::Either(&["0", "100-200", "5:9", "root"]),
};

/// The greatest id; the one above it means none.
const MAX: u64 = u32::MAX as u64 - 1;

fn read(argument: &Argument<'_>, file: HostFile, out: &mut Sink<'_>) -> Result<(), SpecErrorKind> {
    let (from, to) = range(argument, file)?;
    out.push_number(from);
    if from != to {
        out.push('-');
        out.push_number(to);
    }
    Ok(())
}

fn range(argument: &Argument<'_>, file: HostFile) -> Result<(u64, u64), SpecErrorKind> {
    let text = argument.text();
    if let Some(id) = file.number(text) {
        return Ok((id.into(), id.into()));
    }
    let ids = || {
        let (from, rest) = number::leading_up_to(text, MAX)?;
        match rest.strip_prefix(['-', ':']) {
            Some(to) => Some((from, number::whole(to, 0, MAX)?)),
            None => rest.is_empty().then_some((from, from)),
        }
    };
    let (from, to) = ids().ok_or_else(|| {
        argument.bad(match file {
            HostFile::Users => {
                "this host has no such user; give a user's name, a number, or a range `1000-2000`"
            }
            _ => "this host has no such group; give a group's name, a number, or a range `100-200`",
        })
    })?;
    if from > to {
        return Err(argument.bad("the range is upside down; put the smaller number first"));
    }
    Ok((from, to))
}

/// `--suppl-groups` counts only behind `--gid-owner`.
fn check(instance: &Instance<'_>) -> Result<(), SpecErrorKind> {
    match (place(instance, "gid-owner"), place(instance, "suppl-groups")) {
        (Some(group), Some(supplementary)) if supplementary < group => {
            Err(instance.refused("`--suppl-groups` must stand behind `--gid-owner`; move it there"))
        }
        _ => Ok(()),
    }
}

fn place(instance: &Instance<'_>, long: &str) -> Option<u32> {
    let (index, _) = instance.extension.option(long)?;
    instance.last(index).map(|used| used.span.start)
}
