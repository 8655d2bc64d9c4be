use crate::{Execute, Route, api_tokens, scope};

/// The permissions that let an API token call all these routes on this server, and no more.
///
/// Asks the server what it offers, which takes a user's own session on releases before 1.0. A route that takes no API
/// tokens, or whose permission the server does not offer, is a [`crate::BuildError`] that names it.
///
/// ```no_run
/// # async fn example(mut client: vikunja_sdk::Client) -> Result<(), vikunja_sdk::Error> {
/// use vikunja_sdk::{Endpoint, Object, Op, api_tokens, model::{TaskId, Timestamp}, ops, tasks};
///
/// // To list and create tasks, and for `ops::edit`, which reads and writes:
/// let wanted = [
///     tasks::List::ROUTE,
///     tasks::Create::ROUTE,
///     TaskId::ROUTE,
///     TaskId::ROUTE.with_op(Op::Replace),
/// ];
/// let create = api_tokens::Create {
///     title: "Importer".to_owned(),
///     permissions: ops::permissions(&mut client, &wanted).await?,
///     expires_at: Timestamp::from_unix_seconds(1_924_992_000),
///     owner: None,
/// };
/// let token = client.send(&create).await?;
/// # Ok(()) }
/// ```
pub async fn permissions<X: Execute>(
    executor: &mut X,
    wanted: &[Route],
) -> Result<scope::Permissions, X::Error> {
    let catalogue = executor.execute(&api_tokens::Routes).await?;
    Ok(scope::permissions(executor.session(), wanted, &catalogue)?)
}
