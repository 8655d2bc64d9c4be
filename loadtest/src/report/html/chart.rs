//! Drawing: axes, grid, lines, shades. Colours are classes of the style sheet, for the page allows no style elsewhere.

use std::fmt::Write as _;

use crate::report::markup::escaped;

/// How large a drawing is. Each is drawn twice: text that shrinks with a wide one is too small for a phone.
#[derive(Clone, Copy)]
pub(super) struct Size {
    class: &'static str,
    width: f64,
    height: f64,
}

/// Both sizes; the style sheet shows one.
pub(super) const SIZES: [Size; 2] = [
    Size {
        class: "wide",
        width: 1000.0,
        height: 300.0,
    },
    Size {
        class: "narrow",
        width: 360.0,
        height: 250.0,
    },
];

/// Room for the labels of the axes.
const LEFT: f64 = 58.0;
const RIGHT: f64 = 14.0;
const TOP: f64 = 20.0;
const BOTTOM: f64 = 26.0;

/// An axis: from where to where, and its labels.
pub(super) struct Axis {
    from: f64,
    to: f64,
    ticks: Vec<(f64, String)>,
}

impl Axis {
    /// With labels at these places.
    pub(super) fn with(from: f64, to: f64, ticks: Vec<(f64, String)>) -> Self {
        Self {
            from,
            // An axis without an extent has no places.
            to: if to > from { to } else { from + 1.0 },
            ticks,
        }
    }

    /// From nothing to a time in µs.
    pub(super) fn time(longest: f64) -> Self {
        let (unit, name) = match longest {
            us if us < 1e3 => (1.0, "µs"),
            us if us < 1e6 => (1e3, "ms"),
            _ => (1e6, "s"),
        };
        Self::linear(longest / unit, &format!(" {name}"), 4).scaled(unit)
    }

    /// From nothing to a number, in about so many steps.
    pub(super) fn linear(largest: f64, unit: &str, steps: u32) -> Self {
        let largest = largest.max(1e-9);
        let step = step(largest / f64::from(steps));
        let decimals = (-step.log10().floor()).max(0.0) as usize;
        let count = (largest / step).ceil() as usize;
        let ticks = (0..=count).map(|index| {
            let value = index as f64 * step;
            (value, format!("{value:.decimals$}{unit}"))
        });
        Self::with(0.0, count as f64 * step, ticks.collect())
    }

    /// In another unit, and no further than this.
    pub(super) fn cut(self, factor: f64, to: f64) -> Self {
        let Self { from, ticks, .. } = self.scaled(factor);
        let ticks = ticks.into_iter().filter(|(place, _)| *place <= to);
        Self::with(from, to, ticks.collect())
    }

    fn scaled(mut self, factor: f64) -> Self {
        self.to *= factor;
        for (place, _) in &mut self.ticks {
            *place *= factor;
        }
        self
    }

    fn share(&self, value: f64) -> f64 {
        ((value - self.from) / (self.to - self.from)).clamp(0.0, 1.0)
    }
}

/// 1, 2 or 5 times a power of ten, at least so much.
fn step(least: f64) -> f64 {
    let power = 10f64.powf(least.log10().floor());
    [1.0, 2.0, 5.0, 10.0]
        .into_iter()
        .map(|times| times * power)
        .find(|step| *step >= least * 0.999)
        .unwrap_or(10.0 * power)
}

/// A drawing with two axes.
pub(super) struct Chart {
    size: Size,
    x: Axis,
    y: Axis,
    shades: String,
    lines: String,
}

impl Chart {
    pub(super) fn new(size: Size, x: Axis, y: Axis) -> Self {
        Self {
            size,
            x,
            y,
            shades: String::new(),
            lines: String::new(),
        }
    }

    fn left_to(&self, x: f64) -> f64 {
        LEFT + self.x.share(x) * (self.size.width - LEFT - RIGHT)
    }

    fn top_to(&self, y: f64) -> f64 {
        self.size.height - BOTTOM - self.y.share(y) * (self.size.height - TOP - BOTTOM)
    }

    /// A line through points, which are dots, too, where they are few and `dot` is given. `None` interrupts it.
    pub(super) fn line(&mut self, class: &str, dot: Option<&str>, points: &[(f64, Option<f64>)]) {
        let mut path = String::new();
        let mut dots = String::new();
        let mut pen = 'M';
        let known = points.iter().filter(|(_, y)| y.is_some()).count();
        for (index, (x, y)) in points.iter().enumerate() {
            let Some(y) = y else {
                pen = 'M';
                continue;
            };
            let (left, top) = (self.left_to(*x), self.top_to(*y));
            let _ = write!(path, "{pen}{left:.1} {top:.1}");
            let next = points.get(index + 1).and_then(|(_, y)| *y);
            if let Some(dot) = dot
                && (known <= 40 || (pen == 'M' && next.is_none()))
            {
                let _ = write!(
                    dots,
                    r#"<circle class="{dot}" cx="{left:.1}" cy="{top:.1}" r="2.5"/>"#
                );
            }
            pen = 'L';
        }
        if !path.is_empty() {
            let _ = write!(
                self.lines,
                r#"<path class="line {class}" d="{path}"/>{dots}"#
            );
        }
    }

    /// A stroke from the ground up.
    pub(super) fn bar(&mut self, class: &str, x: f64, y: f64) {
        let (left, top, ground) = (self.left_to(x), self.top_to(y), self.top_to(self.y.from));
        // One that is far smaller than the others is seen, too.
        let top = top.min(ground - 3.0);
        let _ = write!(
            self.lines,
            r#"<path class="{class}" d="M{left:.1} {ground:.1}V{top:.1}"/>"#
        );
    }

    /// A stretch of the x axis, with its name where there is room.
    pub(super) fn shade(&mut self, class: &str, from: f64, to: f64, name: &str) {
        let (left, right) = (self.left_to(from), self.left_to(to));
        let (width, height) = ((right - left).max(0.0), self.size.height - TOP - BOTTOM);
        let _ = write!(
            self.shades,
            r#"<rect class="{class}" x="{left:.1}" y="{TOP}" width="{width:.1}" height="{height}"><title>{}</title></rect>"#,
            escaped(name)
        );
        if width > 8.0 * name.chars().count() as f64 {
            let middle = left + width / 2.0;
            let _ = write!(
                self.shades,
                r#"<text x="{middle:.1}" y="13" text-anchor="middle">{}</text>"#,
                escaped(name)
            );
        }
    }

    /// An upright line with a name.
    pub(super) fn edge(&mut self, x: f64, name: &str) {
        let (left, ground) = (self.left_to(x), self.size.height - BOTTOM);
        let is_right = self.x.share(x) > 0.7;
        let (at, anchor) = if is_right {
            (left - 4.0, "end")
        } else {
            (left + 4.0, "start")
        };
        let _ = write!(
            self.shades,
            r#"<path class="edge" d="M{left:.1} {TOP}V{ground:.1}"/><text x="{at:.1}" y="{}" text-anchor="{anchor}">{}</text>"#,
            TOP + 14.0,
            escaped(name)
        );
    }

    /// The drawing.
    pub(super) fn draw(&self, label: &str) -> String {
        let Size {
            class,
            width,
            height,
        } = self.size;
        let (right, ground) = (width - RIGHT, height - BOTTOM);
        let mut out = format!(
            r#"<svg class="{class}" viewBox="0 0 {width} {height}" role="img" aria-label="{}">{}"#,
            escaped(label),
            self.shades
        );
        for (value, name) in &self.y.ticks {
            let top = self.top_to(*value);
            let _ = write!(
                out,
                r#"<path class="grid" d="M{LEFT} {top:.1}H{right}"/><text x="{}" y="{:.1}" text-anchor="end">{}</text>"#,
                LEFT - 8.0,
                top + 4.0,
                escaped(name)
            );
        }
        let mut free_from = f64::NEG_INFINITY;
        for (value, name) in &self.x.ticks {
            let left = self.left_to(*value);
            let half = 3.6 * name.chars().count() as f64;
            // Labels that would lie on one another are left out.
            if left - half < free_from {
                continue;
            }
            free_from = left + half + 6.0;
            let at = left.min(width - half);
            let _ = write!(
                out,
                r#"<path class="grid" d="M{left:.1} {TOP}V{ground}"/><text x="{at:.1}" y="{:.1}" text-anchor="middle">{}</text>"#,
                height - 8.0,
                escaped(name)
            );
        }
        let _ = write!(
            out,
            r#"<path class="axis" d="M{LEFT} {ground}H{right}"/>{}</svg>"#,
            self.lines
        );
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_round_and_reach_the_largest() {
        for (longest, labels) in [
            (35_300.0, &["0 ms", "10 ms", "20 ms", "30 ms", "40 ms"][..]),
            (900.0, &["0 µs", "500 µs", "1000 µs"]),
            (1_900_000.0, &["0.0 s", "0.5 s", "1.0 s", "1.5 s", "2.0 s"]),
        ] {
            let axis = Axis::time(longest);
            let names: Vec<_> = axis.ticks.iter().map(|(_, name)| name.as_str()).collect();
            assert_eq!(names, labels);
            assert!(axis.to >= longest);
        }
        assert!(Axis::linear(0.0, "/s", 4).share(0.0).abs() < 1e-9);
    }

    #[test]
    fn a_gap_interrupts_a_line() {
        let mut chart = Chart::new(SIZES[0], Axis::linear(3.0, "", 4), Axis::linear(1.0, "", 4));
        let points: Vec<_> = (0..60)
            .map(|x| (f64::from(x) / 20.0, (x != 30).then_some(0.5)))
            .collect();
        chart.line("s1", Some("f1"), &points);
        assert_eq!(chart.lines.matches('M').count(), 2);
        assert_eq!(chart.lines.matches("<circle").count(), 0);
    }
}
