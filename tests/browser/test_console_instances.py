"""Process Explorer in the browser: list, one instance with its picture, cancel and retry; with and without script."""

import re

import pytest
from asking import ORDER
from playwright.sync_api import expect
from processes import HEAD, ask
from product import DEMO

HOSTILE = "</text></svg><script>alert(1)</script><img src=x onerror=alert(2)>\" onload=\"alert(3)"
WIDE, SMALLEST = (1440, 900), (320, 640)


class Running:
    """An instance that waits for an answer. Its mail does not matter here."""

    def __init__(self, product, process_id, variables, reference):
        self.product = product
        self.instance_key, self.task_key = product.started(process_id, variables, reference=reference)

    @property
    def status(self):
        return self.product.instance(self.instance_key)["status"]


def order(product):
    """The demo's supplier approval."""
    product.deploy((DEMO / "supplier-approval.bpmn").read_bytes())
    supplier = {"name": "Marta Lind", "email": "explorer@supplier.example", "language": "en"}
    return Running(product, "SupplierApproval", {"order": ORDER, "supplier": supplier}, "PO-77")


def question(product, process_id="Question", text="Can your crew come?", reference="PO-77"):
    product.deploy(ask(process_id, name="Confirm the delivery window"))
    return Running(product, process_id, {"question": text, "recipient": "explorer@supplier.example"}, reference)


def sign_in(visitor, product, path="/instances", token="TOKEN_ADMIN"):
    """Opens a page of the console as the holder of a token."""
    visitor.open(product.stack.env["CONSOLE_URL"] + path)
    visitor.page.get_by_label("Access token").fill(product.stack.env[token])
    with visitor.page.expect_navigation():
        visitor.page.get_by_role("button", name="Sign in with token").click()
    visitor.open(product.stack.env["CONSOLE_URL"] + path)


def drawn(visitor):
    """Waits until the viewer has taken the drawing's place."""
    expect(visitor.page.locator(".djs-container .djs-shape").first).to_be_visible()
    return visitor.page.locator(".bpmn")


def broken(product):
    """An instance that stopped at a script."""
    xml = (f'{HEAD}<bpmn:process id="Broken" name="Register a supplier" isExecutable="true"><bpmn:startEvent id="Start"/>'
           '<bpmn:sequenceFlow id="f1" sourceRef="Start" targetRef="Register"/><bpmn:scriptTask id="Register" '
           'name="Register contractor"><bpmn:script>throw new Error("the register said no");</bpmn:script>'
           '</bpmn:scriptTask><bpmn:sequenceFlow id="f2" sourceRef="Register" targetRef="End"/><bpmn:endEvent id="End"/>'
           '</bpmn:process></bpmn:definitions>')
    product.deploy(xml)
    status, body = product.start("Broken", reference="Broken one")
    assert status == 422, body
    return body["instanceKey"]


def refused(product):
    """An instance whose call to a system outside was refused, because no host is on the tenant's list; a timer waits too."""
    lines = "".join(f'<cs:property name="{name}"><![CDATA[{value}]]></cs:property>' for name, value in {
        "Method": "POST", "Endpoint": "https://api.example/score", "Retries": "2", "Headers": '{"X-Token": "{{ token }}"}',
        "PayloadTemplate": '{"customer": "{{ customer }}"}'}.items())
    xml = (f'{HEAD}<bpmn:process id="Refused" name="Score a customer" isExecutable="true"><bpmn:startEvent id="Start"/>'
           '<bpmn:sequenceFlow id="f1" sourceRef="Start" targetRef="Score"/><bpmn:sequenceFlow id="f2" sourceRef="Start" '
           'targetRef="Later"/><bpmn:sequenceFlow id="f3" sourceRef="Start" targetRef="Paid"/>'
           f'<bpmn:serviceTask id="Score" name="Ask for the score"><bpmn:extensionElements><cs:properties>{lines}'
           '</cs:properties></bpmn:extensionElements></bpmn:serviceTask><bpmn:intermediateCatchEvent id="Later" '
           'name="A day later"><bpmn:timerEventDefinition><bpmn:timeDuration>P1D</bpmn:timeDuration>'
           '</bpmn:timerEventDefinition></bpmn:intermediateCatchEvent><bpmn:receiveTask id="Paid" name="Wait for the money" '
           'messageRef="m"/></bpmn:process><bpmn:message id="m" name="Paid"/></bpmn:definitions>')
    status, body = product.deploy(xml)
    assert status in (200, 201), body
    status, body = product.start("Refused", {"customer": "Kestrel Marine", "token": "canary-token"}, reference="Score of Kestrel")
    assert status == 201, body
    key = body["instanceKey"]
    assert product.wait(lambda: product.instance(key)["status"] == "ERROR")
    return key


def test_the_viewer_shows_what_is_done_and_what_waits(product, visit):
    """S0-26, S0-28; ui.md section 4: classes, colours of the tokens, hidden from screen readers, no policy broken."""
    asked = order(product)
    for dark in (False, True):
        visitor = visit(dark=dark)
        sign_in(visitor, product, f"/instances/{asked.instance_key}")
        region = drawn(visitor)
        shape = lambda name: region.locator(f".djs-element[data-element-id={name}]")  # noqa: E731
        expect(shape("PrepareOrder")).to_have_class(re.compile(r"\bdone\b"))
        expect(shape("ConfirmOrder")).to_have_class(re.compile(r"\bactive\b"))
        expect(shape("RecordOrder").or_(shape("Accepted")).first).not_to_have_class(re.compile(r"\b(done|active)\b"))
        ok = visitor.page.evaluate("getComputedStyle(document.querySelector('.tag.ok')).color")
        stroke = shape("PrepareOrder").locator(".djs-visual > :first-child").evaluate("e => getComputedStyle(e).stroke")
        assert stroke == ok
        assert region.locator(".djs-container > svg").get_attribute("aria-hidden") == "true"
        assert region.locator(".bjs-powered-by").is_visible(), "the licence asks for it"
        assert visitor.page.locator("style").count() == 0


def test_picture_and_table_lead_to_each_other(product, visitor):
    asked = order(product)
    sign_in(visitor, product, f"/instances/{asked.instance_key}")
    region = drawn(visitor)
    region.locator(".djs-element[data-element-id=PrepareOrder] .djs-hit").first.click()
    row = visitor.page.locator("tr[data-element=PrepareOrder]")
    expect(row).to_have_class("chosen")
    expect(row.get_by_role("link").first).to_be_focused()
    visitor.page.locator("tr[data-element=ConfirmOrder]").get_by_role("link", name="Confirm the order").click()
    expect(region).to_be_focused()
    expect(region.locator(".djs-element.selected[data-element-id=ConfirmOrder]")).to_have_count(1)
    expect(row).not_to_have_class("chosen")


def test_the_picture_is_moved_by_keys_and_buttons(product, visitor):
    asked = order(product)
    sign_in(visitor, product, f"/instances/{asked.instance_key}")
    region = drawn(visitor)

    def view():
        return [round(float(number)) for number in re.findall(r"-?[\d.]+", region.locator(".viewport").get_attribute("transform"))]

    seen = [view()]
    region.focus()
    for key in ("ArrowRight", "ArrowDown", "+", "-", "0"):
        visitor.page.keyboard.press(key)
        seen.append(view())
    assert all(a != b for a, b in zip(seen, seen[1:])), seen
    assert seen[-1] == seen[0], "0 shows all again"
    region.get_by_role("button", name="Zoom in").click()
    assert view() != seen[0]
    region.get_by_role("button", name="Show all").click()
    assert view() == seen[0]


def test_without_script_the_drawing_and_the_table_say_all(product, visit):
    """ui.md section 9: the diagram is server-drawn SVG, the table says all; cancelling is two pages."""
    asked = order(product)
    visitor = visit(script=False)
    sign_in(visitor, product, f"/instances/{asked.instance_key}")
    page = visitor.page
    expect(page.locator(".bpmn > svg g.done[data-element-id=PrepareOrder]")).to_be_visible()
    expect(page.locator(".bpmn > svg g.active[data-element-id=ConfirmOrder]")).to_be_visible()
    assert page.locator(".fl.done").count() == 2
    expect(page.get_by_role("row", name=re.compile("Waiting Confirm the order"))).to_be_visible()
    page.get_by_role("link", name="Cancel instance").click()
    expect(page.get_by_text("1 open task ends.")).to_be_visible()
    page.get_by_role("link", name="Keep instance").click()
    assert asked.status == "WAITING"
    page.get_by_role("link", name="Cancel instance").click()
    page.get_by_label("Reason").fill("Ordered twice")
    page.get_by_role("button", name="Cancel instance").click()
    expect(page.get_by_text("The instance was cancelled.")).to_be_visible()
    assert asked.status == "CANCELLED"
    expect(page.locator(".bpmn > svg g.stopped[data-element-id=ConfirmOrder]")).to_be_visible()
    page.get_by_role("link", name="History").click()
    expect(page.get_by_text("Reason: Ordered twice").first).to_be_visible()
    expect(page.get_by_text("in the console, from 127.0.0.1")).to_be_visible()
    visitor.open(product.task(asked.task_key)["link"])
    assert "no longer needed" in visitor.words


def test_cancelling_asks_first_in_a_dialog(product, visitor):
    asked = question(product)
    sign_in(visitor, product, f"/instances/{asked.instance_key}")
    page = visitor.page
    page.get_by_role("link", name="Cancel instance").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("button", name="Keep instance")).to_be_focused()
    assert not visitor.violations()
    dialog.get_by_role("button", name="Keep instance").click()
    expect(dialog).to_have_count(0)
    page.get_by_role("link", name="Cancel instance").click()
    dialog.get_by_role("button", name="Cancel instance").click()
    expect(page.locator(".head .tag")).to_contain_text("Cancelled")
    assert asked.status == "CANCELLED"


def test_trouble_stands_first_and_administrators_retry(product, visit):
    key = broken(product)
    visitor = visit()
    sign_in(visitor, product, f"/instances/{key}")
    expect(visitor.page.get_by_text("the register said no").first).to_be_visible()
    drawn(visitor)
    expect(visitor.page.locator(".djs-element.failed[data-element-id=Register]")).to_have_count(1)
    visitor.page.locator(".note").get_by_role("link", name="Register contractor", exact=True).click()
    expect(visitor.page.locator(".djs-element.selected[data-element-id=Register]")).to_have_count(1)
    assert not visitor.violations()
    visitor.page.get_by_role("link", name="Retry Register contractor").click()
    dialog = visitor.page.get_by_role("dialog")
    expect(dialog.get_by_text("The step runs again")).to_be_visible()
    assert not visitor.violations()
    dialog.get_by_role("button", name="Not now").click()
    expect(dialog).to_have_count(0)
    visitor.page.get_by_role("link", name="Retry Register contractor").click()
    with visitor.page.expect_navigation():
        dialog.get_by_role("button", name="Retry").click()
    visitor.page.get_by_role("link", name="History").click()
    assert visitor.page.get_by_text("Register contractor failed").count() >= 2, "it was tried again and failed again"
    operator = visit()
    sign_in(operator, product, f"/instances/{key}", "TOKEN_OPERATOR")
    expect(operator.page.get_by_text("An administrator can retry")).to_be_visible()
    for role in ("button", "link"):
        expect(operator.page.get_by_role(role, name=re.compile("Retry"))).to_have_count(0)
    form = {"csrf": operator.page.locator("input[name=csrf]").first.input_value(), "elementId": "Register"}
    answer = operator.page.request.post(f"{product.stack.env['CONSOLE_URL']}/instances/{key}/retry", form=form,
                                        headers={"sec-fetch-site": "same-origin"}, max_redirects=0)
    assert answer.status == 403


def test_a_failed_call_is_looked_at_and_tried_again_without_script(product, visit):
    """S2-42, S2-43; ui.md section 9: request, attempts and the question are pages that need no script."""
    key = refused(product)
    visitor = visit(script=False)
    sign_in(visitor, product, f"/instances/{key}")
    page = visitor.page
    page.get_by_role("link", name="What was asked and what came back: Ask for the score").click()
    call = page.locator("details.call")
    expect(call.get_by_text("Kestrel Marine")).to_be_visible()
    expect(call.get_by_text("X-Token: ***")).to_be_visible()
    expect(call.get_by_text("failed with HTTP_REFUSED")).to_be_visible()
    assert "canary-token" not in page.content()
    call.locator("summary").first.click()
    expect(call.get_by_text("Kestrel Marine")).to_be_hidden()
    page.get_by_role("link", name="Retry Ask for the score").click()
    expect(page.get_by_text("POST https://api.example/score")).to_be_visible()
    page.get_by_role("button", name="Retry").click()
    product.wait(lambda: len(product.instance(key)["jobs"][0]["attempts"]) == 2)
    visitor.open(product.stack.env["CONSOLE_URL"] + f"/instances/{key}?tab=system-tasks")
    expect(page.get_by_text("Attempt 2 failed with HTTP_REFUSED")).to_be_visible()


def test_what_was_opened_stays_open_while_the_page_follows(product, visitor):
    key = refused(product)
    sign_in(visitor, product, f"/instances/{key}?tab=system-tasks")
    call = visitor.page.locator("details.call")
    expect(call).to_have_attribute("open", "")
    call.locator("summary").first.click()
    product.call("POST", f"/v1/instances/{key}/retry", {})
    expect(call.get_by_text("Attempt 2")).to_have_count(1, timeout=20_000)
    expect(call).not_to_have_attribute("open", "")


def test_only_those_who_may_see_an_instance_and_its_data(product, visit):
    """S0-76, S0-93: foreign tenants and members get the neutral 404; variables by permission."""
    asked = question(product, text="Secret question")
    path = f"/instances/{asked.instance_key}"
    for token in ("TOKEN_OTHER", "TOKEN_USER"):
        visitor = visit()
        sign_in(visitor, product, path, token)
        assert "Nothing here" in visitor.words
        for part in ("/diagram", "/cancel", "?tab=history"):
            assert visitor.open(product.stack.env["CONSOLE_URL"] + path + part).status == 404, part
    operator = visit()
    sign_in(operator, product, path, "TOKEN_OPERATOR")
    expect(operator.page.get_by_role("link", name="Variables")).to_have_count(0)
    assert operator.open(product.stack.env["CONSOLE_URL"] + path + "?tab=variables").status == 404
    assert "Secret question" not in operator.page.content()
    manager = visit()
    sign_in(manager, product, path + "?tab=variables", "TOKEN_MANAGER")
    expect(manager.page.get_by_text("Secret question")).to_be_visible()
    expect(manager.page.get_by_role("link", name="Cancel instance")).to_have_count(0)
    for nothing in ("/instances/1", "/instances/x", "/instances/99999999999999999999", "/instances/4611686018427390918"):
        assert manager.open(product.stack.env["CONSOLE_URL"] + nothing).status == 404, nothing


def test_the_picture_says_nothing_of_how_a_process_works(product, visitor):
    """Whoever may see an instance may not therefore read its scripts and templates."""
    asked = order(product)
    sign_in(visitor, product, f"/instances/{asked.instance_key}", "TOKEN_OPERATOR")
    drawn(visitor)
    answer = visitor.page.request.get(f"{product.stack.env['CONSOLE_URL']}/instances/{asked.instance_key}/diagram")
    assert answer.status == 200 and "Confirm the order" in answer.text()
    for secret in ("unitPriceCents", "Recipient", "supplier.email", "formData", "scriptFormat"):
        assert secret not in answer.text() and secret not in visitor.page.content(), secret


def test_a_page_follows_what_happens_and_keeps_the_focus(product, visitor):
    """Issue: refreshes itself every 3 seconds without losing selection, focus or scroll."""
    asked = order(product)
    sign_in(visitor, product, f"/instances/{asked.instance_key}")
    drawn(visitor)
    page = visitor.page
    page.locator("tr[data-element=PrepareOrder]").get_by_role("link").first.click()
    link = page.locator("tr[data-element=ConfirmOrder]").get_by_role("link").first
    link.focus()
    page.evaluate("window.here = true")
    product.call("POST", f"/v1/external-tasks/{asked.task_key}/cancel", {})
    expect(page.locator(".head .tag")).to_contain_text("Cancelled", timeout=20_000)
    expect(page.locator(".djs-element.stopped[data-element-id=ConfirmOrder]")).to_have_count(1)
    expect(page.locator("tr[data-element=PrepareOrder]")).to_have_class("chosen")
    expect(page.locator("tr[data-element=ConfirmOrder]").get_by_role("link").first).to_be_focused()
    assert page.evaluate("window.here"), "the page was not loaded again"


def test_hostile_names_stay_text_in_both_pictures(product, visit):
    """Issue, bad input: names of a file are text in drawing, viewer, table and history."""
    name = HOSTILE.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")
    status, body = product.deploy(ask("HostileNames", name=name, Recipient="a@b.example").replace('id="Start"', f'id="Start" name="{name}"'))
    assert status in (200, 201), body
    key, _ = product.started("HostileNames", {"question": "x"}, reference=HOSTILE[:100])
    for script in (True, False):
        visitor = visit(script=script)
        sign_in(visitor, product, f"/instances/{key}")
        if script:
            drawn(visitor)
            visitor.page.locator("tr[data-element=Ask]").get_by_role("link").first.click()
        for path in ("", "?tab=history", "/cancel"):
            visitor.open(f"{product.stack.env['CONSOLE_URL']}/instances/{key}{path}")
            assert visitor.page.locator("script:not([src]), img, [onload], [onerror]").count() == 0
        assert "<script>alert(1)</script>" in visitor.words


def test_the_list_filters_by_the_address(product, visitor):
    asked = question(product, "Listed", reference="Listed one")
    key = broken(product)
    sign_in(visitor, product, "/instances")
    page = visitor.page

    def rows():
        return [row.get_attribute("data-key") for row in page.locator("tr[data-key]").all()]

    product.wait(lambda: visitor.open(product.stack.env["CONSOLE_URL"] + "/instances") and {key, asked.instance_key} <= set(rows()))
    assert {key, asked.instance_key} <= set(rows())
    expect(page.get_by_role("row", name=re.compile("Error Broken one.*Register contractor failed")).first).to_be_visible()
    page.get_by_role("checkbox", name="Waiting").check()
    page.get_by_role("button", name="Apply").click()
    assert asked.instance_key in rows() and key not in rows()
    assert "status=WAITING" in page.url
    page.get_by_label("Process").select_option("Broken")
    page.get_by_role("button", name="Apply").click()
    expect(page.get_by_text("No instance matches these filters")).to_be_visible()
    page.get_by_role("link", name="Remove Status Waiting").click()
    assert rows() and asked.instance_key not in rows()
    page.get_by_role("link", name="Broken one").first.click()
    expect(page.locator("h1")).to_have_text("Broken one")
    for wrong in ("status=WRONG", "cursor=forged", "businessKey=" + "x" * 10_000):
        assert visitor.open(f"{product.stack.env['CONSOLE_URL']}/instances?{wrong}").status in (410, 422), wrong


def test_pages_follow_each_other_and_a_cursor_is_of_one_list_and_tenant(product, visit):
    """Issue, bad input: foreign, forged and stale cursors."""
    product.deploy(ask("Paged"))
    started = {product.started("Paged", {"question": "x", "recipient": "pages@b.example"})[0] for _ in range(27)}
    visitor = visit()
    address = product.stack.env["CONSOLE_URL"] + "/instances?processId=Paged"
    sign_in(visitor, product, "/instances?processId=Paged")
    keys = lambda: [row.get_attribute("data-key") for row in visitor.page.locator("tr[data-key]").all()]  # noqa: E731
    product.wait(lambda: visitor.open(address) and visitor.page.get_by_role("link", name="Older").count())
    first = keys()
    assert len(first) == 25 and first == sorted(first, key=int, reverse=True)
    older = visitor.page.get_by_role("link", name="Older").get_attribute("href")
    visitor.page.get_by_role("link", name="Older").click()
    expect(visitor.page.get_by_role("link", name="Newest")).to_be_visible()
    assert set(first) | set(keys()) == started and not set(first) & set(keys())
    base = product.stack.env["CONSOLE_URL"]
    assert visitor.open(base + older.replace("Paged", "Question")).status == 410, "of another list"
    assert visitor.open(base + older[:-3] + "AAA").status == 410, "forged"
    assert "This page of the list is gone" in visitor.words
    other = visit()
    sign_in(other, product, "/instances", "TOKEN_OTHER")
    assert other.open(base + older).status == 410, "of another tenant"
    other.open(base + "/instances?processId=Paged")
    assert other.page.locator("tr[data-key]").count() == 0


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("size", [WIDE, SMALLEST], ids=["wide", "narrow"])
def test_every_page_is_accessible_and_fits(product, visit, size, dark):
    """WCAG 2.2 AA; nothing scrolls sideways at 320 px but the diagram."""
    asked = order(product)
    key = broken(product)
    visitor = visit(width=size[0], height=size[1], dark=dark)
    sign_in(visitor, product, "/instances")
    paths = ["/instances", "/instances?status=RUNNING&businessKey=none"]
    paths += [f"/instances/{asked.instance_key}{tab}" for tab in ("", "?tab=variables", "?tab=history", "?tab=waiting", "/cancel")]
    called = refused(product)
    paths += [f"/instances/{called}{tab}" for tab in ("", "?tab=system-tasks", "?tab=variables", "?tab=waiting",
                                                      "/retry?elementId=Score")]
    for path in [*paths, f"/instances/{key}"]:
        visitor.open(product.stack.env["CONSOLE_URL"] + path)
        if visitor.page.locator("[data-diagram]").count():
            drawn(visitor)
        assert not visitor.violations(), path
        assert visitor.overflow() == 0, path
