//! A server in memory, for the tests of those who use this crate.
//!
//! ```
//! use serde_json::json;
//! use vikunja_sdk::{Execute, Release, model::TaskId, ops, tasks, testing::Fake};
//!
//! // What is to be tested: it takes any executor.
//! async fn finish<X: Execute>(mut vikunja: X, task: TaskId) -> Result<String, X::Error> {
//!     let done = tasks::Fields { done: true.into(), ..Default::default() };
//!     Ok(ops::edit(&mut vikunja, task, &done).await?.title)
//! }
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() {
//! let mut fake = Fake::of(Release(2, 5, 0));
//! fake.answer("PATCH /api/v2/tasks/7", 200, &json!({"id": 7, "title": "Buy flour", "done": true}));
//! fake.answer("GET /api/v2/tasks/7", 200, &json!({"id": 7, "title": "Buy flour", "done": true}));
//! assert_eq!(finish(&mut fake, TaskId::from(7)).await.unwrap(), "Buy flour");
//! assert_eq!(fake.requests()[0].body(), r#"{"done":true}"#);
//! # }
//! ```

#[cfg(feature = "webhook")]
pub mod webhook;

use std::collections::VecDeque;

use bytes::Bytes;
use serde::Serialize;

use crate::{
    BuildError, Endpoint, Execute, Failure, Output, Release, ReplyError, Server, Session,
    auth::Token, retry::Happened,
};

/// An executor that answers from memory. It builds every request and reads every answer as over the network.
#[derive(Debug)]
pub struct Fake {
    session: Session,
    script: Vec<Line>,
    requests: Vec<http::Request<Bytes>>,
}

/// What is answered to one verb and path, in order; the last one again and again.
#[derive(Debug)]
struct Line {
    asked: String,
    answers: VecDeque<Result<http::Response<Bytes>, Happened>>,
}

impl Fake {
    /// A server of this release, at `https://vikunja.test`, with a user logged in.
    pub fn of(release: Release) -> Self {
        let server = Server::new("https://vikunja.test").map(|server| server.with_release(release));
        let fake = Self::at(server.unwrap_or_else(|_| unreachable!("a constant")));
        fake.session.set_token(Token::new("token".into()).ok());
        fake
    }

    /// This server, with nobody logged in.
    pub fn at(server: Server) -> Self {
        Self {
            session: Session::new(server),
            script: Vec::new(),
            requests: Vec::new(),
        }
    }

    /// Answers JSON to `asked`: a verb and a path with its prefix, such as `GET /api/v2/tasks/7`. With a query it is for
    /// that query only, without one for all.
    ///
    /// Several answers to the same are given one after another, the last one again and again.
    ///
    /// # Panics
    /// With a status that HTTP has not, or a body that cannot be written as JSON.
    #[track_caller]
    pub fn answer(&mut self, asked: &str, status: u16, body: &impl Serialize) -> &mut Self {
        let Ok(body) = serde_json::to_vec(body) else {
            panic!("the answer to {asked} cannot be written as JSON");
        };
        let Ok(status) = http::StatusCode::from_u16(status) else {
            panic!("{status} is no HTTP status");
        };
        let mut answer = http::Response::new(Bytes::from(body));
        *answer.status_mut() = status;
        let json = http::HeaderValue::from_static("application/json");
        answer
            .headers_mut()
            .insert(http::header::CONTENT_TYPE, json);
        self.script(asked, Ok(answer))
    }

    /// Answers this, headers and all.
    pub fn answer_with(&mut self, asked: &str, answer: http::Response<Bytes>) -> &mut Self {
        self.script(asked, Ok(answer))
    }

    /// Fails, as [`Happened::Lost`] or [`Happened::NotSent`] say.
    pub fn fail(&mut self, asked: &str, happened: Happened) -> &mut Self {
        self.script(asked, Err(happened))
    }

    fn script(
        &mut self,
        asked: &str,
        answer: Result<http::Response<Bytes>, Happened>,
    ) -> &mut Self {
        match self.script.iter_mut().find(|line| line.asked == asked) {
            Some(line) => line.answers.push_back(answer),
            None => self.script.push(Line {
                asked: asked.to_owned(),
                answers: VecDeque::from([answer]),
            }),
        }
        self
    }

    /// What was asked so far.
    pub fn requests(&self) -> &[http::Request<Bytes>] {
        &self.requests
    }

    fn exchange(
        &mut self,
        request: http::Request<Bytes>,
    ) -> Result<http::Response<Bytes>, FakeError> {
        let without_query = format!("{} {}", request.method(), request.uri().path());
        let asked = match request.uri().query() {
            Some(query) => format!("{without_query}?{query}"),
            None => without_query.clone(),
        };
        self.requests.push(request);
        let line = [&asked, &without_query]
            .into_iter()
            .find_map(|wanted| self.script.iter().position(|line| line.asked == *wanted))
            .and_then(|at| self.script.get_mut(at));
        let Some(line) = line else {
            let known = self.script.iter().map(|line| line.asked.clone()).collect();
            return Err(FakeError::Unexpected { asked, known });
        };
        let answer = if line.answers.len() > 1 {
            line.answers.pop_front()
        } else {
            line.answers.front().cloned()
        };
        match answer {
            Some(Ok(answer)) => Ok(answer),
            Some(Err(happened)) => Err(FakeError::Failed(happened)),
            None => Err(FakeError::Failed(Happened::Lost)),
        }
    }
}

impl Execute for Fake {
    type Error = FakeError;

    fn session(&self) -> &Session {
        &self.session
    }

    async fn execute<E: Endpoint>(&mut self, endpoint: &E) -> Result<Output<E>, FakeError> {
        let (request, pending) = self.session.call(endpoint)?;
        let answer = self.exchange(request)?;
        Ok(pending.decode(&answer)?)
    }
}

/// What a [`Fake`] can fail with.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FakeError {
    /// The request could not be built.
    #[error(transparent)]
    Build(#[from] BuildError),
    /// The answer of the script is a refusal, or cannot be read.
    #[error(transparent)]
    Reply(#[from] ReplyError),
    /// The script says so.
    #[error("the script lets this fail: {0:?}")]
    Failed(Happened),
    /// The script has no answer to this.
    #[error("nothing is scripted for {asked:?}, only for {known:?}")]
    Unexpected {
        /// Verb and path.
        asked: String,
        /// What is scripted.
        known: Vec<String>,
    },
}

impl Failure for FakeError {
    fn reply(&self) -> Option<&ReplyError> {
        match self {
            Self::Reply(reply) => Some(reply),
            _ => None,
        }
    }

    fn happened(&self) -> Happened {
        match self {
            Self::Reply(reply) => reply.happened(),
            Self::Failed(happened) => *happened,
            Self::Build(_) | Self::Unexpected { .. } => Happened::Unusable,
        }
    }
}
