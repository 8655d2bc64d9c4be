use crate::{
    Endpoint, Execute, Output,
    auth::{Credentials, Renewal},
    users,
};

/// Logs in, and keeps the credentials in the executor's session: [`users::LogIn`], [`crate::shares::LogIn`]. For executors
/// of your own; a [`crate::Client`] has `log_in`, which has them kept, too.
pub async fn log_in<X: Execute, E: Endpoint>(
    executor: &mut X,
    log_in: &E,
) -> Result<Output<E>, X::Error>
where
    Output<E>: AsRef<Credentials>,
{
    let logged_in = executor.execute(log_in).await?;
    let credentials = logged_in.as_ref().clone();
    executor.session().set_credentials(Some(credentials));
    Ok(logged_in)
}

/// Renews the credentials of the executor's session, and keeps the new ones there, unless somebody has logged in or out
/// meanwhile; `None` where nothing renews them.
///
/// From 2.0 every renewal voids the refresh cookie before it, so that two at the same time end the session. A
/// [`crate::Client`] does all this by itself: not with one.
pub async fn renew<X: Execute>(executor: &mut X) -> Result<Option<Credentials>, X::Error> {
    let generation = executor.session().generation();
    let renewed = renewed(executor).await?;
    if let Some(credentials) = &renewed {
        let session = executor.session();
        session.renew_credentials(generation, credentials.clone());
    }
    Ok(renewed)
}

/// New credentials, which are not the session's yet.
pub(crate) async fn renewed<X: Execute>(executor: &mut X) -> Result<Option<Credentials>, X::Error> {
    Ok(Some(match executor.session().renewal() {
        None => return Ok(None),
        Some(Renewal::Cookie(refresh)) => executor.execute(&users::Refresh { refresh }).await?,
        Some(Renewal::Token) => executor.execute(&users::Renew).await?,
    }))
}
