//! What holds in the whole document, whoever wrote the operation.

use std::collections::BTreeMap;

use utoipa::{
    PartialSchema,
    openapi::{
        Components, Header, OpenApi, Ref, RefOr,
        path::{Operation, PathItem},
        schema::{Schema, SchemaType, Type},
    },
};

use super::names::Unsigned32;

/// Headers of answers: name, description, example. A number in the example is one in the header.
const HEADERS: [(&str, &str, &str); 4] = [
    (
        "Location",
        "The new resource.",
        "http://localhost:8001/ApplicationQoSService/tel%3A88888888/qos/localhost%3B1362972174%3B0-1362972554169",
    ),
    ("Retry-After", "When to come back. Seconds; there if the network or the gateway can say.", "10"),
    (
        "X-Plugin-Param-Keys",
        "What stands in X-Plugin-Param-Values, in the order there, separated by commas. There if the PCRF answered.",
        "AVP_LIST,session-id",
    ),
    (
        "X-Plugin-Param-Values",
        "The AVPs of the PCRF's answer in XML without a comma, a comma, the Diameter Session-Id. There if the PCRF \
         answered.",
        "<Avp-List><Session-Id>localhost;1362972174;0</Session-Id><Origin-Host>pcrf.rx.test</Origin-Host>\
         <Origin-Realm>rx.test</Origin-Realm><Result-Code>2001</Result-Code><IP-CAN-Type>0</IP-CAN-Type>\
         <RAT-Type>0</RAT-Type></Avp-List>,localhost;1362972174;0",
    ),
];

/// Has answers refer to the headers described here, and says that no optional member is ever null: what has no
/// value is left out.
pub(in crate::north::gatekeeper) fn finish(api: &mut OpenApi) {
    for operation in api.paths.paths.values_mut().flat_map(operations) {
        for response in operation.responses.responses.values_mut() {
            if let RefOr::T(response) = response {
                refer(&mut response.headers);
            }
        }
    }
    let components = api.components.get_or_insert_with(Components::new);
    for response in components.responses.values_mut() {
        if let RefOr::T(response) = response {
            refer(&mut response.headers);
        }
    }
    for (name, description, example) in HEADERS {
        let number = example.parse::<u32>().ok();
        let schema = if number.is_some() { Unsigned32::schema() } else { String::schema() };
        let example = number.map_or_else(|| example.into(), Into::into);
        let header = Header::builder().schema(Some(schema)).description(Some(description));
        components.headers.insert(name.into(), RefOr::T(header.example(Some(example)).build()));
    }
    for schema in components.schemas.values_mut() {
        if let RefOr::T(Schema::Object(object)) = schema {
            object.properties.values_mut().for_each(without_null);
        }
    }
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    [&mut item.get, &mut item.put, &mut item.post, &mut item.delete].into_iter().flatten()
}

fn refer(headers: &mut BTreeMap<String, RefOr<Header>>) {
    for (name, header) in headers {
        if HEADERS.iter().any(|(known, ..)| known == name) {
            *header = RefOr::Ref(Ref::new(format!("#/components/headers/{name}")));
        }
    }
}

fn without_null(member: &mut RefOr<Schema>) {
    let types = match member {
        RefOr::T(Schema::Object(object)) => &mut object.schema_type,
        RefOr::T(Schema::Array(array)) => &mut array.schema_type,
        RefOr::T(Schema::OneOf(either)) => {
            // A reference or null.
            if let Some(reference) = either.items.iter().find(|item| matches!(item, RefOr::Ref(_))).cloned() {
                *member = reference;
            }
            return;
        }
        _ => return,
    };
    if let SchemaType::Array(several) = types
        && let Some(one) = several.iter().find(|one| **one != Type::Null).cloned()
    {
        *types = SchemaType::Type(one);
    }
}
