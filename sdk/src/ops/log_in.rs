use crate::{Execute, users};

/// Logs in, and keeps the token in the executor's session. The answer has the refresh cookie (2.0+).
pub async fn log_in<X: Execute>(
    executor: &mut X,
    log_in: &users::LogIn,
) -> Result<users::LoggedIn, X::Error> {
    let logged_in = executor.execute(log_in).await?;
    executor.session().set_token(Some(logged_in.token.clone()));
    Ok(logged_in)
}
