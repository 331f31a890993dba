"""Bulk runs and delivery in the browser: question, progress, stop, summary, failures; with and without script."""

import itertools
import re
import urllib.parse

import pytest
from playwright.sync_api import expect
from processes import ask

WIDE, PHONE, SMALLEST = (1440, 900), (360, 740), (320, 640)
NUMBERS = itertools.count(1)
HINT = "Keep this window open. When you close it, the task in progress is finished and the rest is skipped."


class Batch:
    """Pending tasks of one process of their own, each for another recipient of one domain."""

    def __init__(self, product, count, **properties):
        self.product, self.number = product, next(NUMBERS)
        self.process_id, self.domain = f"Batch{self.number}", f"acme{self.number}.example"
        status, body = product.deploy(ask(self.process_id, name="Confirm delivery note", **properties))
        assert status in (200, 201), body
        self.keys = []
        for n in range(count):
            variables = {"question": "Did it arrive?", "recipient": f"r{n}@{self.domain}"}
            self.keys.append(product.started(self.process_id, variables, reference=f"PO-{n}")[1])
        product.stack.settle()

    @property
    def query(self):
        return urllib.parse.urlencode({"status": "PENDING", "processId": self.process_id})

    def statuses(self):
        return [self.product.task(key)["status"] for key in self.keys]

    def mails(self):
        return len(self.product.stack.inbox(self.domain))


def console(product, path):
    return product.stack.env["CONSOLE_URL"] + path


def sign_in(visitor, product, path, token="TOKEN_OPERATOR"):
    visitor.open(console(product, "/sign-in"))
    visitor.page.get_by_label("Access token").fill(product.stack.env[token])
    with visitor.page.expect_navigation():
        visitor.page.get_by_role("button", name="Sign in with token").click()
    visitor.open(console(product, path))


def select_all(visitor, product, batch, token="TOKEN_OPERATOR"):
    """The list of a batch with every row checked."""
    sign_in(visitor, product, f"/external-tasks?{batch.query}", token)
    expect(visitor.page.locator("[name=taskKey]")).to_have_count(len(batch.keys))
    visitor.page.get_by_label("Select all pending tasks of this page").click()
    return visitor.page


def press(page, action):
    page.locator(f".bar button[value={action}]").click()


def under_way(page):
    """Waits until some tasks are done and most are not."""
    expect(page.locator("dialog progress")).to_have_attribute("value", re.compile(r"^([2-9]|\d\d)$"))


def run_of(product, page):
    """The run a page or dialog shows, as the API tells it."""
    key = page.locator("[data-run]").first.get_attribute("data-run").rsplit("/", 1)[1]
    return product.call("GET", f"/v1/bulk-runs/{key}")[1]


def ended(product, key, seconds=60):
    def state():
        run = product.call("GET", f"/v1/bulk-runs/{key}")[1]
        return run if run["status"] in ("stopped", "completed") else None

    run = product.wait(state, seconds)
    assert run, product.call("GET", f"/v1/bulk-runs/{key}")[1]
    assert run["succeeded"] + run["failed"] + run["skipped"] == run["total"], run
    return run


def test_a_bulk_resend_asks_shows_progress_and_says_what_became_of_it(product, visitor):
    """S0-48 to S0-57, S0-61, S0-71: select all, confirm, watch, summary."""
    batch = Batch(product, 42)
    before = batch.mails()
    page = select_all(visitor, product, batch)
    press(page, "resend")
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("heading", name="Send the mail again to 42 recipients?")).to_be_visible()
    expect(dialog).to_contain_text("They get the same link; nothing else changes.")
    expect(dialog.get_by_role("button", name="Keep as is")).to_be_focused()
    assert batch.mails() == before, "a question does nothing"
    dialog.get_by_role("button", name="Resend 42 mails").click()
    expect(dialog.get_by_role("heading", name="Resending")).to_be_visible()
    expect(dialog).to_contain_text(re.compile(r"\d+ of 42 processed"))
    expect(dialog).to_contain_text(HINT)
    bar = dialog.get_by_role("progressbar")
    expect(bar).to_have_attribute("max", "42")
    under_way(page)
    expect(dialog.get_by_role("heading", name="Resend finished")).to_be_visible(timeout=60_000)
    expect(dialog).to_contain_text("42 tasks processed successfully.")
    expect(dialog.get_by_role("button", name="Done")).to_be_focused()
    dialog.get_by_role("button", name="Done").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    product.stack.settle()
    assert batch.mails() == before + 42, "each recipient got one mail more"


def test_keeping_as_is_starts_nothing(product, visitor):
    batch = Batch(product, 2)
    page = select_all(visitor, product, batch)
    press(page, "cancel")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Cancel 2 tasks and stop their processes?")
    expect(dialog).to_contain_text("This cannot be undone.")
    dialog.get_by_role("button", name="Keep tasks").click()
    expect(dialog).to_have_count(0)
    expect(page.locator("[name=taskKey]:checked")).to_have_count(2)
    assert batch.statuses() == ["PENDING", "PENDING"]


def test_stop_ends_the_run_after_the_task_at_hand(product, visitor):
    """S0-56, S0-59: handled tasks stay handled, the sums add up."""
    batch = Batch(product, 42)
    page = select_all(visitor, product, batch)
    press(page, "resend")
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Resend 42 mails").click()
    under_way(page)
    run = run_of(product, page)
    dialog.get_by_role("button", name="Stop").click()
    expect(dialog.get_by_role("heading", name="Resend stopped")).to_be_visible(timeout=30_000)
    run = ended(product, run["bulkRunKey"])
    assert run["status"] == "stopped" and run["skipped"] > 0, run
    expect(dialog).to_contain_text(f"{run['succeeded']} done, {run['failed']} failed, {run['skipped']} skipped.")


def test_escape_asks_while_the_run_depends_on_the_window(product, visitor):
    batch = Batch(product, 42)
    page = select_all(visitor, product, batch)
    press(page, "resend")
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Resend 42 mails").click()
    expect(dialog.get_by_role("heading", name="Resending")).to_be_visible()
    page.keyboard.press("Escape")
    expect(dialog).to_contain_text("The run is still in progress.")
    expect(dialog.get_by_role("heading", name="Resending")).to_be_visible()
    dialog.get_by_role("button", name="Stop").click()
    expect(dialog.get_by_role("heading", name="Resend stopped")).to_be_visible(timeout=30_000)


def test_closing_the_window_stops_the_run_it_holds(product, visitor):
    """S0-60: closing early behaves like Stop; the beacon says so at once, not when the lease lapses."""
    batch = Batch(product, 42)
    page = select_all(visitor, product, batch)
    press(page, "resend")
    page.get_by_role("dialog").get_by_role("button", name="Resend 42 mails").click()
    under_way(page)
    run = run_of(product, page)
    asked = []
    page.context.remove_listener("dialog", visitor._asked)
    page.once("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    page.goto("about:blank")
    run = ended(product, run["bulkRunKey"], 30)
    assert run["status"] == "stopped" and run["skipped"] > 0, run
    assert asked == ["beforeunload"], "the window asks before it goes"


def test_a_run_goes_on_without_its_window_when_told_to(product, visitor):
    """The choice during the run; it is found again under Bulk runs."""
    batch = Batch(product, 30)
    page = select_all(visitor, product, batch)
    press(page, "resend")
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Resend 30 mails").click()
    under_way(page)
    key = run_of(product, page)["bulkRunKey"]
    dialog.get_by_label("Go on without this window").check()
    expect(dialog).to_contain_text("This run goes on by itself.")
    expect(dialog.get_by_role("button", name="Close")).to_be_visible()
    visitor.open(console(product, "/bulk-runs"))
    row = page.locator(f"#run-{key}")
    expect(row).to_contain_text("Goes on by itself")
    expect(row).to_contain_text("30 tasks processed successfully.", timeout=60_000)
    row.get_by_role("link", name="Resend").click()
    expect(page.get_by_role("heading", name="Resend finished")).to_be_visible()
    assert ended(product, key)["succeeded"] == 30


def test_failures_are_listed_and_can_be_selected_again(product, visitor):
    """S0-55, S0-58: what failed says why, and leads to another run."""
    batch = Batch(product, 3)
    sign_in(visitor, product, f"/external-tasks?{batch.query}")
    page = visitor.page
    page.get_by_label("Select all pending tasks of this page").click()
    # Sync fails where the deployed version has the activity no more.
    other = ask(batch.process_id, name="Something else").replace('id="Ask"', 'id="Other"').replace('"Ask"', '"Other"')
    assert product.deploy(other)[0] in (200, 201)
    press(page, "syncTemplates")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Put the deployed templates on 3 tasks?")
    dialog.get_by_role("button", name="Sync 3 tasks").click()
    expect(dialog).to_contain_text("0 successful, 3 failed.", timeout=30_000)
    expect(dialog).to_contain_text(f"r0@{batch.domain}")
    expect(dialog).to_contain_text("NOT_IN_DEPLOYED")
    assert not visitor.violations()
    with page.expect_navigation():
        dialog.get_by_role("link", name="Select the failed ones again").click()
    expect(page.locator("[name=taskKey]:checked")).to_have_count(3)
    with page.expect_download() as download:
        page.get_by_role("link", name="All as CSV").click()
    lines = download.value.path().read_text().splitlines()
    assert lines[0] == "number,taskKey,code,message" and len(lines) == 4
    assert all(line.split(",")[1] in batch.keys and "NOT_IN_DEPLOYED" in line for line in lines[1:])
    press(page, "resend")
    expect(page.get_by_role("dialog")).to_contain_text("Send the mail again to 3 recipients?")


def test_what_is_not_pending_any_more_is_left_out(product, visitor):
    """S0-75: the buttons act on the pending ones among the selected tasks."""
    batch = Batch(product, 3)
    page = select_all(visitor, product, batch)
    product.call("POST", f"/v1/external-tasks/{batch.keys[0]}/cancel", {})
    press(page, "resend")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Send the mail again to 2 recipients?")
    expect(dialog).to_contain_text("1 of the 3 selected is not pending")


def test_all_that_match_are_cancelled_by_filter(product, visitor):
    """S0-73: more than one page of them; the run counts first."""
    batch = Batch(product, 52)
    sign_in(visitor, product, f"/external-tasks?{batch.query}")
    page = visitor.page
    expect(page.locator("[name=taskKey]").first).to_be_visible()
    page.get_by_label("Select all pending tasks of this page").click()
    page.get_by_role("link", name="Select all that match the filter").click()
    expect(page.locator(".bar")).to_contain_text("All tasks that match the filter are selected.")
    press(page, "cancel")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Cancel 52 tasks and stop their processes?")
    expect(dialog).to_contain_text("All pending tasks that match")
    dialog.get_by_label("Reason").fill("Supplier list replaced")
    dialog.get_by_role("button", name="Cancel 52 tasks").click()
    expect(dialog).to_contain_text("52 tasks processed successfully.", timeout=60_000)
    assert set(batch.statuses()) == {"CANCELLED"}
    assert "Supplier list replaced" in str(product.task(batch.keys[0])["history"])


def test_without_script_everything_is_a_page(product, visit):
    """The question, the run that loads itself again, its summary; the run goes on by itself."""
    batch = Batch(product, 3)
    visitor = visit(script=False)
    sign_in(visitor, product, f"/external-tasks?{batch.query}")
    page = visitor.page
    for box in page.locator("[name=taskKey]").all():
        box.check()
    with page.expect_navigation():
        press(page, "resend")
    expect(page.get_by_role("heading", name="Send the mail again to 3 recipients?")).to_be_visible()
    expect(page.get_by_label("Go on without this window")).to_be_checked()
    assert visitor.overflow() <= 0
    with page.expect_navigation():
        page.get_by_role("button", name="Resend 3 mails").click()
    assert re.search(r"/bulk-runs/\d+$", page.url)
    # Loads itself again until it has ended.
    expect(page.get_by_text("3 tasks processed successfully.")).to_be_visible(timeout=30_000)
    visitor.open(console(product, "/bulk-runs"))
    expect(page.locator("tbody tr").first).to_contain_text("3 tasks processed successfully.")


def test_without_script_nothing_selected_says_so_and_a_second_click_starts_no_second_run(product, visit):
    batch = Batch(product, 1)
    visitor = visit(script=False)
    sign_in(visitor, product, f"/external-tasks?{batch.query}")
    page = visitor.page
    csrf = page.locator("[name=csrf]").first.get_attribute("value")
    empty = page.request.post(console(product, "/bulk-runs"), form={"csrf": csrf, "action": "resend"})
    assert empty.status == 422 and "Select at least one task." in empty.text()
    form = {"csrf": csrf, "action": "resend", "taskKey": batch.keys[0], "confirmed": "once", "detached": "yes"}
    addresses = {page.request.post(console(product, "/bulk-runs"), form=form, max_redirects=0).headers["location"]
                 for _ in range(3)}
    assert len(addresses) == 1, addresses


@pytest.mark.parametrize("action, fields, status", [
    ("resend", {"taskKey": "not-a-key"}, 422),
    ("explode", {"taskKey": "1"}, 422),
    ("resend", {"selection": "filter", "filter": "status=NOPE"}, 422),
    ("resend", {"selection": "filter", "filter": "recipient=" + "x" * 10_001}, 422),
    ("resend", {"selection": "failed", "run": "12"}, 404),
])
def test_bad_requests_are_refused_with_a_designed_page(product, visitor, action, fields, status):
    sign_in(visitor, product, "/bulk-runs")
    csrf = visitor.page.locator("[name=csrf]").first.get_attribute("value")
    answer = visitor.page.request.post(console(product, "/bulk-runs"), form={"csrf": csrf, "action": action, **fields})
    assert answer.status == status and "<h1" in answer.text()


def test_who_may_only_look_cannot_start_or_stop_and_strangers_see_nothing(product, visitor):
    """S0-76: 403 for what can be seen, 404 for what cannot, also by its address."""
    batch = Batch(product, 1)
    status, run = product.call("POST", "/v1/bulk-runs", {"action": "resend", "taskKeys": batch.keys})
    assert status == 202, run
    key = run["bulkRunKey"]
    for token, seen in (("TOKEN_MANAGER", 200), ("TOKEN_USER", 404), ("TOKEN_OTHER", 404)):
        sign_in(visitor, product, "/", token)
        csrf = visitor.page.locator("[name=csrf]").first.get_attribute("value")
        assert visitor.page.request.get(console(product, f"/bulk-runs/{key}")).status == seen, token
        for path in (f"/bulk-runs/{key}/stop", f"/bulk-runs/{key}/lease"):
            refused = visitor.page.request.post(console(product, path), form={"csrf": csrf})
            assert refused.status == (403 if seen == 200 else 404), (token, path)
        start = {"csrf": csrf, "action": "cancel", "taskKey": batch.keys[0], "confirmed": "x"}
        refused = visitor.page.request.post(console(product, "/bulk-runs"), form=start, max_redirects=0)
        assert refused.status in ((403,) if seen == 200 else (404, 303)), token
        visitor.page.context.clear_cookies()
    assert batch.statuses() == ["PENDING"]


def forms(product, visitor):
    batch = Batch(product, 2)
    page = select_all(visitor, product, batch)
    press(page, "cancel")
    page.get_by_role("dialog").get_by_text("This cannot be undone.").wait_for()


def runs_list(product, visitor):
    batch = Batch(product, 1)
    product.call("POST", "/v1/bulk-runs", {"action": "resend", "taskKeys": batch.keys})
    sign_in(visitor, product, "/bulk-runs")


def one_run(product, visitor):
    batch = Batch(product, 1)
    key = product.call("POST", "/v1/bulk-runs", {"action": "resend", "taskKeys": batch.keys})[1]["bulkRunKey"]
    ended(product, key)
    sign_in(visitor, product, f"/bulk-runs/{key}")


def delivery(product, visitor):
    Batch(product, 1)
    sign_in(visitor, product, "/delivery")
    visitor.page.get_by_text("Show as a table").click()


@pytest.mark.parametrize("kind", [forms, runs_list, one_run, delivery], ids=lambda kind: kind.__name__)
def test_pages_meet_wcag_and_fit_in_every_appearance(product, visitor, kind):
    kind(product, visitor)
    found = {}
    for scheme in ("light", "dark"):
        for width, height in (WIDE, PHONE, SMALLEST):
            visitor.page.emulate_media(color_scheme=scheme)
            visitor.page.set_viewport_size({"width": width, "height": height})
            found[scheme, width] = visitor.violations()
            assert visitor.overflow() <= 0, (scheme, width)
    assert not any(found.values()), found


def test_delivery_shows_the_days_and_who_needs_a_person(product, visitor):
    """S0-10: sent and bounced are counted, and the bounced one is found."""
    status, body = product.deploy(ask("Bouncing", name="Confirm delivery note"))
    assert status in (200, 201), body
    variables = {"question": "?", "recipient": "bounce@simulator.amazonses.com"}
    key = product.started("Bouncing", variables, reference="PO-9")[1]
    assert product.wait(lambda: product.task(key).get("delivery") == "bounced"), product.task(key)
    sign_in(visitor, product, "/delivery")
    page = visitor.page
    expect(page.locator(".card", has_text="Sent").locator("dd")).not_to_have_text("0")
    expect(page.locator("svg.chart")).to_have_attribute("aria-label", re.compile("Most sent: "))
    row = page.locator(f"tr:has(a[href='/external-tasks/{key}'])")
    expect(row).to_contain_text("Bounced")
    page.get_by_text("Show as a table").click()
    expect(page.get_by_role("region", name="Mails per day as a table")).to_be_visible()
    page.get_by_role("link", name="Open as a list").click()
    expect(page.locator("[name=taskKey]").first).to_be_visible()


def test_the_history_of_a_filter_is_exported_and_its_link_fetched(product, visitor):
    """The audit: who did what, when and from where, as CSV for the tasks of the list's filter."""
    batch = Batch(product, 2)
    product.as_("TOKEN_OPERATOR").call("POST", f"/v1/external-tasks/{batch.keys[0]}/resend", {})
    sign_in(visitor, product, f"/external-tasks?{batch.query}")
    page = visitor.page
    with page.expect_navigation():
        page.get_by_role("link", name="Export their history").click()
    expect(page.get_by_role("heading", name="Export the history")).to_be_visible()
    assert not visitor.violations()
    with page.expect_navigation():
        page.get_by_role("button", name="Start the export").click()
    expect(page.get_by_role("link", name="Save the file")).to_be_visible(timeout=30_000)
    expect(page.get_by_text("of 2 tasks written.")).to_be_visible()
    assert not visitor.violations()
    answer = page.request.get(page.get_by_role("link", name="Save the file").get_attribute("href"))
    lines = answer.text().splitlines()
    assert answer.status == 200 and len(lines) > 3 and "operator@demo.test" in answer.text(), lines[:3]
    wrong = page.request.get(console(product, "/audit?status=NOPE"))
    assert wrong.status == 422 and "cannot be used" in wrong.text()
