"""Every kind of page in every appearance: WCAG, width, zoom, colour scheme, size of the first response."""

import pytest
from asking import order, question

FIRST_RESPONSE_BYTES_MAX = 14 * 1024
PHONE, SMALLEST, ZOOMED, WIDE = (360, 740), (320, 640), (640, 512), (1280, 900)
LONG = "Donaudampfschifffahrtsgesellschaftskapitänsmützenabzeichenbefestigungsvorrichtung"


def task_page(product, visitor):
    visitor.open(question(product).link)


def customer_page(product, visitor):
    visitor.open(order(product).link)


def customer_page_in_german(product, visitor):
    visitor.open(order(product, language="de", name=LONG).link)


def refused_answer(product, visitor):
    visitor.open(question(product).link)
    visitor.page.get_by_label("Comment").fill("x" * 2001)
    visitor.press("Yes")


def saved_draft(product, visitor):
    visitor.open(question(product, variables={"question": LONG}).link)
    visitor.page.get_by_label("Comment").fill("Half a thought")
    visitor.press("saveDraft")


def own_form(product, visitor):
    page = ("<h1>Survey</h1><p>Intro</p><ul><li>One</li><li>Two</li></ul><table><tr><th>Item<th>Count<th>Price</tr><tr><td>Rope"
            "<td>4<td>EUR 420.00</tr></table><form><p><label>Your name <input name=\"who\" "
            "required></label></p><fieldset><legend>Rating</legend><label><input type=radio name=rating value=Good> Good"
            "</label> <label><input type=radio name=rating value=Bad> Bad</label></fieldset><p><label>Port <select name=\"port\">"
            "<option>Oslo</option></select></label></p></form>")
    visitor.open(question(product, "OwnForm", TaskPage=page).link)
    # The product's own messages, not the browser's.
    visitor.page.locator("form").evaluate("form => { form.noValidate = true }")
    visitor.press("Yes")
    visitor.page.get_by_role("alert").wait_for()


def success(product, visitor):
    visitor.open(question(product).link)
    visitor.press("Yes")


def customer_success(product, visitor):
    visitor.open(order(product).link)
    visitor.press("Approve")


def already_completed(product, visitor):
    asked = question(product)
    visitor.open(asked.link)
    visitor.press("Yes")
    visitor.open(asked.link)


def expired(product, visitor):
    asked = question(product, "Ended", ExpiresAfter="PT1S")
    product.wait(lambda: asked.task["status"] == "EXPIRED")
    visitor.open(asked.link)


def cancelled(product, visitor):
    asked = question(product)
    product.call("POST", f"/v1/external-tasks/{asked.task_key}/cancel", {})
    visitor.open(asked.link)


def not_found(product, visitor):
    visitor.open(f"{product.stack.env['PUBLIC_URL']}/t/{'A' * 42}")


def inbox(product, visitor):
    visitor.open(product.stack.env["MAIL_URL"])
    visitor.page.locator("#list a").first.wait_for()


def mail_in_inbox(product, visitor):
    inbox(product, visitor)
    visitor.page.locator("#list a").first.click()
    visitor.page.locator("iframe").wait_for()


def mail(product, visitor):
    visitor.page.set_content(question(product).mail["html"])


PUBLIC = [task_page, customer_page, customer_page_in_german, refused_answer, saved_draft, own_form, success,
          customer_success, already_completed, expired, cancelled, not_found]
LOCAL = [inbox, mail_in_inbox, mail]


def appearances(page):
    """Walks through light and dark, wide and narrow, without loading the page again."""
    for scheme in ("light", "dark"):
        for width, height in (WIDE, PHONE):
            page.emulate_media(color_scheme=scheme)
            page.set_viewport_size({"width": width, "height": height})
            yield scheme, width


@pytest.mark.parametrize("kind", PUBLIC + LOCAL, ids=lambda kind: kind.__name__)
def test_every_page_meets_wcag_in_every_appearance(product, visitor, kind):
    """WCAG 2.0 to 2.2, A and AA (quality 6.4)."""
    kind(product, visitor)
    found = {appearance: visitor.violations() for appearance in appearances(visitor.page)}
    assert not any(found.values()), found


@pytest.mark.parametrize("kind", PUBLIC + LOCAL, ids=lambda kind: kind.__name__)
def test_nothing_scrolls_sideways_on_phones_and_under_zoom(product, visitor, kind):
    """WCAG 1.4.4 and 1.4.10: 320 and 360 px, 200 % zoom of a small desktop, and letters twice as large."""
    kind(product, visitor)
    for width, height in (SMALLEST, PHONE, ZOOMED):
        visitor.page.set_viewport_size({"width": width, "height": height})
        assert visitor.overflow() <= 0, width
    visitor.page.set_viewport_size({"width": WIDE[0] // 2, "height": WIDE[1]})
    visitor.page.evaluate("document.documentElement.style.fontSize = '200%'")
    assert visitor.overflow() <= 0, "letters at 200 %"


@pytest.mark.parametrize("kind", [task_page, customer_page, mail], ids=lambda kind: kind.__name__)
def test_the_page_follows_the_dark_scheme(product, visitor, kind):
    kind(product, visitor)
    light = {}
    for scheme in ("light", "dark"):
        visitor.page.emulate_media(color_scheme=scheme)
        colours = visitor.page.evaluate(
            "() => [getComputedStyle(document.body).backgroundColor, getComputedStyle(document.querySelector('h1')).color]")
        light[scheme] = [sum(map(int, colour[4:-1].split(","))) / 765 for colour in colours]
    assert light["light"][0] > 0.9 > 0.3 > light["light"][1]
    assert light["dark"][0] < 0.1 < 0.7 < light["dark"][1]


@pytest.mark.parametrize("kind", PUBLIC, ids=lambda kind: kind.__name__)
def test_the_first_response_fits_the_first_round_trip(product, visitor, kind):
    """Contract, public pages: under 14 KB with headers, before compression, and nothing else is loaded."""
    loaded = []
    visitor.context.on("response", lambda response: loaded.append(response))
    kind(product, visitor)
    pages = [response for response in loaded if response.request.is_navigation_request()]
    assert len(pages) == len(loaded), [response.url for response in loaded]
    last = pages[-1]
    size = len(last.body()) + sum(len(name) + len(value) + 4 for name, value in last.headers.items())
    assert size < FIRST_RESPONSE_BYTES_MAX
    assert last.headers["cache-control"] == "no-store"


def test_controls_on_a_phone_are_large_enough_for_a_thumb(product, visit):
    """Design: 48 px controls on public pages; buttons fill the width."""
    visitor = visit(width=PHONE[0], height=PHONE[1])
    task_page(product, visitor)
    for control in visitor.page.locator("button, textarea").all():
        box = control.bounding_box()
        assert box["height"] >= 44 and box["width"] >= 280, control.inner_text()
