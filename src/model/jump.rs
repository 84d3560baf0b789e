//! Finding the jump of a rule without reading the rest of it.

use std::ops::Range;

use crate::syntax;

/// The `-j NAME` or `-g NAME` of a specification.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Jump<'a> {
    /// The name behind it.
    pub name: std::borrow::Cow<'a, str>,
    /// Where the name stands in the specification, quotes included.
    pub range: Range<usize>,
    /// Whether it is a goto, which does not come back.
    pub goto: bool,
}

/// The jump of the specification `body`; where several words look like one, the last of them.
#[must_use]
pub fn find(body: &str) -> Option<Jump<'_>> {
    if let Some(jump) = find_last(body) {
        return Some(jump);
    }
    // What follows the last quote is plain, and that is where iptables-save puts a jump without quoted options.
    let plain = memchr::memrchr(b'"', body.as_bytes()).map_or(0, |quote| quote + 1);
    let tail = body.get(plain..).unwrap_or_default();
    if memchr::memchr(b'\t', tail.as_bytes()).is_none()
        && let Some(jump) = find_plain(tail, "-j ", false).or_else(|| find_plain(tail, "-g ", true))
    {
        let range = jump.range.start + plain..jump.range.end + plain;
        return Some(Jump { range, ..jump });
    }
    find_words(body)
}

/// The jump of a specification that ends in `-j NAME`, as most do.
fn find_last(body: &str) -> Option<Jump<'_>> {
    let start = memchr::memrchr(b' ', body.as_bytes())? + 1;
    let (head, name) = body.split_at_checked(start)?;
    let option = head.strip_suffix("-j ")?;
    let parted = option.is_empty() || option.ends_with(' ');
    if !parted || name.is_empty() || name.bytes().any(|byte| matches!(byte, b'"' | b'\t')) {
        return None;
    }
    Some(Jump { name: name.into(), range: start..body.len(), goto: false })
}

/// Looks for `option` as a word of a specification that has no quotes and no tabs.
fn find_plain<'a>(body: &'a str, option: &str, goto: bool) -> Option<Jump<'a>> {
    let at = memchr::memmem::rfind(body.as_bytes(), option.as_bytes())?;
    if at > 0 && body.as_bytes().get(at - 1) != Some(&b' ') {
        return None;
    }
    let tail = body.get(at + option.len()..)?;
    let name = tail.trim_start_matches(' ');
    let start = body.len() - name.len();
    let name = name.split(' ').next().filter(|name| !name.is_empty())?;
    Some(Jump { name: name.into(), range: start..start + name.len(), goto })
}

fn find_words(body: &str) -> Option<Jump<'_>> {
    let mut found = None;
    let mut pending = None;
    for word in syntax::words(body).map_while(Result::ok) {
        if let Some(goto) = pending.take() {
            found = Some(Jump { range: word.span.range(), name: word.text, goto });
            continue;
        }
        match word.text.as_ref() {
            "-j" | "--jump" | "--jum" | "--ju" => pending = Some(false),
            "-g" | "--goto" | "--got" | "--go" => pending = Some(true),
            text if found.is_none() && !word.quoted => found = attached(text, word.span.start as usize),
            _ => {}
        }
    }
    found
}

/// `-jNAME`, `--jump=NAME` and the same with goto.
fn attached(word: &str, start: usize) -> Option<Jump<'static>> {
    let spellings = [("--jump=", false), ("--goto=", true), ("-j", false), ("-g", true)];
    let (prefix, goto) = spellings.into_iter().find(|(prefix, _)| word.starts_with(prefix))?;
    let name = word.strip_prefix(prefix).filter(|name| !name.is_empty())?;
    let range = start + prefix.len()..start + word.len();
    Some(Jump { name: name.to_owned().into(), range, goto })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn jump(body: &str) -> Option<(String, bool)> {
        find(body).map(|jump| {
            assert_eq!(body[jump.range.clone()].trim_matches('"'), jump.name);
            (jump.name.into_owned(), jump.goto)
        })
    }

    #[test]
    fn finds_each_spelling() {
        let drop = Some(("DROP".to_owned(), false));
        for body in
            ["-j DROP", "-s 10.0.0.0/8 -j  DROP", "--jump DROP", "-p tcp -jDROP", "-j\tDROP", r#"-j "DROP""#]
        {
            assert_eq!(jump(body), drop, "{body}");
        }
        assert_eq!(jump("-p tcp -g CHAIN"), Some(("CHAIN".to_owned(), true)));
        assert_eq!(jump("-p tcp"), None);
    }

    #[test]
    fn a_value_that_looks_like_a_jump_is_none() {
        assert_eq!(
            jump(r#"-m comment --comment "-j DROP" -j LOG --log-prefix "-g X ""#),
            Some(("LOG".to_owned(), false))
        );
        assert_eq!(jump("-m comment --comment -j -j RETURN"), Some(("RETURN".to_owned(), false)));
        assert_eq!(jump(r#"-j LOG --log-prefix "x -j DROP""#), Some(("LOG".to_owned(), false)));
    }
}
