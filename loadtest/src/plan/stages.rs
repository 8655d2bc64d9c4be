//! `50,100,200@30s`: levels one after the other, and how long each lasts.

use std::{fmt, str::FromStr, time::Duration};

/// A stretch of the steady phase with one load.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stage {
    /// Users, or tickets per second.
    pub level: f64,
    /// How long it lasts; `None` where something else ends it.
    pub lasts: Option<Duration>,
}

/// Stages as they are typed. One that does not say how long it lasts, lasts as long as the next one that does.
#[derive(Clone, Debug, PartialEq)]
pub struct Stages(pub Vec<Stage>);

impl Stages {
    /// One stage.
    pub fn of_level(level: f64) -> Self {
        Self(vec![Stage { level, lasts: None }])
    }
}

impl FromStr for Stages {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut stages = text
            .split(',')
            .map(stage)
            .collect::<Result<Vec<_>, String>>()?;
        let mut next = None;
        for stage in stages.iter_mut().rev() {
            stage.lasts = stage.lasts.or(next);
            next = stage.lasts;
        }
        Ok(Self(stages))
    }
}

fn stage(text: &str) -> Result<Stage, String> {
    let (level, lasts) = match text.split_once('@') {
        Some((level, lasts)) => (level, Some(lasts)),
        None => (text, None),
    };
    let lasts = lasts
        .map(|lasts| {
            humantime::parse_duration(lasts.trim())
                .map_err(|_| format!("{lasts:?} is not a time like 30s"))
        })
        .transpose()?;
    let level = level.trim();
    // «75/s» says what a rate is.
    let number = level.strip_suffix("/s").unwrap_or(level);
    match number.parse::<f64>() {
        Ok(level) if level.is_finite() && level >= 0.0 => Ok(Stage { level, lasts }),
        _ => Err(format!(
            "{level:?} is not a number; write 50, or stages: 50,100@30s"
        )),
    }
}

impl fmt::Display for Stages {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, stage) in self.0.iter().enumerate() {
            let comma = if index == 0 { "" } else { "," };
            write!(f, "{comma}{}", stage.level)?;
            if let Some(lasts) = stage.lasts {
                write!(f, "@{}", humantime::format_duration(lasts))?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stages_are_read_and_shown() {
        for (text, shown) in [
            ("10", "10"),
            ("75/s", "75"),
            ("0.5@1m", "0.5@1m"),
            ("50,100,200@30s", "50@30s,100@30s,200@30s"),
            ("50@10s, 100@20s", "50@10s,100@20s"),
            ("50@10s,100", "50@10s,100"),
        ] {
            assert_eq!(text.parse::<Stages>().unwrap().to_string(), shown);
        }
        for text in ["", "fast", "-1", "50@", "50@soon", "50,,100", "inf"] {
            assert!(text.parse::<Stages>().is_err(), "{text}");
        }
    }
}
