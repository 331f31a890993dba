//! Mail through SES. The words of SES are mapped here and nowhere else.

use crate::Error;
use crate::config::EffectsConfig;
use crate::lazy::Lazy;
use aws_config::SdkConfig;
use aws_sdk_sesv2::Client;
use aws_sdk_sesv2::error::{DisplayErrorContext, SdkError};
use aws_sdk_sesv2::operation::send_email::SendEmailError;
use aws_sdk_sesv2::types::{Body, Content, Destination, EmailContent, Message, MessageTag};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use domain::time::Timestamp;
use store::Quota;

/// A mail ready to be sent to one recipient.
#[derive(Clone, PartialEq, Eq)]
pub struct Outgoing {
    /// The recipient's address.
    pub to: String,
    /// Display name of the sender.
    pub from_name: String,
    /// Where an answer goes.
    pub reply_to: Option<String>,
    /// Subject, one line.
    pub subject: String,
    /// Text part.
    pub text: String,
    /// HTML part.
    pub html: String,
    /// Tags that let a receipt find its journal item: letters, digits, `-` and `_` only.
    pub tags: Vec<(&'static str, String)>,
}

/// Sends mail.
#[derive(Clone, Debug)]
pub struct Mailer {
    client: Lazy<Client>,
    config: EffectsConfig,
}

impl Mailer {
    pub fn new(aws: &SdkConfig, config: EffectsConfig) -> Mailer {
        Mailer { client: Lazy::new(aws, Client::new), config }
    }

    /// Sends and gives SES's message id. SES offers no idempotency: callers make sure that it was not sent before.
    pub async fn send(&self, mail: &Outgoing) -> Result<String, Error> {
        let refused = |detail: String| Error::Refused { what: "ses:SendEmail", detail };
        let content = |text: &str| Content::builder().data(text).charset("UTF-8").build();
        let subject = content(&one_line(&mail.subject)).map_err(|error| refused(error.to_string()))?;
        let text = content(&mail.text).map_err(|error| refused(error.to_string()))?;
        let html = content(&mail.html).map_err(|error| refused(error.to_string()))?;
        let message = Message::builder().subject(subject).body(Body::builder().text(text).html(html).build()).build();
        let mut request = self
            .client
            .get()
            .send_email()
            .from_email_address(from(&mail.from_name, &self.config.mail_from))
            .destination(Destination::builder().to_addresses(&mail.to).build())
            .content(EmailContent::builder().simple(message).build())
            .set_configuration_set_name(self.config.configuration_set.clone());
        if let Some(reply_to) = &mail.reply_to {
            request = request.reply_to_addresses(one_line(reply_to));
        }
        for (name, value) in &mail.tags {
            let tag = MessageTag::builder().name(*name).value(value).build();
            request = request.email_tags(tag.map_err(|error| refused(error.to_string()))?);
        }
        match request.send().await {
            Ok(answer) => Ok(answer.message_id().unwrap_or_default().to_owned()),
            Err(error) => Err(classify(error)),
        }
    }
}

impl Mailer {
    /// What the account may send, asked of SES.
    pub async fn quota(&self, now: Timestamp) -> Result<Quota, Error> {
        let account = self.client.get().get_account().send().await.map_err(|error| Error::Later {
            what: "ses:GetAccount",
            detail: error
                .as_service_error()
                .and_then(|service| service.meta().code())
                .unwrap_or("no answer")
                .to_owned(),
        })?;
        let quota = account.send_quota();
        Ok(Quota {
            max_24h: quota.map_or(0.0, |quota| quota.max24_hour_send()),
            sent_24h: quota.map_or(0.0, |quota| quota.sent_last24_hours()),
            per_second: quota.map_or(0.0, |quota| quota.max_send_rate()),
            sending_enabled: account.sending_enabled(),
            read_at: now,
        })
    }
}

/// Which refusals are final: what SES says of this very mail. Limits, pauses and faults pass.
fn classify(error: SdkError<SendEmailError>) -> Error {
    let refused = error.as_service_error().is_some_and(|error| {
        matches!(error, SendEmailError::MessageRejected(_) | SendEmailError::BadRequestException(_))
    });
    let what = "ses:SendEmail";
    // The service's own words may repeat the address; the code alone goes on to logs.
    let detail = match error.as_service_error() {
        Some(service) => service.meta().code().unwrap_or("unknown error").to_owned(),
        None => DisplayErrorContext(error).to_string(),
    };
    if refused { Error::Refused { what, detail } } else { Error::Later { what, detail } }
}

/// `"Name" <address>`, the name as an encoded word where it is not plain ASCII (RFC 2047): no header can be injected.
fn from(name: &str, address: &str) -> String {
    let name = one_line(name);
    let name = name.trim();
    if name.is_empty() {
        return address.to_owned();
    }
    let plain = name.bytes().all(|b| b.is_ascii_alphanumeric() || b" .-_&+'".contains(&b));
    if plain {
        return format!("\"{name}\" <{address}>");
    }
    // An encoded word holds at most 75 characters, so at most 45 bytes of text each, cut at characters.
    let mut words = Vec::new();
    let mut word = String::new();
    for c in name.chars() {
        if word.len() + c.len_utf8() > 42 {
            words.push(std::mem::take(&mut word));
        }
        word.push(c);
    }
    words.push(word);
    let encoded: Vec<String> = words.iter().map(|word| format!("=?UTF-8?B?{}?=", STANDARD.encode(word))).collect();
    format!("{} <{address}>", encoded.join(" "))
}

/// Control characters, CR and LF among them, become spaces.
fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_inject_a_header_or_an_address() {
        for name in ["Eve\r\nBcc: all@victim.example", "Eve\" <eve@evil.example>, \"", "a\u{0}b", "x,y;z"] {
            let from = from(name, "mail@norvik.example");
            assert!(!from.contains(['\r', '\n', '\0']), "{from}");
            assert_eq!(from.matches('<').count(), 1, "{from}");
            assert!(from.ends_with(" <mail@norvik.example>"), "{from}");
        }
    }

    #[test]
    fn names_outside_ascii_become_encoded_words_of_legal_length() {
        let from = from(&"Hafen Nørvik Ærlig ".repeat(6), "mail@norvik.example");
        for word in from.split(' ').filter(|word| word.starts_with("=?")) {
            assert!(word.len() <= 75, "{word}");
        }
        assert!(from.is_ascii());
    }
}
