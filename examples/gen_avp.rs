//! Writes the sources that follow from `avp-dictionary/`: run it after a change there.
//!
//! ```text
//! cargo run --example gen_avp
//! ```

use std::{fs, io, path::Path};

use rxgate::dict::{Dictionary, generate};

fn main() -> io::Result<()> {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    for source in generate::sources(Dictionary::builtin()) {
        let path = package.join(source.path);
        if fs::read_to_string(&path).ok().as_deref() == Some(&source.text) {
            println!("{}: current", source.path);
        } else {
            fs::write(&path, source.text)?;
            println!("{}: written", source.path);
        }
    }
    Ok(())
}
