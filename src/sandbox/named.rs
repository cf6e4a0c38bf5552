//! Lists of things that a sandbox can be told by name on the command line.

/// An enum whose variants each have a name and one line of description, with the list of them for the help.
macro_rules! named {
    ($(#[doc = $about:literal])* $type:ident, $($variant:ident, $name:literal, $description:literal;)*) => {
        $(#[doc = $about])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $type {
            $(#[doc = $description] $variant,)*
        }

        impl $type {
            /// All of them, in the order in which they are listed.
            pub const ALL: &'static [$type] = &[$($type::$variant,)*];

            /// Each with its name and its description, in the form of the help's sections.
            pub const LIST: &'static str = concat!($("  ", $name, "\n        ", $description, "\n",)*);

            /// The name on the command line.
            pub fn name(self) -> &'static str {
                match self { $($type::$variant => $name,)* }
            }

            /// One line for the help.
            pub fn description(self) -> &'static str {
                match self { $($type::$variant => $description,)* }
            }
        }
    };
}

pub(super) use named;
