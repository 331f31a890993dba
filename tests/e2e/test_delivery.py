"""What SES reports of mails, through the real queue and function: rows, records, follow-up, counters (S0-10, S0-25, E-13)."""

import pytest
from processes import ask


def shown(product, key):
    return product.task(key)["delivery"]


def test_a_mail_that_arrives_is_shown_as_delivered(product):
    product.deploy(ask("Delivered"))
    _, key = product.started("Delivered", {"recipient": "vera@delivered.example"})
    assert product.wait(lambda: shown(product, key) == "delivered")
    (notification,) = product.task(key)["notifications"]
    assert notification["kind"] == "initial" and notification["delivery"] == "delivered"
    assert notification["to"] == "vera@delivered.example" and notification["result"]


@pytest.mark.parametrize("local, delivery", [("bounce", "bounced"), ("suppressionlist", "bounced"),
                                             ("complaint", "complained")])
def test_trouble_asks_for_a_person_and_stops_the_reminders(product, local, delivery):
    process = f"Trouble-{local}"
    product.deploy(ask(process, Reminders="PT4S", ExpiresAfter="PT1H"))
    instance, key = product.started(process, {"recipient": f"{local}@simulator.amazonses.com"})
    assert product.wait(lambda: shown(product, key) == delivery)
    found = product.wait(lambda: [task for task in product.call(
        "GET", f"/v1/external-tasks?followUp=true&processId={process}")[1]["items"] if task["taskKey"] == key])
    assert found and found[0]["status"] == "PENDING"
    product.stack.settle()
    assert product.task(key)["reminders"] == 0, "no reminder after trouble"
    product.call("POST", f"/v1/external-tasks/{key}/cancel", {})
    gone = lambda: not product.call("GET", f"/v1/external-tasks?followUp=true&processId={process}")[1]["items"]
    assert product.wait(gone), "an ended task needs nobody"
    assert product.instance(instance)["status"] == "CANCELLED"


def test_what_passes_by_itself_asks_for_nobody(product):
    product.deploy(ask("OutOfOffice"))
    _, key = product.started("OutOfOffice", {"recipient": "ooto@simulator.amazonses.com"})
    assert product.wait(lambda: shown(product, key) == "delivered")
    product.stack.settle()
    assert shown(product, key) == "delivered" and not product.task(key).get("followUp")


def test_days_and_the_quota_are_counted(product):
    product.deploy(ask("Counted"))
    before = product.call("GET", "/v1/delivery?days=1")[1]["days"][0]
    _, key = product.started("Counted", {"recipient": "carl@counted.example"})
    assert product.wait(lambda: shown(product, key) == "delivered")
    after = product.wait(lambda: (day := product.call("GET", "/v1/delivery?days=1")[1]["days"][0])["delivered"]
                         > before["delivered"] and day)
    assert after["sent"] > before["sent"] and after["queued"] > before["queued"]
    status, body = product.call("GET", "/v1/delivery")
    assert status == 200 and len(body["days"]) == 14 and body["quota"]["sendingEnabled"] is True


@pytest.mark.parametrize("days", ["0", "15", "-1", "two", "1.5"])
def test_days_beyond_the_fortnight_are_refused(product, days):
    status, body = product.call("GET", f"/v1/delivery?days={days}")
    assert status == 422 and body["errors"][0]["field"] == "days"


def test_who_may_not_see_tasks_sees_no_delivery(product):
    assert product.as_("TOKEN_USER").call("GET", "/v1/delivery")[0] == 404
    assert product.call("POST", "/v1/delivery", {})[0] == 405
