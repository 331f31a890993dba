//! Notifications: their kinds, channels and the small life cycle of a delivery. Sends nothing.

use serde::{Deserialize, Serialize};
use std::fmt;

/// How a notification travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Channel {
    /// The platform's own mail (SES).
    #[default]
    Email,
    /// The tenant's own mail server.
    Smtp,
    /// Mail through Microsoft Graph.
    Graph,
}

/// Why a notification goes out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum NotificationKind {
    /// The first one, ordered by the creation of the task.
    Initial,
    /// A scheduled reminder.
    Reminder,
    /// An operator sent it again.
    Resend,
}

/// State of a delivery. The rank only rises; late and duplicate receipts change nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Delivery {
    /// Ordered, not yet handed over.
    #[default]
    Queued,
    /// Accepted by the mail service.
    Sent,
    /// The receiving server asks to wait.
    Delayed,
    /// Accepted by the receiving server.
    Delivered,
    /// Could not be handed over; retries are used up.
    Failed,
    /// Refused for good by the receiving server.
    Bounced,
    /// The recipient reported it as spam.
    Complained,
}

impl Delivery {
    /// A later report replaces an earlier one only when its rank is higher.
    pub fn raised_by(self, report: Delivery) -> Delivery {
        self.max(report)
    }

    /// A person must look: the mail did not arrive or was unwelcome.
    pub fn needs_follow_up(self) -> bool {
        match self {
            Delivery::Failed | Delivery::Bounced | Delivery::Complained => true,
            Delivery::Queued | Delivery::Sent | Delivery::Delayed | Delivery::Delivered => false,
        }
    }

    /// The word on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Delivery::Queued => "queued",
            Delivery::Sent => "sent",
            Delivery::Delayed => "delayed",
            Delivery::Delivered => "delivered",
            Delivery::Failed => "failed",
            Delivery::Bounced => "bounced",
            Delivery::Complained => "complained",
        }
    }
}

impl fmt::Display for Delivery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A mail address of one recipient. `Debug` shows no more than the first character and the domain.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Email(String);

/// The text is no single mail address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a recipient is one mail address such as name@company.example")]
pub struct InvalidEmail;

impl Email {
    /// Accepts one address of the dot-atom form of RFC 5321 with a domain of at least two labels, at most 254 octets.
    /// Quoted local parts, comments, lists, control characters and address literals are refused:
    /// no mailbox that matters uses them and each has carried an injection somewhere.
    pub fn parse(text: &str) -> Result<Email, InvalidEmail> {
        let text = text.trim_matches(' ');
        let (local, domain) = text.rsplit_once('@').ok_or(InvalidEmail)?;
        let local_ok = !local.is_empty()
            && local.len() <= 64
            && !local.starts_with('.')
            && !local.ends_with('.')
            && !local.contains("..")
            && local.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~.".contains(&b));
        let labels: Vec<&str> = domain.split('.').collect();
        let domain_ok = labels.len() >= 2
            && domain.len() <= 253
            && labels.iter().all(|label| {
                !label.is_empty()
                    && label.len() <= 63
                    && !label.starts_with('-')
                    && !label.ends_with('-')
                    && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
            })
            // No top-level domain is a number: this is an IP address without its brackets.
            && labels.last().is_some_and(|label| !label.bytes().all(|b| b.is_ascii_digit()));
        if local_ok && domain_ok && text.len() <= 254 {
            Ok(Email(format!("{local}@{}", domain.to_ascii_lowercase())))
        } else {
            Err(InvalidEmail)
        }
    }

    /// The address.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let domain = self.0.rsplit_once('@').map_or("", |(_, domain)| domain);
        write!(f, "{}***@{domain}", self.0.chars().next().unwrap_or('*'))
    }
}
