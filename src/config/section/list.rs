//! Keys whose value is a list.

use super::{Found, Section, quoted, whole};

impl Section<'_, '_> {
    /// A list of texts, empty when left out; only the good ones are returned.
    pub fn list<T>(
        &mut self,
        key: &'static str,
        accepted: &str,
        parse: impl Fn(&str) -> Option<T>,
    ) -> Vec<Found<T>> {
        let Some(value) = self.take(key) else {
            self.note(key, "[]".into(), "", true);
            return Vec::new();
        };
        let Some(items) = value.get_ref().as_array() else {
            self.refuse_value(key, value, &format!("a list, each item {accepted}"));
            return Vec::new();
        };
        let mut good = Vec::new();
        let mut texts = Vec::new();
        for item in items {
            match item.get_ref().as_str().and_then(|text| Some((quoted(text), parse(text)?))) {
                Some((text, value)) => {
                    texts.push(text);
                    good.push(Found { value, offset: Some(item.span().start) });
                }
                None => self.refuse_value(key, item, accepted),
            }
        }
        self.note(key, format!("[{}]", texts.join(", ")), "", false);
        good
    }

    /// The same, with `check` saying why a text is refused.
    pub fn checked_list<T>(
        &mut self,
        key: &'static str,
        accepted: &str,
        check: impl Fn(&str) -> Result<T, String>,
    ) -> Vec<Found<T>> {
        let good = |text: &str| Some(check(text).map_err(|why| (text.to_owned(), why)));
        let mut kept = Vec::new();
        for Found { value, offset } in self.list(key, accepted, good) {
            match value {
                Ok(value) => kept.push(Found { value, offset }),
                Err((text, why)) => {
                    let found = format!("`{key}` has {}: {why}", quoted(&text));
                    self.reader.refuse(offset, found, format!("accepted: {accepted}"));
                }
            }
        }
        kept
    }

    /// A list of whole numbers, each at most once; `check` says why one is refused. Only the good ones are
    /// returned.
    pub fn numbers(
        &mut self,
        key: &'static str,
        default: &[u32],
        accepted: &str,
        check: impl Fn(u64) -> Result<u32, String>,
    ) -> Vec<u32> {
        let shown = |numbers: &[u32]| {
            let texts: Vec<String> = numbers.iter().map(u32::to_string).collect();
            format!("[{}]", texts.join(", "))
        };
        let Some(value) = self.take(key) else {
            self.note(key, shown(default), "", true);
            return default.to_vec();
        };
        let Some(items) = value.get_ref().as_array() else {
            self.refuse_value(key, value, &format!("a list, each item {accepted}"));
            return default.to_vec();
        };
        let mut good = Vec::new();
        for item in items {
            let at = Some(item.span().start);
            match whole(item).map(&check) {
                None => self.refuse_value(key, item, accepted),
                Some(Err(why)) => {
                    let text =
                        format!("`{key}` has {}", self.reader.text.get(item.span()).unwrap_or_default());
                    self.reader.refuse(at, text, format!("{why}; accepted: {accepted}"));
                }
                Some(Ok(number)) if good.contains(&number) => {
                    self.reader.refuse(at, format!("`{key}` has {number} twice"), "leave one of them out");
                }
                Some(Ok(number)) => good.push(number),
            }
        }
        self.note(key, shown(&good), "", false);
        good
    }
}
