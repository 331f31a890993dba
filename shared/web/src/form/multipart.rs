//! `multipart/form-data` (RFC 7578). Reads a body that is in memory, front to back.

use super::FormError;

/// A boundary has at most this many characters (RFC 2046 5.1.1).
const BOUNDARY_MAX: usize = 70;
/// Headers of one part have at most this many bytes; browsers send about a hundred.
const HEADERS_BYTES_MAX: usize = 2_000;

/// A part that was sent.
pub(super) struct Part<'a> {
    pub(super) name: String,
    /// Name of the file on the sender's machine; `None` for a field.
    pub(super) file_name: Option<String>,
    pub(super) value: &'a [u8],
}

/// Gives every part to `take`.
pub(super) fn read(
    body: &[u8],
    boundary: &str,
    take: &mut dyn FnMut(Part<'_>) -> Result<(), FormError>,
) -> Result<(), FormError> {
    if boundary.is_empty() || boundary.len() > BOUNDARY_MAX || !boundary.bytes().all(|b| b.is_ascii_graphic()) {
        return Err(FormError::Malformed("its boundary is not usable"));
    }
    let first = format!("--{boundary}").into_bytes();
    let delimiter = format!("\r\n--{boundary}").into_bytes();
    let mut rest = if body.starts_with(&first) {
        &body[first.len()..]
    } else {
        let start = find(body, &delimiter).ok_or(FormError::Malformed("its first boundary is missing"))?;
        &body[start + delimiter.len()..]
    };
    loop {
        if rest.starts_with(b"--") {
            return Ok(());
        }
        rest = rest.strip_prefix(b"\r\n").ok_or(FormError::Malformed("a boundary has no line of its own"))?;
        let end = find(rest, &delimiter).ok_or(FormError::Malformed("its last boundary is missing"))?;
        part(&rest[..end], take)?;
        rest = &rest[end + delimiter.len()..];
    }
}

fn part(part: &[u8], take: &mut dyn FnMut(Part<'_>) -> Result<(), FormError>) -> Result<(), FormError> {
    let window = &part[..part.len().min(HEADERS_BYTES_MAX)];
    let end = find(window, b"\r\n\r\n").ok_or(FormError::Malformed("a part has no end of its headers"))?;
    let headers = std::str::from_utf8(&part[..end]).map_err(|_| FormError::Malformed("a header is not UTF-8"))?;
    let value = &part[end + 4..];
    let disposition = headers
        .split("\r\n")
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| name.trim().eq_ignore_ascii_case("content-disposition"))
        .map(|(_, value)| value.trim())
        .ok_or(FormError::Malformed("a part has no Content-Disposition"))?;
    let disposition = Disposition::parse(disposition).ok_or(FormError::Malformed("a part has no name"))?;
    match disposition.file_name {
        // A file input that was left empty is posted with an empty name and no content.
        Some(file_name) if file_name.is_empty() && value.is_empty() => Ok(()),
        file_name => take(Part { name: disposition.name, file_name, value }),
    }
}

struct Disposition {
    name: String,
    file_name: Option<String>,
}

impl Disposition {
    /// `form-data; name="..."; filename="..."` as the HTML standard writes it: in quoted values only `"`, CR and LF are
    /// encoded, as `%22`, `%0D` and `%0A`. `filename*` counts as a file too.
    fn parse(text: &str) -> Option<Disposition> {
        let mut rest = text.strip_prefix("form-data")?.trim_start();
        let (mut name, mut file_name) = (None, None);
        while let Some(parameter) = rest.strip_prefix(';') {
            let (key, value) = parameter.split_once('=')?;
            let (value, behind) = match value.strip_prefix('"') {
                Some(quoted) => quoted.split_once('"')?,
                None => value.split_at(value.find(';').unwrap_or(value.len())),
            };
            let value = value.replace("%22", "\"").replace("%0D", "\r").replace("%0A", "\n");
            match key.trim().to_ascii_lowercase().as_str() {
                "name" => name = Some(value),
                "filename" | "filename*" => file_name = Some(value),
                _ => {}
            }
            rest = behind.trim_start();
        }
        if !rest.is_empty() {
            return None;
        }
        Some(Disposition { name: name?, file_name })
    }
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack.windows(needle.len()).position(|window| window == needle)
}
