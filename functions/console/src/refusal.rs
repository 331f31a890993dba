//! Refusals and failures as designed pages: the only place of the console that pairs a reason with a status.

use crate::answer::Answer;
use app::Error;
use domain::permission::Permission;
use domain::rejection::Rejection;
use web::console::Shell;
use web::console::error::{self, Link, Trouble};

/// Why a page cannot be given.
#[derive(Clone, Debug)]
pub struct Refusal {
    pub status: u16,
    pub heading: String,
    pub lines: Vec<String>,
    /// A way on that is likelier than the general ones.
    pub back: Option<Link>,
    retry_after_s: Option<u32>,
}

impl Refusal {
    fn new(status: u16, heading: &str, lines: &[&str]) -> Refusal {
        let lines = lines.iter().map(|line| (*line).to_owned()).collect();
        Refusal { status, heading: heading.to_owned(), lines, back: None, retry_after_s: None }
    }

    /// Also what the visitor may not see.
    pub fn not_found() -> Refusal {
        Refusal::new(
            404,
            "Nothing here",
            &["There is nothing at this address, or you may not see it. Check the address or go to External tasks."],
        )
    }

    pub fn forbidden(permission: Permission) -> Refusal {
        let line = format!("This needs the permission {}. Ask an administrator for it.", permission.as_str());
        Refusal::new(403, "You may not do this", &["Nothing was changed.", &line])
    }

    /// A form that did not come from a page of this session.
    pub fn foreign_form() -> Refusal {
        Refusal::new(
            403,
            "This form is out of date",
            &[
                "It belongs to another session, or another site sent it. Nothing was changed. Open the page again and repeat what you did.",
            ],
        )
    }

    /// For members without any page of their own.
    pub fn no_section(tenant: &str) -> Refusal {
        let line = format!(
            "You are a member of {tenant}, but your roles show nothing here. Ask an administrator for the operator role."
        );
        Refusal::new(403, "There is nothing for you here yet", &[&line])
    }

    pub fn conflict(line: &str) -> Refusal {
        Refusal::new(409, "This changed meanwhile", &[line])
    }

    pub fn invalid(line: &str) -> Refusal {
        Refusal::new(422, "This cannot be done", &[line])
    }

    pub fn method_not_allowed() -> Refusal {
        Refusal::new(405, "This address cannot do that", &["Open the page again and use its buttons."])
    }

    pub fn unavailable() -> Refusal {
        let refusal = Refusal::new(
            503,
            "The page could not be loaded",
            &[
                "The task store did not answer within 3 seconds. Nothing was changed. Try again; if it keeps failing, give support this number:",
            ],
        );
        Refusal { retry_after_s: Some(2), ..refusal }
    }

    #[must_use]
    pub fn back_to(mut self, address: impl Into<String>, word: impl Into<String>) -> Refusal {
        self.back = Some(Link::new(address, word));
        self
    }

    /// The page. `signed_in`: whether there is a frame to show it in.
    pub fn answer(self, shell: &Shell, signed_in: bool, here: Option<&str>, number: Option<String>) -> Answer {
        let mut links: Vec<Link> = self.back.into_iter().collect();
        if matches!(self.status, 429 | 503)
            && let Some(here) = here
        {
            links.push(Link::new(here, "Try again"));
        }
        links.extend(shell.sections.first().map(|first| Link::new(first.address(), format!("Go to {}", first.word()))));
        if links.is_empty() {
            links.push(Link::new("/", "Go to the console"));
        }
        let (icon, tone) = match self.status {
            404 => ("search", ""),
            403 | 405 => ("blocked", ""),
            409 => ("info", ""),
            422 | 429 => ("warn", "warn"),
            _ => ("failed", "bad"),
        };
        let failed = self.status >= 500;
        let trouble =
            Trouble { heading: self.heading, lines: self.lines, links, number: number.filter(|_| failed), icon, tone };
        let shell = Shell { title: trouble.heading.clone(), ..shell.clone() };
        let html = if signed_in { error::page(&shell, &trouble) } else { error::door(&shell, &trouble) };
        let answer = Answer::Page(self.status, html);
        match self.retry_after_s {
            Some(seconds) => answer.with("retry-after", seconds.to_string()),
            None => answer,
        }
    }
}

impl From<Rejection> for Refusal {
    fn from(rejection: Rejection) -> Refusal {
        let line = sentence(&rejection.to_string());
        match rejection {
            Rejection::NotFound { .. } => Refusal::not_found(),
            Rejection::InvalidState { .. }
            | Rejection::InstanceInError
            | Rejection::AlreadyDone
            | Rejection::TooEarly { .. }
            | Rejection::NotInDeployed { .. } => Refusal::conflict(&line),
            Rejection::InvalidInput { message, .. } => Refusal::invalid(&message),
            Rejection::Limit { .. } => Refusal::invalid(&line),
            Rejection::CommandWanted(_) | Rejection::Retry => Refusal::unavailable(),
        }
    }
}

impl From<store::Error> for Refusal {
    fn from(error: store::Error) -> Refusal {
        match error {
            store::Error::TooLarge { .. } => Refusal::invalid(&sentence(&error.to_string())),
            store::Error::Throttled => Refusal {
                retry_after_s: Some(20),
                ..Refusal::new(429, "Too many requests", &["Wait 20 seconds, then try again. Nothing was changed."])
            },
            store::Error::Conflict
            | store::Error::KeyTaken
            | store::Error::IdempotencyTaken
            | store::Error::NothingToCommit
            | store::Error::Corrupt { .. }
            | store::Error::Other { .. } => {
                tracing::error!(%error, "the store failed");
                Refusal::unavailable()
            }
        }
    }
}

/// First letter capital, unless it begins a name, and a full stop at the end.
pub fn sentence(text: &str) -> String {
    let word = text.split(' ').next().unwrap_or_default();
    let name = !word.chars().all(char::is_lowercase);
    let mut chars = text.chars();
    let text = match chars.next() {
        Some(first) if !name => format!("{}{}", first.to_uppercase(), chars.as_str()),
        _ => text.to_owned(),
    };
    if text.ends_with('.') { text } else { format!("{text}.") }
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Refusal {
        match error {
            Error::Rejected(rejection) => rejection.into(),
            Error::Store(error) => error.into(),
            Error::NoDefinition { .. } => Refusal::not_found(),
            Error::Forbidden { permission } => Refusal::forbidden(permission),
            Error::Invalid(problems) => {
                Refusal { lines: problems.into_iter().map(|problem| problem.message).collect(), ..Refusal::invalid("") }
            }
            Error::InvalidCursor => Refusal::new(
                410,
                "This page of the list is gone",
                &[
                    "Its address is too old or belongs to another list. Start again at the first page; your filters can stay.",
                ],
            ),
            Error::NotReady => Refusal::unavailable(),
            Error::Busy | Error::IdempotencyTaken => {
                Refusal::conflict("Others are changing the same instance. Nothing was changed; try again.")
            }
        }
    }
}
