//! An answer before it becomes HTTP.

use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use serde::Serialize;

use crate::json;
use crate::release::Api;

const JSON: &str = "application/json";

/// Status, headers and body of an answer.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
    /// Name of the body's schema, which v2 shows in the body and in `Link`.
    pub(crate) schema: Option<&'static str>,
    /// Whether an answer to `PATCH` comes from the server's call to itself, which leaves a trace in `$schema`.
    pub(crate) from_inside: bool,
}

impl Reply {
    /// A body that is the same on both APIs: errors of the middleware and v1's own.
    pub(crate) fn json<T: Serialize + ?Sized>(status: u16, body: &T) -> Self {
        Self::written(status, JSON, json::write(body, Api::V1))
    }

    /// An object as that API writes it; v2 gives it its schema.
    pub(crate) fn object<T: Serialize + ?Sized>(
        status: u16,
        api: Api,
        schema: Option<&'static str>,
        body: &T,
    ) -> Self {
        let mut reply = Self::written(status, JSON, json::write(body, api));
        reply.schema = schema.filter(|_| api == Api::V2);
        reply
    }

    /// v2's problem document.
    pub(crate) fn problem<T: Serialize + ?Sized>(status: u16, body: &T) -> Self {
        let mut reply = Self::written(
            status,
            "application/problem+json",
            json::write(body, Api::V2),
        );
        reply.schema = Some("VikunjaErrorModel");
        reply
    }

    /// Plain text or HTML.
    pub(crate) fn text(content_type: &'static str, body: &str) -> Self {
        Self::written(200, content_type, body.as_bytes().to_vec())
    }

    /// No body, no content type.
    pub(crate) fn empty(status: StatusCode) -> Self {
        Self {
            status,
            headers: HeaderMap::new(),
            body: Vec::new(),
            schema: None,
            from_inside: true,
        }
    }

    /// Bytes of any kind.
    pub(crate) fn bytes(status: StatusCode, content_type: &str, body: Vec<u8>) -> Self {
        let mut reply = Self::empty(status).with_header("content-type", content_type);
        reply.body = body;
        reply
    }

    fn written(status: u16, content_type: &'static str, body: Vec<u8>) -> Self {
        let mut reply =
            Self::empty(StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR));
        reply
            .headers
            .insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
        reply.body = body;
        reply
    }

    /// Adds a header; a value that HTTP cannot carry is left out.
    pub(crate) fn with_header(mut self, name: &'static str, value: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.insert(HeaderName::from_static(name), value);
        }
        self
    }

    /// The same with another content type, if it is JSON.
    pub(crate) fn with_json_type(mut self, json_type: &'static str) -> Self {
        if let Some(named) = self.headers.get_mut(header::CONTENT_TYPE)
            && named == JSON
        {
            *named = HeaderValue::from_static(json_type);
        }
        self
    }

    /// Finishes a v2 body: `$schema` with that base address, and `Link`.
    pub(crate) fn with_schema_link(mut self, base: &str) -> Self {
        if let Some(schema) = self.schema.take() {
            if !self.body.is_empty() {
                self.body =
                    json::with_schema(&self.body, &format!("{base}/api/v2/schemas/{schema}.json"));
            }
            self = self.with_header(
                "link",
                &format!("</api/v2/schemas/{schema}.json>; rel=\"describedBy\""),
            );
        }
        self
    }
}
