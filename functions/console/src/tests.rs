//! The console's function against a table in process: sessions, cookies, forms and who may go where. The pages have tests
//! of their own in `web`, and whole visits in the browser suite.

mod browser;
mod doors;
mod permissions;
mod sessions;
