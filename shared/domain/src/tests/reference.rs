//! The engine against a reference interpreter.

mod found;
