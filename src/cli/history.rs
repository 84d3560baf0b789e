//! `dwscript history`: the runs that changed this host.

use serde_json::json;

use super::args::HistoryArgs;
use super::output;
use super::status::{Status, needs_root};
use crate::apply::{Run, StateDir};
use crate::diagnostic::{Diagnostic, Style};

const DAY: u64 = 86_400;

pub(super) fn run(args: &HistoryArgs) -> Status {
    match runs(args) {
        Ok(runs) if args.json => output::print(&json_of(&runs)),
        Ok(runs) => output::print(&lines(&runs)),
        Err(diagnostic) => {
            output::say(&[diagnostic], Style::Plain);
            Status::Failed
        }
    }
}

fn runs(args: &HistoryArgs) -> Result<Vec<Run>, Diagnostic> {
    needs_root("`dwscript history`")?;
    let mut runs = StateDir::open(&args.state.state_dir)?.runs();
    runs.reverse();
    Ok(runs)
}

fn lines(runs: &[Run]) -> String {
    if runs.is_empty() {
        return "no runs\n".to_owned();
    }
    let lines = runs.iter().map(|run| {
        let record = run.record();
        let (time, state) = (spelled(record.time), run.state().as_str());
        format!(
            "{:<5}{time}  {state:<13}{:<18}{}  ({})\n",
            run.id(),
            changes(run),
            record.scripts.join(" "),
            record.who
        )
    });
    lines.collect()
}

fn changes(run: &Run) -> String {
    let families = run.record().families.iter();
    let (added, removed) =
        families.fold((0, 0), |(added, removed), family| (added + family.added, removed + family.removed));
    let sets = run.record().sets.iter();
    let sets = sets.map(|set| format!(", {} +{} -{}", set.name, set.added, set.removed));
    format!("+{added} -{removed}{}", sets.collect::<String>())
}

fn json_of(runs: &[Run]) -> String {
    let run = |run: &Run| {
        let record = run.record();
        let families = record
            .families
            .iter()
            .map(|family| json!({"family": family.family, "added": family.added, "removed": family.removed}));
        let sets = record.sets.iter().map(
            |set| json!({"name": set.name, "family": set.family, "added": set.added, "removed": set.removed}),
        );
        json!({
            "id": run.id(),
            "time": spelled(record.time),
            "seconds": record.time,
            "state": run.state(),
            "who": record.who,
            "scripts": record.scripts,
            "backend": record.backend,
            "confirm": record.confirm,
            "families": families.collect::<Vec<_>>(),
            "sets": sets.collect::<Vec<_>>(),
        })
    };
    let runs: Vec<_> = runs.iter().map(run).collect();
    format!("{:#}\n", json!({"version": 1, "runs": runs}))
}

/// Seconds since 1970 as `2026-11-24 13:25:39Z`.
///
/// Source: Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", `civil_from_days`.
pub(super) fn spelled(seconds: u64) -> String {
    let (days, second) = (seconds / DAY + 719_468, seconds % DAY);
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year + year / 4 - year / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = year + era * 400 + u64::from(month <= 2);
    let (hour, minute, second) = (second / 3_600, second / 60 % 60, second % 60);
    format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}Z")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_spelled_by_the_calendar() {
        assert_eq!(spelled(0), "1970-01-01 00:00:00Z");
        assert_eq!(spelled(951_782_400), "2000-02-29 00:00:00Z");
        assert_eq!(spelled(1_795_526_739), "2026-11-24 13:25:39Z");
    }
}
