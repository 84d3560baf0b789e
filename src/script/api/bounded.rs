//! Rhai's own functions that make much of little, with a bound; what they do is in Rhai's book.

use rhai::plugin::*;
use rhai::{Array, INT, Map};

use crate::script::bounded;

/// Bounded functions; they go before Rhai's.
#[export_module]
pub(crate) mod topic {
    #[rhai_fn(name = "pad", return_raw)]
    pub fn pad_with_text(
        context: NativeCallContext,
        text: &mut ImmutableString,
        length: INT,
        with: &str,
    ) -> Result<(), Box<EvalAltResult>> {
        bounded::pad(&context, text, length, with)
    }

    #[rhai_fn(name = "pad", return_raw)]
    pub fn pad_with_character(
        context: NativeCallContext,
        text: &mut ImmutableString,
        length: INT,
        with: char,
    ) -> Result<(), Box<EvalAltResult>> {
        bounded::pad(&context, text, length, with.encode_utf8(&mut [0; 4]))
    }

    #[rhai_fn(name = "pad", return_raw)]
    pub fn pad_array(
        context: NativeCallContext,
        array: &mut Array,
        length: INT,
        with: Dynamic,
    ) -> Result<(), Box<EvalAltResult>> {
        bounded::pad_array(&context, array, length, &with)
    }

    #[rhai_fn(name = "replace", return_raw)]
    pub fn replace_text(
        context: NativeCallContext,
        text: &mut ImmutableString,
        from: &str,
        to: &str,
    ) -> Result<(), Box<EvalAltResult>> {
        bounded::replace(&context, text, from, to)
    }

    #[rhai_fn(name = "replace", return_raw)]
    pub fn replace_character(
        context: NativeCallContext,
        text: &mut ImmutableString,
        from: char,
        to: &str,
    ) -> Result<(), Box<EvalAltResult>> {
        bounded::replace(&context, text, from.encode_utf8(&mut [0; 4]), to)
    }

    #[rhai_fn(return_raw)]
    pub fn to_chars(context: NativeCallContext, text: &str) -> Result<Array, Box<EvalAltResult>> {
        bounded::parts(&context, text, |text| text.chars().collect())
    }

    #[rhai_fn(name = "split", return_raw)]
    pub fn split_at_blanks(context: NativeCallContext, text: &str) -> Result<Array, Box<EvalAltResult>> {
        bounded::parts(&context, text, |text| text.split_whitespace().map(ImmutableString::from).collect())
    }

    #[rhai_fn(name = "split", return_raw)]
    pub fn split_at_text(
        context: NativeCallContext,
        text: &str,
        at: &str,
    ) -> Result<Array, Box<EvalAltResult>> {
        bounded::parts(&context, text, |text| text.split(at).map(ImmutableString::from).collect())
    }

    #[rhai_fn(name = "split", return_raw)]
    pub fn split_at_character(
        context: NativeCallContext,
        text: &str,
        at: char,
    ) -> Result<Array, Box<EvalAltResult>> {
        bounded::parts(&context, text, |text| text.split(at).map(ImmutableString::from).collect())
    }

    #[rhai_fn(name = "split", return_raw)]
    pub fn split_at_text_into(
        context: NativeCallContext,
        text: &str,
        at: &str,
        parts: INT,
    ) -> Result<Array, Box<EvalAltResult>> {
        let parts = usize::try_from(parts).unwrap_or(1);
        bounded::parts(&context, text, |text| text.splitn(parts, at).map(ImmutableString::from).collect())
    }

    #[rhai_fn(name = "split", return_raw)]
    pub fn split_at_character_into(
        context: NativeCallContext,
        text: &str,
        at: char,
        parts: INT,
    ) -> Result<Array, Box<EvalAltResult>> {
        let parts = usize::try_from(parts).unwrap_or(1);
        bounded::parts(&context, text, |text| text.splitn(parts, at).map(ImmutableString::from).collect())
    }

    #[rhai_fn(name = "split_rev", return_raw)]
    pub fn split_back_at_text(
        context: NativeCallContext,
        text: &str,
        at: &str,
    ) -> Result<Array, Box<EvalAltResult>> {
        bounded::parts(&context, text, |text| text.rsplit(at).map(ImmutableString::from).collect())
    }

    #[rhai_fn(name = "split_rev", return_raw)]
    pub fn split_back_at_character(
        context: NativeCallContext,
        text: &str,
        at: char,
    ) -> Result<Array, Box<EvalAltResult>> {
        bounded::parts(&context, text, |text| text.rsplit(at).map(ImmutableString::from).collect())
    }

    #[rhai_fn(name = "split_rev", return_raw)]
    pub fn split_back_at_text_into(
        context: NativeCallContext,
        text: &str,
        at: &str,
        parts: INT,
    ) -> Result<Array, Box<EvalAltResult>> {
        let parts = usize::try_from(parts).unwrap_or(1);
        bounded::parts(&context, text, |text| text.rsplitn(parts, at).map(ImmutableString::from).collect())
    }

    #[rhai_fn(name = "split_rev", return_raw)]
    pub fn split_back_at_character_into(
        context: NativeCallContext,
        text: &str,
        at: char,
        parts: INT,
    ) -> Result<Array, Box<EvalAltResult>> {
        let parts = usize::try_from(parts).unwrap_or(1);
        bounded::parts(&context, text, |text| text.rsplitn(parts, at).map(ImmutableString::from).collect())
    }

    #[rhai_fn(name = "print", name = "to_string", name = "debug", name = "to_debug", pure)]
    pub fn print_array(context: NativeCallContext, array: &mut Array) -> ImmutableString {
        bounded::print_array(&context, array)
    }

    #[rhai_fn(name = "print", name = "to_string", name = "debug", name = "to_debug", pure)]
    pub fn print_map(context: NativeCallContext, map: &mut Map) -> ImmutableString {
        bounded::print_map(&context, map)
    }

    #[rhai_fn(pure, return_raw)]
    pub fn to_json(context: NativeCallContext, map: &mut Map) -> Result<String, Box<EvalAltResult>> {
        bounded::to_json(&context, map)
    }
}
