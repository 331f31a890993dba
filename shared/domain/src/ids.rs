//! Keys of instances, element instances and tasks. Builds and splits numbers; draws none (clock and randomness stay outside).

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use std::str::FromStr;

/// 2024-01-01T00:00:00Z in milliseconds: the origin of the time part of a key.
pub const KEY_EPOCH_MS: i64 = 1_704_067_200_000;
/// Low bits of a key, zero in that of an instance: the number of a task below it.
const NUMBER_BITS: u32 = 16;
const RANDOM_BITS: u32 = 9;

macro_rules! key {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(u64);

        impl $name {
            /// The key as a number below 2^63.
            pub fn get(self) -> u64 {
                self.0
            }

            /// Accepts any number below 2^63; keys carry no secret and no checksum.
            pub fn new(value: u64) -> Option<$name> {
                (value < 1 << 63).then_some($name(value))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}", self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}", self.0)
            }
        }

        impl FromStr for $name {
            type Err = InvalidKey;

            /// Only the canonical decimal spelling: no sign, no leading zero, below 2^63.
            fn from_str(text: &str) -> Result<$name, InvalidKey> {
                let canonical = !text.is_empty()
                    && text.bytes().all(|b| b.is_ascii_digit())
                    && (text == "0" || !text.starts_with('0'));
                if !canonical {
                    return Err(InvalidKey);
                }
                text.parse::<u64>().ok().and_then($name::new).ok_or(InvalidKey)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<$name, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

key! {
    /// Key of a process instance: 38 bits of 10 ms since 2024, 9 random bits, 16 zero bits.
    /// Written as a decimal string, the form Camunda clients expect. Guessable: nothing relies on its secrecy.
    InstanceKey
}
key! {
    /// Key of a task: the key of its instance plus a number, so that the instance is found without a lookup.
    TaskKey
}
key! {
    /// Key of a bulk run. Drawn like an instance's key, so runs sort by the time of their start.
    RunKey
}

/// The text is not a key: keys are decimal numbers below 2^63 without leading zeros.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a key is a decimal number below 2^63 without leading zeros")]
pub struct InvalidKey;

impl InstanceKey {
    /// Composes a key from the time and 9 bits of `random`. Two draws in one 10 ms may clash:
    /// the store refuses the second (`attribute_not_exists`) and the caller draws again.
    pub fn compose(now_ms: i64, random: u64) -> InstanceKey {
        let tens = u64::try_from((now_ms - KEY_EPOCH_MS) / 10).unwrap_or(0) & ((1 << 38) - 1);
        let random = random & ((1 << RANDOM_BITS) - 1);
        InstanceKey((tens << (RANDOM_BITS + NUMBER_BITS)) | (random << NUMBER_BITS))
    }

    /// The key as a GUID (RFC 9562 version 8), for API shapes that address instances by GUID. Reversible.
    pub fn guid(self) -> String {
        let key = u128::from(self.0);
        let bits = (key >> 16) << 80 | 0x8 << 76 | ((key >> 4) & 0xfff) << 64 | 0b10 << 62 | (key & 0xf) << 58;
        let hex = format!("{bits:032x}");
        format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
    }

    /// The key behind a GUID made by [`InstanceKey::guid`]; `None` for any other text.
    pub fn from_guid(text: &str) -> Option<InstanceKey> {
        let hex: String = text.split('-').collect();
        let bits = u128::from_str_radix(&hex, 16).ok()?;
        let key = (bits >> 80) << 16 | ((bits >> 64) & 0xfff) << 4 | (bits >> 58) & 0xf;
        let key = InstanceKey::new(u64::try_from(key).ok()?)?;
        (key.guid() == text.to_ascii_lowercase()).then_some(key)
    }

    /// The task with the given number below this instance.
    pub fn task(self, number: TaskNumber) -> TaskKey {
        TaskKey(self.0 | u64::from(number.0))
    }

    /// The element instance with the given number below this instance.
    pub fn element(self, number: ElementNumber) -> ElementKey {
        ElementKey { instance: self, number }
    }

    /// True when the low 16 bits are zero, as in every key of an instance.
    pub fn is_instance(self) -> bool {
        self.0 & ((1 << NUMBER_BITS) - 1) == 0
    }
}

impl RunKey {
    /// Composes a key as [`InstanceKey::compose`] does; a clash is refused by the store and drawn again.
    pub fn compose(now_ms: i64, random: u64) -> RunKey {
        RunKey(InstanceKey::compose(now_ms, random).0)
    }
}

impl TaskKey {
    /// The instance that owns the task.
    pub fn instance(self) -> InstanceKey {
        InstanceKey(self.0 & !((1 << NUMBER_BITS) - 1))
    }

    /// The number below the instance, 1..=65,535 for a task that can exist.
    pub fn number(self) -> TaskNumber {
        TaskNumber((self.0 & ((1 << NUMBER_BITS) - 1)) as u16)
    }
}

/// Key of an element instance (one execution of a BPMN element), for people and clients: only written, never read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ElementKey {
    instance: InstanceKey,
    number: ElementNumber,
}

impl fmt::Display for ElementKey {
    /// A decimal number as of a task where the element's fits below the instance's; else both, side by side.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ElementKey { instance, number } = self;
        match u16::try_from(number.0) {
            Ok(number) => write!(f, "{}", instance.0 | u64::from(number)),
            Err(_) => write!(f, "{instance}-{}", number.0),
        }
    }
}

impl Serialize for ElementKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Number of an element instance below its instance, from 1 in the order of activation. An instance that polls for years
/// has millions. States and events hold numbers, because a full key would cost 18 bytes more at each place of a journal
/// item.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ElementNumber(pub u32);

impl ElementNumber {
    /// In place of an element instance: the instance as a whole. Never given to an element.
    pub const WHOLE_INSTANCE: ElementNumber = ElementNumber(0);
}

/// Number of a task, external or ordinary, below its instance, from 1: the low bits of its key. Tasks count for
/// themselves; instances of before numbered them among their elements, so theirs may begin later.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TaskNumber(pub u16);

/// Number of a tenant; part of every key in the store and of every link.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TenantId(pub u32);

impl fmt::Display for TenantId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}
