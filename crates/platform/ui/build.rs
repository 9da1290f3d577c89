//! Checks that the islands were built before the crate embeds them, and says what to do when not.

use std::path::Path;

fn main() -> Result<(), String> {
    let dist = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../islands/dist");
    println!("cargo:rerun-if-changed={}", dist.display());
    if dist.join("manifest.json").is_file() {
        return Ok(());
    }
    Err("islands/dist/manifest.json is missing: run `make build` or \
         `npm --prefix islands ci && npm --prefix islands run build`"
        .to_owned())
}
