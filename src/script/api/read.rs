//! Reading: tables, chains and rules as they are at the time of asking.
//!
//! Methods take their object by value: Rhai then knows that they do not change it, and does not try to write it back
//! into the property that it was read from.

use rhai::plugin::*;
use rhai::{Array, Engine, FnPtr, INT};

use crate::model::TableName::Filter;
use crate::script::pattern::Pattern;
use crate::script::read;
use crate::script::select;
use crate::script::view::{ChainView, RuleList, RuleView, RulesetView, TableView};

/// Registers what cannot be told by functions: iteration, and the refusal to assign.
pub(super) fn register(engine: &mut Engine) {
    engine.register_iterator::<RuleList>();
    read::refuse_assignments::<ChainView>(
        engine,
        &["name", "table", "policy", "rules", "counters", "references"],
    );
    read::refuse_assignments::<TableView>(engine, &["name", "chains"]);
    read::refuse_assignments::<RulesetView>(engine, &["tables", "family"]);
}

/// Reading.
#[export_module]
pub(crate) mod topic {
    /// The tables that the ruleset names, as an array.
    pub fn tables(context: NativeCallContext) -> Array {
        read::tables(&context)
    }

    /// The table called `name`: `raw`, `mangle`, `nat`, `filter` or `security`. It has the editing and reading functions
    /// as methods.
    #[rhai_fn(return_raw)]
    pub fn table(context: NativeCallContext, name: &str) -> Result<TableView, Box<EvalAltResult>> {
        read::table(&context, name)
    }

    /// The chains of the filter table, as an array.
    pub fn chains(context: NativeCallContext) -> Array {
        read::chains(&context, Filter)
    }

    /// The chain of the filter table called `name`.
    #[rhai_fn(return_raw)]
    pub fn chain(context: NativeCallContext, name: &str) -> Result<ChainView, Box<EvalAltResult>> {
        read::chain(&context, Filter, name)
    }

    /// Whether the filter table has a chain called `name`.
    pub fn has_chain(context: NativeCallContext, name: &str) -> bool {
        read::has_chain(&context, Filter, name)
    }

    /// The rules of `chain` that `selector` finds, as an array.
    #[rhai_fn(return_raw)]
    pub fn find(
        context: NativeCallContext,
        chain: &str,
        selector: Dynamic,
    ) -> Result<Array, Box<EvalAltResult>> {
        read::find(&context, Filter, chain, &selector)
    }

    /// Whether `chain` has a rule equal to `rule`.
    #[rhai_fn(return_raw)]
    pub fn has_rule(
        context: NativeCallContext,
        chain: &str,
        rule: Dynamic,
    ) -> Result<bool, Box<EvalAltResult>> {
        read::has_rule(&context, Filter, chain, &rule)
    }

    /// How many rules of `chain` `selector` finds.
    #[rhai_fn(return_raw)]
    pub fn count(
        context: NativeCallContext,
        chain: &str,
        selector: Dynamic,
    ) -> Result<INT, Box<EvalAltResult>> {
        read::count(&context, Filter, chain, &selector)
    }

    /// An anchor or selector: the rules whose canonical text the regular expression `pattern` matches.
    #[rhai_fn(return_raw)]
    pub fn matching(context: NativeCallContext, pattern: &str) -> Result<Pattern, Box<EvalAltResult>> {
        select::matching(&context, pattern)
    }

    /// The name of the table.
    #[rhai_fn(get = "name", pure)]
    pub fn table_name(table: &mut TableView) -> String {
        table.name.as_str().to_owned()
    }

    /// The chains of the table, as an array.
    #[rhai_fn(get = "chains", pure)]
    pub fn table_chains(context: NativeCallContext, table: &mut TableView) -> Array {
        read::chains(&context, table.name)
    }

    /// The chain of the table called `name`.
    #[rhai_fn(name = "chain", return_raw)]
    pub fn table_chain(
        context: NativeCallContext,
        table: TableView,
        name: &str,
    ) -> Result<ChainView, Box<EvalAltResult>> {
        read::chain(&context, table.name, name)
    }

    /// Whether the table has a chain called `name`.
    #[rhai_fn(name = "has_chain")]
    pub fn table_has_chain(context: NativeCallContext, table: TableView, name: &str) -> bool {
        read::has_chain(&context, table.name, name)
    }

    /// The rules of `chain` of the table that `selector` finds, as an array.
    #[rhai_fn(name = "find", return_raw)]
    pub fn table_find(
        context: NativeCallContext,
        table: TableView,
        chain: &str,
        selector: Dynamic,
    ) -> Result<Array, Box<EvalAltResult>> {
        read::find(&context, table.name, chain, &selector)
    }

    /// Whether `chain` of the table has a rule equal to `rule`.
    #[rhai_fn(name = "has_rule", return_raw)]
    pub fn table_has_rule(
        context: NativeCallContext,
        table: TableView,
        chain: &str,
        rule: Dynamic,
    ) -> Result<bool, Box<EvalAltResult>> {
        read::has_rule(&context, table.name, chain, &rule)
    }

    /// How many rules of `chain` of the table `selector` finds.
    #[rhai_fn(name = "count", return_raw)]
    pub fn table_count(
        context: NativeCallContext,
        table: TableView,
        chain: &str,
        selector: Dynamic,
    ) -> Result<INT, Box<EvalAltResult>> {
        read::count(&context, table.name, chain, &selector)
    }

    /// The tables that the ruleset names, as an array.
    #[rhai_fn(get = "tables", pure)]
    pub fn ruleset_tables(context: NativeCallContext, _ruleset: &mut RulesetView) -> Array {
        read::tables(&context)
    }

    /// `"ipv4"` or `"ipv6"`.
    #[rhai_fn(get = "family", pure)]
    pub fn ruleset_family(ruleset: &mut RulesetView) -> String {
        ruleset.0.borrow().ruleset.family().as_str().to_owned()
    }

    /// The name of the chain.
    #[rhai_fn(get = "name", pure)]
    pub fn chain_name(chain: &mut ChainView) -> String {
        read::chain_name(&chain.session, chain.chain)
    }

    /// The name of the table that the chain is in.
    #[rhai_fn(get = "table", pure)]
    pub fn chain_table(chain: &mut ChainView) -> String {
        read::chain_table(&chain.session, chain.chain).to_owned()
    }

    /// `"ACCEPT"` or `"DROP"`; `()` for a user chain.
    #[rhai_fn(get = "policy", pure)]
    pub fn chain_policy(chain: &mut ChainView) -> Dynamic {
        read::policy(chain)
    }

    /// The rules of the chain, to iterate over, to index (from 0), to filter.
    #[rhai_fn(get = "rules", pure)]
    pub fn chain_rules(chain: &mut ChainView) -> RuleList {
        chain.rules()
    }

    /// The counters of the chain's policy: `.packets` and `.bytes`; `()` where the ruleset has none.
    #[rhai_fn(get = "counters", pure)]
    pub fn chain_counters(chain: &mut ChainView) -> Dynamic {
        read::chain_counters(chain)
    }

    /// How many rules of the table jump or go to the chain.
    #[rhai_fn(get = "references", pure)]
    pub fn chain_references(chain: &mut ChainView) -> INT {
        read::references(chain)
    }

    /// How many rules there are.
    pub fn len(rules: RuleList) -> INT {
        read::number(rules.rules.len())
    }

    /// How many rules there are.
    #[rhai_fn(get = "len", pure)]
    pub fn list_len(rules: &mut RuleList) -> INT {
        read::number(rules.rules.len())
    }

    /// Whether there is no rule.
    pub fn is_empty(rules: RuleList) -> bool {
        rules.rules.is_empty()
    }

    /// The rule at `index`, from 0; from the end where it is negative.
    #[rhai_fn(index_get, return_raw, pure)]
    pub fn list_get(
        context: NativeCallContext,
        rules: &mut RuleList,
        index: INT,
    ) -> Result<RuleView, Box<EvalAltResult>> {
        read::index(&context, rules, index)
    }

    /// The rules of which `closure` says so, as an array.
    #[rhai_fn(return_raw)]
    pub fn filter(
        context: NativeCallContext,
        rules: RuleList,
        closure: FnPtr,
    ) -> Result<Array, Box<EvalAltResult>> {
        read::filter(&context, &rules, &closure)
    }

    /// What `closure` makes of each rule, as an array.
    #[rhai_fn(return_raw)]
    pub fn map(
        context: NativeCallContext,
        rules: RuleList,
        closure: FnPtr,
    ) -> Result<Array, Box<EvalAltResult>> {
        read::map(&context, &rules, &closure)
    }

    /// Whether `closure` says so of any rule.
    #[rhai_fn(return_raw)]
    pub fn some(
        context: NativeCallContext,
        rules: RuleList,
        closure: FnPtr,
    ) -> Result<bool, Box<EvalAltResult>> {
        read::some(&context, &rules, &closure)
    }

    /// Whether `closure` says so of every rule.
    #[rhai_fn(return_raw)]
    pub fn all(
        context: NativeCallContext,
        rules: RuleList,
        closure: FnPtr,
    ) -> Result<bool, Box<EvalAltResult>> {
        read::every(&context, &rules, &closure)
    }

    /// The rules as an array of one's own.
    pub fn to_array(rules: RuleList) -> Array {
        rules.into_iter().map(Dynamic::from).collect()
    }

    /// The names of the chains that the array holds are told by their `.name`; a chain prints as its name.
    #[rhai_fn(name = "to_string", name = "to_debug")]
    pub fn chain_to_string(chain: ChainView) -> String {
        read::chain_name(&chain.session, chain.chain)
    }

    /// A table prints as its name.
    #[rhai_fn(name = "to_string", name = "to_debug")]
    pub fn table_to_string(table: TableView) -> String {
        table.name.as_str().to_owned()
    }
}
