//! One request of somebody who is signed in: who, what, where from; and the checks every page shares.

use crate::Console;
use crate::cookie;
use crate::refusal::Refusal;
use app::auth::{self, Caller};
use app::keys::Secret;
use app::session::{Proof, Session};
use domain::command::{Door, Origin};
use domain::permission::{Permission, Role};
use domain::time::Timestamp;
use lambda_http::request::RequestContext;
use lambda_http::{Body, Request, RequestExt};
use percent_encoding::percent_decode_str;
use store::TenantRecord;
use web::console::{Section, Shell, Theme};
use web::form::FormError;
use web::form::upload::{self, Fields, File};
use web::format::Zone;

/// A request as it came, before anybody is known.
pub struct Arrived {
    pub method: String,
    pub path: String,
    /// Decoded parts of the path.
    pub segments: Vec<String>,
    pub query: Vec<(String, String)>,
    /// Path and query, for coming back.
    pub here: String,
    pub theme: Theme,
    pub keys: bool,
    address: Option<String>,
    /// What support finds the request by.
    pub number: Option<String>,
    content_type: String,
    /// The browser says that a page of this origin sent it.
    own_page: bool,
    body: Vec<u8>,
    pub gzip: bool,
}

impl Arrived {
    pub fn new(console: &Console, request: Request) -> Arrived {
        let header = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        let path = request.raw_http_path().to_owned();
        let query: Vec<(String, String)> = request
            .query_string_parameters_ref()
            .map(|query| query.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
            .unwrap_or_default();
        let segments = path.split('/').filter(|part| !part.is_empty()).map(decoded).collect();
        let (address, number) = match request.request_context_ref() {
            Some(RequestContext::ApiGatewayV2(context)) => (context.http.source_ip.clone(), context.request_id.clone()),
            _ => (None, None),
        };
        let here = match request.uri().query().filter(|query| !query.is_empty()) {
            Some(query) => format!("{path}?{query}"),
            None => path.clone(),
        };
        Arrived {
            method: request.method().to_string(),
            segments,
            query,
            here,
            theme: cookie::plain(&request, cookie::THEME).and_then(|text| Theme::parse(&text)).unwrap_or_default(),
            keys: cookie::plain(&request, cookie::KEYS).as_deref() != Some("off"),
            address,
            number,
            content_type: header("content-type").unwrap_or_default(),
            own_page: own_page(console, &header),
            gzip: header("accept-encoding").is_some_and(|text| text.contains("gzip")),
            path,
            body: match request.into_body() {
                Body::Text(text) => text.into_bytes(),
                Body::Binary(bytes) => bytes,
                Body::Empty | _ => Vec::new(),
            },
        }
    }

    /// The posted form. Only what a page of this origin sent is read.
    pub fn form(&self) -> Result<Fields, Refusal> {
        if !self.own_page {
            return Err(Refusal::foreign_form());
        }
        upload::read(&self.content_type, &self.body).map_err(|error| match error {
            FormError::TooLarge { .. } => {
                Refusal::invalid("What you sent is too large: at most 4 MB and 1,100 fields are possible at once.")
            }
            FormError::UnsupportedType | FormError::FileNotAccepted | FormError::Malformed(_) => {
                Refusal::invalid("The form could not be read. Open the page again and repeat what you did.")
            }
        })
    }

    /// The value of a query parameter.
    pub fn query_one(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(given, value)| given == name && !value.is_empty()).map(|(_, value)| value.as_str())
    }

    /// A shell for whoever is not signed in.
    pub fn door(&self, title: &str) -> Shell {
        Shell {
            title: title.to_owned(),
            section: None,
            tenant_name: String::new(),
            user: String::new(),
            role_word: String::new(),
            csrf: String::new(),
            theme: self.theme,
            keys: self.keys,
            sections: Vec::new(),
            here: self.here.clone(),
        }
    }
}

/// Whether a page of the console sent this. Browsers say so themselves; where one says nothing, the form's own value
/// has to do.
fn own_page(console: &Console, header: &impl Fn(&str) -> Option<String>) -> bool {
    if let Some(site) = header("sec-fetch-site") {
        return site == "same-origin";
    }
    match header("origin") {
        None => true,
        Some(origin) => {
            let host = header("host").unwrap_or_default();
            origin == console.config.console_url
                || origin.split_once("://").is_some_and(|(_, given)| !host.is_empty() && given == host)
        }
    }
}

fn decoded(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

/// One request of somebody who is signed in.
pub struct Visit<'a> {
    pub console: &'a Console,
    pub caller: Caller,
    pub tenant: TenantRecord,
    pub method: String,
    /// Decoded parts of the path.
    pub segments: Vec<String>,
    pub query: Vec<(String, String)>,
    /// Path and query of this page.
    pub here: String,
    /// Posted fields; their `csrf` is checked.
    pub form: Vec<(String, String)>,
    /// Posted files.
    pub files: Vec<File>,
    pub now: Timestamp,
    pub origin: Origin,
    /// What support finds the request by.
    pub number: Option<String>,
    pub session: Session,
    secret: Secret,
    theme: Theme,
    keys: bool,
}

impl<'a> Visit<'a> {
    /// Whoever the session's cookie names, if they still may come in. `None`: to the sign-in.
    pub async fn open(
        console: &'a Console,
        arrived: &Arrived,
        cookie: Option<&str>,
        secret: &Secret,
        now: Timestamp,
    ) -> Result<Option<Visit<'a>>, store::Error> {
        let Some(session) = cookie.and_then(|text| Session::verify(secret, text, now)) else { return Ok(None) };
        let store = &console.app.store;
        if store.session_ended(session.tenant, &session.id, now).await? {
            return Ok(None);
        }
        let Some(tenant) = store.tenant(session.tenant, now).await? else { return Ok(None) };
        // Roles of a token are those of its record, today.
        let roles = match &session.proof {
            Proof::Provider => session.roles.clone(),
            Proof::Token(hash) => match store.token(hash, now).await? {
                Some(record) if record.tenant == session.tenant => record.roles,
                Some(_) | None => return Ok(None),
            },
            Proof::Demo => {
                let known =
                    |user: &&crate::config::DemoUser| user.user == session.user && user.tenant == session.tenant.0;
                match console.config.demo_users.iter().find(known) {
                    Some(user) => user.roles.clone(),
                    None => return Ok(None),
                }
            }
        };
        let Some(caller) = auth::member(store, session.tenant, session.user.clone(), &roles, now).await? else {
            return Ok(None);
        };
        Ok(Some(Visit {
            console,
            caller,
            tenant,
            method: arrived.method.clone(),
            segments: arrived.segments.clone(),
            query: arrived.query.clone(),
            here: arrived.here.clone(),
            form: Vec::new(),
            files: Vec::new(),
            now,
            origin: Origin { door: Some(Door::Console), address: arrived.address.clone(), run: None },
            number: arrived.number.clone(),
            session,
            secret: secret.clone(),
            theme: arrived.theme,
            keys: arrived.keys,
        }))
    }

    /// Takes the posted form, if its value is one of this session's.
    pub fn take(&mut self, fields: Fields) -> Result<(), Refusal> {
        let value = fields.first("csrf").unwrap_or_default();
        if !self.session.accepts(&self.secret, value) {
            return Err(Refusal::foreign_form());
        }
        (self.form, self.files) = (fields.pairs, fields.files);
        Ok(())
    }

    /// Refuses with 403 what the visitor may see but not do.
    pub fn require(&self, permission: Permission) -> Result<(), Refusal> {
        if self.caller.may(permission) { Ok(()) } else { Err(Refusal::forbidden(permission)) }
    }

    /// Refuses with 404 what the visitor may not even see.
    pub fn require_visible(&self, permission: Permission) -> Result<(), Refusal> {
        if self.caller.may(permission) { Ok(()) } else { Err(Refusal::not_found()) }
    }

    /// The first value of a query parameter that is not empty.
    pub fn query_one(&self, name: &str) -> Option<&str> {
        first(&self.query, name)
    }

    /// The first posted value of a name that is not empty.
    pub fn field(&self, name: &str) -> Option<&str> {
        first(&self.form, name)
    }

    /// Every posted value of a name.
    pub fn field_all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.form.iter().filter(move |(given, _)| given == name).map(|(_, value)| value.as_str())
    }

    /// The part of the page that a script asks for.
    pub fn part(&self) -> Option<&str> {
        self.query_one("part")
    }

    /// The installation's secret.
    pub fn secret(&self) -> &Secret {
        &self.secret
    }

    /// The time zone of the tenant.
    pub fn zone(&self) -> Zone {
        Zone::named(&self.tenant.time_zone)
    }

    /// What every page shows around its content.
    pub fn shell(&self, title: impl Into<String>, section: impl Into<Option<Section>>) -> Shell {
        Shell {
            title: title.into(),
            section: section.into(),
            tenant_name: self.tenant.name.clone(),
            user: self.session.name.clone(),
            role_word: role_word(&self.caller.roles).to_owned(),
            csrf: self.session.form_value(&self.secret),
            theme: self.theme,
            keys: self.keys,
            sections: Section::ALL.into_iter().filter(|section| self.sees(*section)).collect(),
            here: self.here.clone(),
        }
    }

    /// Whether the visitor may see anything of a section.
    pub fn sees(&self, section: Section) -> bool {
        self.caller.may(match section {
            Section::ExternalTasks | Section::BulkRuns | Section::Delivery => Permission::ExternalTasksRead,
            Section::Instances => Permission::InstancesRead,
            Section::Definitions => Permission::DefinitionsRead,
        })
    }

    /// A posted path to come back to, if it is one of the console's.
    pub fn back(&self) -> Option<&str> {
        self.field("back").filter(|path| is_own_path(path))
    }
}

fn first<'b>(pairs: &'b [(String, String)], name: &str) -> Option<&'b str> {
    pairs.iter().find(|(given, value)| given == name && !value.is_empty()).map(|(_, value)| value.as_str())
}

fn role_word(roles: &[Role]) -> &'static str {
    match roles.iter().max() {
        Some(Role::Admin) => "Administrator",
        Some(Role::Manager) => "Manager",
        Some(Role::Operator) => "Operator",
        Some(Role::User) => "Member",
        None => "",
    }
}

/// Whether a path leads to this origin whatever a browser makes of it: one slash and no second one or backslash behind
/// it, nothing a header or parser would swallow.
pub fn is_own_path(path: &str) -> bool {
    let mut bytes = path.bytes();
    bytes.next() == Some(b'/')
        && !matches!(bytes.next(), Some(b'/' | b'\\'))
        && path.len() <= 2_000
        && path.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\')
}
