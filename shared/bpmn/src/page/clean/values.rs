//! Values of attributes: addresses, styles, images, placeholders. Which attributes there may be is `rules`.

use super::Cleaner;
use crate::page::tree::{self, Piece};
use crate::page::{css, url};
use domain::template::Filter;

/// Attributes that tie elements together or decide what they are; a value filled in later could not be checked.
const FIXED: &[&str] =
    &["id", "for", "name", "type", "list", "headers", "target", "aria-describedby", "aria-labelledby", "aria-controls"];

impl Cleaner<'_> {
    pub(super) fn html_value(&mut self, name: &str, value: &str, offset: usize) -> Option<Vec<Piece>> {
        match name {
            "style" => return self.declarations(value, offset),
            "src" => return self.image(value, offset),
            "href" => return self.link(value, offset),
            "target" => {
                let target = value.trim().to_ascii_lowercase();
                if !matches!(target.as_str(), "" | "_self" | "_blank") {
                    let message = "\"target\" may be _self or _blank".to_owned();
                    self.findings.error(offset, "TEMPLATE_NOT_ALLOWED", message);
                    return None;
                }
                return (target == "_blank").then(|| vec![Piece::Text(target)]);
            }
            _ => {}
        }
        let pieces = tree::pieces(self.template(value, offset)?);
        if tree::has_placeholder(&pieces) && FIXED.contains(&name) {
            let message = format!("a placeholder may not stand in \"{name}\"");
            self.findings.error(offset, "PLACEHOLDER_PLACE", message);
            return None;
        }
        if pieces.iter().any(|piece| matches!(piece, Piece::Value(p) if p.path.to_string() == "form")) {
            let message = "{{ form }} stands for the form and may only stand between elements".to_owned();
            self.findings.error(offset, "PLACEHOLDER_PLACE", message);
            return None;
        }
        Some(pieces)
    }

    pub(super) fn svg_value(&mut self, name: &str, value: &str, offset: usize) -> Option<Vec<Piece>> {
        if name == "style" {
            return self.declarations(value, offset);
        }
        if name == "href" && !value.trim().starts_with('#') {
            let message = "use may only point to a place inside the page (#name)".to_owned();
            self.findings.error(offset, "TEMPLATE_NOT_ALLOWED", message);
            return None;
        }
        let pieces = tree::pieces(self.template(value, offset)?);
        if tree::has_placeholder(&pieces) && !name.starts_with("aria-label") {
            let message = "a placeholder may not stand in an attribute of a drawing".to_owned();
            self.findings.error(offset, "PLACEHOLDER_PLACE", message);
            return None;
        }
        // Presentation attributes are read as CSS, with escapes and url().
        if value.contains(['(', '\\']) && !name.starts_with("aria-") {
            let (rewritten, problems) = css::declarations(value);
            return self.no_problems(problems, offset).then(|| vec![Piece::Text(rewritten)]);
        }
        Some(pieces)
    }

    fn declarations(&mut self, value: &str, offset: usize) -> Option<Vec<Piece>> {
        if value.contains("{{") {
            let message = "a placeholder may not stand in a style attribute: use classes".to_owned();
            self.findings.error(offset, "PLACEHOLDER_PLACE", message);
            return None;
        }
        let (declarations, problems) = css::declarations(value);
        let good = self.no_problems(problems, offset);
        (good && !declarations.is_empty()).then(|| vec![Piece::Text(declarations)])
    }

    fn no_problems(&mut self, problems: Vec<css::CssProblem>, offset: usize) -> bool {
        let good = problems.is_empty();
        for problem in problems {
            self.findings.error(offset, "TEMPLATE_NOT_ALLOWED", problem.message);
        }
        good
    }

    fn image(&mut self, value: &str, offset: usize) -> Option<Vec<Piece>> {
        if value.contains("{{") {
            let message = "a placeholder may not be the source of an image".to_owned();
            self.findings.error(offset, "PLACEHOLDER_PLACE", message);
            return None;
        }
        let address = url::stripped(value);
        match url::check_image(&address) {
            Ok(()) => Some(vec![Piece::Text(address)]),
            Err(message) => {
                self.findings.error(offset, "TEMPLATE_NOT_ALLOWED", message);
                None
            }
        }
    }

    /// Links: a placeholder in first place must give a whole address; behind a settled host it is percent-encoded.
    fn link(&mut self, value: &str, offset: usize) -> Option<Vec<Piece>> {
        let address = url::stripped(value);
        let mut pieces = tree::pieces(self.template(&address, offset)?);
        if tree::has_placeholder(&pieces) {
            let prefix = match pieces.first() {
                Some(Piece::Text(prefix)) => prefix.clone(),
                Some(Piece::Value(_) | Piece::Part(_) | Piece::Mark(_)) | None => String::new(),
            };
            if matches!(url::classify(&prefix), url::Address::Scheme(_))
                && let Err(message) = url::check_link(&prefix)
            {
                self.findings.error(offset, "TEMPLATE_NOT_ALLOWED", message);
                return None;
            }
            if !prefix.is_empty() && !url::settles(&prefix) {
                let message = "the text before a placeholder in an address must settle where it leads, as in \
                    https://host/{{ path }}; else let the placeholder give the whole address"
                    .to_owned();
                self.findings.error(offset, "PLACEHOLDER_PLACE", message);
                return None;
            }
            let mut whole = prefix.is_empty();
            for piece in &mut pieces {
                if let Piece::Value(placeholder) = piece {
                    if whole {
                        placeholder.filters.retain(|filter| *filter != Filter::Url);
                        placeholder.filters.push(Filter::Url);
                        whole = false;
                    } else {
                        *piece = Piece::Part(placeholder.clone());
                    }
                }
            }
            return Some(pieces);
        }
        let address = tree::literal(&pieces);
        if let Err(message) = url::check_link(&address) {
            self.findings.error(offset, "TEMPLATE_NOT_ALLOWED", message);
            return None;
        }
        if url::classify(&address) == url::Address::Relative {
            let message = "the link leads to this product's own host; write the whole address".to_owned();
            self.findings.warning(offset, "LINK_NOT_ABSOLUTE", message);
        }
        Some(pieces)
    }
}
