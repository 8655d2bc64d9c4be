//! What a waiting person sees: a bar on a terminal, a line now and then elsewhere. All of it on standard error.

use std::{
    io::{IsTerminal, stderr},
    sync::{Arc, Mutex, PoisonError, atomic::Ordering},
    time::{Duration, Instant},
};

use indicatif::{ProgressBar, ProgressStyle};

use crate::record::Live;

/// How often a bar moves.
const TICK: Duration = Duration::from_millis(100);
/// How often a line is printed where there is no terminal.
const LINE: Duration = Duration::from_secs(2);

/// Progress of one thing.
pub struct Progress {
    what: &'static str,
    total: Option<u64>,
    began: Instant,
    bar: Option<ProgressBar>,
    told: Mutex<Instant>,
}

impl Progress {
    /// Begins. Without a total there is no bar to fill, only a count.
    pub fn of(what: &'static str, total: impl Into<Option<u64>>) -> Self {
        let total = total.into();
        let bar = stderr().is_terminal().then(|| {
            // A wrong template is a mistake of ours; the plain style shows the same numbers.
            let template = match total {
                Some(_) => "{prefix} {wide_bar} {pos}/{len} {msg}",
                None => "{prefix} {pos} {msg}",
            };
            let style = ProgressStyle::with_template(template)
                .unwrap_or_else(|_| ProgressStyle::default_bar());
            ProgressBar::new(total.unwrap_or_default())
                .with_style(style)
                .with_prefix(what)
        });
        Self {
            what,
            total,
            began: Instant::now(),
            bar,
            told: Mutex::new(Instant::now()),
        }
    }

    /// So many are done, and so many of them failed.
    pub fn set(&self, done: u64, failed: u64) {
        let rate = done as f64 / self.began.elapsed().as_secs_f64().max(1e-3);
        let left = self.total.and_then(|total| left(total, done, rate));
        let left = left.map_or_else(String::new, |left| format!(", {left} left"));
        let words = match failed {
            0 => format!("{rate:.0}/s{left}"),
            failed => format!("{rate:.0}/s{left}, {failed} failed"),
        };
        if let Some(bar) = &self.bar {
            bar.set_message(words);
            bar.set_position(done);
            return;
        }
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        if told.elapsed() >= LINE && self.total.is_none_or(|total| done < total) {
            *told = Instant::now();
            let of = self
                .total
                .map_or_else(String::new, |total| format!("/{total}"));
            say(&format!("{}: {done}{of} {words}", self.what));
        }
    }

    /// Follows the live numbers until it is dropped.
    pub async fn follow(&self, live: &Arc<Live>) {
        loop {
            self.set(
                live.done.load(Ordering::Relaxed),
                live.failed.load(Ordering::Relaxed),
            );
            tokio::time::sleep(TICK).await;
        }
    }
}

/// How long the rest takes at this rate, in whole seconds; `None` before anything is done.
fn left(total: u64, done: u64, rate: f64) -> Option<humantime::FormattedDuration> {
    let seconds = total.saturating_sub(done) as f64 / rate;
    let is_known = done > 0 && seconds.is_finite();
    is_known.then(|| humantime::format_duration(Duration::from_secs(seconds.round() as u64)))
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

/// Says something beside the result.
pub fn say(text: &str) {
    // Not `eprintln!`: a closed standard error is no reason to end a measurement.
    let _ = std::io::Write::write_all(&mut stderr(), format!("{}\n", plain(text)).as_bytes());
}

/// Without what would steer a terminal: some of the words are a server's.
pub fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_control() && c != '\n' {
            out.extend(c.escape_default());
        } else {
            out.push(c);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_remaining_time_follows_from_the_rate() {
        let left = |total, done, rate| left(total, done, rate).map(|left| left.to_string());
        assert_eq!(left(1000, 250, 10.0).as_deref(), Some("1m 15s"));
        assert_eq!(left(1000, 1000, 10.0).as_deref(), Some("0s"));
        assert_eq!(left(1000, 0, 0.0), None);
    }
}
