use std::fmt;

use bytes::Bytes;
use serde::Deserialize;
use serde_json::value::RawValue;
use sha2::Sha256;

use super::{Event, Rejected};
use crate::{
    model::{EventName, Timestamp},
    redact::beginning,
};

/// What a webhook sent.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Delivery {
    /// What happened.
    pub event: Event,
    /// When: up to 1.x the time of this attempt to deliver it, from 2.0 of the event.
    pub time: Timestamp,
    /// Whether it was signed, and is from the server for sure.
    pub is_signed: bool,
    body: Bytes,
    /// A part of `body`.
    data: Bytes,
}

#[derive(Deserialize)]
struct Envelope<'a> {
    event_name: EventName,
    time: Timestamp,
    #[serde(borrow)]
    data: &'a RawValue,
}

impl Delivery {
    pub(super) fn read(body: Bytes, is_signed: bool) -> Result<Self, Rejected> {
        // An error can repeat what stands in the body.
        let unreadable = |problem: &dyn fmt::Display| Rejected::Unreadable {
            problem: beginning(problem.to_string(), 200),
        };
        let text = std::str::from_utf8(&body).map_err(|error| unreadable(&error))?;
        let envelope: Envelope<'_> =
            serde_json::from_str(text).map_err(|error| unreadable(&error))?;
        let data = envelope.data.get();
        let event = Event::read(envelope.event_name, data).map_err(|error| unreadable(&error))?;
        Ok(Self {
            event,
            time: envelope.time,
            is_signed,
            data: body.slice_ref(data.as_bytes()),
            body,
        })
    }

    /// The whole body, as it came.
    pub fn body(&self) -> &Bytes {
        &self.body
    }

    /// The JSON of what happened, as it came: with fields that this version does not know.
    pub fn data(&self) -> &Bytes {
        &self.data
    }

    /// The same for all attempts to deliver the same event, on every release: [`Seen`](super::Seen) goes by it.
    ///
    /// It is made of the event's name and of [`data`](Self::data). So what is sent again after the task has changed is
    /// something new, and two changes with the same outcome within a second are the same: a task is then as it was said
    /// to be.
    pub fn digest(&self) -> Digest {
        use sha2::Digest as _;
        let name = self.event.name();
        let name = name.as_str().as_bytes();
        let hash = Sha256::new()
            // So that nothing of the name can pass for a part of the data.
            .chain_update((name.len() as u64).to_le_bytes())
            .chain_update(name)
            .chain_update(&self.data);
        Digest(hash.finalize().into())
    }
}

/// Identifies an event; displayed in hex.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Digest(pub [u8; 32]);

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(body: &str) -> Result<Delivery, Rejected> {
        Delivery::read(Bytes::copy_from_slice(body.as_bytes()), true)
    }

    fn digest(name: &str, time: &str, data: &str) -> Digest {
        let body = format!(r#"{{"event_name":"{name}","time":"{time}","data":{data}}}"#);
        read(&body).unwrap().digest()
    }

    #[test]
    fn the_digest_is_of_name_and_data() {
        let first = digest("a", "2030-01-01T00:00:00Z", r#"{"b":1}"#);
        assert_eq!(first, digest("a", "2030-01-01T00:00:07.5Z", r#"{"b":1}"#));
        for (name, data) in [("c", r#"{"b":1}"#), ("a", r#"{"b":2}"#)] {
            assert_ne!(first, digest(name, "2030-01-01T00:00:00Z", data));
        }
        // By `python3 -c 'import hashlib; print(hashlib.sha256(b"\1" + bytes(7) + b"a" + b"{\"b\":1}").hexdigest())'`:
        // stores may outlive a version of this crate.
        assert_eq!(
            first.to_string(),
            "05b1214007e9dd05a487bdd04a843be0bbc1cc440941342544355446ecf7a43c"
        );
    }

    #[test]
    fn data_is_as_it_came() {
        let body = r#"{"time":"2030-01-01T00:00:00Z", "data": {"b" : 1.0} ,"event_name":"a"}"#;
        let delivery = read(body).unwrap();
        assert_eq!(delivery.data(), &r#"{"b" : 1.0}"#);
        assert_eq!(delivery.body(), &body);
    }

    #[test]
    fn what_is_no_delivery_is_unreadable() {
        let long = "x".repeat(10_000);
        for body in [
            "",
            "null",
            "{}",
            r#"{"event_name":"a","time":"2030-01-01T00:00:00Z"}"#,
            r#"{"event_name":"a","time":"yesterday","data":{}}"#,
            r#"{"event_name":7,"time":"2030-01-01T00:00:00Z","data":{}}"#,
            r#"{"event_name":"a","event_name":"b","time":"2030-01-01T00:00:00Z","data":{}}"#,
            r#"{"event_name":"a","time":"2030-01-01T00:00:00Z","data":{}"#,
            r#"{"event_name":"a","time":"2030-01-01T00:00:00Z","data":{}}{}"#,
            &format!(r#"{{"event_name":"a","time":"{long}","data":{{}}}}"#),
            r#"{"event_name":"a","time":"2030-01-01T00:00:00Z","data":1e999}"#,
            &format!(
                r#"{{"event_name":"a","time":"2030-01-01T00:00:00Z","data":{}{}}}"#,
                "[".repeat(200),
                "]".repeat(200)
            ),
        ] {
            let Err(Rejected::Unreadable { problem }) = read(body) else {
                panic!("{body}");
            };
            assert!(problem.len() < 1000);
        }
        assert!(Delivery::read(Bytes::from_static(b"\xff"), true).is_err());
    }
}
