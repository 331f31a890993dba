"""Whole lives of external tasks, on real bootstraps with IAM enforced."""

from processes import ask
from product import DEMO, link_of

ORDER = {"number": "PO-1", "item": "Mooring rope, 220 m", "quantity": 4, "unitPriceCents": 45000, "currency": "EUR",
         "delivery": "2026-12-11"}


def supplier(product, name):
    product.deploy((DEMO / "supplier-approval.bpmn").read_bytes())
    return product.started("SupplierApproval", {"order": ORDER, "supplier": {
        "name": name.title(), "email": f"{name}@supplier.example", "language": "en"}}, reference=f"Order of {name}")


def test_an_answer_moves_the_process_on(product):
    """S0-62 to S0-65, S0-67, S0-91, E-01, E-07: mail, page, answer, gateway, end."""
    instance, task = supplier(product, "anna")
    (mail,) = product.mails("anna@supplier.example", 1)
    assert mail["subject"] == "Please confirm order PO-1"
    page = product.page(link_of(mail))
    assert page.status == 200
    assert "Mooring rope, 220 m" in page.words and "EUR 1,800.00" in page.words and "11 December 2026" in page.words
    assert page.parts.buttons[:2] == ["Approve", "Reject"]

    answer = product.page(page.url, "POST", {**page.hidden, "action": "Approve", "comment": "With pleasure"})
    assert answer.status == 303
    success = product.page(answer.location())
    assert success.status == 200 and "Thank you, Anna" in success.words
    assert "has been answered" in product.page(page.url).words

    found = product.instance(instance)
    assert found["status"] == "COMPLETED"
    assert found["variables"]["state"] == "ordered" and found["variables"]["total"] == 180000
    assert found["variables"]["decision"] == {"accepted": True, "note": "With pleasure"}
    assert [element["elementId"] for element in found["elements"]] == [
        "OrderPlaced", "PrepareOrder", "ConfirmOrder", "Accepted", "RecordOrder", "Ordered"]
    details = product.task(task)
    assert details["status"] == "COMPLETED" and details["outcome"] == "Approve" and details["actions"] == []
    assert [entry["type"] for entry in details["history"]] == ["taskCreated", "taskOpened", "taskCompleted"]


def test_two_clicks_and_two_tabs_give_one_answer(product):
    """S0-66, task-model 11.17: the same page twice is the same answer; another tab is told."""
    instance, _ = supplier(product, "bert")
    link = link_of(product.mails("bert@supplier.example", 1)[0])
    one, other = product.page(link), product.page(link)
    fields = {**one.hidden, "action": "Reject"}
    first, second = product.page(link, "POST", fields), product.page(link, "POST", fields)
    assert (first.status, second.status) == (303, 303) and first.location() == second.location()
    late = product.page(link, "POST", {**other.hidden, "action": "Approve"})
    assert late.status == 409 and "was not sent" in late.words
    found = product.instance(instance)
    assert [element["elementId"] for element in found["elements"]].count("Declined") == 1
    assert product.task(found["tasks"][0]["taskKey"])["outcome"] == "Reject"


def test_two_reminders_then_expiry(product):
    """S0-08, S0-24, S0-68, E-03, E-12, T-16: in seconds, through the delay queues."""
    assert product.deploy(ask("Hurry", boundary="PT9S", Reminders="PT3S,PT6S", ExpiresAfter="PT9S"))[0] == 201
    instance, task = product.started("Hurry", {"recipient": "carl@supplier.example", "question": "Now?"})
    mails = product.mails("carl@supplier.example", 3)
    assert len(mails) == 3 and len({link_of(mail) for mail in mails}) == 1
    assert product.wait(lambda: product.instance(instance)["status"] == "COMPLETED")
    details = product.wait(lambda: (found := product.task(task)) and {sent["delivery"] for sent in found["notifications"]}
                           == {"delivered"} and found)
    assert details["status"] == "EXPIRED" and details["reminders"] == 2
    assert [sent["kind"] for sent in details["notifications"]] == ["initial", "reminder", "reminder"]
    page = product.page(link_of(mails[0]))
    assert page.status == 200 and not page.parts.buttons
    assert product.page(page.url, "POST", {"action": "Yes"}).status in (409, 422)
    product.stack.settle()
    assert len(product.mails("carl@supplier.example", 4, seconds=1)) == 3


def test_expiry_counts_from_the_stored_time_not_from_the_timer(product):
    """S0-66, E-12: a page opened before the end cannot answer after it, whether or not the timer came."""
    product.deploy(ask("Brief", ExpiresAfter="PT2S"))
    instance, task = product.started("Brief", {"recipient": "dora@supplier.example"})
    page = product.page(link_of(product.mails("dora@supplier.example", 1)[0]))
    assert product.wait(lambda: product.task(task)["status"] == "EXPIRED")
    late = product.page(page.url, "POST", {**page.hidden, "action": "Yes"})
    assert late.status == 409
    assert product.wait(lambda: product.instance(instance)["status"] == "ERROR")
    found = product.instance(instance)
    assert [incident["code"] for incident in found["incidents"]] == ["TASK_EXPIRED"]
    status, body = product.call("POST", f"/v1/instances/{instance}/retry", {})
    assert status == 200 and body["status"] == "WAITING"
    assert len(product.mails("dora@supplier.example", 2)) == 2, "a retry makes a new ticket with a mail of its own"
    assert len({link_of(mail) for mail in product.mails("dora@supplier.example", 2)}) == 2


def test_cancel_stops_the_instance_and_the_link_says_so(product):
    """S0-41 to S0-44, S0-47, S0-69, E-10."""
    instance, task = supplier(product, "eva")
    link = link_of(product.mails("eva@supplier.example", 1)[0])
    page = product.page(link)
    status, body = product.call("POST", f"/v1/external-tasks/{task}/cancel", {"reason": "ordered elsewhere"})
    assert status == 200 and body["status"] == "CANCELLED" and body["instanceStatus"] == "CANCELLED"
    assert product.instance(instance)["status"] == "CANCELLED"
    assert not product.page(link).parts.buttons
    assert product.page(link, "POST", {**page.hidden, "action": "Approve"}).status == 409
    for action in ("resend", "sync-templates", "cancel"):
        status, body = product.call("POST", f"/v1/external-tasks/{task}/{action}", {})
        assert (status, body["state"]) == (409, "CANCELLED")


def test_resend_repeats_the_mail_and_nothing_else(product):
    """S0-31, S0-32, S0-70, E-04."""
    product.deploy(ask("Lost"))
    _, task = product.started("Lost", {"recipient": "finn@supplier.example"})
    (first,) = product.mails("finn@supplier.example", 1)
    before = product.task(task)
    assert product.call("POST", f"/v1/external-tasks/{task}/resend", {})[0] == 200
    second = product.mails("finn@supplier.example", 2)[1]
    after = product.wait(lambda: (found := product.task(task))["notifications"][-1]["delivery"] == "delivered"
                         and found)
    assert link_of(first) == link_of(second) == before["link"] == after["link"]
    assert after["reminders"] == 1 and after["expiresAt"] == before["expiresAt"] and after["status"] == "PENDING"
    assert [sent["kind"] for sent in after["notifications"]] == ["initial", "resend"]


def test_sync_brings_the_deployed_templates_to_a_running_task(product):
    """S0-33 to S0-40, S0-72, E-09: same link, no mail, new page and new buttons at the next opening."""
    product.deploy(ask("Corrected", TaskPage="<h1>Old words</h1>{{ form }}"))
    _, task = product.started("Corrected", {"recipient": "gina@supplier.example"})
    link = link_of(product.mails("gina@supplier.example", 1)[0])
    assert "Old words" in product.page(link).words
    status, body = product.deploy(ask("Corrected", TaskPage="<h1>New words</h1>{{ form }}", Actions="Yes,No,Later"))
    assert (status, body["version"]) == (201, 2)
    assert "Old words" in product.page(link).words, "a deployment alone changes no running task"
    status, body = product.call("POST", f"/v1/external-tasks/{task}/sync-templates", {})
    assert status == 200 and body["templatesVersion"] == 2 and body["version"] == 1
    page = product.page(link)
    assert "New words" in page.words and "Later" in page.parts.buttons
    product.stack.settle()
    assert len(product.stack.inbox("gina@supplier.example")) == 1
    assert product.page(link, "POST", {**page.hidden, "action": "Later"}).status == 303


def test_a_template_that_needs_an_activity_no_longer_deployed_is_refused(product):
    """E-09 NOT_IN_DEPLOYED."""
    product.deploy(ask("Renamed"))
    _, task = product.started("Renamed", {"recipient": "hugo@supplier.example"})
    assert product.deploy(ask("Renamed").replace('"Ask"', '"AskAgain"'))[0] == 201
    status, body = product.call("POST", f"/v1/external-tasks/{task}/sync-templates", {})
    assert (status, body["code"]) == (409, "NOT_IN_DEPLOYED")


def test_an_invalid_recipient_is_an_incident_that_a_retry_mends(product):
    """Spec bpmn 6 and I-05, I-06: INVALID_RECIPIENT, then corrected variables."""
    product.deploy(ask("Whom"))
    for address in ("", "nobody", "a@b.example\r\nBcc: c@d.example", "a@b.example, c@d.example"):
        status, body = product.start("Whom", {"recipient": address})
        assert (status, body["code"], body["status"]) == (422, "INVALID_RECIPIENT", "ERROR"), address
    instance = body["instanceKey"]
    assert product.instance(instance)["status"] == "ERROR"
    assert product.as_("TOKEN_OPERATOR").call("POST", f"/v1/instances/{instance}/retry", {})[0] == 403
    status, body = product.call("POST", f"/v1/instances/{instance}/retry",
                                {"variables": {"recipient": "ida@supplier.example"}})
    assert (status, body["status"]) == (200, "WAITING")
    assert len(product.mails("ida@supplier.example", 1)) == 1


def test_a_server_script_that_fails_keeps_the_task_open(product):
    """Spec bpmn 10.9: neutral words for the recipient, an incident for the operator, the answer again after the retry."""
    script = "if (!context.allowed) throw new Error('ledger 4711 is closed'); return 'ok';"
    product.deploy(ask("Fragile", ServerScript=script))
    instance, task = product.started("Fragile", {"recipient": "jan@supplier.example"})
    link = link_of(product.mails("jan@supplier.example", 1)[0])
    page = product.page(link)
    failed = product.page(link, "POST", {**page.hidden, "action": "Yes", "comment": "typed with care"})
    assert failed.status == 409 and "4711" not in failed.text
    assert product.task(task)["status"] == "PENDING"
    incident = product.instance(instance)["incidents"][0]
    assert incident["code"] == "SCRIPT_ERROR" and "4711" in incident["message"]
    assert product.page(link, "POST", {**page.hidden, "action": "Yes"}).status == 409
    assert product.call("POST", f"/v1/instances/{instance}/retry", {"variables": {"allowed": True}})[0] == 200
    again = product.page(link)
    assert "typed with care" in again.text, "what was typed is kept"
    assert product.page(link, "POST", {**again.hidden, "action": "Yes"}).status == 303
    assert product.instance(instance)["status"] == "COMPLETED"
