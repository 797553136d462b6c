//! What every open enumeration can do. The enumerations themselves are generated: [`enums`](super::enums).

/// Whether two names of a value are the same; `-`, `_`, blanks and the case of letters do not matter.
pub fn same_name(one: &str, other: &str) -> bool {
    let plain = |octet: u8| match octet {
        b'-' | b' ' => b'_',
        other => other.to_ascii_uppercase(),
    };
    one.len() == other.len() && one.bytes().map(plain).eq(other.bytes().map(plain))
}

/// Declares an open enumeration: every number is a value, some have names.
macro_rules! enumeration {
    ($(#[$doc:meta])* $name:ident { $($constant:ident = $value:literal, $text:literal;)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(pub u32);

        impl $name {
            $(
                #[doc = concat!("`", $text, "`, ", $value, ".")]
                pub const $constant: Self = Self($value);
            )*

            /// The values that have names, with those names as the specification prints them.
            pub const NAMED: &'static [(Self, &'static str)] = &[$((Self::$constant, $text)),*];

            /// Name as the specification prints it.
            pub fn name(self) -> Option<&'static str> {
                Self::NAMED.iter().find(|(value, _)| *value == self).map(|(_, name)| *name)
            }

            /// The value of a name; `-`, `_`, blanks and the case of letters do not matter.
            pub fn from_name(name: &str) -> Option<Self> {
                let found = Self::NAMED.iter().find(|(_, known)| crate::dict::same_name(known, name));
                found.map(|(value, _)| *value)
            }
        }

        impl From<u32> for $name {
            #[inline(always)]
            fn from(value: u32) -> Self {
                Self(value)
            }
        }

        impl From<$name> for u32 {
            #[inline(always)]
            fn from(value: $name) -> u32 {
                value.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                match self.name() {
                    Some(name) => f.write_str(name),
                    None => write!(f, "{}", self.0),
                }
            }
        }
    };
}

pub(super) use enumeration;
