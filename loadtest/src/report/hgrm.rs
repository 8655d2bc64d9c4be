//! The percentile distribution of the response time of judged, successful requests in ms, as HdrHistogram's own tools
//! print and plot it.

use std::fmt::Write as _;

use super::result::RunResult;

/// Lines per halving of what is left to 100 %.
const STEPS: u32 = 5;
/// Of a histogram with three significant digits.
const SUB_BUCKETS: u32 = 2048;

pub(super) fn render(result: &RunResult) -> String {
    let (times, _) = RunResult::together(result.judged(), |part| &part.latency);
    let millis = |micros: f64| micros / 1000.0;
    let mut out = format!(
        "{:>12} {:>14} {:>10} {:>14}\n\n",
        "Value", "Percentile", "TotalCount", "1/(1-Percentile)"
    );
    for step in times.iter_quantiles(STEPS) {
        let quantile = step.quantile_iterated_to();
        let value = millis(step.value_iterated_to() as f64);
        let seen = times.count_between(0, step.value_iterated_to());
        let _ = write!(out, "{value:12.3} {quantile:.12} {seen:10}");
        // At 100 % nothing is left.
        let _ = if quantile < 1.0 {
            writeln!(out, " {:14.2}", 1.0 / (1.0 - quantile))
        } else {
            writeln!(out)
        };
    }
    let _ = writeln!(
        out,
        "#[Mean    = {:12.3}, StdDeviation   = {:12.3}]\n\
         #[Max     = {:12.3}, Total count    = {:12}]\n\
         #[Buckets = {:12}, SubBuckets     = {SUB_BUCKETS:12}]",
        millis(times.mean()),
        millis(times.stdev()),
        millis(times.max() as f64),
        times.len(),
        times.buckets(),
    );
    out
}
