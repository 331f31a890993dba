//! Sentences for refused answers: each names the field and says the way out (feature E-08).

use crate::format;
use crate::text::Lang;
use domain::decision::Problem;
use domain::process::FieldKind;

impl Lang {
    /// The sentence for `problem` at the field with this label. `kind` is `None` for what is no field of the page.
    pub fn problem(self, label: &str, kind: Option<&FieldKind>, problem: &Problem) -> String {
        match problem {
            Problem::Required => self.required(label, kind),
            Problem::TooLong { max, length } => {
                self.too_long(label, &format::count(self, *max), &format::count(self, *length))
            }
            Problem::NotANumber => self.not_a_number(label),
            Problem::TooSmall { min } => self.too_small(label, &format::decimal(self, min)),
            Problem::TooLarge { max } => self.too_large(label, &format::decimal(self, max)),
            Problem::NotADate => self.not_a_date(label),
            Problem::NotAnEmail => self.not_an_email(label),
            Problem::NotAChoice => self.not_a_choice(label),
            Problem::UnknownField => self.unknown_field(label),
            Problem::UnknownAction => self.unknown_action().to_owned(),
            Problem::WrongType => self.wrong_type(label),
            // Written by the designer for whoever answers (feature S4-80).
            Problem::Refused { message, .. } => message.clone(),
        }
    }

    fn required(self, label: &str, kind: Option<&FieldKind>) -> String {
        match kind {
            Some(FieldKind::Choice(_)) => self.required_choice(label),
            Some(FieldKind::Choices(_)) => self.required_choices(label),
            Some(FieldKind::Checkbox) => self.required_tick(label),
            Some(FieldKind::Date) => self.required_date(label),
            Some(FieldKind::Number { .. }) => self.required_number(label),
            Some(FieldKind::Email) => self.not_an_email(label),
            Some(FieldKind::Text { .. }) | None => self.required_text(label),
        }
    }
}

super::phrases! {
    unknown_action {
        en: "Choose one of the buttons at the end of the page",
        de: "Wählen Sie einen der Knöpfe am Ende der Seite",
        fr: "Choisissez l’un des boutons en bas de la page",
    }
}

super::sentences! {
    required_text(label) { en: "Fill in “{label}”", de: "Füllen Sie „{label}“ aus", fr: "Remplissez « {label} »" }
    required_choice(label) { en: "Choose an answer for “{label}”", de: "Wählen Sie eine Antwort bei „{label}“", fr: "Choisissez une réponse pour « {label} »" }
    required_choices(label) { en: "Choose at least one answer for “{label}”", de: "Wählen Sie mindestens eine Antwort bei „{label}“", fr: "Choisissez au moins une réponse pour « {label} »" }
    required_tick(label) { en: "Tick “{label}” to go on", de: "Kreuzen Sie „{label}“ an, um fortzufahren", fr: "Cochez « {label} » pour continuer" }
    required_date(label) { en: "Enter a date for “{label}”, for example 2026-12-03", de: "Geben Sie bei „{label}“ ein Datum ein, zum Beispiel 2026-12-03", fr: "Indiquez une date pour « {label} », par exemple 2026-12-03" }
    required_number(label) { en: "Enter a number for “{label}”, for example 12.5", de: "Geben Sie bei „{label}“ eine Zahl ein, zum Beispiel 12,5", fr: "Indiquez un nombre pour « {label} », par exemple 12,5" }
    too_long(label, max, length) {
        en: "Use at most {max} characters for “{label}”; you have {length}",
        de: "Bei „{label}“ sind höchstens {max} Zeichen möglich; Sie haben {length}",
        fr: "« {label} » accepte {max} caractères au plus ; vous en avez {length}",
    }
    not_a_number(label) {
        en: "Enter “{label}” as a plain number, for example 1250 or 12.5",
        de: "Geben Sie „{label}“ als einfache Zahl ein, zum Beispiel 1250 oder 12,5",
        fr: "Indiquez « {label} » sous forme de simple nombre, par exemple 1250 ou 12,5",
    }
    too_small(label, min) { en: "Enter {min} or more for “{label}”", de: "Geben Sie bei „{label}“ mindestens {min} ein", fr: "Indiquez au moins {min} pour « {label} »" }
    too_large(label, max) { en: "Enter {max} or less for “{label}”", de: "Geben Sie bei „{label}“ höchstens {max} ein", fr: "Indiquez au plus {max} pour « {label} »" }
    not_a_date(label) {
        en: "Enter “{label}” as year, month and day, for example 2026-12-03",
        de: "Geben Sie „{label}“ als Jahr, Monat und Tag ein, zum Beispiel 2026-12-03",
        fr: "Indiquez « {label} » par année, mois et jour, par exemple 2026-12-03",
    }
    not_an_email(label) {
        en: "Enter “{label}” as an e-mail address such as name@company.example",
        de: "Geben Sie „{label}“ als E-Mail-Adresse ein, zum Beispiel name@firma.example",
        fr: "Indiquez « {label} » sous forme d’adresse e-mail, par exemple nom@entreprise.example",
    }
    not_a_choice(label) { en: "Choose one of the answers offered for “{label}”", de: "Wählen Sie eine der angebotenen Antworten bei „{label}“", fr: "Choisissez l’une des réponses proposées pour « {label} »" }
    unknown_field(label) {
        en: "This page no longer asks for “{label}”. Check your answers and send them again",
        de: "Diese Seite fragt nicht mehr nach „{label}“. Prüfen Sie Ihre Antworten und senden Sie sie noch einmal",
        fr: "Cette page ne demande plus « {label} ». Vérifiez vos réponses et envoyez-les de nouveau",
    }
    wrong_type(label) { en: "Give one answer for “{label}”", de: "Geben Sie bei „{label}“ nur eine Antwort", fr: "Donnez une seule réponse pour « {label} »" }
}
