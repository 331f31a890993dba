//! The catalogue of texts: complete, and in the right language.

use super::*;
use domain::decision::Problem;
use domain::process::FieldKind;

fn entries() -> impl Iterator<Item = &'static Entry> {
    [
        page::PHRASES,
        page::SENTENCES,
        page::PLURALS,
        mail::PHRASES,
        mail::SENTENCES,
        mail::PLURALS,
        problem::PHRASES,
        problem::SENTENCES,
    ]
    .into_iter()
    .flatten()
}

#[test]
fn every_sentence_uses_every_placeholder_in_every_language() {
    for entry in entries() {
        for text in entry.texts {
            assert!(!text.trim().is_empty(), "{} has an empty text", entry.name);
            for parameter in entry.parameters {
                assert!(text.contains(&format!("{{{parameter}}}")), "{}: {text:?} lacks {{{parameter}}}", entry.name);
            }
        }
    }
    assert!(entries().count() > 80);
}

#[test]
fn no_sentence_shouts_or_carries_markup() {
    for entry in entries() {
        for text in entry.texts {
            assert!(!text.contains(['!', '<', '>', '&']), "{}: {text:?}", entry.name);
        }
    }
}

#[test]
fn languages_differ_unless_a_text_is_only_punctuation_around_values() {
    for entry in entries() {
        let words = entry.texts[0].replace(|c: char| !c.is_alphabetic(), " ");
        let only_values = words.split_whitespace().all(|word| entry.parameters.contains(&word));
        let (first, last) = (entry.texts[0], entry.texts[entry.texts.len() - 1]);
        assert!(only_values || first != last, "{} is not translated", entry.name);
    }
}

#[test]
fn the_task_language_wins_over_the_tenants_and_english_is_the_last_resort() {
    assert_eq!(Lang::pick(Some("de-CH"), "fr"), Lang::De);
    assert_eq!(Lang::pick(Some("FR_ca"), "de"), Lang::Fr);
    assert_eq!(Lang::pick(Some("nb-NO"), "de-AT"), Lang::De);
    assert_eq!(Lang::pick(None, "nb"), Lang::En);
    assert_eq!(Lang::pick(Some(""), ""), Lang::En);
    assert_eq!(Lang::pick(Some("deutsch"), "fr"), Lang::Fr, "only whole subtags count");
}

#[test]
fn a_browser_gets_the_first_language_it_accepts() {
    assert_eq!(Lang::accepted("nb-NO,nb;q=0.9,de;q=0.8,en;q=0.7"), Lang::De);
    assert_eq!(Lang::accepted("*"), Lang::En);
}

#[test]
fn french_counts_zero_with_one() {
    assert_eq!(Lang::Fr.days_left(0), "encore 0 jour");
    assert_eq!(Lang::En.days_left(0), "0 days left");
    assert_eq!(Lang::En.days_left(1), "1 day left");
    assert_eq!(Lang::De.days_left(3), "noch 3 Tage");
}

/// E-08: every refusal names the field, in every language; only the choice of a button belongs to no field.
#[test]
fn every_problem_has_a_sentence_that_names_the_field() {
    let problems = [
        Problem::Required,
        Problem::TooLong { max: 500, length: 1512 },
        Problem::NotANumber,
        Problem::TooSmall { min: "2.5".to_owned() },
        Problem::TooLarge { max: "20".to_owned() },
        Problem::NotADate,
        Problem::NotAnEmail,
        Problem::NotAChoice,
        Problem::UnknownField,
        Problem::UnknownAction,
        Problem::WrongType,
    ];
    let kinds = [
        None,
        Some(FieldKind::Text { max: 500, multiline: false }),
        Some(FieldKind::Email),
        Some(FieldKind::Number { min: None, max: None }),
        Some(FieldKind::Date),
        Some(FieldKind::Checkbox),
        Some(FieldKind::Choice(vec![])),
        Some(FieldKind::Choices(vec![])),
    ];
    for lang in Lang::ALL {
        for problem in &problems {
            for kind in &kinds {
                let sentence = lang.problem("Rail <b>", kind.as_ref(), problem);
                assert_eq!(sentence.contains("Rail <b>"), *problem != Problem::UnknownAction, "{sentence}");
            }
        }
    }
    let refused = Problem::Refused { code: "NO_CREDIT".to_owned(), message: "Say <how> much".to_owned() };
    assert_eq!(Lang::Fr.problem("", None, &refused), "Say <how> much", "the designer's own words, in any language");
    let too_long = Lang::De.problem("Text", None, &problems[1]);
    assert!(too_long.contains("1.512"), "numbers are in the reader's language: {too_long}");
}
