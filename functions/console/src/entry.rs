//! The ways in and out: sign-in page, demo users, tokens, sign-out. The identity provider is `entry::provider`.

use crate::answer::Answer;
use crate::refusal::Refusal;
use crate::visit::{Arrived, Visit, is_own_path};
use crate::{Console, cookie};
use app::auth::hash_token;
use app::keys::Secret;
use app::session::{Proof, SESSION_MS, Session};
use domain::ids::TenantId;
use domain::permission::Role;
use domain::time::Timestamp;
use web::console::sign_in::{self, DemoPerson, SignIn};

/// Characters of an API token at most; ours have 46.
const TOKEN_CHARS_MAX: usize = 200;

/// Answers what belongs to signing in; `None` for every other path.
pub async fn answer(
    console: &Console,
    arrived: &Arrived,
    _handshake: Option<&str>,
    secret: &Secret,
    now: Timestamp,
) -> Option<Result<Answer, Refusal>> {
    let segments: Vec<&str> = arrived.segments.iter().map(String::as_str).collect();
    let get = matches!(arrived.method.as_str(), "GET" | "HEAD");
    Some(match (get, segments.as_slice()) {
        (true, ["sign-in"]) => Ok(page(console, arrived, next_of(arrived.query_one("next")), None, Said::Nothing)),
        (false, ["sign-in"]) if arrived.method == "POST" => posted(console, arrived, secret, now).await,
        (true, ["signed-out"]) => Ok(Answer::page(sign_in::signed_out(&arrived.door("Signed out"), None))),
        _ => return None,
    })
}

/// What the sign-in page says above its ways in.
enum Said {
    Nothing,
    Ended,
    WrongToken,
}

/// Whoever has no session: a page leads to the sign-in and from there back; a form cannot, so it says what happened.
pub fn stranger(console: &Console, arrived: &Arrived, had_session: bool, get: bool) -> Answer {
    let gone = |answer: Answer| {
        if had_session { answer.with("set-cookie", cookie::clear(&console.config, cookie::SESSION)) } else { answer }
    };
    if get && arrived.query_one("part").is_none() {
        let ended = if had_session { "&ended=yes" } else { "" };
        let next = percent_encoding::utf8_percent_encode(&arrived.here, percent_encoding::NON_ALPHANUMERIC);
        return gone(Answer::SeeOther(format!("/sign-in?next={next}{ended}")));
    }
    gone(page(console, arrived, "/".to_owned(), Some(401), Said::Ended))
}

fn next_of(text: Option<&str>) -> String {
    text.filter(|path| is_own_path(path)).unwrap_or("/").to_owned()
}

fn page(console: &Console, arrived: &Arrived, next: String, status: Option<u16>, said: Said) -> Answer {
    let ended = matches!(said, Said::Ended) || arrived.query_one("ended").is_some();
    let wrong_token = matches!(said, Said::WrongToken);
    let demo = console.config.demo_users.iter().enumerate().map(|(number, user)| DemoPerson {
        value: number.to_string(),
        name: user.name.clone(),
        what: format!("{}, tenant {}", roles_in_words(&user.roles), user.tenant),
    });
    let view = SignIn {
        organisation: None,
        provider: None,
        demo: demo.collect(),
        next,
        note: ended
            .then(|| "You were signed out: a session ends after 12 hours, or when access is taken away.".to_owned()),
        problem: None,
        token_problem: wrong_token
            .then(|| "This token is not known or was revoked. Paste the whole token, it begins with cs_.".to_owned()),
    };
    let title = if wrong_token { "Error: Sign in" } else { "Sign in" };
    let status = status.unwrap_or(if wrong_token { 422 } else { 200 });
    Answer::Page(status, sign_in::page(&arrived.door(title), &view))
}

fn roles_in_words(roles: &[String]) -> String {
    let words = roles.iter().filter_map(|role| Role::parse(role)).map(|role| match role {
        Role::Admin => "Administrator",
        Role::Manager => "Manager",
        Role::Operator => "Operator",
        Role::User => "Member",
    });
    words.collect::<Vec<_>>().join(", ")
}

/// `POST /sign-in`: a demo user or a token.
async fn posted(console: &Console, arrived: &Arrived, secret: &Secret, now: Timestamp) -> Result<Answer, Refusal> {
    let fields = arrived.form()?;
    let next = next_of(fields.first("next"));
    let session = if let Some(demo) = fields.first("demo") {
        let user = demo.parse().ok().and_then(|number: usize| console.config.demo_users.get(number));
        let user = user.ok_or_else(Refusal::not_found)?.clone();
        Session::begin(TenantId(user.tenant), user.user, user.name, user.roles, Proof::Demo, now)
    } else {
        let token = fields.first("token").unwrap_or_default().trim();
        let hash = hash_token(token);
        let usable = token.starts_with("cs_") && token.len() <= TOKEN_CHARS_MAX;
        let record = if usable { console.app.store.token(&hash, now).await? } else { None };
        let Some(record) = record else { return Ok(page(console, arrived, next, None, Said::WrongToken)) };
        Session::begin(record.tenant, record.user.clone(), record.user, Vec::new(), Proof::Token(hash), now)
    };
    Ok(begin(console, &session, &next, secret))
}

/// To the page the visitor wanted, with a session.
fn begin(console: &Console, session: &Session, next: &str, secret: &Secret) -> Answer {
    let value = cookie::set(&console.config, cookie::SESSION, &session.sign(secret), SESSION_MS / 1_000);
    Answer::SeeOther(next.to_owned()).with("set-cookie", value)
}

/// `POST /sign-out`
pub async fn sign_out(visit: &Visit<'_>) -> Result<Answer, Refusal> {
    let gone = cookie::clear(&visit.console.config, cookie::SESSION);
    Ok(Answer::SeeOther("/signed-out".to_owned()).with("set-cookie", gone))
}
