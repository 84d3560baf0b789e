//! Owner tags: the comment by which a rule says which script it belongs to, `dwscript/<owner>` and behind a blank the
//! user's own comment.

use std::borrow::Cow;

use memchr::memmem;

use super::Family;
use super::spec::{Part, Single, Spec};
use crate::source::Span;
use crate::syntax;

/// How every tag begins.
pub const PREFIX: &str = "dwscript/";
/// How iptables-save prints a comment that begins with a tag, up to the owner.
const PLAIN: &str = "-m comment --comment \"dwscript/";
/// The longest name of an owner, in bytes.
pub const NAME_LIMIT: usize = 32;
/// The most bytes of a comment that the kernel keeps (`XT_MAX_COMMENT_LEN` less its terminator, `xt_comment.h`).
pub const COMMENT_LIMIT: usize = 255;
/// The owner of Docker's rules, which carry no tag.
pub const DOCKER: &str = "docker";

/// Why a name cannot be an owner's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OwnerError {
    /// It is empty, too long, or holds something else.
    #[error("`{0}` cannot be an owner's name: it takes 1 to 32 letters, digits, `.`, `_` and `-`")]
    Name(String),
    /// It stands for Docker.
    #[error("the owner `docker` is Docker itself")]
    Docker,
}

/// Checks the name of an owner.
///
/// # Errors
/// [`OwnerError`].
pub fn check(name: &str) -> Result<(), OwnerError> {
    if !is_name(name) {
        return Err(OwnerError::Name(name.to_owned()));
    }
    if name == DOCKER { Err(OwnerError::Docker) } else { Ok(()) }
}

fn is_name(name: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    (1..=NAME_LIMIT).contains(&name.len()) && name.bytes().all(fits)
}

/// The owner that a comment names, and the user's own comment behind the tag; none where it is no tag.
#[must_use]
pub fn split(comment: &str) -> Option<(&str, &str)> {
    let behind = comment.strip_prefix(PREFIX)?;
    let (name, own) = behind.split_once(' ').unwrap_or((behind, ""));
    (is_name(name) && name != DOCKER).then_some((name, own))
}

/// A comment with the tag of `owner`.
#[must_use]
pub fn join(owner: &str, own: &str) -> String {
    let blank = if own.is_empty() { "" } else { " " };
    [PREFIX, owner, blank, own].concat()
}

/// Whether a text may hold a tag: one that has none is told fast.
#[must_use]
pub fn may_tag(text: &str) -> bool {
    memmem::find(text.as_bytes(), PREFIX.as_bytes()).is_some()
}

/// The owner of the rule whose specification is `body`.
#[must_use]
pub fn of(body: &str, family: Family) -> Option<String> {
    if !may_tag(body) {
        return None;
    }
    if let Some(plain) = Plain::of(body) {
        return Some(plain.owner.to_owned());
    }
    let spec = Spec::parse(body, family).ok()?;
    let comment = spec.comments().next()?;
    split(&comment).map(|(owner, _)| owner.to_owned())
}

/// A specification in canonical form with the tag of `owner` in place of whatever tag it had. The comment is longer than
/// [`COMMENT_LIMIT`] where the user's own is too long.
#[must_use]
pub fn tagged(canonical: &str, family: Family, owner: &str) -> Tagged {
    let untagged = untagged(canonical, family);
    let Ok(spec) = Spec::parse(&untagged, family) else {
        return Tagged { text: untagged.into_owned(), comment: 0 };
    };
    let own = spec.comments().next().unwrap_or_default();
    let comment = join(owner, &own);
    let text = match comment_place(&spec) {
        Some(place) => spliced(&untagged, place, &matched(&comment)),
        None => inserted(&untagged, &spec, &matched(&comment)),
    };
    Tagged { text, comment: comment.len() }
}

/// What [`tagged`] gives for one of the rules that a specification stands for.
#[must_use]
pub fn tag(rule: &Single<'_>, owner: &str) -> Tagged {
    if rule.has_comment() {
        return tagged(&rule.canonical(), rule.family(), owner);
    }
    let comment = join(owner, "");
    Tagged { text: rule.canonical_with(&matched(&comment)), comment: comment.len() }
}

/// A specification with a tag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tagged {
    /// The specification, in canonical form.
    pub text: String,
    /// How long its comment is, in bytes.
    pub comment: usize,
}

/// A specification in canonical form without a tag; the user's own comment stays.
#[must_use]
pub fn untagged(canonical: &str, family: Family) -> Cow<'_, str> {
    if !may_tag(canonical) {
        return Cow::Borrowed(canonical);
    }
    without(canonical, family).map_or(Cow::Borrowed(canonical), Cow::Owned)
}

/// A tag that can be told without reading the rule: in the first comment, and behind no quote that could hold it.
struct Plain<'t> {
    owner: &'t str,
    /// From the `-m` to the closing quote.
    place: Span,
    /// Whether the comment is the tag and nothing else.
    is_all: bool,
}

impl<'t> Plain<'t> {
    fn of(body: &'t str) -> Option<Self> {
        let start = memmem::find(body.as_bytes(), PLAIN.as_bytes())?;
        let (before, behind) = body.split_at_checked(start)?;
        if before.contains('"') || before.contains("--comment") {
            return None;
        }
        let comment = behind.get(PLAIN.len()..)?;
        let close = memchr::memchr2(b'"', b'\\', comment.as_bytes())?;
        let owner = comment.split([' ', '"', '\\']).next()?;
        let end = start + PLAIN.len() + close + 1;
        let place = Span::new(u32::try_from(start).ok()?, u32::try_from(end).ok()?);
        let next = comment.as_bytes().get(owner.len());
        let is_all = next == Some(&b'"');
        let ends = is_all || next == Some(&b' ');
        (ends && is_name(owner) && owner != DOCKER).then_some(Self { owner, place, is_all })
    }
}

fn without(canonical: &str, family: Family) -> Option<String> {
    if let Some(plain) = Plain::of(canonical).filter(|plain| plain.is_all) {
        return Some(spliced(canonical, plain.place, ""));
    }
    let spec = Spec::parse(canonical, family).ok()?;
    let comment = spec.comments().next()?;
    let (_, own) = split(&comment)?;
    let place = comment_place(&spec)?;
    let new = if own.is_empty() { String::new() } else { matched(own) };
    let text = spliced(canonical, place, &new);
    Some(text)
}

fn matched(comment: &str) -> String {
    ["-m comment --comment ", &syntax::quoted(comment)].concat()
}

/// Where the first comment match stands in a canonical text, from its `-m` on.
fn comment_place(spec: &Spec<'_>) -> Option<Span> {
    let part = spec.matches().find(|part| part.name() == "comment")?;
    let (_, option) = part.options().next()?;
    let start = spec.text().get(..part.span().start as usize)?.rfind("-m")?;
    Some(Span::new(u32::try_from(start).ok()?, option.end))
}

/// The text with `new` at `place`; where `new` is nothing, one of the blanks beside it goes too.
fn spliced(text: &str, place: Span, new: &str) -> String {
    let before = text.get(..place.start as usize).unwrap_or_default();
    let behind = text.get(place.end as usize..).unwrap_or_default();
    if new.is_empty() {
        let joined = [before.trim_end(), " ", behind.trim_start()].concat();
        return joined.trim().to_owned();
    }
    [before, new, behind].concat()
}

/// The text with a match more: before the target, or last where there is none.
fn inserted(text: &str, spec: &Spec<'_>, new: &str) -> String {
    let start = spec.target().and_then(|target| jump(text, target));
    let (before, behind) = text.split_at(start.unwrap_or(text.len()));
    let words = [before.trim_end(), new, behind];
    words.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
}

/// Where the `-j` or `-g` before the name of the target stands.
fn jump(text: &str, target: Part<'_>) -> Option<usize> {
    text.get(..target.span().start as usize)?.rfind('-')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tag(text: &str) -> String {
        tagged(text, Family::Ipv4, "site").text
    }

    #[test]
    fn a_tag_comes_before_the_target_and_before_the_users_comment() {
        let text = "-p tcp -m tcp --dport 22 -j ACCEPT";
        assert_eq!(tag(text), r#"-p tcp -m tcp --dport 22 -m comment --comment "dwscript/site" -j ACCEPT"#);
        assert_eq!(
            tag("-m comment --comment ssh -p tcp"),
            r#"-m comment --comment "dwscript/site ssh" -p tcp"#
        );
        assert_eq!(tag("-s 10.0.0.0/8"), r#"-s 10.0.0.0/8 -m comment --comment "dwscript/site""#);
        assert_eq!(tag(""), r#"-m comment --comment "dwscript/site""#);
        assert_eq!(tag("-g X"), r#"-m comment --comment "dwscript/site" -g X"#);
    }

    #[test]
    fn taking_the_tag_off_gives_the_text_back() {
        for text in [
            "",
            "-j ACCEPT",
            "-g X",
            "-m comment --comment \"a b\" -j ACCEPT",
            "-m comment --comment a -m comment --comment b -j LOG --log-prefix \"-j \"",
            "-m nosuch --foo bar -j NOSUCH --baz",
            "-i eth0 -m comment --comment \"-j DROP\" -j DROP",
            "-m string --string \"x\" --algo bm --to 65535 -j DROP",
        ] {
            let with = tag(text);
            assert_eq!(of(&with, Family::Ipv4).as_deref(), Some("site"), "{with}");
            assert_eq!(untagged(&with, Family::Ipv4), text);
            assert_eq!(tag(&with), with);
        }
    }

    #[test]
    fn what_only_looks_like_a_tag_is_none() {
        for body in [
            "-j LOG --log-prefix \"-m comment --comment dwscript/a\"",
            "-m comment --comment x -m comment --comment \"dwscript/a\"",
            "-m comment --comment \"dwscript/a\\\"b\" -j DROP",
        ] {
            assert_eq!(of(body, Family::Ipv4), None, "{body}");
        }
        for comment in
            ["dwscript", "dwscript/", "dwscript/ x", "dwscript/a/b", "x dwscript/a", "dwscript/docker"]
        {
            assert_eq!(split(comment), None, "{comment}");
        }
        assert_eq!(split("dwscript/a.b_c-1  two"), Some(("a.b_c-1", " two")));
    }

    #[test]
    fn a_name_has_32_bytes_at_most() {
        assert_eq!(check(&"a".repeat(32)), Ok(()));
        assert!(check(&"a".repeat(33)).is_err());
        assert_eq!(check("docker"), Err(OwnerError::Docker));
        assert!(check("").is_err() && check("a b").is_err() && check("\u{e4}").is_err());
    }
}
