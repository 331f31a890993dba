//! Logs as JSON lines. Never logged: links, mail addresses, form values, variables, script data.

/// Starts logging; called first in every `main`. `RUST_LOG` sets the level, `info` where it is missing.
pub fn init() {
    let level = std::env::var("RUST_LOG").unwrap_or_else(|_| "info".to_owned());
    tracing_subscriber::fmt()
        .json()
        .with_max_level(level.parse().unwrap_or(tracing::Level::INFO))
        .with_current_span(false)
        .with_target(false)
        .with_ansi(false)
        .without_time()
        .init();
}
