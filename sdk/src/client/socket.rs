//! The door for what is no request and answer: a connection that stays.

use std::time::Instant;

use super::{Client, Error, TransportError};
use crate::{Endpoint, Output, auth::Token};

impl Client {
    /// Sends an endpoint whose success is another protocol on the same connection (101), and hands out both.
    pub(crate) async fn upgrade<E: Endpoint>(
        &self,
        endpoint: &E,
    ) -> Result<(Output<E>, reqwest::Upgraded), Error> {
        let started = Instant::now();
        let mut slot = None;
        let output = self.carry_out(endpoint, Some(&mut slot)).await?;
        let Some((route, answer)) = slot else {
            return Err(TransportError::broken().of(None, started.elapsed()).into());
        };
        let upgraded = answer.upgrade().await;
        let upgraded =
            upgraded.map_err(|error| TransportError::from(error).of(route, started.elapsed()))?;
        Ok((output, upgraded))
    }

    /// The token, renewed where it is time to, or where it is the one that was refused: `refused` is the
    /// [generation](crate::Session::generation) of its credentials.
    pub(crate) async fn fresh_token(&self, refused: Option<u64>) -> Option<Token> {
        let seen = self.session.generation();
        if self.session.is_renewal_due() || refused == Some(seen) {
            self.renew(seen).await;
        }
        self.session.token()
    }
}
