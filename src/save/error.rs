//! Why a text is no ruleset.

use crate::source::Span;

/// Why a text is refused, with its place. iptables-restore refuses such a text too, or loads something else than what
/// it says.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{kind}")]
pub struct ParseError {
    /// Where the fault is in the source.
    pub span: Span,
    /// What it is.
    pub kind: ParseErrorKind,
}

/// The kinds of [`ParseError`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParseErrorKind {
    /// A line stands outside every table.
    #[error("this line stands outside a table")]
    OutsideTable,
    /// `*name` names no table.
    #[error("there is no table `{0}`")]
    UnknownTable(String),
    /// A table's block begins before the last one has ended.
    #[error("table `{0}` has no COMMIT before the next table begins")]
    NestedTable(String),
    /// The text ends within a table.
    #[error("table `{0}` has no COMMIT")]
    NoCommit(String),
    /// A line in a table is none that iptables-restore knows.
    #[error("`{0}` begins neither a rule nor a chain, a comment or COMMIT")]
    UnknownLine(String),
    /// A `:` line without a name or a policy.
    #[error("a chain line is `:NAME POLICY [packets:bytes]`, and this one has no {0}")]
    ChainLine(&'static str),
    /// Counters in front of a rule that are not `[packets:bytes]`.
    #[error("counters in front of a rule are `[packets:bytes]`")]
    Counters,
    /// A quote is never closed.
    #[error("a quote is opened here and never closed, so that the rest of the line is lost in it")]
    UnterminatedQuote,
    /// The line does not say what to do.
    #[error("this line has no command: a rule begins with `-A CHAIN`")]
    NoCommand,
    /// A command without the name of its chain.
    #[error("`{0}` needs the name of a chain")]
    NoChain(String),
    /// A command that makes iptables-restore do something else than restore.
    #[error("`{0}` has no place in a ruleset")]
    StrangeCommand(String),
    /// `-t` inside the text.
    #[error("`{0}` cannot stand in a ruleset: the table is the one of the `*table` line above")]
    TableOption(String),
    /// A rule number or name of a command is missing or wrong.
    #[error("`{0}` needs {1}")]
    Argument(String, &'static str),
    /// A byte that ends the line for iptables-restore.
    #[error("a NUL byte cuts this line short")]
    Nul,
    /// The line is longer than iptables-restore's buffer.
    #[error("this line has {0} bytes, and iptables-restore cuts lines at 10239")]
    LongLine(usize),
    /// A word is longer than iptables-restore's buffer.
    #[error("this word has {0} bytes, and iptables-restore takes 1023 at most")]
    LongWord(usize),
    /// A rule has more words than iptables-restore's array.
    #[error("this rule has {0} words, and iptables-restore takes 251 at most")]
    ManyWords(usize),
    /// Words behind COMMIT.
    #[error("COMMIT stands alone on its line")]
    CommitLine,
    /// A backslash at the end of a line.
    #[error("a rule cannot go on in the next line")]
    Continuation,
}

impl ParseErrorKind {
    /// The stable code of the error.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::OutsideTable => "outside-table",
            Self::UnknownTable(_) => "unknown-table",
            Self::NestedTable(_) | Self::NoCommit(_) => "no-commit",
            Self::UnknownLine(_) | Self::NoCommand | Self::NoChain(_) | Self::CommitLine => "bad-line",
            Self::ChainLine(_) => "bad-chain-line",
            Self::Counters => "bad-counters",
            Self::UnterminatedQuote => "unterminated-quote",
            Self::StrangeCommand(_) | Self::Argument(..) => "bad-command",
            Self::TableOption(_) => "table-option",
            Self::Nul => "nul-byte",
            Self::LongLine(_) | Self::LongWord(_) | Self::ManyWords(_) => "too-long",
            Self::Continuation => "continuation",
        }
    }

    /// The way on.
    #[must_use]
    pub const fn help(&self) -> &'static str {
        match self {
            Self::OutsideTable => "put it between a `*filter` line (or another table's) and its COMMIT",
            Self::UnknownTable(_) => "the tables are raw, mangle, nat, filter and security",
            Self::NestedTable(_) | Self::NoCommit(_) => {
                "end the table with a line that holds COMMIT alone; if the file was cut short, take the dump again"
            }
            Self::UnknownLine(_) | Self::NoCommand => {
                "is this an iptables-save dump? `iptables-save >FILE` makes one"
            }
            Self::NoChain(_) => "a rule is `-A CHAIN` and what it matches",
            Self::ChainLine(_) => {
                "for example `:INPUT ACCEPT [0:0]`, or `:NAME - [0:0]` for a chain of one's own"
            }
            Self::Counters => "for example `[12:930] -A INPUT -j ACCEPT`; or leave the counters out",
            Self::UnterminatedQuote => "close the quote with `\"`; a `\"` inside is written `\\\"`",
            Self::StrangeCommand(_) => {
                "take the line out: iptables-restore would do nothing of the file, or half of it"
            }
            Self::TableOption(_) => "take the option out and put the rule under its own `*table` line",
            Self::Argument(..) => "see `man iptables` for the command's form",
            Self::Nul => "the file is damaged or no text: take the dump again",
            Self::LongLine(_) | Self::LongWord(_) | Self::ManyWords(_) => {
                "split it into several rules, or put the addresses into an ipset"
            }
            Self::CommitLine => "take out what stands behind it; a comment goes on a line of its own",
            Self::Continuation => "write the rule on one line",
        }
    }
}
