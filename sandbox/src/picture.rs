//! Small pictures of users, drawn here.

use image::{Rgb, RgbImage};

use crate::failure::Failure;
use crate::images;
use crate::reply::Reply;

/// A finished picture.
#[derive(Debug)]
pub(crate) enum Picture {
    Svg(String),
    Png(Vec<u8>),
}

impl Picture {
    pub(crate) fn reply(self) -> Reply {
        match self {
            Self::Svg(text) => Reply::bytes(
                axum::http::StatusCode::OK,
                "image/svg+xml",
                text.into_bytes(),
            ),
            Self::Png(bytes) => Reply::bytes(axum::http::StatusCode::OK, "image/png", bytes),
        }
    }
}

/// Background and foreground, by the user's id.
const COLOURS: [(&str, &str); 6] = [
    ("#e0f8d9", "#005f00"),
    ("#e3f5f8", "#00548c"),
    ("#faeefb", "#822198"),
    ("#f1efff", "#5d26cd"),
    ("#ffecf0", "#9f0850"),
    ("#ffefe4", "#9b2200"),
];

fn colours(user: i64) -> (&'static str, &'static str) {
    usize::try_from(user.rem_euclid(6)).map_or(COLOURS[0], |place| COLOURS[place])
}

/// The first letter of a name.
pub(crate) fn initial(user: i64, name: &str, size: i64) -> Picture {
    let (back, front) = colours(user);
    let letter = name.to_uppercase().chars().next().map(escaped);
    let letter = letter.unwrap_or_default();
    Picture::Svg(format!(
        r#"<svg viewBox="0 0 100 100" xmlns="http://www.w3.org/2000/svg" width="{size}" height="{size}">
  <rect width="100" height="100" fill="{back}"/>
  <text x="50" y="50" font-family="sans-serif" font-size="50" fill="{front}" text-anchor="middle" dominant-baseline="central">{letter}</text>
</svg>"#
    ))
}

fn escaped(letter: char) -> String {
    match letter {
        '<' => "&lt;".to_owned(),
        '&' => "&amp;".to_owned(),
        letter => letter.to_string(),
    }
}

/// Two circles that overlap.
pub(crate) fn marble(user: i64, size: i64) -> Picture {
    let ((back, front), (_, other)) = (colours(user), colours(user + 1));
    Picture::Svg(format!(
        r#"<svg viewBox="0 0 80 80" fill="none" xmlns="http://www.w3.org/2000/svg" width="{size}" height="{size}">
  <rect width="80" height="80" fill="{back}"/>
  <circle cx="30" cy="30" r="26" fill="{front}"/>
  <circle cx="54" cy="52" r="22" fill="{other}" fill-opacity="0.6"/>
</svg>"#
    ))
}

/// Head and shoulders of nobody in particular.
pub(crate) fn somebody(size: i64) -> Picture {
    Picture::Svg(format!(
        r##"<svg viewBox="0 0 100 100" xmlns="http://www.w3.org/2000/svg" width="{size}" height="{size}">
  <rect width="100" height="100" fill="#dddddd"/>
  <circle cx="50" cy="38" r="18" fill="#888888"/>
  <path d="M14 100a36 36 0 0 1 72 0z" fill="#888888"/>
</svg>"##
    ))
}

/// A dot in the user's colours, where releases up to 0.24 paint the initial.
pub(crate) fn dot(user: i64, size: i64) -> Result<Picture, Failure> {
    let size = u32::try_from(size).unwrap_or_default();
    let (back, front) = colours(user);
    let (back, front) = (Rgb(bytes_of(back)), Rgb(bytes_of(front)));
    let middle = f64::from(size.saturating_sub(1)) / 2.0;
    let drawn = RgbImage::from_fn(size, size, |x, y| {
        let distance = (f64::from(x) - middle).hypot(f64::from(y) - middle);
        if distance < f64::from(size) / 4.0 {
            front
        } else {
            back
        }
    });
    Ok(Picture::Png(images::as_png(&drawn.into())?))
}

fn bytes_of(colour: &str) -> [u8; 3] {
    let number = u32::from_str_radix(colour.trim_start_matches('#'), 16).unwrap_or_default();
    let [_, red, green, blue] = number.to_be_bytes();
    [red, green, blue]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dot_is_in_the_middle() {
        let Ok(Picture::Png(png)) = dot(1, 16) else {
            panic!("no PNG")
        };
        let picture = images::read(&png)
            .expect("a known format")
            .expect("a picture");
        let picture = picture.to_rgb8();
        assert_eq!(picture.dimensions(), (16, 16));
        let (back, front) = colours(1);
        assert_eq!(picture.get_pixel(0, 15).0, bytes_of(back));
        assert_eq!(picture.get_pixel(8, 8).0, bytes_of(front));
    }

    #[test]
    fn a_letter_is_no_markup() {
        let Picture::Svg(svg) = initial(1, "<x", 16) else {
            panic!("no SVG")
        };
        assert!(svg.contains(">&lt;</text>"));
    }
}
