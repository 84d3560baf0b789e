//! Firewall policy as code for Docker hosts.
