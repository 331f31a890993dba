"""ClientScript in a real browser: what it shows, requires and marks, and that it reaches nothing else."""

import pytest
from asking import question
from playwright.sync_api import expect

FORM = """<h1>Your offer</h1>
<form>
  <p><label>Amount in EUR <input name="amount" type="number"></label></p>
  <fieldset><legend>Decision</legend><label><input type="radio" name="decision" value="Accept"> Accept</label>
    <label><input type="radio" name="decision" value="Refuse"> Refuse</label></fieldset>
  <div><label for="why">Justification</label><textarea id="why" name="justification"></textarea></div>
  <div><input type="checkbox" id="express" name="express" value="yes"><label for="express">Express</label>
    <label for="day">Day</label><input type="date" id="day" name="day"></div>
  <fieldset><legend>Documents</legend><label><input type="checkbox" name="documents" value="Licence"> Licence</label>
    <label><input type="checkbox" name="documents" value="Policy"> Policy</label></fieldset>
</form>"""
SCRIPT = """
// The whole page says what the form needs.
if (amount > formContext.limit || decision === 'Refuse') { showField('justification'); requireField('justification'); }
if (riskScore > 75) showWarning('High risk application');
if (documents && documents.length === 2) showWarning('Two documents: ' + documents.join(' and '));
if (WorkflowData.limit === limit) highlightField('amount', amount > limit ? 'rgb(174, 36, 28)' : 'no colour');
if (!express) hideField('day');
if (decision === 'Accept') require('documents');
"""
CONTEXT = {"limit": 1000, "riskScore": 81}


def offer(product, script=SCRIPT, variables=None, **properties):
    properties = {"TaskPage": FORM, **properties}
    return question(product, ClientScript=script, FormVariables="limit,riskScore,payload",
                    variables={**CONTEXT, **(variables or {})}, **properties)


def test_the_script_shows_requires_and_marks_fields_as_they_change(product, visitor):
    """S4-34, S4-35: on load and after each change, always from the page as it was served."""
    asked = offer(product)
    visitor.open(asked.link)
    page, why = visitor.page, visitor.page.get_by_label("Justification")
    expect(page.get_by_role("status")).to_have_text("High risk application")
    expect(why).to_be_hidden()
    expect(page.get_by_text("Justification")).to_be_hidden()
    expect(page.get_by_label("Day")).to_be_hidden()
    expect(page.get_by_label("Express")).to_be_visible()
    assert visitor.violations() == []
    marked = page.locator("p", has=page.get_by_label("Amount in EUR"))
    expect(marked).to_have_css("border-left-color", "rgb(38, 67, 166)")

    page.get_by_label("Amount in EUR").fill("1000.5")
    expect(why).to_be_visible()
    expect(why).to_have_attribute("required", "")
    expect(marked).to_have_css("border-left-color", "rgb(174, 36, 28)")
    page.get_by_label("Express").check()
    expect(page.get_by_label("Day")).to_be_visible()
    page.get_by_label("Licence").check()
    page.get_by_label("Policy").check()
    expect(page.get_by_role("status").locator("p")).to_have_text(
        ["High risk application", "Two documents: Licence and Policy"])
    page.get_by_label("Amount in EUR").fill("3")
    expect(why).to_be_hidden()
    page.get_by_label("Refuse").check()
    expect(why).to_be_visible()
    assert visitor.violations() == [] and visitor.overflow() <= 0

    # A field the script requires is asked for where it stands, in the product's words; then the answer goes as usual.
    page.locator("button[value=Yes]").click()
    assert why.evaluate("field => field === document.activeElement && field.validationMessage") == "Fill in “Justification”"
    assert asked.task["status"] == "PENDING"
    why.fill("Too expensive")
    visitor.press("Yes")
    assert asked.task["answers"] == {"amount": 3, "decision": "Refuse", "justification": "Too expensive", "express": True,
                                     "documents": ["Licence", "Policy"]}


def test_a_required_group_is_asked_for_and_a_draft_needs_nothing(product, visitor):
    """S4-35, S0-64: one box of the group is enough."""
    asked = offer(product)
    visitor.open(asked.link)
    visitor.page.get_by_label("Accept").check()
    visitor.page.locator("button[value=Yes]").click()
    box = visitor.page.get_by_label("Licence")
    assert box.evaluate("box => box.validationMessage") == "Choose at least one answer for “Documents”"
    visitor.press("saveDraft")
    expect(visitor.page.get_by_label("Accept")).to_be_checked()
    visitor.page.get_by_label("Policy").check()
    visitor.press("Yes")
    assert asked.task["answers"] == {"decision": "Accept", "documents": ["Policy"], "express": False}


def test_the_built_in_form_asks_for_a_comment_when_the_script_requires_it(product, visitor):
    """S4-35: in the product's own form, on a phone and in the dark as well."""
    asked = question(product, ClientScript="requireField('comment'); showWarning('We need a word of yours.')")
    visitor.open(asked.link)
    comment = visitor.page.get_by_label("Comment")
    expect(visitor.page.get_by_text("(optional)")).to_be_hidden()
    visitor.page.locator("button[value=Yes]").click()
    assert comment.evaluate("field => field.validationMessage") == "Fill in “Comment”"
    visitor.press("saveDraft")
    expect(visitor.page.get_by_role("status").first).to_contain_text("Saved")
    comment.fill("Here it is")
    visitor.press("Yes")
    assert asked.task["answers"] == {"comment": "Here it is"}


def test_without_script_every_field_is_there(product, visit):
    """Contract, public pages: the page works without script; nothing is hidden that nobody could show."""
    visitor, asked = visit(script=False), offer(product)
    visitor.open(asked.link)
    expect(visitor.page.get_by_label("Justification")).to_be_visible()
    expect(visitor.page.get_by_label("Day")).to_be_visible()
    visitor.press("No")
    assert asked.task["outcome"] == "No"


def test_a_refused_field_stays_in_sight(product, visitor):
    """S4-36: what the server refused is shown although the script hides it."""
    asked = offer(product, "hideField('day')", TaskPage=FORM.replace('type="date"', 'type="date" required'))
    visitor.open(asked.link)
    expect(visitor.page.get_by_label("Day")).to_be_hidden()
    visitor.press("Yes")
    expect(visitor.page.get_by_role("alert")).to_contain_text("Day")
    visitor.page.get_by_label("Day").fill("2027-02-01")
    visitor.press("Yes")
    assert asked.task["answers"]["day"] == "2027-02-01"


ESCAPES = ["window", "document", "globalThis", "self", "top", "fetch", "localStorage", "location", "console", "context"]


def test_the_script_sees_the_form_context_and_nothing_of_the_page(product, visitor):
    """S4-31: no name reaches the window, a function has no `this`, text cannot become a program."""
    hostile = "</script><script>document.title = 'taken'</script><!--"
    script = ("const seen = [" + ", ".join(f"typeof {name}" for name in ESCAPES) + ", typeof this, typeof (function () { "
              "return this })()].filter(type => type !== 'undefined');\n"
              "let made = 'refused';\ntry { made = (() => {}).constructor('return 1')() } catch (error) { }\n"
              "showWarning([seen.length, made, typeof recipient, payload.text].join('|'));\n"
              "formContext.payload.text = 'changed'; undeclared = 1;")
    asked = offer(product, script, variables={"payload": {"text": hostile, "__proto__": {"x": 1}}})
    visitor.open(asked.link)
    expect(visitor.page.get_by_role("status")).to_have_text(f"0|refused|undefined|{hostile}")
    visitor.page.get_by_label("Amount in EUR").fill("1")
    expect(visitor.page.get_by_role("status")).to_have_text(f"0|refused|undefined|{hostile}")
    assert visitor.page.evaluate("typeof undeclared") == "undefined"
    # The browser tells the policy that refused the constructor.
    assert all("unsafe-eval" in noise for noise in visitor.noises)
    visitor.noises.clear()


@pytest.mark.parametrize("script", ["hideField('day'); formContext.none.deep", "hideField('day'); throw 1"])
def test_a_script_that_fails_leaves_the_page_as_it_was(product, visitor, script):
    asked = offer(product, script)
    visitor.open(asked.link)
    expect(visitor.page.get_by_label("Day")).to_be_visible()
    assert visitor.noises and all("ClientScript" in noise for noise in visitor.noises)
    visitor.noises.clear()
    visitor.press("Yes")
    visitor.noises.clear()
    assert asked.task["status"] == "COMPLETED"


def test_a_page_that_runs_no_script_allows_none(product, visitor):
    """Contract, public pages: the policy names scripts only where the task has one, and always by nonce."""
    plain = visitor.open(question(product).link).headers["content-security-policy"]
    scripted = visitor.open(offer(product).link).headers["content-security-policy"]
    assert "script-src" not in plain and "script-src 'nonce-" in scripted and "unsafe" not in scripted


REACH = """
const seen = [];
const look = thing => { if (thing && (thing.form || thing.ownerDocument || thing.defaultView)) seen.push('element'); };
for (const holder of [Array.prototype, String.prototype, RegExp.prototype, Set.prototype, Object.prototype, Object, Error,
  Object.getPrototypeOf([][Symbol_iterator]()), Object.getPrototypeOf(() => {})]) {
  for (const name of Object.getOwnPropertyNames(holder)) {
    try { holder[name] = function (...all) { look(this); all.forEach(look); } } catch (error) { }
    try { Object.defineProperty(holder, name, { get() { look(this); } }) } catch (error) { }
  }
}
try { Error.prepareStackTrace = (error, frames) => { frames.forEach(frame => look(frame.getThis())); }; new Error('x').stack; } catch (error) { }
requireField('__proto__');
try { Math.count = (Math.count || 0) + 1; } catch (error) { }
showWarning(seen.length + '|' + Math.count + '|' + ({}).needed);
""".replace("[Symbol_iterator]", ".values")


def test_the_script_cannot_make_the_runner_its_servant(product, visitor):
    """S4-36: what both use cannot be changed, so that no call of the runner hands the page over."""
    asked = offer(product, REACH)
    visitor.open(asked.link)
    expect(visitor.page.get_by_role("status")).to_have_text("0|undefined|undefined")
    visitor.page.get_by_label("Amount in EUR").fill("1")
    expect(visitor.page.get_by_role("status")).to_have_text("0|undefined|undefined")
    visitor.press("Yes")
    assert asked.task["outcome"] == "Yes"


def test_what_the_browser_would_not_send_stays_in_sight(product, visitor):
    """A hidden field that blocks the answer would be a trap."""
    page = '<h1>Who</h1><form><p><label>Kind <input name="kind"></label></p><p><label>Mail <input name="mail" type="email"></label></p></form>'
    asked = question(product, TaskPage=page, ClientScript="if (kind !== 'B') hideField('mail')")
    visitor.open(asked.link)
    kind, mail = visitor.page.get_by_label("Kind"), visitor.page.get_by_label("Mail")
    expect(mail).to_be_hidden()
    kind.fill("B")
    mail.fill("no mail")
    kind.fill("A")
    expect(mail).to_be_visible()
    mail.fill("")
    expect(mail).to_be_hidden()
    visitor.press("Yes")
    assert asked.task["answers"] == {"kind": "A"}


def test_fields_may_be_called_like_what_a_form_has(product, visitor):
    names = ["before", "elements", "contains", "oninput", "onsubmit", "querySelectorAll", "closest", "style", "parentNode"]
    fields = "".join(f'<p><label>{name} <input name="{name}"></label></p>' for name in names)
    asked = question(product, TaskPage=f"<h1>Names</h1><form>{fields}</form>",
                     ClientScript="if (!before) hideField('elements'); else showWarning('Before ' + formData.before)")
    visitor.open(asked.link)
    expect(visitor.page.get_by_label("elements")).to_be_hidden()
    visitor.page.get_by_label("before").fill("noon")
    expect(visitor.page.get_by_label("elements")).to_be_visible()
    expect(visitor.page.get_by_role("status")).to_have_text("Before noon")
