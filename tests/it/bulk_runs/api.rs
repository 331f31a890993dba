//! Bulk runs through the API: what is refused, and in which words.
