//! The pages before and after a session: sign-in and signed-out.

use super::{Shell, render};
use serde::Serialize;

/// What the sign-in page offers.
#[derive(Clone, Debug, Default, Serialize)]
pub struct SignIn {
    /// Address that leads to the identity provider.
    pub provider: Option<String>,
    /// Users that may be chosen without proof: local installations only.
    pub demo: Vec<DemoPerson>,
    /// Path that is opened afterwards.
    pub next: String,
    /// Why the reader is here.
    pub note: Option<String>,
    /// Why signing in failed.
    pub problem: Option<Problem>,
    /// What is wrong with the token.
    pub token_problem: Option<String>,
}

/// A demo user.
#[derive(Clone, Debug, Serialize)]
pub struct DemoPerson {
    /// What is posted.
    pub value: String,
    /// Name.
    pub name: String,
    /// Role and tenant.
    pub what: String,
}

/// Why signing in failed.
#[derive(Clone, Debug, Serialize)]
pub struct Problem {
    /// What happened.
    pub heading: String,
    /// What to do.
    pub text: String,
}

#[derive(Serialize)]
struct SignedOut<'a> {
    provider: Option<&'a str>,
}

/// The page to sign in at.
pub fn page(shell: &Shell, view: &SignIn) -> String {
    render("console/sign-in.html", shell, view)
}

/// The page after signing out. `provider`: where to end the session at the identity provider.
pub fn signed_out(shell: &Shell, provider: Option<&str>) -> String {
    render("console/signed-out.html", shell, &SignedOut { provider })
}
