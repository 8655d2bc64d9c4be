//! When the figures are looked at, and what they say then.
//!
//! Who looks again and again until something shows, finds something in noise. So the moments are fixed beforehand, and
//! each spends a part of the risk of the whole.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use crate::{
    compare::{
        BlockPart,
        judge::{Metric, Row, Rules, Side, Unit, Verdict, compare},
    },
    plan::{Bill, WARM_UP},
    record::{Figures, Phase, Record, Row as RecordRow},
};

/// Looks after the first one, where there is room for them.
const MORE: usize = 3;
/// The row of all routes together, where there are several.
const ALL: &str = "all requests";

/// The looks of a comparison.
#[derive(Clone, Debug)]
pub(super) struct Looks {
    /// Which server each block goes to.
    pub(super) order: Vec<usize>,
    /// By what is judged; each look spends its share of the risk.
    pub(super) rules: Rules,
    /// After how many pairs.
    at: Vec<usize>,
    /// How long a failed request is taken to last.
    timeout: Duration,
    /// What the blocks cost the servers' processors, as far as they are over.
    pub(super) bill: Bill,
    /// How many looks were taken already.
    taken: Arc<AtomicUsize>,
}

/// What was found.
pub(super) struct Judged {
    /// Pairs that it is of.
    pub(super) pairs: usize,
    /// After how many pairs was looked.
    pub(super) looks: Vec<usize>,
    /// What they say.
    pub(super) rows: Vec<Row>,
}

impl Looks {
    /// A first look after `first` pairs, the last one after all pairs of the order.
    pub(super) fn new(order: Vec<usize>, first: usize, rules: Rules, timeout: Duration) -> Self {
        let most = (order.len() - WARM_UP) / 2;
        let mut at: Vec<_> = (0..=MORE)
            .map(|look| first + (most - first) * look / MORE)
            .collect();
        at.dedup();
        Self {
            order,
            rules,
            at,
            timeout,
            bill: Bill::default(),
            taken: Arc::default(),
        }
    }

    /// Whether a look that is due now decides. Each is taken once.
    pub(super) fn decides(&self, record: &Record) -> bool {
        let complete = self.complete(record, false);
        let due = self.at.iter().filter(|pairs| **pairs <= complete).count();
        due > self.taken.swap(due, Ordering::Relaxed) && is_decided(&self.judge(record, false).rows)
    }

    /// What the first look says that decides, or else the last one. `ended`: all blocks of the record are whole.
    pub(super) fn judge(&self, record: &Record, ended: bool) -> Judged {
        let complete = self.complete(record, ended);
        let mut judged = Judged {
            pairs: complete,
            looks: Vec::new(),
            rows: Vec::new(),
        };
        let mut before = 0;
        for pairs in self.at.iter().copied().filter(|pairs| *pairs <= complete) {
            judged.looks.push(pairs);
            judged.pairs = pairs;
            judged.rows = self.rows(record, pairs, before);
            before = pairs;
            if is_decided(&judged.rows) {
                break;
            }
        }
        if judged.looks.is_empty() {
            judged.rows = self.rows(record, complete, 0);
        }
        judged
    }

    /// What so many pairs say, where so many were looked at before. All looks together spend the whole risk.
    fn rows(&self, record: &Record, pairs: usize, before: usize) -> Vec<Row> {
        let most = self.at.last().copied().unwrap_or(pairs).max(1);
        let rules = Rules {
            alpha: self.rules.alpha * (pairs - before) as f64 / most as f64,
            ..self.rules.clone()
        };
        let [a, b] = self.sides(record, pairs);
        compare(&a, &b, &rules)
    }

    /// Pairs of which both blocks are whole: when somebody is at work in a block, all before it are.
    fn complete(&self, record: &Record, ended: bool) -> usize {
        let begun = record
            .places()
            .iter()
            .filter(|(place, _)| place.phase == Phase::Steady)
            .map(|(place, _)| place.block + usize::from(ended))
            .max();
        (begun.unwrap_or_default().saturating_sub(WARM_UP) / 2)
            .min((self.order.len() - WARM_UP) / 2)
    }

    /// The figures of the first pairs, side by side.
    fn sides(&self, record: &Record, pairs: usize) -> [Side; 2] {
        let mut together: BTreeMap<(String, usize, usize), Figures> = BTreeMap::new();
        for (place, figures) in record.places() {
            let pair = place.block.wrapping_sub(WARM_UP) / 2;
            if place.phase == Phase::Steady && pair < pairs {
                for route in [name(&place.row), ALL.to_owned()] {
                    let key = (route, place.server, pair);
                    together.entry(key).or_default().merge(figures);
                }
            }
        }
        let mut sides = [Side::new(), Side::new()];
        for ((route, server, pair), figures) in together {
            let units = sides[server].entry(route);
            units.or_insert_with(|| vec![Unit::default(); pairs])[pair] = self.unit(&figures);
        }
        for (server, side) in sides.iter_mut().enumerate() {
            if let Some(units) = side.get_mut(ALL) {
                self.charge(server, units);
            }
        }
        // A single route is all there is.
        if sides.iter().all(|side| side.len() <= 2) {
            for side in &mut sides {
                if let Some(all) = side.remove(ALL) {
                    for units in side.values_mut() {
                        units.clone_from(&all);
                    }
                }
            }
        }
        sides
    }

    /// What the blocks of a server cost it.
    fn charge(&self, server: usize, units: &mut [Unit]) {
        for (pair, unit) in units.iter_mut().enumerate() {
            let first = WARM_UP + 2 * pair;
            let block = first + usize::from(self.order[first] != server);
            let cost = self.bill.of(block).map(|cost| cost.as_secs_f64() * 1e6);
            unit.cpu = cost
                .filter(|_| unit.requests > 0)
                .map(|cost| cost / unit.requests as f64);
        }
    }

    fn unit(&self, figures: &Figures) -> Unit {
        let micros = |quantile| {
            let time = figures.percentile(quantile).map(|micros| micros as f64);
            time.unwrap_or(self.timeout.as_secs_f64() * 1e6)
        };
        Unit {
            requests: figures.requests(),
            failures: figures.failures.clone(),
            p50: micros(0.5),
            p95: micros(0.95),
            bytes: Some(figures.bytes),
            cpu: None,
        }
    }

    /// Successful requests per second of each side, in blocks that are judged.
    pub(super) fn throughput(blocks: &[BlockPart]) -> Row {
        let rate = |side| {
            let of = || {
                blocks
                    .iter()
                    .filter(|block| block.judged && block.side == side)
            };
            let seconds: f64 = of().map(|block| block.seconds).sum();
            let answered: u64 = of().map(|block| block.requests - block.failed).sum();
            (seconds > 0.0).then(|| answered as f64 / seconds)
        };
        Row::shown(ALL, Metric::Throughput, rate(0), rate(1))
    }

    /// The blocks that came to their end, and how long each took.
    pub(super) fn blocks(
        &self,
        record: &Record,
        lasted: &[Duration],
        pairs: usize,
    ) -> Vec<BlockPart> {
        let mut together: BTreeMap<usize, Figures> = BTreeMap::new();
        for (place, figures) in record.places() {
            if place.phase != Phase::WarmUp {
                together.entry(place.block).or_default().merge(figures);
            }
        }
        let lasted = lasted.iter().zip(&self.order).enumerate();
        lasted
            .filter_map(|(block, (lasted, side))| {
                let figures = together.get(&block)?;
                Some(BlockPart {
                    side: *side,
                    judged: (WARM_UP..WARM_UP + 2 * pairs).contains(&block),
                    seconds: lasted.as_secs_f64(),
                    requests: figures.requests(),
                    failed: figures.failed(),
                    p50: figures.percentile(0.5),
                    p95: figures.percentile(0.95),
                })
            })
            .collect()
    }
}

fn is_decided(rows: &[Row]) -> bool {
    Verdict::overall(rows) != Verdict::Inconclusive
}

/// A route by the name that it has on the newest release: the same on both sides.
fn name(row: &RecordRow) -> String {
    match row {
        RecordRow::Route(route) => format!("{} {}", route.verb, route.newest),
        row => row.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        compare::judge::{ALPHA, By},
        plan::order,
        record::{Place, Sample, Timing},
    };

    const RULES: Rules = Rules {
        delta: 0.05,
        floor: 100.0,
        alpha: ALPHA,
        by: By::Pairs,
        counted: false,
    };

    fn looks(first: usize, most: usize) -> Looks {
        Looks::new(order(most + 1, 1), first, RULES, Duration::from_secs(10))
    }

    /// So many blocks of 100 requests; B takes `slower` times as long.
    fn record(looks: &Looks, blocks: usize, slower: f64) -> Record {
        let mut record = Record::default();
        for block in 0..blocks {
            let server = looks.order[block];
            let factor = if server == 1 { slower } else { 1.0 };
            for request in 0..100 {
                let micros = (10_000 + 50 * request + 3 * block) as f64 * factor;
                record.add(Sample {
                    at: std::time::Instant::now(),
                    place: Place {
                        server,
                        block,
                        phase: if block < WARM_UP {
                            Phase::Ramp
                        } else {
                            Phase::Steady
                        },
                        row: RecordRow::Named("GET /tasks"),
                    },
                    timing: Timing {
                        last_byte: Duration::from_nanos((micros * 1000.0) as u64),
                        ..Timing::default()
                    },
                    failure: None,
                });
            }
        }
        record
    }

    #[test]
    fn looks_are_fixed_beforehand() {
        assert_eq!(looks(60, 200).at, [60, 106, 153, 200]);
        assert_eq!(looks(12, 12).at, [12]);
    }

    #[test]
    fn the_first_look_that_decides_counts_whatever_comes_later() {
        let looks = looks(20, 80);
        let early = record(&looks, WARM_UP + 40, 1.2);
        assert!(
            !looks.decides(&early),
            "the last block may not be whole yet"
        );
        let later = record(&looks, WARM_UP + 41, 1.2);
        assert!(looks.decides(&later));
        assert!(!looks.decides(&later), "each look is taken once");
        let judged = looks.judge(&record(&looks, WARM_UP + 70, 1.2), false);
        assert_eq!((judged.pairs, judged.looks), (20, vec![20]));
        assert_eq!(Verdict::overall(&judged.rows), Verdict::Regressed);
        assert_eq!(judged.rows[0].route, "GET /tasks");
    }

    #[test]
    fn what_cannot_be_told_uses_up_all_looks() {
        let looks = looks(20, 80);
        // As large as what may change: no look can decide.
        let all = record(&looks, WARM_UP + 160, 1.05);
        let judged = looks.judge(&all, true);
        assert_eq!((judged.pairs, judged.looks), (80, vec![20, 40, 60, 80]));
        assert_eq!(Verdict::overall(&judged.rows), Verdict::Inconclusive);
        let stopped = looks.judge(&record(&looks, WARM_UP + 9, 1.05), false);
        assert_eq!((stopped.pairs, stopped.looks.len()), (4, 0));
        assert!(looks.judge(&Record::default(), false).rows.is_empty());
    }

    #[test]
    fn what_a_server_works_is_judged_by_block() {
        for (dearer, expected) in [(1.0, Verdict::Unchanged), (1.2, Verdict::Regressed)] {
            let looks = looks(20, 20);
            for block in 0..WARM_UP + 40 {
                let factor = [1.0, dearer][looks.order[block]];
                let micros = (40_000 + 10 * block) as f64 * factor;
                looks
                    .bill
                    .add(Some(Duration::from_nanos((micros * 1000.0) as u64)));
            }
            let rows = looks.judge(&record(&looks, WARM_UP + 40, 1.0), true).rows;
            let cpu = rows.iter().find(|row| row.metric == Metric::Cpu).unwrap();
            assert_eq!(
                (&*cpu.route, cpu.verdict),
                ("server process", Some(expected))
            );
            // 40 ms for a hundred requests.
            assert!(
                cpu.a.is_some_and(|a| (400.0..410.0).contains(&a)),
                "{cpu:?}"
            );
        }
    }

    #[test]
    fn blocks_are_told_with_their_side() {
        let looks = looks(6, 6);
        let record = record(&looks, WARM_UP + 12, 1.0);
        let blocks = looks.blocks(&record, &[Duration::from_secs(1); WARM_UP + 12], 6);
        assert_eq!(blocks.iter().filter(|block| block.judged).count(), 12);
        assert!(
            blocks
                .iter()
                .map(|block| block.side)
                .eq(looks.order.iter().copied())
        );
        let row = Looks::throughput(&blocks);
        assert_eq!(
            (row.a, row.b, row.verdict),
            (Some(100.0), Some(100.0), None)
        );
    }
}
