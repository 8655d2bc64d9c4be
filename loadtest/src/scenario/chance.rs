//! What is left to chance: from seed and ticket, never from who carries it out, so that the same seed does the same.

use std::time::Duration;

use fastrand::Rng;

use crate::plan::Ticket;

/// The chance of one ticket.
pub struct Chance(Rng);

impl Chance {
    /// That of this ticket.
    pub fn of(ticket: Ticket) -> Self {
        Self::from(ticket.chance)
    }

    /// From any number.
    pub fn from(seed: u64) -> Self {
        Self(Rng::with_seed(seed))
    }

    /// A number below this one.
    pub fn below(&mut self, end: u64) -> u64 {
        self.0.u64(..end.max(1))
    }

    /// True so often in a hundred times.
    pub fn percent(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    /// One of these, if there are any.
    pub fn one_of<'a, T>(&mut self, items: &'a [T]) -> Option<&'a T> {
        items.get(self.below(items.len() as u64) as usize)
    }

    /// A time between these two, all of them equally likely.
    pub fn between(&mut self, shortest: Duration, longest: Duration) -> Duration {
        shortest + longest.saturating_sub(shortest).mul_f64(self.0.f64())
    }

    /// A time as people take it: often about the median, now and then much longer. `sigma` is that of its logarithm.
    pub fn log_normal(&mut self, median: Duration, sigma: f64, longest: Duration) -> Duration {
        // Box and Muller. The first factor must not be ln(0).
        let (u, v) = (1.0 - self.0.f64(), self.0.f64());
        let normal = (-2.0 * u.ln()).sqrt() * (std::f64::consts::TAU * v).cos();
        let factor = (sigma * normal).exp();
        // Compared as numbers: the product may be longer than any duration.
        if factor * median.as_secs_f64() < longest.as_secs_f64() {
            median.mul_f64(factor)
        } else {
            longest
        }
    }
}

/// What is done how often, as a deck of cards: each ticket is the next card, and the deck is shuffled anew when it is
/// used up. So the shares are right in a short run, too, and which card a ticket is depends on seed and number alone.
#[derive(Debug)]
pub(super) struct Deck<C> {
    seed: u64,
    cards: Vec<C>,
}

/// A card that was drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Draw<C> {
    /// The card.
    pub(super) card: C,
    /// A number from 0 to below 1 for a choice within the card: spread evenly over the times that the card comes.
    pub(super) part: f64,
}

/// The most irregular number: its multiples fill the circle more evenly than any other's.
const GOLDEN: f64 = 0.618_033_988_749_894_9;

impl<C: Copy> Deck<C> {
    /// So many of each card.
    pub(super) fn new(seed: u64, weights: &[(usize, C)]) -> Self {
        let cards = weights
            .iter()
            .flat_map(|(weight, card)| std::iter::repeat_n(*card, *weight));
        Self {
            seed,
            cards: cards.collect(),
        }
    }

    /// The card of a ticket; `None` of an empty deck.
    pub(super) fn draw(&self, ticket: Ticket) -> Option<Draw<C>> {
        let count = self.cards.len();
        let deal = ticket.number.checked_div(count as u64)?;
        let mut order: Vec<usize> = (0..count).collect();
        mixed(self.seed, deal).shuffle(&mut order);
        let place = *order.get((ticket.number % count as u64) as usize)?;
        let start = mixed(!self.seed, place as u64).f64();
        Some(Draw {
            card: *self.cards.get(place)?,
            part: (start + deal as f64 * GOLDEN).fract(),
        })
    }
}

/// Chance from two numbers, neighbours of which have nothing in common.
fn mixed(seed: u64, number: u64) -> Rng {
    Rng::with_seed(seed ^ Rng::with_seed(number).u64(..))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ticket(number: u64) -> Ticket {
        Ticket { number, chance: 0 }
    }

    #[test]
    fn every_deal_has_each_card_by_its_weight() {
        let deck = Deck::new(7, &[(2, 'a'), (3, 'b')]);
        let drawn: String = (0..50)
            .filter_map(|number| deck.draw(ticket(number)))
            .map(|draw| draw.card)
            .collect();
        let deals: Vec<&str> = (0..10).map(|deal| &drawn[5 * deal..5 * deal + 5]).collect();
        for deal in &deals {
            assert_eq!(deal.matches('a').count(), 2, "{drawn}");
        }
        assert!(deals.iter().any(|deal| *deal != deals[0]), "{drawn}");
        let again = Deck::new(8, &[(2, 'a'), (3, 'b')]);
        assert!((0..50).any(|number| again.draw(ticket(number)) != deck.draw(ticket(number))));
        assert_eq!(Deck::<char>::new(7, &[]).draw(ticket(3)), None);
    }

    #[test]
    fn choices_within_a_card_are_spread_evenly() {
        let deck = Deck::new(1, &[(1, 'a'), (9, 'b')]);
        let parts: Vec<f64> = (0..1000)
            .filter_map(|number| deck.draw(ticket(number)))
            .filter(|draw| draw.card == 'a')
            .map(|draw| draw.part)
            .collect();
        assert_eq!(parts.len(), 100);
        assert!(parts.iter().all(|part| (0.0..1.0).contains(part)));
        let low = parts.iter().filter(|part| **part < 0.3).count();
        assert!((28..=32).contains(&low), "{low}");
    }

    #[test]
    fn think_times_have_the_median_and_the_longest_that_they_are_given() {
        let median = Duration::from_secs(15);
        let longest = Duration::from_secs(240);
        let mut times: Vec<Duration> = (0..10_001)
            .map(|seed| Chance::from(seed).log_normal(median, 0.9, longest))
            .collect();
        times.sort();
        let middle = times[5000].as_secs_f64();
        assert!((14.5..15.5).contains(&middle), "{middle}");
        // One standard deviation: 84.1 % are below the median times e^0.9.
        let sigma = (times[8413].as_secs_f64() / middle).ln();
        assert!((0.86..0.94).contains(&sigma), "{sigma}");
        assert_eq!(times.last(), Some(&longest));
        let short = Chance::from(3).between(Duration::from_secs(2), Duration::from_secs(20));
        assert!((2..20).contains(&short.as_secs()));
    }
}
