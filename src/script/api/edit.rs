//! Editing: the functions that change the filter table, and the same as methods of `table("nat")` and the others.

use rhai::INT;
use rhai::plugin::*;

use crate::model::TableName::Filter;
use crate::script::edit;
use crate::script::view::TableView;

/// Editing.
#[export_module]
pub(crate) mod topic {
    /// Adds a rule at the end of `chain`. An array of rules is added in its order.
    #[rhai_fn(return_raw)]
    pub fn append(context: NativeCallContext, chain: &str, rule: Dynamic) -> Result<(), Box<EvalAltResult>> {
        edit::append(&context, Filter, chain, &rule)
    }

    /// Adds a rule at the head of `chain`.
    #[rhai_fn(return_raw)]
    pub fn prepend(context: NativeCallContext, chain: &str, rule: Dynamic) -> Result<(), Box<EvalAltResult>> {
        edit::prepend(&context, Filter, chain, &rule)
    }

    /// Adds a rule at `position` of `chain`; positions count from 1, as iptables counts them.
    #[rhai_fn(return_raw)]
    pub fn insert(
        context: NativeCallContext,
        chain: &str,
        position: INT,
        rule: Dynamic,
    ) -> Result<(), Box<EvalAltResult>> {
        edit::insert(&context, Filter, chain, position, &rule)
    }

    /// Adds a rule before the first rule of `chain` that `anchor` finds.
    #[rhai_fn(return_raw)]
    pub fn insert_before(
        context: NativeCallContext,
        chain: &str,
        anchor: Dynamic,
        rule: Dynamic,
    ) -> Result<(), Box<EvalAltResult>> {
        edit::insert_before(&context, Filter, chain, &anchor, &rule)
    }

    /// Adds a rule after the first rule of `chain` that `anchor` finds.
    #[rhai_fn(return_raw)]
    pub fn insert_after(
        context: NativeCallContext,
        chain: &str,
        anchor: Dynamic,
        rule: Dynamic,
    ) -> Result<(), Box<EvalAltResult>> {
        edit::insert_after(&context, Filter, chain, &anchor, &rule)
    }

    /// Puts a rule in the place of the first rule of `chain` that `anchor` finds.
    #[rhai_fn(return_raw)]
    pub fn replace_rule(
        context: NativeCallContext,
        chain: &str,
        anchor: Dynamic,
        rule: Dynamic,
    ) -> Result<(), Box<EvalAltResult>> {
        edit::replace(&context, Filter, chain, &anchor, &rule)
    }

    /// Takes every rule out of `chain` that `selector` finds, and tells how many they were.
    #[rhai_fn(return_raw)]
    pub fn remove_rule(
        context: NativeCallContext,
        chain: &str,
        selector: Dynamic,
    ) -> Result<INT, Box<EvalAltResult>> {
        edit::remove(&context, Filter, chain, &selector)
    }

    /// Sets the policy of a built-in chain to `"ACCEPT"` or `"DROP"`.
    #[rhai_fn(return_raw)]
    pub fn set_policy(
        context: NativeCallContext,
        chain: &str,
        policy: &str,
    ) -> Result<(), Box<EvalAltResult>> {
        edit::set_policy(&context, Filter, chain, policy)
    }

    /// Creates a chain; that it exists already is fine.
    #[rhai_fn(return_raw)]
    pub fn new_chain(context: NativeCallContext, name: &str) -> Result<(), Box<EvalAltResult>> {
        edit::new_chain(&context, Filter, name)
    }

    /// Removes a chain of one's own with its rules; that it is not there is fine.
    #[rhai_fn(return_raw)]
    pub fn remove_chain(context: NativeCallContext, name: &str) -> Result<(), Box<EvalAltResult>> {
        edit::remove_chain(&context, Filter, name)
    }

    /// Gives a chain another name, in the jumps to it too; that only the new name exists is fine.
    #[rhai_fn(return_raw)]
    pub fn rename_chain(context: NativeCallContext, from: &str, to: &str) -> Result<(), Box<EvalAltResult>> {
        edit::rename_chain(&context, Filter, from, to)
    }

    /// Takes all rules out of `chain`.
    #[rhai_fn(return_raw)]
    pub fn flush(context: NativeCallContext, chain: &str) -> Result<(), Box<EvalAltResult>> {
        edit::flush(&context, Filter, chain)
    }

    /// Adds a rule at the end of `chain` of this table.
    #[rhai_fn(name = "append", return_raw, pure)]
    pub fn table_append(
        context: NativeCallContext,
        table: &mut TableView,
        chain: &str,
        rule: Dynamic,
    ) -> Result<(), Box<EvalAltResult>> {
        edit::append(&context, table.name, chain, &rule)
    }

    /// Adds a rule at the head of `chain` of this table.
    #[rhai_fn(name = "prepend", return_raw, pure)]
    pub fn table_prepend(
        context: NativeCallContext,
        table: &mut TableView,
        chain: &str,
        rule: Dynamic,
    ) -> Result<(), Box<EvalAltResult>> {
        edit::prepend(&context, table.name, chain, &rule)
    }

    /// Adds a rule at `position` (from 1) of `chain` of this table.
    #[rhai_fn(name = "insert", return_raw, pure)]
    pub fn table_insert(
        context: NativeCallContext,
        table: &mut TableView,
        chain: &str,
        position: INT,
        rule: Dynamic,
    ) -> Result<(), Box<EvalAltResult>> {
        edit::insert(&context, table.name, chain, position, &rule)
    }

    /// Adds a rule before the first rule of `chain` of this table that `anchor` finds.
    #[rhai_fn(name = "insert_before", return_raw, pure)]
    pub fn table_insert_before(
        context: NativeCallContext,
        table: &mut TableView,
        chain: &str,
        anchor: Dynamic,
        rule: Dynamic,
    ) -> Result<(), Box<EvalAltResult>> {
        edit::insert_before(&context, table.name, chain, &anchor, &rule)
    }

    /// Adds a rule after the first rule of `chain` of this table that `anchor` finds.
    #[rhai_fn(name = "insert_after", return_raw, pure)]
    pub fn table_insert_after(
        context: NativeCallContext,
        table: &mut TableView,
        chain: &str,
        anchor: Dynamic,
        rule: Dynamic,
    ) -> Result<(), Box<EvalAltResult>> {
        edit::insert_after(&context, table.name, chain, &anchor, &rule)
    }

    /// Puts a rule in the place of the first rule of `chain` of this table that `anchor` finds.
    #[rhai_fn(name = "replace_rule", return_raw, pure)]
    pub fn table_replace_rule(
        context: NativeCallContext,
        table: &mut TableView,
        chain: &str,
        anchor: Dynamic,
        rule: Dynamic,
    ) -> Result<(), Box<EvalAltResult>> {
        edit::replace(&context, table.name, chain, &anchor, &rule)
    }

    /// Takes every rule out of `chain` of this table that `selector` finds, and tells how many they were.
    #[rhai_fn(name = "remove_rule", return_raw, pure)]
    pub fn table_remove_rule(
        context: NativeCallContext,
        table: &mut TableView,
        chain: &str,
        selector: Dynamic,
    ) -> Result<INT, Box<EvalAltResult>> {
        edit::remove(&context, table.name, chain, &selector)
    }

    /// Sets the policy of a built-in chain of this table to `"ACCEPT"` or `"DROP"`.
    #[rhai_fn(name = "set_policy", return_raw, pure)]
    pub fn table_set_policy(
        context: NativeCallContext,
        table: &mut TableView,
        chain: &str,
        policy: &str,
    ) -> Result<(), Box<EvalAltResult>> {
        edit::set_policy(&context, table.name, chain, policy)
    }

    /// Creates a chain in this table; that it exists already is fine.
    #[rhai_fn(name = "new_chain", return_raw, pure)]
    pub fn table_new_chain(
        context: NativeCallContext,
        table: &mut TableView,
        name: &str,
    ) -> Result<(), Box<EvalAltResult>> {
        edit::new_chain(&context, table.name, name)
    }

    /// Removes a chain of one's own from this table with its rules; that it is not there is fine.
    #[rhai_fn(name = "remove_chain", return_raw, pure)]
    pub fn table_remove_chain(
        context: NativeCallContext,
        table: &mut TableView,
        name: &str,
    ) -> Result<(), Box<EvalAltResult>> {
        edit::remove_chain(&context, table.name, name)
    }

    /// Gives a chain of this table another name, in the jumps to it too.
    #[rhai_fn(name = "rename_chain", return_raw, pure)]
    pub fn table_rename_chain(
        context: NativeCallContext,
        table: &mut TableView,
        from: &str,
        to: &str,
    ) -> Result<(), Box<EvalAltResult>> {
        edit::rename_chain(&context, table.name, from, to)
    }

    /// Takes all rules out of `chain` of this table.
    #[rhai_fn(name = "flush", return_raw, pure)]
    pub fn table_flush(
        context: NativeCallContext,
        table: &mut TableView,
        chain: &str,
    ) -> Result<(), Box<EvalAltResult>> {
        edit::flush(&context, table.name, chain)
    }
}
