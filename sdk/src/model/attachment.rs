//! Files on tasks.

use serde::Deserialize;

use super::{
    AttachmentId, FileId, TaskId, Timestamp, User,
    decode::{null_to_default, time_or_none},
};

/// A file on a task.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[non_exhaustive]
pub struct TaskAttachment {
    /// Which.
    pub id: AttachmentId,
    /// The task.
    #[serde(default)]
    pub task_id: TaskId,
    /// Who uploaded it.
    #[serde(default)]
    pub created_by: Option<User>,
    /// The file.
    #[serde(default)]
    pub file: Option<File>,
    /// When it was uploaded.
    #[serde(default, deserialize_with = "time_or_none")]
    pub created: Option<Timestamp>,
}

/// A stored file.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[non_exhaustive]
pub struct File {
    /// Which.
    pub id: FileId,
    /// Name.
    #[serde(default)]
    pub name: String,
    /// Media type; empty up to 1.0.
    #[serde(default)]
    pub mime: String,
    /// Size in bytes.
    #[serde(default)]
    pub size: u64,
    /// When it was stored.
    #[serde(default, deserialize_with = "time_or_none")]
    pub created: Option<Timestamp>,
}

/// The answer to uploading attachments. **It is a success (200, v2 201) even when nothing was stored**: look at
/// `errors`, as [`crate::attachments::Upload`] does.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(default)]
#[non_exhaustive]
pub struct UploadedAttachments {
    /// Why files were refused, one for each.
    #[serde(deserialize_with = "null_to_default")]
    pub errors: Vec<UploadError>,
    /// What was stored.
    #[serde(deserialize_with = "null_to_default")]
    pub success: Vec<TaskAttachment>,
}

/// Why a file was refused.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(from = "WireError")]
#[non_exhaustive]
pub struct UploadError {
    /// Vikunja's number of the error; 4012 = the file is too large.
    pub code: Option<i64>,
    /// The text, for people.
    pub message: String,
}

#[derive(Deserialize)]
struct WireError {
    code: Option<i64>,
    message: WireMessage,
}

/// Up to 0.24 the error is one level deeper, in place of the text.
#[derive(Deserialize)]
#[serde(untagged)]
enum WireMessage {
    Text(String),
    Error { code: Option<i64>, message: String },
}

impl From<WireError> for UploadError {
    fn from(error: WireError) -> Self {
        match error.message {
            WireMessage::Text(message) => Self {
                code: error.code,
                message,
            },
            WireMessage::Error { code, message } => Self { code, message },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refused_uploads_have_two_shapes() {
        let expected = UploadError {
            code: Some(4012),
            message: "too large".to_owned(),
        };
        for json in [
            r#"{"code":4012,"message":"too large"}"#,
            r#"{"message":{"code":4012,"message":"too large"}}"#,
        ] {
            assert_eq!(serde_json::from_str::<UploadError>(json).unwrap(), expected);
        }
    }
}
