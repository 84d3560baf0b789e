//! Those of Rhai's own functions that can make much of little in a single operation, with a bound.
//!
//! Memory is looked at between operations. What one operation makes must stay within a small multiple of what it is
//! given: an array holds a text a thousand times for nothing, and prints it a thousand times.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io;
use std::rc::Rc;

use rhai::{Array, Dynamic, EvalAltResult, INT, ImmutableString, Map, NativeCallContext};

use super::fault::{Fault, Native, raise};
use super::limits::Limit;
use super::session::session;

/// The longest text that a function makes, in bytes.
const TEXT: usize = 16 << 20;
/// The longest text that a function takes apart, in bytes: each part costs some fifty.
const APART: usize = 1 << 20;
/// How deep values inside values are printed.
const DEPTH: usize = 64;

/// The text, followed by `with` until it has `length` characters.
pub(super) fn pad(
    context: &NativeCallContext,
    text: &mut ImmutableString,
    length: INT,
    with: &str,
) -> Native<()> {
    let missing = usize::try_from(length).unwrap_or(0).saturating_sub(text.chars().count());
    if missing == 0 || with.is_empty() {
        return Ok(());
    }
    let times = missing.div_ceil(with.chars().count());
    if text.len().saturating_add(times.saturating_mul(with.len())) > TEXT {
        return Err(too_much(context, "pad"));
    }
    let padding = with.chars().cycle().take(missing);
    *text = text.chars().chain(padding).collect::<String>().into();
    Ok(())
}

/// The array, followed by `with` until it has `length` items.
pub(super) fn pad_array(
    context: &NativeCallContext,
    array: &mut Array,
    length: INT,
    with: &Dynamic,
) -> Native<()> {
    let missing = usize::try_from(length).unwrap_or(0).saturating_sub(array.len());
    if missing.saturating_mul(size_of::<Dynamic>()) > TEXT {
        return Err(too_much(context, "pad"));
    }
    let watch = Rc::clone(&session(context).borrow().watch);
    for _ in 0..missing {
        watch.step(context)?;
        array.push(with.clone());
    }
    Ok(())
}

/// Puts `to` in the place of each `from` of the text.
pub(super) fn replace(
    context: &NativeCallContext,
    text: &mut ImmutableString,
    from: &str,
    to: &str,
) -> Native<()> {
    let finds = if from.is_empty() { text.len() + 1 } else { text.matches(from).count() };
    if text.len().saturating_add(finds.saturating_mul(to.len())) > TEXT {
        return Err(too_much(context, "replace"));
    }
    *text = text.replace(from, to).into();
    Ok(())
}

/// The parts that `split` makes of `text`.
pub(super) fn parts<'t, P: Into<Dynamic>>(
    context: &NativeCallContext,
    text: &'t str,
    split: impl FnOnce(&'t str) -> Vec<P>,
) -> Native<Array> {
    if text.len() > APART {
        let fault =
            Fault::new("memory-limit", format!("a text of more than {} MiB is not taken apart", APART >> 20));
        return Err(raise(context, fault.help("hold less at a time")));
    }
    Ok(split(text).into_iter().map(Into::into).collect())
}

/// An array as text. One that is too long meets the memory limit: an error here would be lost, since what prints a value
/// inside a text takes any error for a reason to print it in full.
pub(super) fn print_array(context: &NativeCallContext, array: &mut Array) -> ImmutableString {
    let mut text = String::new();
    let written = write_array(context, array, &mut text, 0);
    printed(context, text, written)
}

/// A map as text, as [`print_array`].
pub(super) fn print_map(context: &NativeCallContext, map: &mut Map) -> ImmutableString {
    let mut text = String::new();
    let written = write_map(context, map, &mut text, 0);
    printed(context, text, written)
}

fn printed(context: &NativeCallContext, text: String, written: Option<()>) -> ImmutableString {
    if written.is_none() {
        session(context).borrow().watch.meet(Limit::Memory);
        return ImmutableString::new();
    }
    text.into()
}

fn write_array(
    context: &NativeCallContext,
    array: &mut Array,
    text: &mut String,
    depth: usize,
) -> Option<()> {
    text.push('[');
    for (index, item) in array.iter_mut().enumerate() {
        text.push_str(if index == 0 { "" } else { ", " });
        write(context, item, text, depth)?;
    }
    text.push(']');
    Some(())
}

fn write_map(context: &NativeCallContext, map: &mut Map, text: &mut String, depth: usize) -> Option<()> {
    text.push_str("#{");
    for (index, (key, item)) in map.iter_mut().enumerate() {
        let _ = write!(text, "{}{key:?}: ", if index == 0 { "" } else { ", " });
        write(context, item, text, depth)?;
    }
    text.push('}');
    Some(())
}

/// Appends a value; none when the text is too long or the limits are met.
fn write(context: &NativeCallContext, value: &mut Dynamic, text: &mut String, depth: usize) -> Option<()> {
    if depth > DEPTH {
        text.push('…');
    } else if let Some(mut array) = value.write_lock::<Array>() {
        write_array(context, &mut array, text, depth + 1)?;
    } else if let Some(mut map) = value.write_lock::<Map>() {
        write_map(context, &mut map, text, depth + 1)?;
    } else if value.is_variant() {
        let shown = context.call_native_fn_raw("to_debug", true, &mut [value]).ok()?;
        text.push_str(&shown.into_immutable_string().unwrap_or_default());
    } else {
        let _ = write!(text, "{value:?}");
    }
    (text.len() <= TEXT).then_some(())
}

/// A map as JSON.
pub(super) fn to_json(context: &NativeCallContext, map: &Map) -> Native<String> {
    let mut text = BoundedText(Vec::new());
    let entries: BTreeMap<&str, &Dynamic> = map.iter().map(|(key, value)| (key.as_str(), value)).collect();
    serde_json::to_writer(&mut text, &entries).map_err(|error| {
        if error.is_io() {
            return too_much(context, "to_json");
        }
        let fault = Fault::new("bad-value", format!("the map cannot be JSON: {error}"));
        raise(context, fault.help("give texts, numbers, booleans, arrays and maps alone"))
    })?;
    Ok(String::from_utf8(text.0).unwrap_or_default())
}

/// Takes text up to a bound.
struct BoundedText(Vec<u8>);

impl io::Write for BoundedText {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.0.len() + bytes.len() > TEXT {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn too_much(context: &NativeCallContext, function: &str) -> Box<EvalAltResult> {
    let fault = Fault::new("memory-limit", format!("`{function}` would make more than {} MiB", TEXT >> 20));
    raise(context, fault.help("hold less at a time"))
}
