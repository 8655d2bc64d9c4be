//! What a sandbox can be told to do badly, and the text form in which it is told.
//!
//! `2.5,delay=600ms,fail=5%` is a release followed by faults; [`Config`](crate::Config) and
//! [`Faults`] are parsed from it, by the program and by whoever embeds it.

use std::str::FromStr;
use std::time::Duration;

use crate::catalogue;

/// Misbehaviour, all off by default.
///
/// «Answers» are those below `/api/`, except the set-up calls: info, registration, log-in and refresh.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Faults {
    /// `delay=600ms`: this much longer for every read (`GET`); filling a slow stand-in stays quick.
    pub delay: Duration,
    /// `delay-writes=50ms`: this much longer for everything else.
    pub delay_writes: Duration,
    /// `work=200us`: every answer costs this much more of a processor's time: real work, not a sleep.
    pub work: Duration,
    /// `stall=1s/5s`: frozen for the last second of every five since the start. Set-up calls too.
    pub stall: Option<Stall>,
    /// `fail=5%` or `fail=5%:503`: this share of reads (`GET`) answers an error.
    pub fail: Option<Failing>,
    /// `fail-writes=20%` or `fail-writes=20%:503`: this share of writes answers an error and stores nothing, as 2.x does
    /// on SQLite with 500.
    pub fail_writes: Option<Failing>,
    /// `refuse=5%`: this share of requests has its connection closed, and nothing happened.
    pub refuse: Share,
    /// `lose=5%`: this share of requests is carried out, and its connection closed instead of an answer.
    pub lose: Share,
    /// `cut=1%`: this share of reads has its body cut short and its connection closed.
    pub cut: Share,
    /// `limit=100`: the general rate limit, requests per minute and user (without a token: per address).
    pub limit: Option<u32>,
    /// `login-limit=10`: the limit on log-ins and registrations per minute and address (v1 only).
    pub login_limit: Option<u32>,
    /// `missing=tasks.read_all`, repeatable: that operation's route does not exist.
    pub missing: Vec<String>,
    /// `registration=closed`: nobody can register.
    pub registration_closed: bool,
    /// `totp=on`: every log-in wants a passcode, and none is right.
    pub totp: bool,
    /// `version=v2.5.0-123-gabcdef0123`: what `/info` reports; behaviour stays the release's.
    pub version: Option<String>,
    /// `token-life=1s`: life of user tokens; the release's own is 600 s from 2.0, three days before.
    pub token_life: Option<Duration>,
    /// `clock=+90s` or `clock=-5m`: the server's clock is wrong.
    pub clock: Skew,
    /// `private-targets=refused`: webhooks on this machine or in private networks are told nothing, as releases from 2.2
    /// on have it unless they are told otherwise. The sandbox is: its tests live on this machine.
    pub private_targets_refused: bool,
    /// `retry-wait=1ms`: the wait before a webhook is tried again, on average; it doubles each time. 100 ms unless told.
    pub retry_wait: Option<Duration>,
    /// `die-after=1000`: the server is gone after that many answers.
    pub die_after: Option<u64>,
}

/// A part of all requests.
#[derive(Debug, Clone, Copy, Default, PartialEq, PartialOrd)]
pub struct Share(f64);

/// How far a clock is off.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Skew(i64);

/// Frozen for `frozen` at the end of every `every`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stall {
    /// How long it answers nothing.
    pub frozen: Duration,
    /// How often.
    pub every: Duration,
}

/// A share of requests that fail, and with which status.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Failing {
    /// How many.
    pub share: Share,
    /// 500 unless told otherwise.
    pub status: u16,
}

/// Why a configuration text was refused; it names the part and what is known.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ConfigError(pub(crate) String);

/// The keys, each with an example.
const KNOWN: [(&str, &str); 20] = [
    ("delay", "delay=600ms"),
    ("delay-writes", "delay-writes=50ms"),
    ("work", "work=200us"),
    ("stall", "stall=1s/5s"),
    ("fail", "fail=5% or fail=5%:503"),
    ("fail-writes", "fail-writes=20% or fail-writes=20%:503"),
    ("refuse", "refuse=5%"),
    ("lose", "lose=5%"),
    ("cut", "cut=1%"),
    ("limit", "limit=100"),
    ("login-limit", "login-limit=10"),
    ("missing", "missing=tasks.read_all"),
    ("registration", "registration=closed"),
    ("totp", "totp=on"),
    ("version", "version=dev"),
    ("token-life", "token-life=1s"),
    ("clock", "clock=+90s or clock=-5m"),
    ("private-targets", "private-targets=refused"),
    ("retry-wait", "retry-wait=1ms"),
    ("die-after", "die-after=1000"),
];

impl FromStr for Faults {
    type Err = ConfigError;

    fn from_str(text: &str) -> Result<Self, ConfigError> {
        let mut faults = Self::default();
        for part in text
            .split(',')
            .map(str::trim)
            .filter(|part| !part.is_empty())
        {
            faults.set(part)?;
        }
        Ok(faults)
    }
}

impl Faults {
    /// Sets one `key=value`.
    pub(crate) fn set(&mut self, part: &str) -> Result<(), ConfigError> {
        let (key, value) = part.split_once('=').unwrap_or((part, ""));
        let bad = || {
            ConfigError(format!(
                "«{part}» cannot be read: it is written {}",
                example(key)
            ))
        };
        match key {
            "delay" => self.delay = duration(value).ok_or_else(bad)?,
            "delay-writes" => self.delay_writes = duration(value).ok_or_else(bad)?,
            "work" => self.work = duration(value).ok_or_else(bad)?,
            "stall" => self.stall = Some(stall(value).ok_or_else(bad)?),
            "fail" => self.fail = Some(failing(value).ok_or_else(bad)?),
            "fail-writes" => self.fail_writes = Some(failing(value).ok_or_else(bad)?),
            "refuse" => self.refuse = share(value).ok_or_else(bad)?,
            "lose" => self.lose = share(value).ok_or_else(bad)?,
            "cut" => self.cut = share(value).ok_or_else(bad)?,
            "limit" => self.limit = Some(value.parse().map_err(|_| bad())?),
            "login-limit" => self.login_limit = Some(value.parse().map_err(|_| bad())?),
            "missing" => self.missing.push(operation(value)?),
            "registration" if value == "closed" => self.registration_closed = true,
            "totp" if value == "on" => self.totp = true,
            "version" if !value.is_empty() => self.version = Some(value.to_owned()),
            "token-life" => self.token_life = Some(duration(value).ok_or_else(bad)?),
            "clock" => self.clock = skew(value).ok_or_else(bad)?,
            "private-targets" if value == "refused" => self.private_targets_refused = true,
            "retry-wait" => self.retry_wait = Some(duration(value).ok_or_else(bad)?),
            "die-after" => self.die_after = Some(value.parse().map_err(|_| bad())?),
            "registration" | "totp" | "version" | "private-targets" => return Err(bad()),
            _ => return Err(unknown_key(part, key)),
        }
        Ok(())
    }
}

impl Share {
    /// That many of a hundred; more than 100 is 100, less than 0 is none.
    pub fn percent(percent: f64) -> Self {
        Self(percent.clamp(0.0, 100.0))
    }

    /// Whether the `number`-th request is among them: always the same ones for the same seed.
    pub(crate) fn takes(self, seed: u64, number: u64) -> bool {
        // SplitMix64: neighbouring numbers get unrelated values.
        let mut mixed =
            seed.wrapping_add(number.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^= mixed >> 31;
        (mixed >> 11) as f64 / (1_u64 << 53) as f64 * 100.0 < self.0
    }
}

impl Skew {
    /// Fast by that much.
    pub fn ahead(time: Duration) -> Self {
        Self(i64::try_from(time.as_millis()).unwrap_or(i64::MAX))
    }

    /// Slow by that much.
    pub fn behind(time: Duration) -> Self {
        Self(-Self::ahead(time).0)
    }

    pub(crate) fn milliseconds(self) -> i64 {
        self.0
    }
}

impl Stall {
    /// How long a request that arrives that long after the start has to wait.
    pub(crate) fn wait(self, since_start: Duration) -> Duration {
        let every = self.every.as_nanos().max(1);
        let into = since_start.as_nanos() % every;
        if every - into > self.frozen.as_nanos() {
            return Duration::ZERO;
        }
        Duration::from_nanos(u64::try_from(every - into).unwrap_or(0))
    }
}

fn duration(value: &str) -> Option<Duration> {
    humantime::parse_duration(value).ok()
}

fn skew(value: &str) -> Option<Skew> {
    if let Some(behind) = value.strip_prefix('-') {
        return duration(behind).map(Skew::behind);
    }
    duration(value.strip_prefix('+').unwrap_or(value)).map(Skew::ahead)
}

fn share(value: &str) -> Option<Share> {
    let percent: f64 = value.strip_suffix('%')?.trim().parse().ok()?;
    (0.0..=100.0).contains(&percent).then_some(Share(percent))
}

fn stall(value: &str) -> Option<Stall> {
    let (frozen, every) = value.split_once('/')?;
    let stall = Stall {
        frozen: duration(frozen)?,
        every: duration(every)?,
    };
    (stall.frozen < stall.every).then_some(stall)
}

fn failing(value: &str) -> Option<Failing> {
    let (percent, status) = value.split_once(':').unwrap_or((value, "500"));
    let status = status
        .parse()
        .ok()
        .filter(|status| (400..600).contains(status))?;
    Some(Failing {
        share: share(percent)?,
        status,
    })
}

fn operation(value: &str) -> Result<String, ConfigError> {
    if catalogue::operations().any(|known| known == value) {
        return Ok(value.to_owned());
    }
    let near = nearest(value, catalogue::operations());
    Err(ConfigError(format!(
        "no release has an operation «{value}»; the nearest is «{near}»"
    )))
}

fn example(key: &str) -> &'static str {
    KNOWN
        .iter()
        .find(|(known, _)| *known == key)
        .map_or("", |(_, example)| example)
}

fn unknown_key(part: &str, key: &str) -> ConfigError {
    let near = nearest(key, KNOWN.into_iter().map(|(known, _)| known));
    let all: Vec<&str> = KNOWN.into_iter().map(|(_, example)| example).collect();
    ConfigError(format!(
        "«{part}» is not known; did you mean «{near}»? Known are {}",
        all.join(", ")
    ))
}

/// The candidate with the smallest edit distance.
pub(crate) fn nearest<'a>(word: &str, candidates: impl Iterator<Item = &'a str>) -> &'a str {
    candidates
        .min_by_key(|candidate| distance(word, candidate))
        .unwrap_or_default()
}

fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (i, a) in one.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, b) in other.iter().enumerate() {
            let replaced = diagonal + usize::from(a != *b);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[other.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_example_is_understood() {
        for (_, examples) in KNOWN {
            for example in examples.split(" or ") {
                assert!(example.parse::<Faults>().is_ok(), "{example}");
            }
        }
    }

    #[test]
    fn errors_name_the_part_and_the_nearest_known() {
        let said = |text: &str| text.parse::<Faults>().expect_err("a refusal").to_string();
        assert!(said("dealy=1s").contains("did you mean «delay»?"));
        assert!(said("fail=5").contains("«fail=5» cannot be read: it is written fail=5%"));
        assert!(said("missing=task.read_all").contains("the nearest is «tasks.read_all»"));
        assert!(said("totp=off").contains("totp=on"));
    }

    #[test]
    fn a_share_takes_about_its_part_and_always_the_same() {
        let five = Share(5.0);
        let taken: Vec<u64> = (0..10_000)
            .filter(|number| five.takes(7, *number))
            .collect();
        assert!((400..600).contains(&taken.len()), "{}", taken.len());
        assert_eq!(
            taken,
            (0..10_000)
                .filter(|number| five.takes(7, *number))
                .collect::<Vec<_>>()
        );
        assert!((0..1000).all(|number| Share(100.0).takes(7, number)));
        assert!(!(0..1000).any(|number| Share(0.0).takes(7, number)));
    }

    #[test]
    fn a_stall_freezes_the_end_of_its_period() {
        let stall = stall("1s/5s").expect("a stall");
        assert_eq!(stall.wait(Duration::from_millis(3900)), Duration::ZERO);
        assert_eq!(
            stall.wait(Duration::from_millis(4400)),
            Duration::from_millis(600)
        );
        assert_eq!(stall.wait(Duration::from_millis(5100)), Duration::ZERO);
    }
}
