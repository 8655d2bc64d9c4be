//! What a waiting person sees: a bar on a terminal, a line now and then elsewhere. All of it on standard error.

use std::{
    io::{IsTerminal, stderr},
    sync::{Arc, Mutex, PoisonError, atomic::Ordering},
    time::{Duration, Instant},
};

use indicatif::{ProgressBar, ProgressStyle};

use crate::{
    plan::{Model, Plan, Timeline},
    record::{Live, Phase},
    verdict::show_micros,
};

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
                Some(_) => "{prefix} {bar:10} {pos}/{len} {wide_msg}",
                None => "{prefix} {pos} {wide_msg}",
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
        let mut words = vec![format!("{:.0}/s", self.rate(done))];
        words.extend(told(failed));
        words.extend(self.left(done));
        self.tell(done, &words.join(", "));
    }

    fn rate(&self, done: u64) -> f64 {
        done as f64 / self.began.elapsed().as_secs_f64().max(1e-3)
    }

    fn left(&self, done: u64) -> Option<String> {
        let left = left(self.total?, done, self.rate(done))?;
        Some(format!("{left} left"))
    }

    fn tell(&self, done: u64, words: &str) {
        if let Some(bar) = &self.bar {
            bar.set_message(words.to_owned());
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
    pub async fn follow(&self, live: &Arc<Live>, plan: &Plan) {
        let timeline = Timeline::of(plan);
        loop {
            let done = live.done.load(Ordering::Relaxed);
            let mut words = view(live, plan, &timeline);
            if timeline.end().is_none() {
                words.extend(self.left(done));
            }
            self.tell(done, &words.join(", "));
            tokio::time::sleep(TICK).await;
        }
    }
}

/// The moment in words: phase, time, load, and what the last second was like.
fn view(live: &Live, plan: &Plan, timeline: &Timeline) -> Vec<String> {
    let Some(started) = live.started() else {
        return vec![format!("{}: {} users arrive", Phase::WarmUp, plan.users)];
    };
    let elapsed = started.elapsed();
    let (phase, stage) = timeline.at(elapsed);
    let mut words = vec![phase.to_string()];
    let whole = |time: Duration| humantime::format_duration(Duration::from_secs(time.as_secs()));
    if let Some(end) = timeline.end() {
        words.push(format!("{} of {}", whole(elapsed), whole(end)));
    }
    let level = plan.stages.get(stage).map_or(0.0, |stage| stage.level);
    let risen = match phase {
        Phase::Ramp => elapsed.as_secs_f64() / plan.ramp.as_secs_f64(),
        _ => 1.0,
    };
    words.push(match plan.model {
        Model::Closed => format!("{:.0} users", (level * risen).ceil()),
        Model::Open(_) => format!("{:.0}/s due", level * risen),
    });
    let last = live.last_second();
    words.push(format!("{}/s", last.requests()));
    // What may not fit into the line comes last.
    words.extend(told(live.failed.load(Ordering::Relaxed)));
    for (name, quantile) in [("p50", 0.5), ("p95", 0.95)] {
        if let Some(micros) = last.percentile(quantile) {
            words.push(format!("{name} {}", show_micros(micros as f64)));
        }
    }
    words
}

fn told(failed: u64) -> Option<String> {
    (failed > 0).then(|| format!("{failed} failed"))
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
