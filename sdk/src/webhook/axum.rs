use axum_core::{
    body::Body,
    extract::{FromRef, FromRequest, Request},
    response::{IntoResponse, Response},
};

use super::{Delivery, Rejected, Verifier, http::receive};

/// Checks and reads a delivery, by the [`Verifier`] in the router's state.
///
/// A handler that asks for it sees no other request. Where the state is more than a verifier, `FromRef` says where in it
/// the verifier is. `Result<Delivery, Rejected>` lets the handler see rejections.
///
/// ```
/// use axum::{Router, routing::post};
/// use vikunja_sdk::webhook::{Delivery, Verifier};
///
/// async fn hook(delivery: Delivery) {
///     println!("{} at {}", delivery.event.name(), delivery.time);
/// }
///
/// let verifier = Verifier::new(["something long and random".into()])?;
/// let app: Router = Router::new().route("/vikunja", post(hook)).with_state(verifier);
/// # Ok::<(), vikunja_sdk::BuildError>(())
/// ```
impl<S> FromRequest<S> for Delivery
where
    S: Send + Sync,
    Verifier: FromRef<S>,
{
    type Rejection = Rejected;

    async fn from_request(request: Request, state: &S) -> Result<Self, Rejected> {
        let verifier = Verifier::from_ref(state);
        let (head, body) = request.into_parts();
        receive(&verifier, &head, body).await
    }
}

/// The status and nothing else: whoever forges deliveries is not told what was wrong with them.
impl IntoResponse for Rejected {
    fn into_response(self) -> Response {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = self.status();
        response
    }
}
