//! What scripts expect of packets.

use super::given::Given;
use crate::model::Origin;

/// What is to become of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expected {
    /// It arrives.
    Accept,
    /// It does not.
    Drop,
}

/// What a script expects of the result of the whole chain of scripts.
#[derive(Clone, Debug)]
pub struct Expectation {
    /// What is to become of the packet.
    pub expected: Expected,
    /// The packet.
    pub packet: Given,
    /// Why, in the script's words.
    pub why: String,
    /// The script line that says so.
    pub origin: Origin,
}

/// A packet of an administrator's, by whose connection the host is reached.
#[derive(Clone, Debug)]
pub struct Admin {
    /// The packet.
    pub packet: Given,
    /// The script line that declares it; none for the connection by which the program was started.
    pub origin: Option<Origin>,
}
