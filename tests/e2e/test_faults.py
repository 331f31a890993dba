"""Crashes, throttles and refusals between a commit and its effects: nothing is lost, nothing doubled."""

import deploy
from processes import ask
from product import Product, link_of


def test_every_mail_is_sent_once_when_the_stack_dies_between_commit_and_delivery(own_stack):
    """Design 3, 4; quality 6.2 no. 3: restart and kill -9."""
    product = Product(own_stack)
    assert product.deploy(ask("Durable"))[0] == 201
    product.started("Durable", {"recipient": "before@supplier.example"})
    assert len(product.mails("before@supplier.example", 1)) == 1

    own_stack.pause_stream()
    for number in range(5):
        product.started("Durable", {"recipient": f"killed{number}@supplier.example"})
    assert not own_stack.inbox("killed")
    own_stack.save()
    own_stack.kill()
    own_stack.start()
    for number in range(5):
        assert len(product.mails(f"killed{number}@supplier.example", 1)) == 1

    own_stack.pause_stream()
    for number in range(5):
        product.started("Durable", {"recipient": f"stopped{number}@supplier.example"})
    own_stack.stop()
    own_stack.start()
    for number in range(5):
        assert len(product.mails(f"stopped{number}@supplier.example", 1)) == 1

    own_stack.settle()
    for name in ["before"] + [f"{kind}{number}" for kind in ("killed", "stopped") for number in range(5)]:
        assert len(own_stack.inbox(f"{name}@supplier.example")) == 1, name


def test_a_throttled_mail_is_retried_and_sent_once(product):
    """Quality 6.2 no. 5: SES throttles; the queue of retries delivers."""
    product.deploy(ask("Throttled"))
    product.stack.settle()
    product.stack.fail_mail("throttle", 2)
    _, task = product.started("Throttled", {"recipient": "slow@supplier.example"})
    product.started("Throttled", {"recipient": "next@supplier.example"})
    assert len(product.mails("next@supplier.example", 1)) == 1, "one mail's trouble delays nobody else"
    assert len(product.mails("slow@supplier.example", 1, seconds=120)) == 1
    product.stack.settle()
    assert len(product.stack.inbox("slow@supplier.example")) == 1
    assert product.wait(lambda: product.task(task)["notifications"][0]["delivery"] == "delivered")


def test_a_refused_mail_is_shown_as_failed_and_asks_for_a_person(product):
    """Quality 6.2 no. 6, E-13: no retry, no further reminder, the row is flagged."""
    product.deploy(ask("Refused", Reminders="PT4S"))
    product.stack.settle()
    product.stack.fail_mail("reject", 1)
    _, task = product.started("Refused", {"recipient": "refused@supplier.example"})
    details = product.wait(lambda: (found := product.task(task))["followUp"] and found)
    assert details["status"] == "PENDING" and details["delivery"] == "failed"
    assert details["notifications"][0]["delivery"] == "failed"
    product.stack.settle()
    assert not product.mails("refused@supplier.example", 1, seconds=6)
    assert product.call("POST", f"/v1/external-tasks/{task}/resend", {})[0] == 200
    assert len(product.mails("refused@supplier.example", 1)) == 1


def test_links_of_a_killed_epoch_are_dead_and_resend_makes_new_ones(own_stack):
    """Design 5: one write ends every link of a tenant."""
    product = Product(own_stack)
    product.deploy(ask("Sealed"))
    _, task = product.started("Sealed", {"recipient": "seal@supplier.example"})
    old = link_of(product.mails("seal@supplier.example", 1)[0])
    page = product.page(old)
    assert page.status == 200
    code, output = product.admin("tenant", "kill-links", "--id", "1")
    assert code == 0, output
    assert product.wait(lambda: product.page(old).status == 404, seconds=45)
    assert product.page(old, "POST", {**page.hidden, "action": "Yes"}).status == 404
    assert product.task(task)["status"] == "PENDING"
    assert product.wait(lambda: product.task(task)["link"] != old, seconds=45)
    own_stack.settle()
    assert product.call("POST", f"/v1/external-tasks/{task}/resend", {})[0] == 200
    product.mails("seal@supplier.example", 2)
    new = product.task(task)["link"]
    assert product.wait(lambda: product.page(new).status == 200, seconds=45)


def test_background_work_that_fails_comes_back_sooner_than_its_queue_says(own_stack):
    """BPMN semantics, async boundaries: after 1, 5 and 25 s, while the queue alone would hide it for 90."""
    log = own_stack.folder / "logs" / "functions.log"
    queue = deploy.client("sqs", own_stack.env["AWS_ENDPOINT_URL"])
    queue.send_message(QueueUrl=own_stack.env["TIMER_QUEUE_URL"], MessageBody="nothing that could be read")
    assert Product(own_stack).wait(lambda: log.read_text().count("a due message returns to the queue") == 3)
    assert "a message waits as long as its queue says" not in log.read_text()
