//! Custom AVPs of a template, as they go onto the wire.

use std::borrow::Cow;

use super::{
    super::{
        FillError,
        compiled::{Content, Custom},
        value::{AvpType, custom_data},
    },
    Filler,
};
use crate::rx::CustomAvp;

impl<'f> Filler<'f> {
    /// A custom AVP; `None` if it has no value, or if an update does not send it. `whole` sends it whatever
    /// changes.
    pub(in super::super) fn custom(
        &self,
        avp: &'f Custom,
        whole: bool,
    ) -> Result<Option<CustomAvp<'f>>, FillError> {
        if !whole && !self.touches(&avp.slots) {
            return Ok(None);
        }
        let data = self.data(avp)?;
        Ok(data.map(|data| CustomAvp { code: avp.code, vendor: avp.vendor, flags: avp.flags, data }))
    }

    fn data(&self, avp: &'f Custom) -> Result<Option<Cow<'f, [u8]>>, FillError> {
        match &avp.content {
            Content::Value { format, values, slot, text, default } => match self.text(*slot) {
                Some("") => Ok(None),
                Some(text) => {
                    let of = AvpType { name: &avp.name, format: *format, values, length: None };
                    let data = custom_data(text, of);
                    let data = data.map_err(|error| self.bad(*slot, &avp.path, text, error))?;
                    Ok(Some(Cow::Owned(data)))
                }
                None => match default {
                    Ok(data) => Ok(data.as_deref().map(Cow::Borrowed)),
                    Err(_) if self.loading => Ok(None),
                    Err(error) => Err(self.bad(*slot, &avp.path, text, error.clone())),
                },
            },
            Content::Group { encoded: Some(encoded), .. } if !self.sets(&avp.slots) => {
                Ok(Some(Cow::Borrowed(encoded)))
            }
            Content::Group { members, .. } => {
                Ok(Custom::encode(members, |member| self.data(member))?.map(Cow::Owned))
            }
        }
    }
}
