//! Sentences of the mails.

super::phrases! {
    /// Button of the first mail.
    read_and_answer { en: "Read and answer", de: "Lesen und antworten", fr: "Lire et répondre" }
    /// Button of a reminder.
    continue_and_answer { en: "Continue and answer", de: "Weiter zur Antwort", fr: "Continuer et répondre" }
    button_fails {
        en: "If the button does not work, copy this address into your browser:",
        de: "Wenn der Knopf nicht funktioniert, kopieren Sie diese Adresse in Ihren Browser:",
        fr: "Si le bouton ne fonctionne pas, copiez cette adresse dans votre navigateur :",
    }
    do_not_forward {
        en: "This link is personal. Whoever has it can answer in your name, so please do not forward this mail.",
        de: "Dieser Link ist persönlich. Wer ihn hat, kann in Ihrem Namen antworten. Leiten Sie diese Mail bitte nicht weiter.",
        fr: "Ce lien est personnel. Toute personne qui l’a peut répondre en votre nom : merci de ne pas transférer ce courriel.",
    }
    crossing {
        en: "If you have answered since this mail was sent, you need to do nothing.",
        de: "Wenn Sie inzwischen geantwortet haben, müssen Sie nichts tun.",
        fr: "Si vous avez répondu entre-temps, vous n’avez rien à faire.",
    }
    /// Label in the text part.
    asked_by { en: "Asked by", de: "Anfrage von", fr: "Demandé par" }
    /// Label in the text part.
    answer_by { en: "Answer by", de: "Antwort bis", fr: "Réponse d’ici" }
    /// Salutation without a name.
    hello { en: "Hello,", de: "Guten Tag,", fr: "Bonjour," }
    last_day { en: "last day", de: "letzter Tag", fr: "dernier jour" }
}

super::sentences! {
    dear(name) { en: "Dear {name},", de: "Guten Tag {name},", fr: "Bonjour {name}," }
    /// Subject of the first mail.
    subject_initial(task) { en: "Please answer: {task}", de: "Bitte antworten: {task}", fr: "Merci de répondre : {task}" }
    /// Subject of a reminder to a task without an end.
    subject_reminder(subject) { en: "Reminder: {subject}", de: "Erinnerung: {subject}", fr: "Rappel : {subject}" }
    /// Subject of a reminder; `left` is [`Lang::days_left`] or [`Lang::last_day`].
    subject_reminder_left(left, subject) { en: "Reminder, {left}: {subject}", de: "Erinnerung, {left}: {subject}", fr: "Rappel, {left} : {subject}" }
    /// A subject names the task and, where there is one, its reference.
    task_and_reference(task, reference) { en: "{task} ({reference})", de: "{task} ({reference})", fr: "{task} ({reference})" }
    /// Heading of a reminder on the last day.
    heading_last_day(task) { en: "Last day: {task}", de: "Letzter Tag: {task}", fr: "Dernier jour : {task}" }
    intro_reminder(organisation, day) {
        en: "{organisation} asked you on {day} and has no answer yet. The link is the same as before; what you have saved is still there.",
        de: "{organisation} hat Sie am {day} gefragt und noch keine Antwort erhalten. Der Link ist derselbe wie zuvor; was Sie gespeichert haben, ist noch da.",
        fr: "{organisation} vous a écrit le {day} et n’a pas encore de réponse. Le lien est le même qu’avant ; ce que vous avez enregistré est toujours là.",
    }
    intro_resend(organisation, day) {
        en: "{organisation} asked you on {day} and sends you this mail again. The link is the same as before.",
        de: "{organisation} hat Sie am {day} gefragt und schickt Ihnen diese Mail noch einmal. Der Link ist derselbe wie zuvor.",
        fr: "{organisation} vous a écrit le {day} et vous renvoie ce courriel. Le lien est le même qu’avant.",
    }
    /// First line a mail program shows beside the subject.
    preheader(organisation, day) {
        en: "{organisation} asks for your answer by {day}.",
        de: "{organisation} bittet um Ihre Antwort bis {day}.",
        fr: "{organisation} vous demande une réponse avant le {day}.",
    }
    preheader_open(organisation) {
        en: "{organisation} asks for your answer.",
        de: "{organisation} bittet um Ihre Antwort.",
        fr: "{organisation} vous demande une réponse.",
    }
    preheader_reminder(day) {
        en: "Your answer is still open until {day}. If you have answered since, ignore this mail.",
        de: "Ihre Antwort ist noch bis {day} möglich. Haben Sie schon geantwortet, beachten Sie diese Mail nicht.",
        fr: "Votre réponse est attendue jusqu’au {day}. Si vous avez répondu depuis, ignorez ce courriel.",
    }
    reply_goes_to(address) {
        en: "Questions? Reply to this mail, it goes to {address}.",
        de: "Fragen? Antworten Sie auf diese Mail, sie geht an {address}.",
        fr: "Des questions ? Répondez à ce courriel, il va à {address}.",
    }
    link_label(button) { en: "{button}:", de: "{button}:", fr: "{button} :" }
    asked_by_on(organisation, time) { en: "{organisation}, {time}", de: "{organisation}, {time}", fr: "{organisation}, {time}" }
    time_and_left(time, left) { en: "{time}, {left}", de: "{time}, {left}", fr: "{time}, {left}" }
}

super::plurals! {
    days_left(count) { en: ["{count} day left", "{count} days left"], de: ["noch {count} Tag", "noch {count} Tage"], fr: ["encore {count} jour", "encore {count} jours"] }
    heading_days_left(count, task) {
        en: ["{count} day left: {task}", "{count} days left: {task}"],
        de: ["Noch {count} Tag: {task}", "Noch {count} Tage: {task}"],
        fr: ["Encore {count} jour : {task}", "Encore {count} jours : {task}"],
    }
}
