//! Enums whose variants each have a name, for the command line and the control endpoint.

use std::error::Error;
use std::fmt;

/// The error for an unknown variant name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownName {
    pub(crate) list: &'static str,
    pub(crate) name: String,
}

impl fmt::Display for UnknownName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no {} is named '{}': `cogfed sandbox --help` lists them", self.list, self.name)
    }
}

impl Error for UnknownName {}

/// Declares an enum whose variants each have a name and a one-line description.
macro_rules! named {
    ($(#[doc = $about:literal])* $type:ident, $list:literal: $($variant:ident, $name:literal, $description:literal;)*) => {
        $(#[doc = $about])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum $type {
            $(#[doc = $description] $variant,)*
        }

        impl $type {
            /// All variants, in the order in which `--help` lists them.
            pub const ALL: &'static [$type] = &[$($type::$variant,)*];

            /// Returns the variant's name on the command line.
            pub fn name(self) -> &'static str {
                match self { $($type::$variant => $name,)* }
            }

            /// Returns the variant's description, one line for `--help`.
            pub fn description(self) -> &'static str {
                match self { $($type::$variant => $description,)* }
            }
        }

        impl std::str::FromStr for $type {
            type Err = $crate::named::UnknownName;

            fn from_str(name: &str) -> Result<Self, Self::Err> {
                match name {
                    $($name => Ok($type::$variant),)*
                    _ => Err($crate::named::UnknownName { list: $list, name: name.to_owned() }),
                }
            }
        }
    };
}

pub(crate) use named;
