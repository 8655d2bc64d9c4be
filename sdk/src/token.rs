//! Whether the server takes the session's token.
//!
//! ```no_run
//! # async fn example(vikunja: vikunja_sdk::Client) -> Result<(), vikunja_sdk::Error> {
//! use vikunja_sdk::{Failure, token};
//!
//! match vikunja.send(&token::CheckByPost).await {
//!     Ok(()) => println!("the token is good"),
//!     Err(error) if error.is_unauthorized() => println!("log in again"),
//!     Err(error) => return Err(error),
//! }
//! # Ok(()) }
//! ```

use http::StatusCode;

use crate::{Answer, Api, Empty, Endpoint, Release, Reply, ReplyError, Route};

/// Asks whether the token is good (1.0+); a bad one is 401. v2 refuses API tokens here, whatever they may.
///
/// **1.0 and 1.1 take every text that begins with `tk_`**: there it says nothing about API tokens.
#[derive(Clone, Copy, Debug, Default)]
pub struct Check;

impl Endpoint for Check {
    const ROUTE: Route = Route::read("/token/test")
        .since(Release(1, 0, 0))
        .user_only_on(Api::V2);
    type Reply = Empty;
}

/// Asks the same on every release, of a user's token. API tokens are let in from 2.4 on v1 only; 1.0 answers them 500.
#[derive(Clone, Copy, Debug, Default)]
pub struct CheckByPost;

impl Endpoint for CheckByPost {
    const ROUTE: Route = Route::act("/token/test")
        .before(Release(1, 0, 0), "/tokenTest")
        .api_tokens_since(Release(2, 4, 0))
        .user_only_on(Api::V2);
    type Reply = Teapot;
}

/// Success, which v1 calls 418 «I'm a teapot».
#[derive(Debug)]
pub struct Teapot;

impl Reply for Teapot {
    type Output = ();

    fn accepts(status: StatusCode) -> bool {
        status.is_success() || status == StatusCode::IM_A_TEAPOT
    }

    fn read(answer: &Answer<'_>) -> Result<(), ReplyError> {
        Empty::read(answer)
    }
}
