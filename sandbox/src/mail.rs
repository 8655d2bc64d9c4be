//! What a server with a mailer would send: without it, as here, codes reach nobody, and a test asks for them.

use crate::server::{Error, Sandbox};
use crate::store::mail_tokens;

/// A mail that was not sent.
#[derive(Clone)]
#[non_exhaustive]
pub struct Mail {
    /// The address.
    pub to: String,
    /// What the code is for: `password reset`, `account deletion`.
    pub purpose: String,
    /// The code, which the link in the mail would hold.
    pub token: String,
}

impl std::fmt::Debug for Mail {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Mail")
            .field("to", &self.to)
            .field("purpose", &self.purpose)
            .finish_non_exhaustive()
    }
}

impl Sandbox {
    /// The mails with codes that still count, oldest first.
    pub fn mails(&self) -> Result<Vec<Mail>, Error> {
        let found = self.world().store.read(mail_tokens::all);
        let found = found.map_err(|error| Error::Database(format!("{error:?}")))?;
        let mail = |(to, purpose, token)| Mail { to, purpose, token };
        Ok(found.into_iter().map(mail).collect())
    }
}
