//! X-Plugin-Param-Keys and -Values, which bring the PCRF's answer to the client; and Location.

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};

use crate::{
    north::{SCHEME, percent::encoded},
    rx::{AvpText, AvpTextValue},
    session::QosSessionId,
};

use super::EndUser;

const KEYS_NAME: HeaderName = HeaderName::from_static("x-plugin-param-keys");
const VALUES_NAME: HeaderName = HeaderName::from_static("x-plugin-param-values");
const KEYS: HeaderValue = HeaderValue::from_static("AVP_LIST,session-id");

/// Largest `<Avp-List>`. Octets; clients commonly allow 8 KiB for all headers together.
const MAX_LIST: usize = 6 * 1024;

/// AVPs that stay in the list however long it is.
const KEPT: [&str; 5] = ["Session-Id", "Origin-Host", "Origin-Realm", "Result-Code", "Experimental-Result"];

/// Adds both headers if an answer came.
///
/// Clients split the values at the comma: none stands in the list itself.
pub(super) fn add_answer(headers: &mut HeaderMap, answer: &[AvpText], rx_session: &str) {
    if answer.is_empty() {
        return;
    }
    let mut value = avp_list(answer);
    value.push(',');
    value.extend(rx_session.chars().map(|one| if one.is_ascii_graphic() && one != ',' { one } else { '_' }));
    if let Ok(value) = HeaderValue::try_from(value) {
        headers.insert(KEYS_NAME, KEYS);
        headers.insert(VALUES_NAME, value);
    }
}

fn avp_list(answer: &[AvpText]) -> String {
    let mut elements: Vec<(bool, String)> = Vec::with_capacity(answer.len() + 1);
    let has_result = answer.iter().any(|avp| avp.name == "Result-Code");
    for avp in answer {
        // The list always has a Result-Code; with an Experimental-Result it is the code in there.
        if let (false, Some(code)) = (has_result, experimental_code(avp)) {
            elements.push((true, format!("<Result-Code>{}</Result-Code>", escaped(code))));
        }
        let mut element = String::new();
        write_element(&mut element, avp);
        elements.push((KEPT.contains(&&*avp.name), element));
    }
    let mut length: usize = elements.iter().map(|(_, element)| element.len()).sum();
    while length > MAX_LIST {
        let dropped =
            elements.iter().rposition(|(kept, _)| !kept).unwrap_or(elements.len().saturating_sub(1));
        length -= elements.remove(dropped).1.len();
    }
    let elements: String = elements.into_iter().map(|(_, element)| element).collect();
    format!("<Avp-List>{elements}</Avp-List>")
}

fn experimental_code(avp: &AvpText) -> Option<&str> {
    let AvpTextValue::Group(inside) = &avp.value else { return None };
    let code = inside.iter().find(|avp| avp.name == "Experimental-Result-Code")?;
    match &code.value {
        AvpTextValue::Text(code) if avp.name == "Experimental-Result" => Some(code),
        _ => None,
    }
}

fn write_element(out: &mut String, avp: &AvpText) {
    let mut name: String = avp.name.chars().map(|one| if is_name_part(one) { one } else { '_' }).collect();
    if !name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_') {
        name.insert(0, '_');
    }
    out.push('<');
    out.push_str(&name);
    out.push('>');
    match &avp.value {
        AvpTextValue::Text(text) => out.push_str(&escaped(text)),
        AvpTextValue::Group(inside) => inside.iter().for_each(|avp| write_element(out, avp)),
    }
    out.push_str("</");
    out.push_str(&name);
    out.push('>');
}

fn is_name_part(one: char) -> bool {
    one.is_ascii_alphanumeric() || matches!(one, '-' | '_' | '.')
}

/// A text for XML in ASCII, on one line, without commas.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for one in text.chars() {
        match one {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            ' '..='~' if !matches!(one, ',' | '"' | '\'') => out.push(one),
            // XML 1.0 has no way to write these.
            '\0'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => {
                out.push('?')
            }
            other => out.push_str(&format!("&#{};", u32::from(other))),
        }
    }
    out
}

/// Where a new session is found.
pub(super) fn location(request: &HeaderMap, user: &EndUser, id: &QosSessionId) -> String {
    absolute(
        request,
        format!("/ApplicationQoSService/{}/qos/{}", encoded(user.given()), encoded(id.as_str())),
    )
}

/// A path with what comes before it if the request says under which name it came here.
pub(super) fn absolute(request: &HeaderMap, path: String) -> String {
    let is_authority = |host: &&str| {
        let legal = |octet: u8| octet.is_ascii_alphanumeric() || b"-._:[]".contains(&octet);
        !host.is_empty() && host.bytes().all(legal)
    };
    match request.get(header::HOST).and_then(|host| host.to_str().ok()).filter(is_authority) {
        Some(host) => {
            let secure = request.get(SCHEME).is_some_and(|scheme| scheme == "https");
            format!("{}://{host}{path}", if secure { "https" } else { "http" })
        }
        None => path,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(name: &str, value: &str) -> AvpText {
        AvpText { name: name.into(), value: AvpTextValue::Text(value.into()) }
    }

    fn values(answer: &[AvpText]) -> String {
        let mut headers = HeaderMap::new();
        add_answer(&mut headers, answer, "af;1;2");
        headers
            .get("X-Plugin-Param-Values")
            .map(|value| value.to_str().unwrap().to_owned())
            .unwrap_or_default()
    }

    #[test]
    fn a_comma_only_separates_list_and_session() {
        let list = values(&[
            text("Session-Id", "af;1;2"),
            text("Result-Code", "2001"),
            text("Error-Message", "a,b <c> & \"d\"\r\n\u{1}é"),
            text("3GPP-SGSN-MCC-MNC", "26201"),
        ]);
        assert_eq!(
            list,
            "<Avp-List><Session-Id>af;1;2</Session-Id><Result-Code>2001</Result-Code>\
             <Error-Message>a&#44;b &lt;c&gt; &amp; &#34;d&#34;&#13;&#10;?&#233;</Error-Message>\
             <_3GPP-SGSN-MCC-MNC>26201</_3GPP-SGSN-MCC-MNC></Avp-List>,af;1;2"
        );
        assert_eq!(values(&[]), "");
    }

    #[test]
    fn an_experimental_result_gives_the_result_code() {
        let inside = vec![text("Vendor-Id", "10415"), text("Experimental-Result-Code", "5063")];
        let result = AvpText { name: "Experimental-Result".into(), value: AvpTextValue::Group(inside) };
        assert_eq!(
            values(&[text("Session-Id", "a"), result]),
            "<Avp-List><Session-Id>a</Session-Id><Result-Code>5063</Result-Code><Experimental-Result>\
             <Vendor-Id>10415</Vendor-Id><Experimental-Result-Code>5063</Experimental-Result-Code>\
             </Experimental-Result></Avp-List>,af;1;2"
        );
    }

    #[test]
    fn a_long_list_loses_its_end_but_not_its_result() {
        let mut answer = vec![text("Session-Id", "a"), text("Origin-Host", "h")];
        answer.extend((0..3000).map(|_| text("Class", "00")));
        answer.push(text("Result-Code", "2001"));
        let list = values(&answer);
        assert!(list.len() < MAX_LIST + 100 && list.len() > MAX_LIST - 100, "{}", list.len());
        assert!(list.ends_with("<Class>00</Class><Result-Code>2001</Result-Code></Avp-List>,af;1;2"));
        let long = "x".repeat(MAX_LIST + 1);
        let list = values(&[text("Result-Code", "2001"), text("Session-Id", &long)]);
        assert_eq!(list, "<Avp-List><Result-Code>2001</Result-Code></Avp-List>,af;1;2");
    }

    #[test]
    fn a_location_is_one_line_and_encoded() {
        let user = EndUser::parse("tel:88888888").unwrap();
        let mut headers = HeaderMap::new();
        let id = QosSessionId::from("localhost;1;0-1");
        let path = "/ApplicationQoSService/tel%3A88888888/qos/localhost%3B1%3B0-1";
        assert_eq!(location(&headers, &user, &id), path);
        headers.insert(header::HOST, HeaderValue::from_static("localhost:8001"));
        assert_eq!(location(&headers, &user, &id), format!("http://localhost:8001{path}"));
        headers.insert(SCHEME, HeaderValue::from_static("https"));
        assert_eq!(location(&headers, &user, &id), format!("https://localhost:8001{path}"));
        headers.insert(header::HOST, HeaderValue::from_static("a/b?c"));
        assert_eq!(location(&headers, &user, &id), path);
    }
}
