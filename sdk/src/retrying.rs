//! An executor that sends again what may be sent again.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::Bytes;
use http::StatusCode;

use crate::{
    Endpoint, Execute, Failure, Op, Output, Route, Session,
    retry::{Budget, Happened, Policy},
};

/// Wraps an executor, and repeats by the [table](crate::retry) what failed.
///
/// A dropped future stops the repetitions; what was sent may still happen on the server.
#[derive(Debug)]
pub struct Retrying<X> {
    inner: X,
    policy: Policy,
    budget: Arc<Budget>,
    deadline: Option<Instant>,
    observe: Option<fn(&Wait)>,
    repeated: u32,
}

/// A pause before a repetition.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Wait {
    /// What happened.
    pub happened: Happened,
    /// How often it was sent so far.
    pub attempts: u32,
    /// How long the pause is.
    pub pause: Duration,
}

impl<X> Retrying<X> {
    /// Repeats by this policy, with a budget of its own.
    pub fn new(inner: X, policy: Policy) -> Self {
        Self::within(inner, policy, Arc::default())
    }

    /// Repeats by this policy, and shares a budget with others.
    pub fn within(inner: X, policy: Policy, budget: Arc<Budget>) -> Self {
        Self {
            inner,
            policy,
            budget,
            deadline: None,
            observe: None,
            repeated: 0,
        }
    }

    /// Makes no pause that would last beyond this moment.
    #[must_use]
    pub fn until(mut self, deadline: Instant) -> Self {
        self.deadline = Some(deadline);
        self
    }

    /// Calls `observe` before each pause.
    #[must_use]
    pub fn observed(mut self, observe: fn(&Wait)) -> Self {
        self.observe = Some(observe);
        self
    }

    /// How often something was sent again.
    pub fn repeated(&self) -> u32 {
        self.repeated
    }

    /// The executor within.
    pub fn inner(&mut self) -> &mut X {
        &mut self.inner
    }
}

/// Whether the answer to a repeated deletion says that the thing is not there: then the first one has deleted it.
fn is_gone(route: &Route, error: &impl Failure) -> bool {
    route.op() == Op::Delete
        && (error.is_not_found()
            || route.missing_is_403() && error.status() == Some(StatusCode::FORBIDDEN))
}

impl<X: Execute> Execute for Retrying<X> {
    type Error = X::Error;

    fn session(&self) -> &Session {
        self.inner.session()
    }

    async fn execute<E: Endpoint>(&mut self, endpoint: &E) -> Result<Output<E>, X::Error> {
        let mut attempts = 0;
        let mut may_be_done = false;
        loop {
            attempts += 1;
            let error = match self.inner.execute(endpoint).await {
                Ok(output) => {
                    self.budget.give_back();
                    return Ok(output);
                }
                Err(error) => error,
            };
            // Only a failure has to know what was asked.
            let Ok((_, pending)) = self.inner.session().prepare(endpoint) else {
                return Err(error);
            };
            let (asked, happened) = (pending.asked(), error.happened());
            if may_be_done && is_gone(&endpoint.route(), &error) {
                let mut gone = http::Response::new(Bytes::new());
                *gone.status_mut() = StatusCode::NO_CONTENT;
                return pending.decode(&gone).map_err(|_| error);
            }
            let pause = self
                .policy
                .again(asked, happened, attempts, fastrand::f64())
                // Who gives up before the pause is over had better know now why.
                .filter(|pause| {
                    self.deadline
                        .is_none_or(|end| Instant::now() + *pause < end)
                })
                .filter(|_| !self.policy.is_budgeted(asked, happened) || self.budget.take());
            let Some(pause) = pause else {
                return Err(error);
            };
            may_be_done |= self.policy.may_have_happened(asked, happened);
            self.repeated += 1;
            tracing::debug!(?happened, attempts, ?pause, "sending again");
            if let Some(observe) = self.observe {
                observe(&Wait {
                    happened,
                    attempts,
                    pause,
                });
            }
            tokio::time::sleep(pause).await;
        }
    }
}
