//! Scripts, styles and fonts, embedded from `islands/dist` and addressed by content hash.
//!
//! A file's name changes with its content, so every answer for [`Asset::hashed`] may be cached for ever.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::LazyLock;

use rust_embed::RustEmbed;

/// The path prefix under which the server hands out assets.
pub const PREFIX: &str = "/assets/";

#[derive(RustEmbed)]
#[folder = "$CARGO_MANIFEST_DIR/../../../islands/dist"]
struct Dist;

/// Logical name (`app.css`) to file name (`app.4F2A….css`).
static MANIFEST: LazyLock<HashMap<String, String>> = LazyLock::new(|| {
    // The build script has seen the file, and our own build wrote it: a fault here is a broken
    // build, which the test below reports.
    Dist::get("manifest.json").and_then(|file| serde_json::from_slice(&file.data).ok()).unwrap_or_default()
});

/// One embedded file.
#[derive(Clone)]
pub struct Asset {
    pub bytes: Cow<'static, [u8]>,
    /// The same bytes under `Content-Encoding: br`, made at build time (text files only).
    pub brotli: Option<Cow<'static, [u8]>>,
    /// The same bytes under `Content-Encoding: gzip`, made at build time (text files only).
    pub gzip: Option<Cow<'static, [u8]>>,
    /// For the `Content-Type` header, with its charset.
    pub mime: &'static str,
    /// The name carries the content's hash: `Cache-Control: public, max-age=31536000, immutable`.
    pub hashed: bool,
}

/// The file behind `/assets/{path}`; `path` comes without the prefix. A logical name (`app.css`)
/// is answered too, with `hashed: false`.
pub fn get(path: &str) -> Option<Asset> {
    if path == "manifest.json" || path.ends_with(".br") || path.ends_with(".gz") {
        return None;
    }
    let (name, hashed) = match MANIFEST.get(path) {
        Some(file) => (file.as_str(), false),
        None => (path, true),
    };
    let bytes = Dist::get(name)?.data;
    Some(Asset {
        bytes,
        brotli: Dist::get(&format!("{name}.br")).map(|file| file.data),
        gzip: Dist::get(&format!("{name}.gz")).map(|file| file.data),
        mime: mime(name),
        hashed,
    })
}

/// The address of a logical name: `url("app.css")` is `/assets/app.4F2A….css`.
pub fn url(name: &str) -> String {
    let file = MANIFEST.get(name).map_or(name, String::as_str);
    format!("{PREFIX}{file}")
}

fn mime(name: &str) -> &'static str {
    match name.rsplit('.').next() {
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("woff2") => "font/woff2",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_assets_are_there_under_hashed_names() {
        for name in ["app.css", "app.js", "theme.js"] {
            let url = url(name);
            let file = url.strip_prefix(PREFIX).unwrap();
            assert_ne!(file, name, "{name} has no hash");
            let asset = get(file).unwrap();
            assert!(asset.hashed && asset.brotli.is_some() && asset.gzip.is_some());
            assert!(!get(name).unwrap().hashed);
        }
    }

    #[test]
    fn nothing_else_is_served() {
        assert!(get("manifest.json").is_none());
        assert!(get("../package.json").is_none());
        assert!(get("").is_none());
    }
}
