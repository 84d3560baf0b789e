//! Mending what iptables-restore minds and editors do: CRLF line ends, a byte order mark, a missing last line feed,
//! indented or trailing blanks on framing lines. Lines keep their numbers.

/// A mended text and what was mended, a message each with the number, from 1, of the first line concerned.
pub(super) struct Mended {
    pub(super) text: String,
    pub(super) what: Vec<(u32, &'static str)>,
}

const BOM: &str = "a byte order mark is left out: iptables-restore refuses it";
const CRLF: &str = "line ends are CRLF and are printed as LF: iptables-restore refuses CRLF";
const FINAL: &str = "the last line does not end: it is printed with its line feed";
const INDENT: &str = "blanks around a framing line are left out: iptables-restore refuses them";

/// The mended form of `text`, or nothing where it needs none.
pub(super) fn mend(text: &str) -> Option<Mended> {
    let mut mended = Mended { text: String::with_capacity(text.len() + 1), what: Vec::new() };
    let without_mark = text.strip_prefix('\u{feff}');
    if without_mark.is_some() {
        mended.note(1, BOM);
    }
    let body = without_mark.unwrap_or(text);
    for (number, line) in (1..).zip(body.split_inclusive('\n')) {
        mended.line(number, line);
    }
    (!mended.what.is_empty()).then_some(mended)
}

impl Mended {
    fn note(&mut self, line: u32, what: &'static str) {
        if !self.what.iter().any(|(_, known)| *known == what) {
            self.what.push((line, what));
        }
    }

    fn line(&mut self, number: u32, line: &str) {
        let content = line.strip_suffix('\n').unwrap_or_else(|| {
            self.note(number, FINAL);
            line
        });
        let without_return = content.strip_suffix('\r');
        if without_return.is_some() {
            self.note(number, CRLF);
        }
        let content = without_return.unwrap_or(content);
        let framing = unframed(content);
        if framing.len() != content.len() {
            self.note(number, INDENT);
        }
        self.text.push_str(framing);
        self.text.push('\n');
    }
}

/// `line` without the blanks that keep a framing line from being one.
fn unframed(line: &str) -> &str {
    let bare = line.trim_matches([' ', '\t']);
    let framing = bare.is_empty() || bare == "COMMIT";
    match bare.as_bytes().first() {
        _ if framing => bare,
        Some(b'#' | b'*' | b':') if line.starts_with([' ', '\t']) => line.trim_start_matches([' ', '\t']),
        _ => line,
    }
}

/// Whether `line` is one that [`mend`] would change for its blanks; asked only of lines that are not plain rules.
pub(super) fn has_loose_blanks(line: &str) -> bool {
    unframed(line).len() != line.len()
}
