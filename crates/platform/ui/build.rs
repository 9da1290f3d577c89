//! Checks that the islands were built before the crate embeds them, and says what to do when not.

use std::{env, path::PathBuf};

fn main() -> Result<(), String> {
    // Asked for when it runs: the directory may have another name by then than when this was compiled.
    let here = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default());
    let dist = here.join("../../../islands/dist");
    println!("cargo:rerun-if-changed={}", dist.display());
    if dist.join("manifest.json").is_file() {
        return Ok(());
    }
    Err("islands/dist/manifest.json is missing: run `make build` or \
         `npm --prefix islands ci && npm --prefix islands run build`"
        .to_owned())
}
