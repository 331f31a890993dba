//! The operator's command line: tenants, tokens, the kill switch of links, and effects performed again.
//! Works against AWS or the local stack, as the environment says; holds no rule of its own.

mod commands;

use anyhow::Result;

const USAGE: &str = "\
admin tenant put --id N --name NAME [--language en] [--time-zone Europe/Oslo] 
                 [--mail-from-name NAME] [--reply-to ADDRESS] [--retention-days N] [--shards N]
                 [--mails-per-day N] [--mails-per-recipient-day N]
                 [--allow-host HOST] [--deny-host HOST]     which hosts system tasks may call
admin tenant list
admin tenant permissions --id N [--role ROLE --allow|--deny|--only NAME,NAME | --reset yes]
                                        shows, and changes, what roles may do
admin tenant command --id N [--name NAME --url URL [--credentials NAME] | --name NAME --delete yes]
                                        shows, puts or deletes commands of service tasks
admin tenant kill-links --id N          every link of the tenant ends within 30 s
admin token create --tenant N --user ID --role ROLE [--role ROLE] [--group TEAM ...]    prints the token, once
admin token delete --token TOKEN
admin journal verify --tenant N --instance KEY    follows the chain of an instance's history
admin replay --pk PK --sk SK [--effect N]    performs the effects of a journal item again

Environment: TABLE_NAME, AWS_REGION, AWS_ENDPOINT_URL for the local stack; replay also needs the outbox's variables.
Roles: user, operator, manager, admin.
";

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let options = commands::Options::new(&words);
    match words.as_slice() {
        ["tenant", "put", ..] => commands::put_tenant(&options).await,
        ["tenant", "list", ..] => commands::list_tenants().await,
        ["tenant", "permissions", ..] => commands::permissions(&options).await,
        ["tenant", "command", ..] => commands::tenant_command(&options).await,
        ["tenant", "kill-links", ..] => commands::kill_links(&options).await,
        ["token", "create", ..] => commands::create_token(&options).await,
        ["token", "delete", ..] => commands::delete_token(&options).await,
        ["journal", "verify", ..] => commands::verify(&options).await,
        ["replay", ..] => commands::replay(&options).await,
        _ => {
            commands::say(USAGE);
            std::process::exit(2);
        }
    }
}
