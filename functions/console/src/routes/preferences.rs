//! How somebody wants the console to look and to listen: kept by their browser, no matter of the tenant.

use crate::answer::Answer;
use crate::cookie;
use crate::refusal::Refusal;
use crate::visit::Visit;
use web::console::Theme;

/// `POST /preferences`: `theme` or `keys`, then back to where the visitor was.
pub fn keep(visit: &Visit<'_>) -> Result<Answer, Refusal> {
    let mut answer = Answer::SeeOther(visit.back().unwrap_or("/").to_owned());
    let config = &visit.console.config;
    if let Some(theme) = visit.field("theme").and_then(Theme::parse) {
        answer = answer.with("set-cookie", cookie::prefer(config, cookie::THEME, theme.as_str()));
    }
    if let Some(keys @ ("on" | "off")) = visit.field("keys") {
        answer = answer.with("set-cookie", cookie::prefer(config, cookie::KEYS, keys));
    }
    Ok(answer)
}
