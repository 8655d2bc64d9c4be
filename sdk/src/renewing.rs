//! An executor that renews its credentials.

use std::time::Duration;

use crate::{
    Auth, Code, Endpoint, Execute, Failure, Output, Session,
    auth::{Credentials, Renewal, TokenKind},
    ops,
    retry::Repeat,
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
        if is_due(self.0.session(), endpoint) {
            renew(&mut self.0).await;
        }
        let result = self.0.execute(endpoint).await;
        let is_renewed = may_be_renewed(self.0.session(), &result) && renew(&mut self.0).await;
        if is_renewed && endpoint.repeat() != Repeat::Never {
            return self.0.execute(endpoint).await;
        }
        result
    }
}

/// Whether this call is a reason to renew the credentials before it.
pub(crate) fn is_due(session: &Session, endpoint: &impl Endpoint) -> bool {
    endpoint.route().auth() == Auth::Bearer && session.is_renewal_due()
}

/// Whether the server refused a token that the refresh cookie can replace.
pub(crate) fn may_be_renewed<T>(session: &Session, result: &Result<T, impl Failure>) -> bool {
    let refusal = result.as_ref().err().and_then(Failure::refusal);
    refusal.is_some_and(|refusal| {
        refusal.code == Some(Code::TokenInvalid) && refusal.route.auth == Auth::Bearer
    }) && session.token_kind() == Some(TokenKind::User)
        && matches!(session.renewal(), Some(Renewal::Cookie(_)))
}

/// Renews the credentials; `false` when that failed.
async fn renew<X: Execute>(executor: &mut X) -> bool {
    let generation = executor.session().generation();
    match renewed(executor).await {
        Renewed::To(credentials) => executor
            .session()
            .renew_credentials(generation, *credentials),
        Renewed::Refused | Renewed::Failed => false,
    }
}

/// What came of a renewal.
pub(crate) enum Renewed {
    /// New credentials, which are not the session's yet.
    To(Box<Credentials>),
    /// The server wants a new log-in; the token lives on until it expires.
    Refused,
    /// Something else went wrong: later perhaps.
    Failed,
}

/// Asks for new credentials. What the server has refused is forgotten, so that nobody tries it again.
pub(crate) async fn renewed<X: Execute>(executor: &mut X) -> Renewed {
    let generation = executor.session().generation();
    let error = match ops::renewed(executor).await {
        Ok(Some(credentials)) => return Renewed::To(Box::new(credentials)),
        Ok(None) => return Renewed::Failed,
        Err(error) => error,
    };
    tracing::warn!(%error, "the credentials could not be renewed");
    let session = executor.session();
    if error.is_unauthorized() {
        session.stop_renewing(generation);
        Renewed::Refused
    } else {
        session.postpone_renewal(LATER);
        Renewed::Failed
    }
}
