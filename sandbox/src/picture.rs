//! Small pictures of users, drawn here.

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
pub(crate) fn dot(user: i64, size: i64) -> Picture {
    let (back, front) = colours(user);
    let middle = (size - 1) as f64 / 2.0;
    let inside = |x: i64, y: i64| {
        let distance = (x as f64 - middle).hypot(y as f64 - middle);
        distance < size as f64 / 4.0
    };
    // One bit a pixel, rows filled up to whole bytes, and a zero for «no filter» before each.
    let mut rows = Vec::new();
    for y in 0..size {
        rows.push(0);
        for start in (0..size).step_by(8) {
            let bits = (start..start + 8).map(|x| u8::from(x < size && inside(x, y)));
            rows.push(bits.fold(0, |byte, bit| byte << 1 | bit));
        }
    }
    let mut header = Vec::from([0; 8]);
    let pixels = u32::try_from(size).unwrap_or_default().to_be_bytes();
    header[..4].copy_from_slice(&pixels);
    header[4..].copy_from_slice(&pixels);
    // One bit of depth, colours from a palette, the only ways to compress and to filter, not interlaced.
    header.extend([1, 3, 0, 0, 0]);
    let palette: Vec<u8> = [back, front].into_iter().flat_map(bytes_of).collect();
    let mut png = Vec::from(*b"\x89PNG\r\n\x1a\n");
    chunk(&mut png, *b"IHDR", &header);
    chunk(&mut png, *b"PLTE", &palette);
    chunk(&mut png, *b"IDAT", &zlib(&rows));
    chunk(&mut png, *b"IEND", &[]);
    Picture::Png(png)
}

fn bytes_of(colour: &str) -> [u8; 3] {
    let number = u32::from_str_radix(colour.trim_start_matches('#'), 16).unwrap_or_default();
    let [_, red, green, blue] = number.to_be_bytes();
    [red, green, blue]
}

fn chunk(png: &mut Vec<u8>, kind: [u8; 4], content: &[u8]) {
    png.extend(
        u32::try_from(content.len())
            .unwrap_or_default()
            .to_be_bytes(),
    );
    let start = png.len();
    png.extend(kind);
    png.extend_from_slice(content);
    png.extend(crc32(&png[start..]).to_be_bytes());
}

/// A zlib stream of stored blocks: nothing is compressed.
fn zlib(bytes: &[u8]) -> Vec<u8> {
    let mut stream = Vec::from([0x78, 0x01]);
    let mut blocks = bytes.chunks(usize::from(u16::MAX)).peekable();
    while let Some(block) = blocks.next() {
        let length = u16::try_from(block.len()).unwrap_or_default();
        stream.push(u8::from(blocks.peek().is_none()));
        stream.extend(length.to_le_bytes());
        stream.extend((!length).to_le_bytes());
        stream.extend_from_slice(block);
    }
    let (mut low, mut high) = (1_u32, 0_u32);
    for byte in bytes {
        low = (low + u32::from(*byte)) % 65_521;
        high = (high + low) % 65_521;
    }
    stream.extend((high << 16 | low).to_be_bytes());
    stream
}

fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |sum, byte| {
        (0..8).fold(sum ^ u32::from(*byte), |sum, _| {
            if sum & 1 == 1 {
                sum >> 1 ^ 0xedb8_8320
            } else {
                sum >> 1
            }
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checksums_are_those_of_the_standards() {
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
        // zlib's own example.
        assert!(zlib(b"Wikipedia").ends_with(&0x11e6_0398_u32.to_be_bytes()));
    }

    #[test]
    fn a_dot_is_a_whole_png() {
        let Picture::Png(png) = dot(1, 16) else {
            panic!("no PNG")
        };
        let kinds: Vec<&[u8]> = chunks(&png[8..]).collect();
        assert_eq!(kinds, [&b"IHDR"[..], b"PLTE", b"IDAT", b"IEND"]);
        // Signature, three chunks with content, and one without.
        let rows = 16 * 3;
        assert_eq!(
            png.len(),
            8 + (12 + 13) + (12 + 6) + (12 + 2 + 5 + rows + 4) + 12
        );
    }

    /// The kinds of all chunks, whose lengths have to lead from one to the next.
    fn chunks(mut rest: &[u8]) -> impl Iterator<Item = &[u8]> {
        std::iter::from_fn(move || {
            let (length, behind) = rest.split_first_chunk::<4>()?;
            let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
            rest = &behind[4 + length + 4..];
            Some(&behind[..4])
        })
    }

    #[test]
    fn a_letter_is_no_markup() {
        let Picture::Svg(svg) = initial(1, "<x", 16) else {
            panic!("no SVG")
        };
        assert!(svg.contains(">&lt;</text>"));
    }
}
