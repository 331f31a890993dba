//! HTML and mail text: public pages, mails, posted forms, the text catalogue, dates and numbers in the reader's
//! language. Knows neither AWS nor HTTP statuses, reads no clock and decides nothing about tasks.

#[cfg(test)]
mod a11y;
pub mod asking;
pub mod clean;
pub mod console;
pub mod customer;
pub mod form;
pub mod format;
pub mod mail;
pub mod public;
mod template;
pub mod text;
