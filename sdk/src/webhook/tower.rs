use std::{
    fmt,
    future::Future,
    mem,
    pin::Pin,
    task::{Context, Poll},
};

use http::{Request, Response};
use http_body::Body;
use tower_layer::Layer;
use tower_service::Service;

use super::{Delivery, Verifier, http::receive};

/// Puts [`Receive`] around a service.
///
/// ```
/// use bytes::Bytes;
/// use http::{Request, Response};
/// use http_body_util::Full;
/// use tower::{ServiceBuilder, service_fn};
/// use vikunja_sdk::webhook::{Delivery, ReceiveLayer, Verifier};
///
/// async fn hook(request: Request<Delivery>) -> Result<Response<Full<Bytes>>, std::convert::Infallible> {
///     println!("{} at {}", request.body().event.name(), request.body().time);
///     Ok(Response::default())
/// }
///
/// let verifier = Verifier::new(["something long and random".into()])?;
/// let service = ServiceBuilder::new().layer(ReceiveLayer::new(verifier)).service(service_fn(hook));
/// # fn takes_any_body<S: tower::Service<Request<Full<Bytes>>>>(_: S) {}
/// # takes_any_body(service);
/// # Ok::<(), vikunja_sdk::BuildError>(())
/// ```
#[derive(Clone, Debug)]
pub struct ReceiveLayer {
    verifier: Verifier,
}

impl ReceiveLayer {
    /// Takes what the verifier takes.
    pub fn new(verifier: Verifier) -> Self {
        Self { verifier }
    }
}

impl<S> Layer<S> for ReceiveLayer {
    type Service = Receive<S>;

    fn layer(&self, inner: S) -> Receive<S> {
        Receive {
            verifier: self.verifier.clone(),
            inner,
        }
    }
}

/// Hands requests that are deliveries to a service, as [`Delivery`] in the place of their bodies, and answers all others
/// with a status and nothing else.
#[derive(Clone, Debug)]
pub struct Receive<S> {
    verifier: Verifier,
    inner: S,
}

impl<S, B, R> Service<Request<B>> for Receive<S>
where
    S: Service<Request<Delivery>, Response = Response<R>> + Clone + Send + 'static,
    S::Future: Send,
    B: Body<Data: Send, Error: fmt::Display> + Send + 'static,
    R: Default,
{
    type Response = Response<R>;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Response<R>, S::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let verifier = self.verifier.clone();
        // The one that was asked whether it is ready, and not its clone.
        let next = self.inner.clone();
        let mut inner = mem::replace(&mut self.inner, next);
        Box::pin(async move {
            let (head, body) = request.into_parts();
            match receive(&verifier, &head, body).await {
                Ok(delivery) => inner.call(Request::from_parts(head, delivery)).await,
                Err(rejected) => {
                    let mut response = Response::new(R::default());
                    *response.status_mut() = rejected.status();
                    Ok(response)
                }
            }
        })
    }
}
