//! The frame: navigation, appearance, errors, sign-in. Pages have tests of their own.

use super::*;
use crate::a11y;
