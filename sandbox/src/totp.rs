//! The second factor: enrolment, and passcodes as RFC 6238 has them.

use aws_lc_rs::hmac;
use axum::http::StatusCode;
use image::{GrayImage, Luma};
use qrcode::{Color, QrCode};
use rusqlite::Connection;
use serde::{Deserialize, Serialize};

use crate::accounts::{Password, check_password};
use crate::body::{Field, Kind};
use crate::call::Call;
use crate::clock;
use crate::failure::{Failure, domain};
use crate::images;
use crate::reply::Reply;
use crate::store::sessions;
use crate::store::totp::{self as store, Totp};
use crate::store::users::User;

/// A passcode counts this many seconds, and as many before and after.
const STEP: i64 = 30;
/// Width and height of the code that authenticators read, in pixels.
const PICTURE: u32 = 300;
/// What secrets are written with (base32).
const LETTERS: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

const PASSCODE: &[Field] = &[Field::new("passcode", Kind::Text)];
const PASSWORD: &[Field] = &[Field::new("password", Kind::Text)];

#[derive(Default, Deserialize)]
#[serde(default)]
struct Passcode {
    passcode: String,
}

#[derive(Serialize)]
struct Shape {
    secret: String,
    enabled: bool,
    url: String,
}

pub(crate) fn read_one(call: &Call<'_>) -> Result<Reply, Failure> {
    let user = call.user()?;
    let totp = call.read(|db| existing(db, user))?;
    Ok(call.ok(Some("TOTP"), &shape(user, totp)))
}

pub(crate) fn enroll(call: &Call<'_>) -> Result<Reply, Failure> {
    let user = call.user()?;
    let secret: String = (0..32)
        .map(|_| char::from(LETTERS[fastrand::usize(..LETTERS.len())]))
        .collect();
    call.write(|db| {
        if store::of(db, user.id)?.is_some() {
            let text = "Totp is already enabled for this user, but not activated.";
            return Err(domain(412, 1015, text));
        }
        store::insert(db, user.id, &secret)
    })?;
    let totp = Totp {
        secret,
        enabled: false,
    };
    Ok(call.ok(Some("TOTP"), &shape(user, totp)))
}

pub(crate) fn enable(call: &Call<'_>) -> Result<Reply, Failure> {
    let (sent, user): (Passcode, _) = (call.bind(PASSCODE, &[])?, call.user()?);
    call.write(|db| {
        let totp = existing(db, user)?;
        verify(call, db, user.id, &totp, &sent.passcode)?;
        store::enable(db, user.id)?;
        sessions::delete_all(db, user.id)?;
        Ok(call.message("Message", "TOTP was enabled successfully."))
    })
}

/// Says nothing about a factor that was never enrolled.
pub(crate) fn disable(call: &Call<'_>) -> Result<Reply, Failure> {
    let (sent, user): (Password, _) = (call.bind(PASSWORD, &[])?, call.user()?);
    check_password(call, user, &sent.password)?;
    call.write(|db| store::delete(db, user.id))?;
    Ok(call.message("Message", call.at.release.accounts.totp_disabled))
}

pub(crate) fn qr_code(call: &Call<'_>) -> Result<Reply, Failure> {
    let user = call.user()?;
    let totp = call.read(|db| existing(db, user))?;
    let picture = qr_picture(&shape(user, totp).url)?;
    Ok(Reply::bytes(
        StatusCode::OK,
        "image/jpeg",
        images::as_jpeg(&picture.into())?,
    ))
}

/// A QR code in the middle of a white square, as large as whole pixels allow.
fn qr_picture(text: &str) -> Result<GrayImage, Failure> {
    let code = QrCode::new(text).map_err(|error| Failure::Internal(error.to_string()))?;
    let width = u32::try_from(code.width()).unwrap_or(PICTURE);
    let scale = (PICTURE / width).max(1);
    let margin = PICTURE.saturating_sub(width * scale) / 2;
    Ok(GrayImage::from_fn(PICTURE, PICTURE, |x, y| {
        let module = |at: u32| at.checked_sub(margin).map(|at| at / scale);
        let is_dark = match (module(x), module(y)) {
            (Some(x), Some(y)) if x < width && y < width => {
                code[(x as usize, y as usize)] == Color::Dark
            }
            _ => false,
        };
        Luma([if is_dark { 0 } else { u8::MAX }])
    }))
}

/// Checks the passcode of a log-in, if the account wants one.
pub(crate) fn check(
    call: &Call<'_>,
    db: &Connection,
    user: i64,
    sent: &str,
) -> Result<(), Failure> {
    match store::of(db, user)? {
        Some(totp) if totp.enabled => verify(call, db, user, &totp, sent),
        _ => Ok(()),
    }
}

pub(crate) fn wrong_passcode() -> Failure {
    domain(412, 1017, "Invalid totp passcode.")
}

fn verify(
    call: &Call<'_>,
    db: &Connection,
    user: i64,
    totp: &Totp,
    sent: &str,
) -> Result<(), Failure> {
    let (now, secret) = (
        clock::now().as_second().div_euclid(STEP),
        bytes(&totp.secret),
    );
    let step = (now - 1..=now + 1)
        .find(|step| passcode(&secret, *step) == sent)
        .ok_or_else(wrong_passcode)?;
    if call.at.release.accounts.passcodes_used_up && !store::use_up(db, user, step)? {
        let text = "This totp passcode has already been used.";
        return Err(domain(412, 1025, text));
    }
    Ok(())
}

fn existing(db: &Connection, user: &User) -> Result<Totp, Failure> {
    let missing = || domain(412, 1016, "Totp is not enabled for this user.");
    store::of(db, user.id)?.ok_or_else(missing)
}

fn shape(user: &User, totp: Totp) -> Shape {
    let parameters = "algorithm=SHA1&digits=6&issuer=Vikunja&period=30&secret";
    Shape {
        url: format!(
            "otpauth://totp/Vikunja:{}?{parameters}={}",
            user.username, totp.secret
        ),
        secret: totp.secret,
        enabled: totp.enabled,
    }
}

/// The passcode of a step.
fn passcode(secret: &[u8], step: i64) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, secret);
    let tag = hmac::sign(&key, &step.to_be_bytes());
    let tag = tag.as_ref();
    let start = tag.last().map_or(0, |last| usize::from(last & 0xf));
    let number = tag[start..start + 4]
        .iter()
        .fold(0_u32, |number, byte| (number << 8) | u32::from(*byte));
    format!("{:06}", (number & 0x7fff_ffff) % 1_000_000)
}

/// The bytes of a secret.
fn bytes(secret: &str) -> Vec<u8> {
    let (mut bytes, mut buffer, mut bits) = (Vec::new(), 0_u32, 0);
    for letter in secret.bytes() {
        let value = LETTERS.iter().position(|known| *known == letter);
        buffer = (buffer << 5)
            | value
                .and_then(|value| u32::try_from(value).ok())
                .unwrap_or(0);
        bits += 5;
        if bits >= 8 {
            bits -= 8;
            bytes.push((buffer >> bits) as u8);
            buffer &= (1 << bits) - 1;
        }
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 6238, appendix B, of which six digits count here.
    #[test]
    fn passcodes_are_those_of_the_standard() {
        let secret = bytes("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
        assert_eq!(secret, b"12345678901234567890");
        for (time, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_234_567_890, "005924"),
            (20_000_000_000, "353130"),
        ] {
            assert_eq!(passcode(&secret, time / STEP), code);
        }
    }
}
