//! Headers that every public answer carries (contract: public pages). Builds text; sends nothing.

/// The content security policy of a page with this nonce. Scripts are allowed, by the same nonce, only where the page
/// has one: without `allow_script` no script of any origin runs.
pub fn csp(nonce: &str, allow_script: bool) -> String {
    let script = if allow_script { format!("script-src 'nonce-{nonce}'; ") } else { String::new() };
    format!(
        "default-src 'none'; {script}style-src 'nonce-{nonce}'; img-src 'self' data:; form-action 'self'; \
         frame-ancestors 'none'; base-uri 'none'"
    )
}

/// Names and values of all headers of a public page, `Content-Type` included. The link is a capability: nothing may
/// keep the page, index it, frame it or learn its address from a referrer.
pub fn headers(nonce: &str, allow_script: bool) -> Vec<(&'static str, String)> {
    vec![
        ("content-type", "text/html; charset=utf-8".to_owned()),
        ("cache-control", "no-store".to_owned()),
        ("referrer-policy", "no-referrer".to_owned()),
        ("x-robots-tag", "noindex, nofollow".to_owned()),
        ("x-content-type-options", "nosniff".to_owned()),
        ("x-frame-options", "DENY".to_owned()),
        ("cross-origin-opener-policy", "same-origin".to_owned()),
        ("cross-origin-resource-policy", "same-origin".to_owned()),
        ("permissions-policy", "camera=(), geolocation=(), microphone=(), payment=()".to_owned()),
        ("strict-transport-security", "max-age=31536000".to_owned()),
        ("content-security-policy", csp(nonce, allow_script)),
    ]
}
