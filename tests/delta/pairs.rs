//! Random rulesets and random edits of them, out of rules of the corpus.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

use dwscript::model::extension::HookSet;
use dwscript::model::names::{ChainName, TableName};
use dwscript::model::spec::Spec;
use dwscript::model::{ChainId, EditKind, Family, NewRule, Origin, Policy, Ruleset, Symbol, jump};
use dwscript::save;
use dwscript::source::SourceFile;

use crate::corpus::{self, Entry};

/// What has spellings that leave something in the kernel which iptables-save does not print, so that two rules with one text
/// are not the same to `-D`. Rules with these are spelled as they are saved.
const HIDING: [&str; 9] =
    ["CONNMARK", "CT", "hashlimit", "--ctorig", "--ctrepl", "--fragid", "--spi", "segsleft", "days"];

const NAMES: [&str; 8] = ["U", "SITE", "docker-x", "a.b", "[1:2]", "#c", "COMMIT", "x'y"];

/// A random sequence that a seed repeats.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) const fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x1234_5678_9abc_def1)
    }

    pub(crate) fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 16).unwrap() % limit.max(1)
    }

    fn chance(&mut self, of: usize) -> bool {
        self.below(of) == 0
    }

    fn pick<'t, T>(&mut self, from: &'t [T]) -> &'t T {
        &from[self.below(from.len())]
    }
}

/// How the rules of a base are spelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Spelling {
    /// As the corpus has them, odd spellings and lists among them.
    AsWritten,
    /// As iptables-save prints them, those apart whose defaults it always prints.
    Saved,
}

/// A rule of the corpus that is good for a chain.
struct Good {
    chain: String,
    written: String,
    canonical: Vec<String>,
    /// Whether any chain may hold it.
    is_free: bool,
}

/// The rules to draw from.
pub(crate) struct Pool {
    rules: BTreeMap<TableName, Vec<Good>>,
}

impl Pool {
    /// Rules of the accepted ones that `test` admits.
    pub(crate) fn new(family: Family, test: impl Fn(&Entry) -> bool) -> Self {
        let mut rules: BTreeMap<TableName, Vec<Good>> = BTreeMap::new();
        for entry in corpus::entries(&corpus::text(&corpus::name("accepted", family))) {
            let rule = &entry.line.rule;
            // What names things outside of the ruleset is for others to test.
            let names_others = ["rateest", "RATEEST", "IDLETIMER", "nfacct", "CLUSTERIP", "SET", "TEE"];
            let is_odd = !rule.is_ascii() || names_others.iter().any(|name| rule.contains(name));
            let jumps =
                entry.ours().iter().any(|rule| jump::find(rule).is_some_and(|jump| jump.name == "UC"));
            if is_odd || jumps || !test(&entry) || Spec::parse(rule, family).is_err() {
                continue;
            }
            let spec = Spec::parse(rule, family).unwrap();
            let canonical = entry.ours();
            let hides = HIDING.iter().any(|word| rule.contains(word)) && canonical.len() == 1;
            let good = Good {
                chain: entry.line.chain.clone(),
                written: if hides { canonical[0].clone() } else { rule.clone() },
                canonical,
                is_free: spec.extension_hooks() == HookSet::ALL,
            };
            rules.entry(TableName::parse(&entry.line.table).unwrap()).or_default().push(good);
        }
        Self { rules }
    }

    /// A few rules of a table, so that they come several times.
    fn few(&self, table: TableName, random: &mut Random) -> Vec<&Good> {
        let rules = self.rules.get(&table).map_or(&[][..], Vec::as_slice);
        if rules.is_empty() { Vec::new() } else { (0..8).map(|_| random.pick(rules)).collect() }
    }

    /// A rule that `chain` may hold.
    fn rule(few: &[&Good], chain: &str, is_builtin: bool, random: &mut Random) -> String {
        let fits =
            |good: &&&Good| good.is_free && !is_interface(&good.written) || is_builtin && good.chain == chain;
        let fitting: Vec<&&Good> = few.iter().filter(fits).collect();
        if fitting.is_empty() {
            return ["-j ACCEPT", "-p udp", "", "-p tcp -j ACCEPT"][random.below(4)].to_owned();
        }
        random.pick(&fitting).written.clone()
    }
}

/// Whether the rule names interfaces, which not every built-in chain allows.
fn is_interface(rule: &str) -> bool {
    ["-i", "-o", "--in-", "--out-"].iter().any(|word| rule.contains(word))
}

/// A base ruleset as text.
pub(crate) fn base(pool: &Pool, spelling: Spelling, random: &mut Random) -> String {
    let mut text = String::new();
    let count = random.below(4) + 1;
    let mut tables: Vec<TableName> = Vec::new();
    (0..count).for_each(|_| tables.push(*random.pick(&TableName::ALL)));
    tables.sort_unstable();
    tables.dedup();
    for table in tables {
        writeln!(text, "*{table}").unwrap();
        let few = pool.few(table, random);
        for hook in table.hooks() {
            let policy = if random.chance(5) { "DROP" } else { "ACCEPT" };
            writeln!(text, ":{} {policy} [0:0]", hook.as_str()).unwrap();
        }
        let mut users = NAMES.to_vec();
        let from = random.below(NAMES.len());
        users.rotate_left(from);
        users.truncate(random.below(5));
        users.iter().for_each(|user| writeln!(text, ":{user} - [0:0]").unwrap());
        let builtins = table.hooks().iter().map(|hook| (hook.as_str(), true, 0));
        let users_of = users.iter().enumerate().map(|(rank, user)| (*user, false, rank + 1));
        for (chain, is_builtin, rank) in builtins.chain(users_of) {
            for _ in 0..random.below(7) {
                let rule = Pool::rule(&few, chain, is_builtin, random);
                spelled(&rule, pool, spelling)
                    .iter()
                    .for_each(|rule| writeln!(text, "-A {chain} {rule}").unwrap());
                if random.chance(3) && rank < users.len() {
                    let to = random.pick(&users[rank..]);
                    let jump = if random.chance(3) { "-g" } else { "-j" };
                    writeln!(text, "-A {chain} -p udp {jump} {to}").unwrap();
                }
            }
        }
        text.push_str("COMMIT\n");
    }
    text
}

fn spelled(rule: &str, pool: &Pool, spelling: Spelling) -> Vec<String> {
    let always_said = ["recent", "connlimit", "HMARK"].iter().any(|name| rule.contains(name));
    if spelling == Spelling::AsWritten || always_said {
        return vec![rule.to_owned()];
    }
    let written = pool.rules.values().flatten().find(|good| good.written == rule);
    written.map_or_else(|| vec![rule.to_owned()], |good| good.canonical.clone())
}

/// The ruleset of a text.
pub(crate) fn parse(text: &str, family: Family) -> Ruleset {
    let source = SourceFile::from_bytes("base", text.as_bytes().to_vec()).unwrap();
    save::parse(&Arc::new(source), family).unwrap()
}

/// Edits a ruleset at random.
pub(crate) struct Editor<'p> {
    pub(crate) pool: &'p Pool,
    pub(crate) random: Random,
    pub(crate) ruleset: Ruleset,
}

fn origin() -> Origin {
    Origin { script: Arc::default(), line: 1, column: 1, docker_edits: true, owner: Symbol::EMPTY }
}

impl Editor<'_> {
    /// Makes a few edits.
    pub(crate) fn edit(&mut self) {
        let named: Vec<TableName> = self.ruleset.tables().map(dwscript::model::Table::name).collect();
        for _ in 0..=self.random.below(16) {
            let any = named.is_empty() || self.random.chance(8);
            let table = if any { *self.random.pick(&TableName::ALL) } else { *self.random.pick(&named) };
            let few = self.pool.few(table, &mut self.random);
            self.step(table, &few);
        }
    }

    fn step(&mut self, table: TableName, few: &[&Good]) {
        let chains: Vec<ChainId> = self.ruleset.live_chains(table).collect();
        let chain = *self.random.pick(&chains);
        let length = self.ruleset.chain(chain).rules().len();
        let at = self.random.below(length + 1);
        let name = ChainName::parse(NAMES[self.random.below(NAMES.len())]).unwrap();
        let is_builtin = self.ruleset.chain(chain).hook().is_some();
        match self.random.below(14) {
            0..=2 => {
                let chain_name = self.ruleset.chain_name(chain).to_owned();
                let body = Pool::rule(few, &chain_name, is_builtin, &mut self.random);
                self.insert(chain, at, body);
            }
            3 => self.copy(chain, at),
            4..=5 => drop(self.remove(chain, at)),
            6..=7 => self.move_rule(chain, at),
            8 => self.replace(chain, at, few),
            9 if self.random.chance(2) => self.flush(chain),
            9 => {
                let id = self.ruleset.new_chain(table, &name, origin()).unwrap();
                self.insert(id, 0, "-p tcp -j ACCEPT".to_owned());
                self.jump(chain, at, id);
            }
            10 => self.remove_chain(table, chain),
            11 => drop(self.rename(table, chain, &name)),
            12 => {
                let policy = if self.random.chance(2) { Policy::Drop } else { Policy::Accept };
                drop(self.ruleset.set_policy(chain, policy, origin()));
            }
            _ => {
                let to = *self.random.pick(&chains);
                self.jump(chain, at, to);
            }
        }
    }

    fn insert(&mut self, chain: ChainId, at: usize, body: String) {
        let edit = self.ruleset.begin(EditKind::Add, chain, origin()).unwrap();
        self.ruleset.insert_rule(edit, chain, at, NewRule { body, notes: Vec::new() });
    }

    fn remove(&mut self, chain: ChainId, at: usize) -> Option<String> {
        let edit = self.ruleset.begin(EditKind::Remove, chain, origin()).unwrap();
        let rule = self.ruleset.remove_rule(edit, chain, at)?;
        Some(self.ruleset.body(rule).to_owned())
    }

    fn copy(&mut self, chain: ChainId, at: usize) {
        let from = self.random.below(self.ruleset.chain(chain).rules().len());
        if let Some(rule) = self.ruleset.chain(chain).rules().get(from) {
            let body = self.ruleset.body(rule).to_owned();
            self.insert(chain, at, body);
        }
    }

    fn move_rule(&mut self, chain: ChainId, at: usize) {
        if let Some(body) = self.remove(chain, at) {
            let to = self.random.below(self.ruleset.chain(chain).rules().len() + 1);
            self.insert(chain, to, body);
        }
    }

    fn replace(&mut self, chain: ChainId, at: usize, few: &[&Good]) {
        let is_builtin = self.ruleset.chain(chain).hook().is_some();
        let name = self.ruleset.chain_name(chain).to_owned();
        let body = Pool::rule(few, &name, is_builtin, &mut self.random);
        let edit = self.ruleset.begin(EditKind::Replace, chain, origin()).unwrap();
        self.ruleset.replace_rule(edit, chain, at, NewRule { body, notes: Vec::new() });
    }

    fn flush(&mut self, chain: ChainId) {
        let edit = self.ruleset.begin(EditKind::Flush, chain, origin()).unwrap();
        self.ruleset.flush(edit, chain);
        if self.random.chance(2) {
            self.insert(chain, 0, "-p udp -j ACCEPT".to_owned());
            self.insert(chain, 0, "-p tcp -j ACCEPT".to_owned());
        }
    }

    /// A jump, where it closes no circle; one that goes the other way is taken out first.
    fn jump(&mut self, chain: ChainId, at: usize, to: ChainId) {
        if self.ruleset.chain(to).hook().is_some() || chain == to {
            return;
        }
        let name = self.ruleset.chain_name(chain).to_owned();
        self.remove_jumps(to, &name);
        let mut next = vec![to];
        while let Some(id) = next.pop() {
            if id == chain {
                return;
            }
            let table = self.ruleset.chain(id).table();
            let rules: Vec<_> = self.ruleset.chain(id).rules().iter().collect();
            next.extend(
                rules
                    .into_iter()
                    .filter_map(|rule| self.ruleset.table(table).chain(self.ruleset.target(rule))),
            );
        }
        let body = format!("-p tcp -j {}", self.ruleset.chain_name(to));
        self.insert(chain, at, body);
    }

    fn remove_jumps(&mut self, chain: ChainId, to: &str) {
        while let Some((index, _)) = self.ruleset.find_target(chain, to) {
            self.remove(chain, index);
        }
    }

    fn remove_chain(&mut self, table: TableName, chain: ChainId) {
        if self.ruleset.chain(chain).hook().is_some() {
            return;
        }
        let name = self.ruleset.chain_name(chain).to_owned();
        let chains: Vec<ChainId> = self.ruleset.live_chains(table).collect();
        chains.iter().for_each(|other| self.remove_jumps(*other, &name));
        self.ruleset.remove_chain(table, &name, origin()).unwrap();
        if self.random.chance(3) {
            let name = ChainName::parse(&name).unwrap();
            let id = self.ruleset.new_chain(table, &name, origin()).unwrap();
            self.insert(id, 0, "-p udp -j ACCEPT".to_owned());
        }
    }

    fn rename(&mut self, table: TableName, chain: ChainId, name: &ChainName) -> Option<()> {
        let old = self.ruleset.chain_name(chain).to_owned();
        self.ruleset.rename_chain(table, &old, name, origin()).ok()
    }
}

/// Tables with what they hold: chains with their policies and canonical rules. Tables that hold nothing are left out.
pub(crate) type State = BTreeMap<String, BTreeMap<String, (String, Vec<String>)>>;

/// What a ruleset holds, by canonical texts.
pub(crate) fn state(ruleset: &Ruleset) -> State {
    let mut state = State::new();
    for table in TableName::ALL {
        for chain in ruleset.live_chains(table) {
            let rules = ruleset.chain(chain).rules().iter();
            let texts = rules.flat_map(|rule| canonical(ruleset.body(rule), ruleset.family()));
            let policy = ruleset.policy_word(chain).to_owned();
            let chains = state.entry(table.to_string()).or_default();
            chains.insert(ruleset.chain_name(chain).to_owned(), (policy, texts.collect()));
        }
    }
    without_empty(state)
}

fn canonical(body: &str, family: Family) -> Vec<String> {
    Spec::parse(body, family).unwrap().expand().map(|rule| rule.canonical()).collect()
}

/// What iptables-save says that there is.
pub(crate) fn saved_state(text: &str) -> State {
    let mut state = State::new();
    let mut table = "";
    for line in text.lines() {
        if let Some(name) = line.strip_prefix('*') {
            table = name;
            continue;
        }
        let chains = state.entry(table.to_owned()).or_default();
        if let Some(chain) = line.strip_prefix(':') {
            let mut words = chain.split(' ');
            let (name, policy) = (words.next().unwrap(), words.next().unwrap());
            chains.insert(name.to_owned(), (policy.to_owned(), Vec::new()));
        } else if let Some(rule) = line.strip_prefix("-A ") {
            let (chain, rule) = rule.split_once(' ').unwrap_or((rule, ""));
            chains.get_mut(chain).unwrap().1.push(rule.trim_end().to_owned());
        }
    }
    without_empty(state)
}

fn without_empty(mut state: State) -> State {
    state.retain(|_, chains| chains.values().any(|(policy, rules)| policy != "ACCEPT" || !rules.is_empty()));
    state
}
