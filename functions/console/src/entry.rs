//! The ways in and out: sign-in page, identity provider, tokens, demo users, sign-out.

mod http;
mod provider;

use crate::answer::Answer;
use crate::config::{ConsoleConfig, OidcClient};
use crate::refusal::Refusal;
use crate::visit::{Arrived, Visit, is_own_path};
use crate::{Console, cookie};
use app::auth::{self, hash_token};
use app::keys::Secret;
use app::session::{HANDSHAKE_MS, Handshake, Proof, SESSION_MS, Session};
use aws_config::SdkConfig;
use domain::ids::TenantId;
use domain::permission::Role;
use domain::time::Timestamp;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use provider::{Problem, Provider};
use tokio::sync::OnceCell;
use web::console::sign_in::{self, DemoPerson, SignIn};

/// Characters of an API token at most; ours have 46.
const TOKEN_CHARS_MAX: usize = 200;
/// A browser keeps cookies of 4,096 bytes.
const COOKIE_BYTES_MAX: usize = 4_000;

/// The identity provider, where there is one; its client's secret is fetched with the first sign-in.
pub struct Entry {
    origin: Option<(OidcClient, SdkConfig, String)>,
    provider: OnceCell<Provider>,
}

impl Entry {
    pub fn new(config: &ConsoleConfig, aws: &SdkConfig) -> Entry {
        let redirect = format!("{}/sign-in/callback", config.console_url);
        Entry { origin: config.oidc.clone().map(|client| (client, aws.clone(), redirect)), provider: OnceCell::new() }
    }

    async fn provider(&self) -> Result<&Provider, Failed> {
        let Some((client, aws, redirect)) = &self.origin else { return Err(Failed::NoProvider) };
        let make = async || {
            let secret = match &client.secret_arn {
                Some(arn) => app::secret::text(aws, arn).await?,
                None => None,
            };
            Ok(Provider::new(client.clone(), redirect.clone(), secret))
        };
        self.provider.get_or_try_init(make).await
    }
}

/// Why the identity provider did not bring anybody in.
#[derive(Debug, thiserror::Error)]
enum Failed {
    #[error("there is no identity provider")]
    NoProvider,
    #[error(transparent)]
    Secret(#[from] app::secret::Error),
    #[error(transparent)]
    Provider(#[from] Problem),
}

/// What the sign-in page says above its ways in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Said {
    Nothing,
    /// The session is over.
    Ended,
    /// No such token.
    WrongToken,
    /// The answer of the provider belongs to no question of this browser, or to one that was answered.
    Stale,
    /// The provider was asked in vain, or its answer does not hold.
    Failed,
    /// The provider says no.
    Denied,
    /// A genuine member of no tenant here.
    NoMember,
}

/// Answers what belongs to signing in; `None` for every other path.
pub async fn answer(
    console: &Console,
    arrived: &Arrived,
    handshake: Option<&str>,
    secret: &Secret,
    now: Timestamp,
) -> Option<Result<Answer, Refusal>> {
    let segments: Vec<&str> = arrived.segments.iter().map(String::as_str).collect();
    let get = matches!(arrived.method.as_str(), "GET" | "HEAD");
    let post = arrived.method == "POST";
    let next = next_of(arrived.query_one("next"));
    Some(match segments.as_slice() {
        ["sign-in"] if get => {
            let said = if arrived.query_one("ended").is_some() { Said::Ended } else { Said::Nothing };
            Ok(page(console, arrived, &next, said))
        }
        ["sign-in"] if post => posted(console, arrived, secret, now).await,
        // A link and not a form: a policy that keeps forms on this origin also keeps them from being sent on.
        ["sign-in", "start"] if get => Ok(start(console, arrived, next, secret, now).await),
        ["sign-in", "callback"] if get => callback(console, arrived, handshake, secret, now).await,
        ["signed-out"] if get => {
            let provider = console.entry.provider.get().and_then(Provider::end_session);
            Ok(Answer::page(sign_in::signed_out(&arrived.door("Signed out"), provider.as_deref())))
        }
        ["sign-in" | "signed-out"] | ["sign-in", "start" | "callback"] => Err(Refusal::method_not_allowed()),
        _ => return None,
    })
}

/// Whoever has no session: a page leads to the sign-in and from there back; a form cannot, so it says what happened.
pub fn stranger(console: &Console, arrived: &Arrived, had_session: bool, get: bool) -> Answer {
    let answer = if get && arrived.query_one("part").is_none() {
        let ended = if had_session { "&ended=yes" } else { "" };
        let next = utf8_percent_encode(&arrived.here, NON_ALPHANUMERIC);
        Answer::SeeOther(format!("/sign-in?next={next}{ended}"))
    } else {
        page(console, arrived, "/", Said::Ended)
    };
    if had_session { answer.with("set-cookie", cookie::clear(&console.config, cookie::SESSION)) } else { answer }
}

fn next_of(text: Option<&str>) -> String {
    text.filter(|path| is_own_path(path)).unwrap_or("/").to_owned()
}

fn page(console: &Console, arrived: &Arrived, next: &str, said: Said) -> Answer {
    let demo = console.config.demo_users.iter().enumerate().map(|(number, user)| DemoPerson {
        value: number.to_string(),
        name: user.name.clone(),
        what: match user.tenant_name.as_str() {
            "" => format!("{}, tenant {}", roles_in_words(&user.roles), user.tenant),
            tenant => format!("{}, {tenant}", roles_in_words(&user.roles)),
        },
    });
    let problem =
        |heading: &str, text: &str| Some(sign_in::Problem { heading: heading.to_owned(), text: text.to_owned() });
    let view = SignIn {
        provider: console
            .config
            .oidc
            .as_ref()
            .map(|_| format!("/sign-in/start?next={}", utf8_percent_encode(next, NON_ALPHANUMERIC))),
        demo: demo.collect(),
        next: next.to_owned(),
        note: (said == Said::Ended)
            .then(|| "You were signed out: after 12 hours, or because your access changed. Sign in again.".to_owned()),
        problem: match said {
            Said::Nothing | Said::Ended | Said::WrongToken => None,
            Said::Stale => problem(
                "This sign-in is over.",
                "It was used already, took more than ten minutes or began in another browser. Begin again here.",
            ),
            Said::Failed => problem(
                "Your organisation's sign-in did not work.",
                "Nobody was signed in. Try again; if it keeps failing, tell an administrator.",
            ),
            Said::Denied => problem(
                "Your organisation did not let you in.",
                "Sign in with another account there, or ask an administrator.",
            ),
            Said::NoMember => problem(
                "You are not a member here yet.",
                "Your organisation knows you, but this installation does not know its tenant. Ask an administrator.",
            ),
        },
        token_problem: (said == Said::WrongToken)
            .then(|| "This token is not known or was revoked. Paste the whole token; it begins with cs_.".to_owned()),
    };
    let (status, title) = match said {
        Said::Nothing => (200, "Sign in"),
        Said::Ended if arrived.method == "POST" || arrived.query_one("part").is_some() => (401, "Sign in"),
        Said::Ended => (200, "Sign in"),
        Said::Denied | Said::NoMember => (403, "Error: Sign in"),
        Said::WrongToken | Said::Stale => (422, "Error: Sign in"),
        Said::Failed => (502, "Error: Sign in"),
    };
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
        let Some(record) = record else { return Ok(page(console, arrived, &next, Said::WrongToken)) };
        // Its roles are read with each request.
        Session::begin(record.tenant, record.user.clone(), record.user, Vec::new(), Proof::Token(hash), now)
    };
    Ok(begin(console, &session, &next, secret))
}

/// `GET /sign-in/start`: to the identity provider.
async fn start(console: &Console, arrived: &Arrived, next: String, secret: &Secret, now: Timestamp) -> Answer {
    // A long filter does not fit into a cookie together with the rest; the list itself does.
    let next = if next.len() > 1_500 { "/".to_owned() } else { next };
    let handshake = Handshake::begin(next.clone(), now);
    let address = async {
        let provider = console.entry.provider().await?;
        Ok::<_, Failed>(provider.authorization(&handshake, now).await?)
    };
    match address.await {
        Ok(address) => {
            let value = handshake.sign(secret);
            let kept = cookie::set(&console.config, cookie::HANDSHAKE, &value, HANDSHAKE_MS / 1_000);
            Answer::SeeOther(address).with("set-cookie", kept)
        }
        Err(error) => {
            tracing::error!(%error, "nobody can be sent to the identity provider");
            page(console, arrived, &next, Said::Failed)
        }
    }
}

/// `GET /sign-in/callback`: back from the identity provider, with a code or a refusal. A handshake is good for one way
/// back, whatever comes of it.
async fn callback(
    console: &Console,
    arrived: &Arrived,
    handshake: Option<&str>,
    secret: &Secret,
    now: Timestamp,
) -> Result<Answer, Refusal> {
    let over = |answer: Answer| answer.with("set-cookie", cookie::clear(&console.config, cookie::HANDSHAKE));
    let handshake = handshake.and_then(|text| Handshake::verify(secret, text, now));
    let state = arrived.query_one("state").unwrap_or_default();
    // The state is as secret as the cookie that carries it signed; a comparison of hashes leaks nothing of it.
    let Some(handshake) = handshake.filter(|kept| hash_token(&kept.state) == hash_token(state)) else {
        // The cookie stays: somebody else's answer must not end the sign-in that is under way.
        return Ok(page(console, arrived, "/", Said::Stale));
    };
    let next = next_of(Some(&handshake.next));
    if let Some(error) = arrived.query_one("error") {
        let error: String = error.chars().filter(char::is_ascii_graphic).take(60).collect();
        tracing::info!(error, "the identity provider let somebody not in");
        return Ok(over(page(console, arrived, &next, Said::Denied)));
    }
    let code = arrived.query_one("code").unwrap_or_default();
    let identity = async {
        let provider = console.entry.provider().await?;
        Ok::<_, Failed>(provider.redeem(code, arrived.query_one("iss"), &handshake, now).await?)
    };
    let identity = match identity.await {
        Ok(identity) => identity,
        Err(error) => {
            tracing::warn!(%error, "a sign-in failed");
            return Ok(over(page(console, arrived, &next, Said::Failed)));
        }
    };
    let tenant = TenantId(identity.tenant);
    let member = auth::member(&console.app.store, tenant, identity.user.clone(), &identity.roles, now).await?;
    if member.is_none() {
        return Ok(over(page(console, arrived, &next, Said::NoMember)));
    }
    let session = Session::begin(tenant, identity.user, identity.name, identity.roles, Proof::Provider, now);
    Ok(over(begin(console, &session, &next, secret)))
}

/// To the page the visitor wanted, with a session.
fn begin(console: &Console, session: &Session, next: &str, secret: &Secret) -> Answer {
    let mut value = session.sign(secret);
    if value.len() > COOKIE_BYTES_MAX {
        let short: String = session.user.chars().take(40).collect();
        value = Session { name: short, ..session.clone() }.sign(secret);
    }
    let value = cookie::set(&console.config, cookie::SESSION, &value, SESSION_MS / 1_000);
    Answer::SeeOther(next.to_owned()).with("set-cookie", value)
}

/// `POST /sign-out`: ends the session everywhere, not only in this browser.
pub async fn sign_out(visit: &Visit<'_>) -> Result<Answer, Refusal> {
    let session = &visit.session;
    visit.console.app.store.end_session(session.tenant, &session.id, session.until, visit.now).await?;
    let gone = cookie::clear(&visit.console.config, cookie::SESSION);
    Ok(Answer::SeeOther("/signed-out".to_owned()).with("set-cookie", gone))
}
