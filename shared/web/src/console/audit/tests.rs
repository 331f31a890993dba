//! Exports of the audit as the page shows them.

use super::*;
use crate::a11y;

fn pairs() -> Vec<(String, String)> {
    [("status", "PENDING"), ("recipient", "<b>@acme")].map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec()
}

fn at() -> Timestamp {
    Timestamp::from_millis(1_795_165_200_000)
}

fn sample(ended: bool) -> Export {
    Export {
        key: RunKey::compose(1_795_165_200_000, 7),
        format: "csv",
        pairs: pairs(),
        tasks: 1,
        entries: 12_345,
        started_at: at(),
        ended_at: ended.then(at),
        link: ended.then(|| "https://files.example/1/2.csv?X-Amz-Expires=300".to_owned()),
    }
}

fn shown(sample: &Export) -> String {
    export(&Shell::sample(), sample, &Zone::named("Europe/Oslo"), at())
}

#[test]
fn the_question_says_whose_histories_are_written_and_brings_the_filter_back() {
    let asked = Question {
        query: "status=PENDING&recipient=%3Cb%3E%40acme".to_owned(),
        pairs: pairs(),
        submission: "c3Vi".to_owned(),
        problems: Vec::new(),
    };
    let page = question(&Shell::sample(), &asked);
    assert!(page.contains("name=\"filter\" value=\"status=PENDING&amp;recipient=%3Cb%3E%40acme\""));
    assert!(page.contains("&lt;b&gt;@acme") && page.contains("name=\"format\" value=\"csv\" checked"));
    a11y::check_console(&page);
    let wrong = Question { problems: vec!["There is no status \"NOPE\".".to_owned()], ..asked };
    assert!(question(&Shell::sample(), &wrong).contains("role=\"alert\""));
}

#[test]
fn an_export_shows_how_far_it_is_and_then_its_link() {
    let under_way = shown(&sample(false));
    assert!(under_way.contains("12,345 entries of 1 task"));
    assert!(under_way.contains("http-equiv=\"refresh\"") && !under_way.contains("files.example"));
    a11y::check_console(&under_way);
    let done = shown(&sample(true));
    assert!(done.contains("href=\"https://files.example/1/2.csv?X-Amz-Expires=300\""));
    assert!(done.contains("five minutes") && !done.contains("http-equiv=\"refresh\""));
    // The file alone is elsewhere: no page of the console leads away from it but by this link.
    a11y::check_console(&shown(&Export { link: Some("/file".to_owned()), ..sample(true) }));
}
