//! The languages and the one catalogue of sentences of public pages and mails. Whole sentences with named
//! placeholders: nothing is glued from parts, and a language that lacks a sentence does not build.
//! Knows no HTML; values come in as text and are escaped by the template.

mod mail;
mod page;
mod problem;

/// A language of the catalogue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum Lang {
    /// English, the language of last resort.
    #[default]
    En,
    /// German.
    De,
    /// French.
    Fr,
}

impl Lang {
    /// Every language.
    pub const ALL: [Lang; 3] = [Lang::En, Lang::De, Lang::Fr];

    /// The language of a task's pages and mails: the task's own if the catalogue has it, else the tenant's, else
    /// English. Both are BCP 47 tags; only the primary subtag counts (`de-CH` is German).
    pub fn pick(task: Option<&str>, tenant: &str) -> Lang {
        task.and_then(Lang::from_tag).or_else(|| Lang::from_tag(tenant)).unwrap_or_default()
    }

    /// The first language of an `Accept-Language` header that the catalogue has, in the order given (weights are
    /// ignored: browsers send them sorted). For pages that belong to no tenant.
    pub fn accepted(header: &str) -> Lang {
        header.split(',').take(20).filter_map(Lang::from_tag).next().unwrap_or_default()
    }

    /// The language of a BCP 47 tag, `None` when the catalogue does not have it.
    pub fn from_tag(tag: &str) -> Option<Lang> {
        let primary = tag.trim().split(['-', '_', ';']).next().unwrap_or_default();
        Lang::ALL.into_iter().find(|lang| lang.tag().eq_ignore_ascii_case(primary))
    }

    /// Value of the `lang` attribute.
    pub fn tag(self) -> &'static str {
        match self {
            Lang::En => "en",
            Lang::De => "de",
            Lang::Fr => "fr",
        }
    }

    /// Value of the `dir` attribute.
    pub fn dir(self) -> &'static str {
        match self {
            Lang::En | Lang::De | Lang::Fr => "ltr",
        }
    }

    /// The plural category "one" of CLDR for whole numbers: French counts zero with one.
    fn is_one(self, count: u64) -> bool {
        match self {
            Lang::En | Lang::De => count == 1,
            Lang::Fr => count < 2,
        }
    }
}

/// Sentences without placeholders: one method of [`Lang`] each.
macro_rules! phrases {
    ($( $(#[$doc:meta])* $name:ident { en: $en:literal, de: $de:literal, fr: $fr:literal $(,)? } )*) => {
        impl $crate::text::Lang {
            $( $(#[$doc])* pub(crate) fn $name(self) -> &'static str {
                match self {
                    $crate::text::Lang::En => $en,
                    $crate::text::Lang::De => $de,
                    $crate::text::Lang::Fr => $fr,
                }
            } )*
        }

        #[cfg(test)]
        pub(crate) const PHRASES: &[$crate::text::Entry] = &[
            $( $crate::text::Entry { name: stringify!($name), parameters: &[], texts: &[$en, $de, $fr] }, )*
        ];
    };
}

/// Sentences with named placeholders: one method of [`Lang`] each.
macro_rules! sentences {
    ($( $(#[$doc:meta])* $name:ident ( $($parameter:ident),+ ) { en: $en:literal, de: $de:literal, fr: $fr:literal $(,)? } )*) => {
        impl $crate::text::Lang {
            $( $(#[$doc])* pub(crate) fn $name(self, $($parameter: &str),+) -> String {
                match self {
                    $crate::text::Lang::En => format!($en),
                    $crate::text::Lang::De => format!($de),
                    $crate::text::Lang::Fr => format!($fr),
                }
            } )*
        }

        #[cfg(test)]
        pub(crate) const SENTENCES: &[$crate::text::Entry] = &[
            $( $crate::text::Entry {
                name: stringify!($name),
                parameters: &[$(stringify!($parameter)),+],
                texts: &[$en, $de, $fr],
            }, )*
        ];
    };
}

/// Sentences that depend on a number: the first text for the plural category "one", the second for all others.
macro_rules! plurals {
    ($( $(#[$doc:meta])* $name:ident ( $count:ident $(, $parameter:ident)* ) {
        en: [$en1:literal, $en:literal], de: [$de1:literal, $de:literal], fr: [$fr1:literal, $fr:literal] $(,)?
    } )*) => {
        impl $crate::text::Lang {
            $( $(#[$doc])* pub(crate) fn $name(self, $count: u64 $(, $parameter: &str)*) -> String {
                match (self, self.is_one($count)) {
                    ($crate::text::Lang::En, true) => format!($en1),
                    ($crate::text::Lang::En, false) => format!($en),
                    ($crate::text::Lang::De, true) => format!($de1),
                    ($crate::text::Lang::De, false) => format!($de),
                    ($crate::text::Lang::Fr, true) => format!($fr1),
                    ($crate::text::Lang::Fr, false) => format!($fr),
                }
            } )*
        }

        #[cfg(test)]
        pub(crate) const PLURALS: &[$crate::text::Entry] = &[
            $( $crate::text::Entry {
                name: stringify!($name),
                parameters: &[$(stringify!($parameter)),*],
                texts: &[$en1, $en, $de1, $de, $fr1, $fr],
            }, )*
        ];
    };
}

use {phrases, plurals, sentences};

/// One sentence in every language, as tests read it.
#[cfg(test)]
pub(crate) struct Entry {
    pub(crate) name: &'static str,
    pub(crate) parameters: &'static [&'static str],
    pub(crate) texts: &'static [&'static str],
}

#[cfg(test)]
mod tests;
