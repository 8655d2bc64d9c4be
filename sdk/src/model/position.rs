//! Places in an order.

use serde::{Deserialize, Deserializer, Serialize, de};

/// The place of a task, project, bucket or view among its siblings, as it is written: a finite number above 0.
///
/// The server reads 0 as «not given» and orders all siblings anew (of projects in 0.20, it stores the 0), and numbers
/// below 0 likewise for tasks: neither can be made. It also renumbers the tasks of a view where one comes too close to
/// 0 (below 0.1 in 0.20, below 0.01 later); positions that were read before are stale then, read them again.
///
/// ```
/// use vikunja_sdk::model::Position;
///
/// let place = Position::between(65_536.0, 131_072.0)?;
/// assert_eq!(place.get(), 98_304.0);
/// assert!(Position::new(0.0).is_err());
/// # Ok::<(), vikunja_sdk::model::InvalidPosition>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd, Serialize)]
#[serde(transparent)]
pub struct Position(f64);

/// There is no such place.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidPosition {
    /// Not a finite number above 0.
    #[error(
        "{0} is no position: the server reads 0 as «not given»; a position is a finite number above 0, and one that \
         was read is 0 outside of a view"
    )]
    Number(f64),
    /// Nothing fits between these two.
    #[error(
        "there is no position between {0} and {1}: read the positions again, or move one of the two neighbours first"
    )]
    NoRoom(f64, f64),
}

impl Position {
    /// The only one of its order.
    pub const FIRST: Self = Self(65_536.0);

    /// This very number.
    pub fn new(number: f64) -> Result<Self, InvalidPosition> {
        if number.is_finite() && number > 0.0 {
            Ok(Self(number))
        } else {
            Err(InvalidPosition::Number(number))
        }
    }

    /// The number.
    pub const fn get(self) -> f64 {
        self.0
    }

    /// Half-way between two neighbours, in their order.
    pub fn between(left: f64, right: f64) -> Result<Self, InvalidPosition> {
        let (left, right) = (Self::new(left)?.0, Self::new(right)?.0);
        // Not (left + right) / 2, whose sum may be infinite.
        let middle = left + (right - left) / 2.0;
        if left < middle && middle < right {
            Ok(Self(middle))
        } else {
            Err(InvalidPosition::NoRoom(left, right))
        }
    }

    /// Before what is first now.
    pub fn before(first: f64) -> Result<Self, InvalidPosition> {
        let first = Self::new(first)?.0;
        Self::new(first / 2.0).map_err(|_| InvalidPosition::NoRoom(0.0, first))
    }

    /// After what is last now.
    pub fn after(last: f64) -> Result<Self, InvalidPosition> {
        let last = Self::new(last)?.0;
        let next = last + Self::FIRST.0;
        if next > last && next.is_finite() {
            Ok(Self(next))
        } else {
            Err(InvalidPosition::NoRoom(last, f64::INFINITY))
        }
    }
}

impl TryFrom<f64> for Position {
    type Error = InvalidPosition;

    fn try_from(number: f64) -> Result<Self, InvalidPosition> {
        Self::new(number)
    }
}

impl<'de> Deserialize<'de> for Position {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(f64::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_server_would_not_take_is_refused() {
        for number in [0.0, -0.0, -1.0, f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            for made in [
                Position::new(number),
                Position::before(number),
                Position::after(number),
                Position::between(number, 5.0),
                Position::between(5.0, number),
            ] {
                let error = made.unwrap_err().to_string();
                assert!(error.contains("is no position"), "{number}: {error}");
            }
            assert!(serde_json::from_value::<Position>(number.into()).is_err());
        }
    }

    #[test]
    fn neighbours_keep_their_order() {
        for (left, right) in [(1.0, 2.0), (0.01, 0.02), (65_536.0, 4e9), (1e308, 1.5e308)] {
            let middle = Position::between(left, right).unwrap().get();
            assert!(left < middle && middle < right, "{left} {middle} {right}");
            assert!(Position::before(left).unwrap().get() < left);
        }
        assert!(Position::after(4e9).unwrap().get() > 4e9);
    }

    #[test]
    fn where_nothing_fits_is_an_error() {
        let tiny = f64::from_bits(1);
        for made in [
            Position::between(2.0, 2.0),
            Position::between(2.0, 1.0),
            Position::between(1.0, 1.0_f64.next_up()),
            Position::before(tiny),
            Position::after(1e300),
        ] {
            assert!(matches!(made, Err(InvalidPosition::NoRoom(..))), "{made:?}");
        }
    }
}
