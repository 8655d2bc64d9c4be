//! What the owner of an account does about it: password, email address, deletion.

use rusqlite::Connection;
use serde::Deserialize;
use serde_json::json;

use crate::auth::{credentials_missing, user_gone, wrong_password};
use crate::body::{Field, Kind};
use crate::call::Call;
use crate::clock;
use crate::failure::{Failure, Violation, domain};
use crate::release::Api;
use crate::reply::Reply;
use crate::store::mail_tokens::{self, Purpose};
use crate::store::sessions;
use crate::store::users::{self, User};
use crate::tokens;
use crate::users::{broken, is_email};

/// An account lives on for three days after its end was confirmed.
const GRACE: i64 = 3 * 86_400;

const CHANGE: &[Field] = &[
    Field::new("old_password", Kind::Text),
    Field::new("new_password", Kind::Text).schema_length(8, 72),
];
const RESET: &[Field] = &[
    Field::new("token", Kind::Text),
    Field::new("new_password", Kind::Text).schema_length(8, 72),
];
const EMAIL: &[Field] = &[
    Field::new("new_email", Kind::Text),
    Field::new("password", Kind::Text),
];
const FORGOTTEN: &[Field] = &[Field::new("email", Kind::Text)];
const CONFIRMATION: &[Field] = &[Field::new("token", Kind::Text)];
const DELETION: &[Field] = &[Field::new("token", Kind::Text).required()];

#[derive(Default, Deserialize)]
#[serde(default)]
struct Change {
    old_password: String,
    new_password: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Reset {
    token: String,
    new_password: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Email {
    new_email: String,
    password: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Forgotten {
    email: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Token {
    token: String,
}

/// The password by which a user confirms something.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct Password {
    pub(crate) password: String,
}

/// The stored form of a password. Slow: not for where the database is locked.
pub(crate) fn hash(call: &Call<'_>, password: &str) -> Result<String, Failure> {
    bcrypt::non_truncating_hash(password, call.world.config.bcrypt_cost)
        .map_err(|_| Failure::Breaks("bcrypt cannot hash more than 72 bytes"))
}

/// Fails unless it is the user's password. Slow: not for where the database is locked.
pub(crate) fn check_password(call: &Call<'_>, user: &User, password: &str) -> Result<(), Failure> {
    let hash = call.read(|db| users::password(db, user.id))?;
    if bcrypt::verify(password, &hash).unwrap_or(false) {
        Ok(())
    } else {
        Err(wrong_password(call.at.release))
    }
}

/// The caller, who confirms an action with the password. v1 does not go on without one; v2 takes it for a wrong one.
pub(crate) fn confirmed<'a>(call: &'a Call<'_>) -> Result<&'a User, Failure> {
    let field = Field::new("password", Kind::Text);
    let field = match call.at.api {
        Api::V1 => field.required(),
        Api::V2 => field,
    };
    let (sent, user): (Password, _) = (
        call.bind_by_hand(&[field], "No password provided.")?,
        call.user()?,
    );
    check_password(call, user, &sent.password)?;
    Ok(user)
}

pub(crate) fn change_password(call: &Call<'_>) -> Result<Reply, Failure> {
    let (sent, user): (Change, _) = (
        call.bind_by_hand(CHANGE, "No password provided.")?,
        call.user()?,
    );
    if sent.old_password.is_empty() {
        return Err(domain(412, 1014, "Please specify old password."));
    }
    if sent.new_password.is_empty() {
        return Err(domain(412, 1013, "Please specify new password."));
    }
    check_new_password(call, &sent.new_password)?;
    check_password(call, user, &sent.old_password)?;
    let hash = hash(call, &sent.new_password)?;
    call.write(|db| store_password(call, db, user.id, &hash))?;
    Ok(call.message(
        "UserActionMessageBody",
        "The password was updated successfully.",
    ))
}

pub(crate) fn request_password_reset(call: &Call<'_>) -> Result<Reply, Failure> {
    let sent: Forgotten = call.bind_by_hand(FORGOTTEN, "No username provided.")?;
    if sent.email.is_empty() {
        return Err(credentials_missing());
    }
    if !is_email(&sent.email) {
        return Err(call.by_hand(not_an_email("email", &sent.email), ""));
    }
    let token = tokens::random_text(64);
    call.write(|db| {
        let user = users::by_email(db, &sent.email)?.ok_or_else(user_gone)?;
        mail_tokens::insert(db, user.id, Purpose::PasswordReset, &token)
    })?;
    Ok(call.message("MessageBodyBody", "Token was sent."))
}

/// A token counts as often as it is used, up to 1.x; later, once.
pub(crate) fn reset_password(call: &Call<'_>) -> Result<Reply, Failure> {
    let sent: Reset = call.bind_by_hand(RESET, "No password provided.")?;
    if sent.token.is_empty() || sent.new_password.is_empty() {
        return Err(credentials_missing());
    }
    check_new_password(call, &sent.new_password)?;
    let hash = hash(call, &sent.new_password)?;
    call.write(|db| {
        let user = mail_tokens::user(db, Purpose::PasswordReset, &sent.token)?;
        let invalid = || domain(412, 1009, "Invalid token to reset a user's password.");
        let user = user.ok_or_else(invalid)?;
        if call.at.release.accounts.new_passwords_checked {
            mail_tokens::delete(db, user, Purpose::PasswordReset)?;
        }
        store_password(call, db, user, &hash)
    })?;
    Ok(call.message("MessageBodyBody", "The password was updated successfully."))
}

/// Without a mailer, addresses count at once: there is no token that could confirm one.
pub(crate) fn confirm_email(call: &Call<'_>) -> Result<Reply, Failure> {
    call.bind_by_hand::<Token>(CONFIRMATION, "No token provided.")?;
    Err(domain(412, 1010, "Invalid email confirm token."))
}

/// v1 takes any text for an address.
pub(crate) fn change_email(call: &Call<'_>) -> Result<Reply, Failure> {
    let (sent, user): (Email, _) = (call.bind(EMAIL, &[])?, call.user()?);
    if sent.password.is_empty() {
        return Err(credentials_missing());
    }
    if call.at.api == Api::V2 && !is_email(&sent.new_email) {
        return Err(not_an_email("new_email", &sent.new_email));
    }
    check_password(call, user, &sent.password)?;
    call.write(|db| {
        if users::email_taken(db, &sent.new_email)? {
            let text = "A user with this email address already exists.";
            return Err(domain(400, 1002, text));
        }
        users::set_email(db, user.id, &sent.new_email)
    })?;
    Ok(call.message(
        "UserActionMessageBody",
        "We sent you email with a link to confirm your email address.",
    ))
}

pub(crate) fn request_deletion(call: &Call<'_>) -> Result<Reply, Failure> {
    let user = confirmed(call)?;
    let token = tokens::random_text(64);
    call.write(|db| mail_tokens::insert(db, user.id, Purpose::AccountDeletion, &token))?;
    Ok(match call.at.api {
        Api::V1 => call.ok(
            None,
            &json!({"message": "Successfully requested deletion."}),
        ),
        Api::V2 => call.nothing(),
    })
}

/// The account is marked; nothing deletes it.
pub(crate) fn confirm_deletion(call: &Call<'_>) -> Result<Reply, Failure> {
    let (sent, user): (Token, _) = (
        call.bind_by_hand(DELETION, "No token provided.")?,
        call.user()?,
    );
    let unchecked = call.at.release.accounts.deletion_tokens_unchecked;
    call.write(
        |db| match mail_tokens::user(db, Purpose::AccountDeletion, &sent.token)? {
            Some(owner) if owner == user.id => {
                mail_tokens::delete(db, owner, Purpose::AccountDeletion)?;
                users::schedule_deletion(db, owner, Some(clock::now().as_second() + GRACE))
            }
            _ if unchecked => Ok(()),
            Some(_) => {
                let text = "This deletion token does not belong to your account.";
                Err(domain(403, 1029, text))
            }
            None => Err(domain(400, 1028, "Invalid deletion token provided.")),
        },
    )?;
    Ok(call.nothing())
}

pub(crate) fn cancel_deletion(call: &Call<'_>) -> Result<Reply, Failure> {
    let user = confirmed(call)?;
    call.write(|db| users::schedule_deletion(db, user.id, None))?;
    Ok(call.nothing())
}

fn check_new_password(call: &Call<'_>, password: &str) -> Result<(), Failure> {
    let release = call.at.release;
    let good = (8..=72).contains(&password.len());
    if good || !release.accounts.new_passwords_checked {
        return Ok(());
    }
    Err(Failure::Invalid(vec![broken(
        "new_password",
        password,
        release.password_rule,
    )]))
}

/// From 2.0 a new password ends all sessions.
fn store_password(call: &Call<'_>, db: &Connection, user: i64, hash: &str) -> Result<(), Failure> {
    users::set_password(db, user, hash)?;
    if call.at.release.sessions {
        sessions::delete_all(db, user)?;
    }
    Ok(())
}

fn not_an_email(field: &str, text: &str) -> Failure {
    let violation = match text {
        "" => Violation {
            location: format!("body.{field}"),
            v1: format!("{field}: non zero value required"),
            v2: "non zero value required".to_owned(),
            value: None,
        },
        text => broken(field, text, "email"),
    };
    Failure::Invalid(vec![violation])
}
