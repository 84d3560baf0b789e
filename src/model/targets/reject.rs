//! `-j REJECT`: an answer to the sender, and the packet is gone.

use crate::model::extension::{Extension, Families, HookSet, Instance, OptionSpec, Print, TableSet};
use crate::model::names::{Hook, TableName};
use crate::model::value::{Keyword, SpecErrorKind, Spelling, Value, protocol};

pub(super) static REJECT: Extension = Extension {
    families: Families::Ipv4,
    options: &[OptionSpec::new("reject-with", Value::Keyword(&ANSWERS))
        .print(Print::Always("icmp-port-unreachable"))],
    ..BOTH
};

pub(super) static REJECT6: Extension = Extension {
    families: Families::Ipv6,
    options: &[OptionSpec::new("reject-with", Value::Keyword(&ANSWERS6))
        .print(Print::Always("icmp6-port-unreachable"))],
    ..BOTH
};

const BOTH: Extension = Extension {
    tables: TableSet::of(&[TableName::Filter]),
    hooks: HookSet::of(&[Hook::Input, Hook::Forward, Hook::Output]),
    check: Some(check),
    ..Extension::target("REJECT")
};

static ANSWERS: Keyword = Keyword {
    names: &[
        "icmp-net-unreachable",
        "icmp-host-unreachable",
        "icmp-proto-unreachable",
        "icmp-port-unreachable",
        "icmp-net-prohibited",
        "icmp-host-prohibited",
        "tcp-reset",
        "icmp-admin-prohibited",
    ],
    aliases: &[
        ("net-unreach", "icmp-net-unreachable"),
        ("host-unreach", "icmp-host-unreachable"),
        ("proto-unreach", "icmp-proto-unreachable"),
        ("port-unreach", "icmp-port-unreachable"),
        ("net-prohib", "icmp-net-prohibited"),
        ("host-prohib", "icmp-host-prohibited"),
        ("tcp-rst", "tcp-reset"),
        ("admin-prohib", "icmp-admin-prohibited"),
    ],
    spelling: Spelling::Abbreviated,
};

static ANSWERS6: Keyword = Keyword {
    names: &[
        "icmp6-no-route",
        "icmp6-adm-prohibited",
        "icmp6-addr-unreachable",
        "icmp6-port-unreachable",
        "tcp-reset",
        "icmp6-policy-fail",
        "icmp6-reject-route",
    ],
    aliases: &[
        ("no-route", "icmp6-no-route"),
        ("adm-prohibited", "icmp6-adm-prohibited"),
        ("addr-unreach", "icmp6-addr-unreachable"),
        ("port-unreach", "icmp6-port-unreachable"),
        ("policy-fail", "icmp6-policy-fail"),
        ("reject-route", "icmp6-reject-route"),
    ],
    spelling: Spelling::Abbreviated,
};

fn check(instance: &Instance<'_>) -> Result<(), SpecErrorKind> {
    let reset = instance.get("reject-with").is_some_and(|given| given.value() == "tcp-reset");
    if reset && (instance.protocol.negated || instance.protocol.number != protocol::TCP) {
        let extension = "--reject-with tcp-reset".to_owned();
        return Err(SpecErrorKind::NeedsProtocol { extension, protocols: &[protocol::TCP] });
    }
    Ok(())
}
