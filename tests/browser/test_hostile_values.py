"""What strangers put into variables, names and answers is shown as text: no script runs, nothing is loaded."""

import pytest
from asking import question
from playwright.sync_api import expect

HOSTILE = ("</p></title></style></textarea><script>alert(1)</script><img src=x onerror=alert(2)>"
           "<svg onload=alert(3)><a href='javascript:alert(4)'>x</a><iframe srcdoc='<script>alert(5)</script>'></iframe>"
           "{{ question }} {{constructor.constructor('alert(6)')()}} ${alert(7)} \" onfocus=alert(8) autofocus x=\"")
OWN_PAGE = ("<title>{{ question }}</title><style>p { color: teal }</style><h1>Order</h1>"
            "<p title=\"{{ question }}\">{{ question }}</p><p><a href=\"{{ address }}\">terms</a></p>"
            "<form><label for=\"note\">Note</label><textarea id=\"note\" name=\"note\">{{ question }}</textarea></form>")


@pytest.mark.parametrize("pages", [{}, {"TaskPage": OWN_PAGE, "SuccessPage": "<h1>Done</h1><p>{{ question }}</p>"}],
                         ids=["built-in", "own"])
def test_hostile_values_are_text_on_every_page(product, visitor, pages):
    """Issue, bad input: HTML and script in every variable that a page shows; quality 6.3."""
    asked = question(product, f"Hostile{len(pages)}", FormVariables="question,address", reference=HOSTILE[:100],
                     variables={"question": HOSTILE, "name": HOSTILE[:150], "address": "javascript:alert(9)"}, **pages)
    visitor.open(asked.link)
    assert "<script>alert(1)</script>" in visitor.words or pages
    field = visitor.page.locator("textarea")
    # Somebody who edits the page is not held by it.
    field.evaluate("field => field.removeAttribute('maxlength')")
    field.fill(HOSTILE + "x" * 2000)
    visitor.press("Yes")
    expect(visitor.page.get_by_role("alert")).to_be_visible()
    field.fill(HOSTILE)
    visitor.press("saveDraft")
    expect(field).to_have_value(HOSTILE)
    visitor.press("Yes")
    expect(visitor.page.locator("form")).to_have_count(0)
    visitor.open(asked.link)
    for selector in ("script", "img", "iframe", "[onerror]", "[onload]", "[onfocus]", "a[href^='javascript']"):
        assert visitor.page.locator(selector).count() == 0, selector
    assert asked.task["status"] == "COMPLETED"


def test_hostile_mails_stay_text_in_the_inbox(product, visitor):
    asked = question(product, "HostileMail", EmailSubject="{{ question }}", variables={"question": HOSTILE})
    visitor.open(product.stack.env["MAIL_URL"])
    visitor.page.get_by_label("Search recipient or subject").fill(asked.mail["to"][0])
    mail = visitor.page.locator("#list a")
    expect(mail).to_contain_text("<script>alert(1)</script>")
    mail.click()
    expect(visitor.page.frame_locator("iframe").get_by_text("alert(2)").first).to_be_visible()
    visitor.page.get_by_role("button", name="Plain text").click()
    expect(visitor.page.locator("pre")).to_contain_text(asked.link)
