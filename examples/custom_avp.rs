//! AVPs that only one operator knows: declared in a file, loaded at run time, sent in an AA-Request.
//!
//! ```text
//! cargo run --example custom_avp [DIRECTORY]
//! ```
//!
//! DIRECTORY holds dictionary files; without it, `examples/operator-dictionary` is loaded. Prints the AAR
//! twice: as one without that file sees it, then with its names.

use std::{env, error::Error, path::PathBuf};

use rxgate::{
    dict::{AvpSpec, Dictionary, RX_APPLICATION_ID, dump::Tree},
    rx::{AaRequest, CustomAvp},
    wire::{AvpFlags, Index, Writer},
};

fn main() -> Result<(), Box<dyn Error>> {
    let directory = env::args_os().nth(1).map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/examples/operator-dictionary")),
        PathBuf::from,
    );
    let dictionary = Dictionary::with_directory(directory)?;
    let known = |name| dictionary.avp_by_name(name).ok_or(format!("no dictionary file declares {name}"));
    let (plan, name, tier) = (known("Acme-Plan")?, known("Acme-Plan-Name")?, known("Acme-Tier")?);
    let gold = tier.value_of("gold").ok_or("Acme-Tier has no value GOLD")?;

    // What stands in a group is a sequence of AVPs without a header of its own.
    let mut inside = [0; 64];
    let mut writer = Writer::avps_only(&mut inside);
    put(&mut writer, name, b"Summer 26");
    put(&mut writer, tier, &gold.to_be_bytes());
    let length = writer.finish_avps()?;

    let request = AaRequest {
        session_id: "af.example.org;1763764000;1".into(),
        auth_application_id: RX_APPLICATION_ID,
        origin_host: "af.example.org".into(),
        origin_realm: "example.org".into(),
        destination_realm: "operator.example".into(),
        custom: vec![CustomAvp {
            code: plan.code,
            vendor: plan.vendor,
            flags: AvpFlags::default(),
            data: inside[..length].into(),
        }]
        .into(),
        ..AaRequest::default()
    };
    let message = request.encode(Default::default())?;
    println!("{}", Tree::from_octets(Dictionary::builtin(), message.as_bytes())?);
    println!("{}", Tree::from_octets(&dictionary, message.as_bytes())?);

    // And back: the loaded dictionary says which AVPs are groups.
    let mut index = Index::new();
    let message = message.parse(&mut index, |key| dictionary.is_grouped(key))?;
    let plan = message.avps().find(plan.key()).ok_or("the AAR lost its Acme-Plan")?;
    let name = plan.children().find(name.key()).ok_or("the Acme-Plan lost its name")?;
    println!("the plan is {:?}", String::from_utf8_lossy(name.data()));
    Ok(())
}

fn put(writer: &mut Writer<'_>, avp: &AvpSpec, data: &[u8]) {
    writer.put_raw(avp.code, avp.vendor, AvpFlags::default(), data);
}
