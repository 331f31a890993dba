//! One function per command.

use anyhow::{Context, Result, bail};
use app::auth::hash_token;
use app::config::{LinkConfig, TableConfig};
use app::secret::SecretSource;
use app::{App, clock, random};
use domain::ids::{InstanceKey, TenantId};
use domain::outbound::{COMMANDS_MAX, CommandEndpoint, HOSTS_MAX, HostRule};
use domain::permission::{Permission, Permissions, Role};
use effects::{EffectsConfig, Path, Performer};
use std::io::Write;
use store::{JournalId, Store, TenantRecord, TokenRecord};

/// `--name value` pairs.
pub struct Options<'a>(Vec<(&'a str, &'a str)>);

impl<'a> Options<'a> {
    pub fn new(words: &[&'a str]) -> Options<'a> {
        let pairs = words.windows(2).filter_map(|pair| Some((pair[0].strip_prefix("--")?, pair[1])));
        Options(pairs.collect())
    }

    fn all(&self, name: &str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(given, _)| *given == name).map(|(_, value)| *value)
    }

    fn get(&self, name: &str) -> Option<&'a str> {
        self.all(name).next()
    }

    fn required(&self, name: &str) -> Result<&'a str> {
        self.get(name).with_context(|| format!("--{name} is missing; run admin without arguments for help"))
    }
}

/// Prints to standard output.
pub fn say(text: &str) {
    // A closed pipe is the reader's wish, not a failure.
    let _ = writeln!(std::io::stdout(), "{}", text.trim_end());
}

async fn store() -> Result<Store> {
    Ok(Store::connect(TableConfig::from_env()?.table).await)
}

fn tenant_id(text: &str) -> Result<TenantId> {
    let number: u32 = text.parse().context("a tenant is a number from 1")?;
    if number == 0 {
        bail!("a tenant is a number from 1");
    }
    Ok(TenantId(number))
}

pub async fn put_tenant(options: &Options<'_>) -> Result<()> {
    let store = store().await?;
    let id = tenant_id(options.required("id")?)?;
    let mut record = match store.tenant(id, clock::now()).await? {
        Some(record) => record,
        None => TenantRecord::new(id, options.required("name")?, clock::now()),
    };
    if let Some(name) = options.get("name") {
        record.name = name.to_owned();
    }
    if let Some(language) = options.get("language") {
        record.language = language.to_owned();
    }
    if let Some(time_zone) = options.get("time-zone") {
        record.time_zone = time_zone.to_owned();
    }
    if let Some(name) = options.get("mail-from-name") {
        record.mail_from_name = Some(name.to_owned());
    }
    if let Some(reply_to) = options.get("reply-to") {
        record.reply_to = Some(reply_to.to_owned());
    }
    if let Some(shards) = options.get("shards") {
        record.shards = shards.parse().context("--shards is a number; more, from 150 new tasks a second on")?;
    }
    if let Some(days) = options.get("retention-days") {
        record.retention_days = match days.parse().context("--retention-days is a number; 0 keeps for ever")? {
            0 => None,
            days => Some(days),
        };
    }
    for (name, limit) in
        [("mails-per-day", &mut record.mails_per_day), ("mails-per-recipient-day", &mut record.mails_per_recipient_day)]
    {
        if let Some(text) = options.get(name) {
            *limit = match text.parse().with_context(|| format!("--{name} is a number; 0 means no limit"))? {
                0 => None,
                number => Some(number),
            };
        }
    }
    for host in options.all("allow-host") {
        let rule: HostRule = host.parse()?;
        if !record.outbound.hosts.contains(&rule) {
            record.outbound.hosts.push(rule);
        }
    }
    for host in options.all("deny-host") {
        let rule: HostRule = host.parse()?;
        record.outbound.hosts.retain(|other| *other != rule);
    }
    if record.outbound.hosts.len() > HOSTS_MAX {
        bail!("a tenant has {HOSTS_MAX} hosts at most; *.example.com stands for many");
    }
    store.put_tenant(&record).await?;
    say(&format!("tenant {id} is \"{}\"", record.name));
    Ok(())
}

/// Shows the commands that a tenant's service tasks may run, and puts or deletes one.
pub async fn tenant_command(options: &Options<'_>) -> Result<()> {
    let store = store().await?;
    let id = tenant_id(options.required("id")?)?;
    let mut record = store.tenant(id, clock::now()).await?.with_context(|| format!("there is no tenant {id}"))?;
    if let Some(name) = options.get("name") {
        if options.get("delete") == Some("yes") {
            record.outbound.commands.remove(name);
        } else {
            let url = options.required("url")?.to_owned();
            let credentials = options.get("credentials").map(str::to_owned);
            record.outbound.commands.insert(name.to_owned(), CommandEndpoint { url, credentials });
        }
        if record.outbound.commands.len() > COMMANDS_MAX {
            bail!("a tenant has {COMMANDS_MAX} commands at most");
        }
        store.put_tenant(&record).await?;
        say("changed; it holds everywhere within 30 s");
    }
    for (name, endpoint) in &record.outbound.commands {
        say(&format!("{name}\t{}\t{}", endpoint.url, endpoint.credentials.as_deref().unwrap_or("-")));
    }
    Ok(())
}

/// Shows what the roles of a tenant may do, and changes what is given.
pub async fn permissions(options: &Options<'_>) -> Result<()> {
    let store = store().await?;
    let id = tenant_id(options.required("id")?)?;
    let mut record = store.tenant(id, clock::now()).await?.with_context(|| format!("there is no tenant {id}"))?;
    let before = record.setup;
    if let Some(text) = options.get("role") {
        let role = Role::parse(text).with_context(|| format!("there is no role \"{text}\""))?;
        record.setup = match (options.get("allow"), options.get("deny"), options.get("only"), options.get("reset")) {
            (Some(more), None, None, None) => record.setup.with(role, record.setup.of(role).union(parse(more)?)),
            (None, Some(less), None, None) => {
                let less = parse(less)?;
                let left = record.setup.of(role).iter().filter(|permission| !less.contains(*permission)).collect();
                record.setup.with(role, left)
            }
            (None, None, Some(only), None) => record.setup.with(role, parse(only)?),
            (None, None, None, Some("yes")) => record.setup.reset(role),
            _ => bail!("say one of --allow, --deny, --only (names with commas, or \"none\") or --reset yes"),
        };
    }
    if record.setup != before {
        store.put_tenant(&record).await?;
        say("changed; it holds everywhere within 30 s");
    }
    for role in Role::ALL {
        let names: Vec<_> = record.setup.of(role).iter().map(Permission::as_str).collect();
        say(&format!("{}\t{}", role.as_str(), names.join(" ")));
    }
    Ok(())
}

fn parse(text: &str) -> Result<Permissions> {
    let names = text.split(',').map(str::trim).filter(|name| !name.is_empty() && *name != "none");
    names
        .map(|name| {
            let all = || Permission::ALL.map(Permission::as_str).join(", ");
            Permission::parse(name).with_context(|| format!("there is no permission \"{name}\"; there are {}", all()))
        })
        .collect()
}

pub async fn list_tenants() -> Result<()> {
    for record in store().await?.tenants().await? {
        say(&format!("{}\t{}\t{}\t{}", record.id, record.name, record.language, record.time_zone));
    }
    Ok(())
}

pub async fn kill_links(options: &Options<'_>) -> Result<()> {
    let id = tenant_id(options.required("id")?)?;
    let epoch = store().await?.raise_epoch(id).await?.with_context(|| format!("there is no tenant {id}"))?;
    say(&format!("tenant {id}: every link made before epoch {epoch} is dead within 30 s; resend makes new ones"));
    Ok(())
}

pub async fn create_token(options: &Options<'_>) -> Result<()> {
    let tenant = tenant_id(options.required("tenant")?)?;
    let user = options.required("user")?.to_owned();
    let mut roles = Vec::new();
    for text in options.all("role") {
        let role = Role::parse(text).with_context(|| format!("there is no role \"{text}\""))?;
        roles.push(role.as_str().to_owned());
    }
    if roles.is_empty() {
        bail!("--role is missing: user, operator, manager or admin");
    }
    let store = store().await?;
    if store.tenant(tenant, clock::now()).await?.is_none() {
        bail!("there is no tenant {tenant}; create it with admin tenant put");
    }
    let token = random::api_token();
    let groups = options.all("group").map(str::to_owned).collect();
    let record = TokenRecord { tenant, user, roles, groups, created_at: clock::now() };
    store.put_token(&hash_token(&token), &record).await?;
    say(&token);
    Ok(())
}

pub async fn delete_token(options: &Options<'_>) -> Result<()> {
    store().await?.delete_token(&hash_token(options.required("token")?)).await?;
    say("the token is dead within 30 s");
    Ok(())
}

/// Follows the chain of an instance's journal; fails where it is broken.
pub async fn verify(options: &Options<'_>) -> Result<()> {
    let tenant = tenant_id(options.required("tenant")?)?;
    let instance: InstanceKey = options.required("instance")?.parse().context("--instance is a key of an instance")?;
    let faults = store().await?.verify_chain(tenant, instance).await?;
    for fault in &faults {
        say(&format!("{}\t{}", fault.sk, fault.problem));
    }
    if !faults.is_empty() {
        bail!("the history of {instance} was changed");
    }
    say("the history is as it was written");
    Ok(())
}

pub async fn replay(options: &Options<'_>) -> Result<()> {
    let config = LinkConfig::from_env()?;
    let aws = store::aws_config().await;
    let store = Store::with_config(&aws, config.table);
    let id =
        JournalId::parse(options.required("pk")?, options.required("sk")?).context("this names no journal item")?;
    let entry = store.journal_item(id.tenant(), &id, true).await?.context("there is no such journal item")?;
    let app = App { store, secret: Some(SecretSource::named(&aws, config.secret_arn)), commands: None };
    let performer = Performer::new(&aws, app, config.public_url, EffectsConfig::from_env()?);
    let wanted: Option<usize> = options.get("effect").map(str::parse).transpose().context("--effect is a number")?;
    for number in (0..entry.effects.len()).filter(|number| wanted.is_none_or(|wanted| wanted == *number)) {
        performer.perform(&entry, number, Path::Retry, clock::now()).await?;
        say(&format!("effect {number} done"));
    }
    Ok(())
}
