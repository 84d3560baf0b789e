//! tmp
#![allow(missing_docs)]
use crate::model::Ruleset;
#[derive(Clone)]
pub struct Published {
    pub host_ip: Option<String>,
    pub host_port: u16,
    pub protocol: String,
    pub container_ip: String,
    pub container_port: u16,
    pub bridge: Option<String>,
}
#[derive(Clone, Copy)]
pub enum Layout {
    A,
}
impl Layout {
    pub fn as_str(self) -> &'static str {
        "28"
    }
}
pub fn layout(_: &Ruleset) -> Option<Layout> {
    Some(Layout::A)
}
pub fn bridge_patterns(_: &Ruleset) -> Vec<String> {
    vec!["docker0".into(), "br-+".into()]
}
pub fn published(_: &Ruleset) -> Vec<Published> {
    vec![Published {
        host_ip: None,
        host_port: 80,
        protocol: "tcp".into(),
        container_ip: "172.17.0.2".into(),
        container_port: 80,
        bridge: Some("docker0".into()),
    }]
}
