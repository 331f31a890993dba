"""The recipient's journeys in a real browser: from the mail to the answer, and everything that may come between.

Every visit is also checked at its end: no request left this machine, no script ran, nothing broke the page's policy.
"""

import pytest
from asking import order, question
from playwright.sync_api import expect


def test_the_demo_mail_leads_to_an_answer_that_completes_the_instance(product, visitor):
    """S0-62 to S0-65, S0-67, E-01, E-07: the README's first steps."""
    visitor.open(product.stack.env["MAIL_URL"])
    visitor.page.locator("#list a", has_text="marta.lind@nordguss.example").click()
    with visitor.context.expect_page() as opened:
        visitor.page.frame_locator("iframe").get_by_role("link", name="Read and answer").click()
    visitor.page, link = opened.value, opened.value.url
    expect(visitor.page.locator("h1")).to_have_text("Confirm order PO-4711")
    assert "Mooring bollard, cast steel, 60 t" in visitor.words and "EUR 22,188.00" in visitor.words

    visitor.page.get_by_label("Comment").fill("With pleasure")
    visitor.page.get_by_role("button", name="Accept the order").click()
    expect(visitor.page.locator("h1")).to_have_text("Thank you, Marta Lind")

    tasks = product.call("GET", "/v1/external-tasks?status=COMPLETED")[1]["items"]
    (task,) = [task for task in tasks if task["reference"] == "PO-4711"]
    found = product.instance(task["instanceKey"])
    assert found["status"] == "COMPLETED" and found["variables"]["decision"] == {
        "accepted": True, "note": "With pleasure"}
    visitor.open(link)
    assert visitor.heading == "This question has been answered"
    assert visitor.page.locator("form").count() == 0


def test_the_whole_journey_works_without_script(product, visit):
    """Contract, public pages: refused, corrected, saved, answered, with JavaScript switched off."""
    visitor, asked = visit(script=False), question(product)
    visitor.page.set_content(asked.mail["html"])
    visitor.page.get_by_role("link", name="Read and answer").click()
    comment = visitor.page.get_by_label("Comment")
    comment.fill("x" * 2001)
    visitor.press("Yes")
    expect(visitor.page.get_by_role("alert")).to_be_focused()
    comment.fill("Half a thought")
    visitor.press("saveDraft")
    expect(visitor.page.get_by_role("status")).to_contain_text("Saved")
    expect(comment).to_have_value("Half a thought")
    comment.fill("A whole thought")
    visitor.press("Yes")
    expect(visitor.page.locator("h1")).to_have_text("Thank you, your answer has arrived")
    assert asked.instance["status"] == "COMPLETED"
    assert asked.task["answers"] == {"comment": "A whole thought"}


def test_a_reminder_appears_in_the_inbox_and_after_the_end_the_link_says_so(product, visitor):
    """S0-24, S0-68, E-03, E-12: in seconds, the inbox page open all the time."""
    asked = question(product, "Hurry", boundary="PT7S", Reminders="PT3S", ExpiresAfter="PT7S")
    visitor.open(f"{product.stack.env['MAIL_URL']}")
    visitor.page.get_by_label("Search recipient or subject").fill(asked.mail["to"][0])
    mails = visitor.page.locator("#list a")
    expect(mails).to_have_count(2, timeout=20_000)
    expect(mails.first).to_contain_text("Reminder")
    mails.first.click()
    with visitor.context.expect_page() as opened:
        visitor.page.frame_locator("iframe").get_by_role("link", name="Continue and answer").click()
    visitor.page = opened.value
    assert product.wait(lambda: asked.task["status"] == "EXPIRED")
    visitor.page.reload()
    assert visitor.heading == "The time to answer has passed"
    assert visitor.page.locator("button").count() == 0
    assert product.wait(lambda: asked.instance["status"] == "COMPLETED")


def test_an_answer_to_an_expired_task_gets_a_page_that_says_so(product, visitor):
    """S0-66: the page was opened in time, the answer comes late."""
    asked = question(product, "Late", ExpiresAfter="PT8S")
    visitor.open(asked.link)
    visitor.page.get_by_label("Comment").fill("Too late")
    assert product.wait(lambda: asked.task["status"] == "EXPIRED")
    visitor.press("Yes")
    expect(visitor.page.locator("h1")).to_have_text("The time to answer has passed")
    expect(visitor.page.get_by_role("status")).to_contain_text("was not sent")


def test_a_cancelled_task_says_that_no_answer_is_needed(product, visitor):
    """S0-69, E-10: cancelled while the page was open, and opened again."""
    asked = question(product)
    visitor.open(asked.link)
    assert product.call("POST", f"/v1/external-tasks/{asked.task_key}/cancel", {"reason": "ordered twice"})[0] == 200
    visitor.press("Yes")
    expect(visitor.page.locator("h1")).to_have_text("Your answer is no longer needed")
    visitor.open(asked.link)
    assert visitor.heading == "Your answer is no longer needed" and visitor.page.locator("form").count() == 0
    assert "ordered twice" not in visitor.words, "the reason is the operators' word"


def test_a_refused_answer_is_explained_where_the_reader_is(product, visitor):
    """Contract: 422, the summary is focused, its link leads to the field, the field names its message."""
    asked = question(product)
    visitor.open(asked.link)
    visitor.page.get_by_label("Comment").fill("y" * 2001)
    with visitor.page.expect_response(asked.link) as answer:
        visitor.press("No")
    assert answer.value.status == 422
    summary, comment = visitor.page.get_by_role("alert"), visitor.page.get_by_label("Comment")
    expect(summary).to_be_focused()
    assert visitor.page.title().startswith("Error:")
    visitor.page.keyboard.press("Tab")
    visitor.page.keyboard.press("Enter")
    expect(comment).to_be_focused()
    expect(comment).to_have_value("y" * 2001)
    expect(comment).to_have_attribute("aria-invalid", "true")
    expect(comment).to_have_accessible_description("Use at most 2,000 characters for “Comment”; you have 2,001")
    assert asked.task["status"] == "PENDING"


def test_a_draft_is_there_again_in_another_browser(product, visit):
    """E-06, X-04: saved on the phone, finished at the desk."""
    asked, phone, desk = question(product), visit(width=360), visit()
    phone.open(asked.link)
    phone.page.get_by_label("Comment").fill("Half a thought")
    phone.press("saveDraft")
    expect(phone.page.get_by_role("status")).to_contain_text("Saved, not sent yet")
    desk.open(asked.link)
    expect(desk.page.get_by_label("Comment")).to_have_value("Half a thought")
    expect(desk.page.get_by_role("status")).to_contain_text("not been sent yet")
    desk.press("Yes")
    expect(desk.page.locator("h1")).to_have_text("Thank you, your answer has arrived")


def test_the_back_button_does_not_offer_to_answer_again(product, visitor):
    """S0-66: pages are not stored, so going back asks the product anew."""
    asked = question(product)
    visitor.open(asked.link)
    visitor.press("Yes")
    expect(visitor.page.locator("h1")).to_have_text("Thank you, your answer has arrived")
    visitor.page.go_back()
    expect(visitor.page.locator("h1")).to_have_text("This question has been answered")
    visitor.page.go_forward()
    expect(visitor.page.locator("h1")).to_have_text("Thank you, your answer has arrived")
    visitor.page.reload()
    expect(visitor.page.locator("h1")).to_have_text("Thank you, your answer has arrived")


def test_a_double_click_is_one_answer(product, visitor):
    """S0-66, task-model 11.17."""
    asked = question(product)
    visitor.open(asked.link)
    visitor.page.locator("button[value=Yes]").dblclick()
    expect(visitor.page.locator("h1")).to_have_text("Thank you, your answer has arrived")
    assert [entry["type"] for entry in asked.task["history"]].count("taskCompleted") == 1
    assert asked.instance["status"] == "COMPLETED"


def test_the_second_of_two_tabs_is_told_that_the_first_has_answered(product, visitor):
    """S0-66: the first answer counts."""
    asked = question(product)
    visitor.open(asked.link)
    first, second = visitor.page, visitor.tab()
    visitor.open(asked.link)
    visitor.page = first
    visitor.press("Yes")
    expect(first.locator("h1")).to_have_text("Thank you, your answer has arrived")
    visitor.page = second
    visitor.press("No")
    expect(second.locator("h1")).to_have_text("This question has been answered")
    expect(second.get_by_role("status")).to_contain_text("was not sent")
    assert asked.task["outcome"] == "Yes"


def test_a_button_in_the_mail_opens_the_page_with_that_action_first(product, visitor):
    """S0-87: the address of an action shows and decides nothing."""
    asked = question(product)
    visitor.open(f"{asked.link}/No")
    assert visitor.page.locator("button[name=action]").first.inner_text() == "No"
    assert asked.task["status"] == "PENDING"
    visitor.press("No")
    expect(visitor.page.locator("h1")).to_have_text("Thank you, your answer has arrived")
    assert asked.task["outcome"] == "No"


@pytest.mark.parametrize("dark", [False, True])
def test_the_keyboard_alone_is_enough(product, visit, dark):
    """Quality: every stop in reading order, each with a visible ring, Enter answers."""
    visitor, asked = visit(dark=dark), question(product)
    visitor.open(asked.link)
    stops, ring = [], []
    for _ in range(4):
        visitor.page.keyboard.press("Tab")
        focused = visitor.page.locator(":focus")
        stops.append(focused.get_attribute("value") or focused.get_attribute("name"))
        style = focused.evaluate("e => { const s = getComputedStyle(e); return [s.outlineStyle, s.outlineWidth] }")
        ring.append(style)
        if stops[-1] == "comment":
            visitor.page.keyboard.type("Typed\twithout".replace("\t", " "))
    assert stops == ["comment", "Yes", "No", "saveDraft"]
    assert all(style != "none" and float(width.removesuffix("px")) >= 2 for style, width in ring), ring
    visitor.page.keyboard.press("Shift+Tab")
    visitor.page.keyboard.press("Enter")
    expect(visitor.page.locator("h1")).to_have_text("Thank you, your answer has arrived")
    assert asked.task["outcome"] == "No" and asked.task["answers"] == {"comment": "Typed without"}


def test_a_german_supplier_reads_german(product, visitor):
    """S0-80, contract: a task has a language; page, buttons, dates and numbers follow it."""
    asked = order(product, language="de", name="Jürgen Groß")
    assert asked.mail["subject"] == "Bitte bestätigen Sie die Bestellung PO-77"
    visitor.open(asked.link)
    assert visitor.page.locator("html").get_attribute("lang") == "de"
    assert visitor.heading == "Bestellung bestätigen: PO-77"
    assert "EUR 540.600,00" in visitor.words and "11. Dezember 2026" in visitor.words and "1.200" in visitor.words
    expect(visitor.page.get_by_label("Anmerkung")).to_be_visible()
    visitor.page.get_by_role("button", name="Bestellung annehmen").click()
    expect(visitor.page.locator("h1")).to_have_text("Vielen Dank, Jürgen Groß")
    assert asked.instance["variables"]["decision"]["accepted"] is True
