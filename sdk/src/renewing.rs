//! An executor that renews its credentials.

use std::time::Duration;

use crate::{
    Auth, Code, Endpoint, Execute, Failure, Output, Session,
    auth::{Renewal, TokenKind},
    ops,
};

/// Wraps an executor, renews its credentials before they expire, and once more when the server says that they have.
///
/// [`crate::Client`] does that by itself. This one makes no promise when its future is dropped in the middle of a
/// renewal: the old refresh cookie may be void then, and the new one lost.
#[derive(Debug)]
pub struct Renewing<X>(pub X);

/// How long credentials are left alone when renewing them has failed.
const LATER: Duration = Duration::from_secs(10);

impl<X: Execute> Execute for Renewing<X> {
    type Error = X::Error;

    fn session(&self) -> &Session {
        self.0.session()
    }

    async fn execute<E: Endpoint>(&mut self, endpoint: &E) -> Result<Output<E>, X::Error> {
        if self.0.session().is_renewal_due() {
            renew(&mut self.0).await;
        }
        let result = self.0.execute(endpoint).await;
        if is_expired(self.0.session(), &result) && renew(&mut self.0).await {
            return self.0.execute(endpoint).await;
        }
        result
    }
}

/// Whether the server refused a token that the refresh cookie can replace.
pub fn is_expired<T>(session: &Session, result: &Result<T, impl Failure>) -> bool {
    let refusal = result.as_ref().err().and_then(Failure::refusal);
    refusal.is_some_and(|refusal| {
        refusal.code == Some(Code::TokenInvalid) && refusal.route.auth == Auth::Bearer
    }) && session.token_kind() == Some(TokenKind::User)
        && matches!(session.renewal(), Some(Renewal::Cookie(_)))
}

/// Renews the credentials; `false` when that failed. A refused cookie is forgotten, so that nobody tries it again: the
/// session is over, and its token lives on until it expires.
pub async fn renew<X: Execute>(executor: &mut X) -> bool {
    let generation = executor.session().generation();
    match ops::renew(executor).await {
        Ok(renewed) => renewed.is_some(),
        Err(error) => {
            let session = executor.session();
            match error.status() {
                Some(status) if status.as_u16() == 401 => session.stop_renewing(generation),
                _ => session.postpone_renewal(LATER),
            }
            tracing::warn!(status = ?error.status(), "the credentials could not be renewed");
            false
        }
    }
}
