//! Sentences of the public pages.

super::phrases! {
    /// Foot of every page.
    sent_with { en: "Sent with Countersign", de: "Gesendet mit Countersign", fr: "Envoyé avec Countersign" }
    /// Signature block: the line of the one who answers, still open.
    your_answer { en: "Your answer", de: "Ihre Antwort", fr: "Votre réponse" }
    /// Signature block: the line of the one who answered.
    answered { en: "Answered", de: "Beantwortet", fr: "Répondu" }
    /// Signature block of an expired task.
    no_answer { en: "No answer", de: "Keine Antwort", fr: "Sans réponse" }
    /// Signature block of a cancelled task.
    request_stopped { en: "Request stopped", de: "Anfrage beendet", fr: "Demande arrêtée" }
    /// Signature block of a task without an end.
    no_deadline { en: "no deadline", de: "ohne Frist", fr: "sans échéance" }
    /// Label of a fact.
    reference { en: "Reference", de: "Betreff", fr: "Référence" }
    /// Label of a fact: the name of the task on pages that have another heading.
    question { en: "Question", de: "Frage", fr: "Objet" }
    /// Label of a fact on the success page.
    receipt { en: "Receipt", de: "Beleg", fr: "Reçu" }
    /// Behind the label of a field that may stay empty.
    optional { en: "(optional)", de: "(freiwillig)", fr: "(facultatif)" }
    /// Label of the built-in comment.
    comment { en: "Comment", de: "Anmerkung", fr: "Commentaire" }
    /// First entry of a list that must be chosen from.
    choose { en: "Choose", de: "Bitte wählen", fr: "Choisir" }
    /// The action every task has when none is modelled.
    submit { en: "Send answer", de: "Antwort senden", fr: "Envoyer la réponse" }
    /// Bare button of the task page.
    save_and_answer_later { en: "Save and answer later", de: "Speichern und später antworten", fr: "Enregistrer et répondre plus tard" }
    /// Foot of the task page.
    link_is_personal {
        en: "This link is personal. Whoever has it can answer in your name, so please do not pass it on.",
        de: "Dieser Link ist persönlich. Wer ihn hat, kann in Ihrem Namen antworten. Geben Sie ihn bitte nicht weiter.",
        fr: "Ce lien est personnel. Toute personne qui l’a peut répondre en votre nom : merci de ne pas le transmettre.",
    }
    /// Note above the form after a draft was saved, without a deadline.
    saved {
        en: "Saved, not sent yet. You can close this page and come back with the same link.",
        de: "Gespeichert, noch nicht gesendet. Sie können diese Seite schließen und mit demselben Link zurückkommen.",
        fr: "Enregistré, pas encore envoyé. Vous pouvez fermer cette page et revenir avec le même lien.",
    }
    /// Note above the form when an earlier visit left a draft.
    draft_restored {
        en: "What you saved earlier is filled in below. It has not been sent yet.",
        de: "Was Sie früher gespeichert haben, ist unten eingetragen. Es ist noch nicht gesendet.",
        fr: "Ce que vous avez enregistré plus tôt est repris ci-dessous. Rien n’est encore envoyé.",
    }
    success_title { en: "Thank you, your answer has arrived", de: "Danke, Ihre Antwort ist angekommen", fr: "Merci, votre réponse est arrivée" }
    print_hint {
        en: "Print this page if you want to keep a record.",
        de: "Drucken Sie diese Seite, wenn Sie einen Nachweis behalten möchten.",
        fr: "Imprimez cette page si vous voulez en garder une trace.",
    }
    completed_title { en: "This question has been answered", de: "Diese Frage ist beantwortet", fr: "Cette question a reçu une réponse" }
    expired_title { en: "The time to answer has passed", de: "Die Frist für die Antwort ist abgelaufen", fr: "Le délai de réponse est écoulé" }
    cancelled_title { en: "Your answer is no longer needed", de: "Ihre Antwort wird nicht mehr gebraucht", fr: "Votre réponse n’est plus nécessaire" }
    failed_title { en: "Your answer could not be processed", de: "Ihre Antwort konnte nicht verarbeitet werden", fr: "Votre réponse n’a pas pu être traitée" }
    /// On a page that refuses an answer just posted.
    not_sent {
        en: "What you typed just now was not sent.",
        de: "Was Sie gerade eingegeben haben, wurde nicht gesendet.",
        fr: "Ce que vous venez de saisir n’a pas été envoyé.",
    }
    not_found_title { en: "This link does not work", de: "Dieser Link funktioniert nicht", fr: "Ce lien ne fonctionne pas" }
    not_found_check {
        en: "Check that the address is complete: some mail programs break long links over two lines. Open the link from the newest mail, or copy it whole into the address bar.",
        de: "Prüfen Sie, ob die Adresse vollständig ist: Manche Mailprogramme brechen lange Links um. Öffnen Sie den Link aus der neuesten Mail oder kopieren Sie ihn ganz in die Adresszeile.",
        fr: "Vérifiez que l’adresse est complète : certains logiciels de messagerie coupent les liens longs. Ouvrez le lien du courriel le plus récent ou copiez-le en entier dans la barre d’adresse.",
    }
    not_found_ask {
        en: "If that does not help, ask the person who sent you the mail for a new link.",
        de: "Wenn das nicht hilft, bitten Sie die Person, die Ihnen die Mail geschickt hat, um einen neuen Link.",
        fr: "Si cela ne suffit pas, demandez un nouveau lien à la personne qui vous a écrit.",
    }
    method_title { en: "This address cannot do that", de: "Diese Adresse kann das nicht", fr: "Cette adresse ne permet pas cela" }
    method_text {
        en: "Open the link from the mail in a browser. There you can read the question and answer it.",
        de: "Öffnen Sie den Link aus der Mail in einem Browser. Dort können Sie die Frage lesen und beantworten.",
        fr: "Ouvrez le lien du courriel dans un navigateur. Vous pourrez y lire la question et y répondre.",
    }
    unreadable_title { en: "Your answer could not be read", de: "Ihre Antwort konnte nicht gelesen werden", fr: "Votre réponse n’a pas pu être lue" }
    unreadable_text {
        en: "Nothing was sent. Go back to the page, check your answers and send them again.",
        de: "Es wurde nichts gesendet. Gehen Sie zurück zur Seite, prüfen Sie Ihre Antworten und senden Sie sie noch einmal.",
        fr: "Rien n’a été envoyé. Revenez à la page, vérifiez vos réponses et envoyez-les de nouveau.",
    }
    too_large_title { en: "Your answer is too long", de: "Ihre Antwort ist zu lang", fr: "Votre réponse est trop longue" }
    too_large_text {
        en: "Nothing was sent. Go back to the page, shorten the longest text and send it again.",
        de: "Es wurde nichts gesendet. Gehen Sie zurück zur Seite, kürzen Sie den längsten Text und senden Sie noch einmal.",
        fr: "Rien n’a été envoyé. Revenez à la page, raccourcissez le texte le plus long et envoyez de nouveau.",
    }
    file_title { en: "Files cannot be sent here", de: "Dateien können hier nicht gesendet werden", fr: "Les fichiers ne sont pas acceptés ici" }
    file_text {
        en: "Nothing was sent. Go back to the page, remove the file and send your answer again.",
        de: "Es wurde nichts gesendet. Gehen Sie zurück zur Seite, entfernen Sie die Datei und senden Sie Ihre Antwort noch einmal.",
        fr: "Rien n’a été envoyé. Revenez à la page, retirez le fichier et envoyez de nouveau votre réponse.",
    }
    busy_title { en: "Too many visits at once", de: "Zu viele Aufrufe auf einmal", fr: "Trop de visites à la fois" }
    busy_text {
        en: "Wait a minute, then open the link again. Nothing is lost.",
        de: "Warten Sie eine Minute und öffnen Sie den Link dann noch einmal. Es geht nichts verloren.",
        fr: "Attendez une minute, puis rouvrez le lien. Rien n’est perdu.",
    }
    unavailable_title { en: "This page cannot be shown right now", de: "Diese Seite kann gerade nicht gezeigt werden", fr: "Cette page ne peut pas être affichée pour le moment" }
    unavailable_text {
        en: "The fault is on our side. Try again in a few minutes with the same link; your deadline is unchanged.",
        de: "Der Fehler liegt bei uns. Versuchen Sie es in einigen Minuten mit demselben Link noch einmal; Ihre Frist bleibt dieselbe.",
        fr: "L’erreur vient de chez nous. Réessayez dans quelques minutes avec le même lien ; votre délai reste le même.",
    }
}

super::sentences! {
    /// Title of the window.
    window_title(heading, organisation) { en: "{heading} - {organisation}", de: "{heading} - {organisation}", fr: "{heading} - {organisation}" }
    /// Title of the window when a field is wrong.
    error_title(title) { en: "Error: {title}", de: "Fehler: {title}", fr: "Erreur : {title}" }
    /// Signature block: the line of the one who asked.
    asked(organisation) { en: "{organisation} asked", de: "{organisation} hat gefragt", fr: "{organisation} a demandé" }
    /// Signature block: until when.
    by_time(time) { en: "by {time}", de: "bis {time}", fr: "jusqu’au {time}" }
    /// Lead of a task that has no description.
    default_lead(organisation) {
        en: "{organisation} asks for your answer. You need no account.",
        de: "{organisation} bittet Sie um Ihre Antwort. Sie brauchen kein Konto.",
        fr: "{organisation} vous demande une réponse. Vous n’avez pas besoin de compte.",
    }
    saved_until(time) {
        en: "Saved, not sent yet. You can close this page and come back with the same link until {time}.",
        de: "Gespeichert, noch nicht gesendet. Sie können diese Seite schließen und bis {time} mit demselben Link zurückkommen.",
        fr: "Enregistré, pas encore envoyé. Vous pouvez fermer cette page et revenir avec le même lien jusqu’au {time}.",
    }
    not_for_you(address) {
        en: "Not meant for you? Tell {address} and close this page.",
        de: "Nicht für Sie bestimmt? Schreiben Sie an {address} und schließen Sie diese Seite.",
        fr: "Ce n’est pas pour vous ? Prévenez {address} et fermez cette page.",
    }
    questions_to(address) { en: "Questions? Write to {address}.", de: "Fragen? Schreiben Sie an {address}.", fr: "Des questions ? Écrivez à {address}." }
    you_chose(action) { en: "You chose: {action}", de: "Ihre Wahl: {action}", fr: "Votre choix : {action}" }
    success_text(organisation) {
        en: "{organisation} has your answer. You need to do nothing else and can close this page.",
        de: "{organisation} hat Ihre Antwort. Sie müssen nichts weiter tun und können diese Seite schließen.",
        fr: "{organisation} a reçu votre réponse. Vous n’avez rien d’autre à faire et pouvez fermer cette page.",
    }
    completed_text(organisation) {
        en: "An answer was sent through this link before. It cannot be changed here. If it was not you, or if something in it is wrong, tell your contact at {organisation}.",
        de: "Über diesen Link wurde bereits geantwortet. Die Antwort kann hier nicht geändert werden. Wenn Sie das nicht waren oder etwas daran falsch ist, sagen Sie es Ihrer Ansprechperson bei {organisation}.",
        fr: "Une réponse a déjà été envoyée par ce lien. Elle ne peut plus être modifiée ici. Si ce n’était pas vous, ou si elle contient une erreur, dites-le à votre contact chez {organisation}.",
    }
    expired_text(time, organisation) {
        en: "This link could be answered until {time}. If you still want to answer, ask your contact at {organisation} for a new link.",
        de: "Über diesen Link konnte bis {time} geantwortet werden. Wenn Sie noch antworten möchten, bitten Sie Ihre Ansprechperson bei {organisation} um einen neuen Link.",
        fr: "Ce lien acceptait une réponse jusqu’au {time}. Si vous voulez encore répondre, demandez un nouveau lien à votre contact chez {organisation}.",
    }
    cancelled_text(organisation, day) {
        en: "{organisation} stopped this request on {day}. You need to do nothing.",
        de: "{organisation} hat diese Anfrage am {day} beendet. Sie müssen nichts tun.",
        fr: "{organisation} a arrêté cette demande le {day}. Vous n’avez rien à faire.",
    }
    failed_text(organisation) {
        en: "The fault is not yours. {organisation} has been told and will look into it. What you typed is kept; try again later with the same link.",
        de: "Der Fehler liegt nicht bei Ihnen. {organisation} wurde benachrichtigt und kümmert sich darum. Ihre Eingaben bleiben erhalten; versuchen Sie es später mit demselben Link noch einmal.",
        fr: "Vous n’y êtes pour rien. {organisation} a été prévenu et va s’en occuper. Ce que vous avez saisi est conservé ; réessayez plus tard avec le même lien.",
    }
    /// Hints of fields.
    hint_max(max) { en: "At most {max} characters.", de: "Höchstens {max} Zeichen.", fr: "{max} caractères au plus." }
    hint_between(min, max) { en: "A number from {min} to {max}.", de: "Eine Zahl von {min} bis {max}.", fr: "Un nombre de {min} à {max}." }
    hint_from(min) { en: "A number from {min} on.", de: "Eine Zahl ab {min}.", fr: "Un nombre à partir de {min}." }
    hint_up_to(max) { en: "A number up to {max}.", de: "Eine Zahl bis {max}.", fr: "Un nombre jusqu’à {max}." }
}

super::plurals! {
    /// Heading of the error summary.
    correct_answers(count) {
        en: ["Please correct one answer", "Please correct {count} answers"],
        de: ["Bitte korrigieren Sie eine Angabe", "Bitte korrigieren Sie {count} Angaben"],
        fr: ["Merci de corriger une réponse", "Merci de corriger {count} réponses"],
    }
}
