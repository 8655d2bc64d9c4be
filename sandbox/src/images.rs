//! Pictures that users send: read, made smaller, written anew. The server does the same; no two programs make the very
//! same bytes of it.

use std::io::Cursor;

use image::imageops::FilterType;
use image::{DynamicImage, ImageError, ImageFormat};

use crate::failure::{Failure, lacking};

/// How pictures are made smaller: tests look at their size, not at them, and wait for them.
const QUICK: FilterType = FilterType::Nearest;

/// A picture, unless these bytes are none.
pub(crate) fn read(content: &[u8]) -> Result<Option<DynamicImage>, Failure> {
    match image::load_from_memory(content) {
        Ok(picture) => Ok(Some(picture)),
        Err(ImageError::Unsupported(_)) if starts_like_one(content) => {
            Err(lacking("pictures other than PNG and JPEG"))
        }
        Err(_) => Ok(None),
    }
}

/// Whether the format is one that the server knows.
fn starts_like_one(content: &[u8]) -> bool {
    const STARTS: [&[u8]; 4] = [b"GIF8", b"BM", b"II*\0", b"MM\0*"];
    STARTS.iter().any(|start| content.starts_with(start))
}

/// The picture as wide as that, its height in proportion.
pub(crate) fn of_width(picture: &DynamicImage, width: u32) -> DynamicImage {
    let height = in_proportion(picture.height(), width, picture.width());
    picture.resize_exact(width, height, QUICK)
}

/// The picture, made smaller if it is higher than that.
pub(crate) fn of_height_at_most(picture: DynamicImage, height: u32) -> DynamicImage {
    if picture.height() <= height {
        return picture;
    }
    let width = in_proportion(picture.width(), height, picture.height());
    picture.resize_exact(width, height, QUICK)
}

/// One side of a picture whose other side becomes `wanted` instead of `other`.
fn in_proportion(side: u32, wanted: u32, other: u32) -> u32 {
    let side = f64::from(side) * f64::from(wanted) / f64::from(other);
    side.round().max(1.0) as u32
}

pub(crate) fn as_png(picture: &DynamicImage) -> Result<Vec<u8>, Failure> {
    written(picture, ImageFormat::Png)
}

/// JPEG knows no transparency: what shows through is lost.
pub(crate) fn as_jpeg(picture: &DynamicImage) -> Result<Vec<u8>, Failure> {
    written(&picture.to_rgb8().into(), ImageFormat::Jpeg)
}

fn written(picture: &DynamicImage, format: ImageFormat) -> Result<Vec<u8>, Failure> {
    let mut bytes = Cursor::new(Vec::new());
    let result = picture.write_to(&mut bytes, format);
    result.map_err(|error| Failure::Internal(error.to_string()))?;
    Ok(bytes.into_inner())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_keeps_its_proportions() {
        let wide = DynamicImage::new_rgb8(400, 100);
        let sizes = [1, 30, 800].map(|width| of_width(&wide, width).height());
        assert_eq!(sizes, [1, 8, 200]);
        let high = |height| of_height_at_most(DynamicImage::new_rgb8(20, 4000), height);
        assert_eq!((high(3840).width(), high(3840).height()), (19, 3840));
        assert_eq!(high(4000).width(), 20);
    }

    #[test]
    fn what_is_written_is_read() {
        let picture = DynamicImage::new_rgba8(3, 2);
        for bytes in [as_png(&picture), as_jpeg(&picture)] {
            let bytes = bytes.expect("written");
            let again = read(&bytes).expect("a known format").expect("a picture");
            assert_eq!((again.width(), again.height()), (3, 2));
        }
        assert!(read(b"no picture").expect("no format").is_none());
        assert!(
            read(b"\x89PNG\r\n\x1a\n cut")
                .expect("a known format")
                .is_none()
        );
        assert!(matches!(read(b"GIF89a"), Err(Failure::Lacking(_))));
    }
}
