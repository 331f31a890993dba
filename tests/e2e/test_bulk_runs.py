"""Bulk runs on the whole stack: API, stream, outbox, FIFO queue, worker and mails (S0-48 to S0-61, S0-71 to S0-75)."""

import pytest
from processes import ask

TASKS = 42


@pytest.fixture
def name(product):  # the same file again is the same version
    product.deploy(ask("Bulk"))
    return "Bulk"


def started(product, name, count, prefix):
    return [product.started(name, {"recipient": f"{prefix}{number}@bulk.example"})[1] for number in range(count)]


def start(product, **body):
    status, run = product.call("POST", "/v1/bulk-runs", body)
    assert status == 202, run
    return run["bulkRunKey"]


def look(product, key):
    run = product.call("GET", f"/v1/bulk-runs/{key}")[1]
    assert run["processed"] == run["succeeded"] + run["failed"]
    if run["status"] in ("completed", "stopped"):
        assert run["succeeded"] + run["failed"] + run["skipped"] == run["total"]
    return run


def ended(product, key, seconds=60):
    return product.wait(lambda: (run := look(product, key))["status"] in ("completed", "stopped") and run, seconds)


def test_a_run_of_42_tasks_shows_its_progress_and_mails_each_recipient_once(product, name):
    """S0-71: the pending ones, one after the other, to the summary."""
    tasks = started(product, name, TASKS, "all")
    key = start(product, action="resend", taskKeys=tasks + tasks[:3])
    seen = set()
    product.wait(lambda: seen.add((run := look(product, key))["summary"]) or run["status"] == "completed", 60)
    run = look(product, key)
    assert run["summary"] == f"{TASKS} tasks processed successfully." and run["failures"] == []
    progress = sorted(int(text.split()[0]) for text in seen if text.endswith(f"of {TASKS} processed"))
    assert progress and progress[0] < TASKS, "progress was to be seen on the way"
    for number in (0, 20, TASKS - 1):
        mails = product.mails(f"all{number}@bulk.example", 2)
        assert len(mails) == 2, "the first mail and one resend"
    assert product.wait(lambda: look(product, key)["mailsSent"] == TASKS)
    lines = product.task(tasks[0])["history"]
    assert any("resen" in str(line).lower() for line in lines), lines


def test_stop_ends_a_run_on_its_way(product, name):
    """S0-56, S0-59."""
    tasks = started(product, name, TASKS, "stop")
    key = start(product, action="resend", taskKeys=tasks)
    assert product.wait(lambda: look(product, key)["processed"] >= 3)
    status, run = product.call("POST", f"/v1/bulk-runs/{key}/stop", {})
    assert status == 200 and run["status"] in ("stopping", "stopped")
    run = ended(product, key)
    assert run["status"] == "stopped" and 3 <= run["processed"] < TASKS
    assert run["summary"] == f"{run['succeeded']} done, 0 failed, {run['skipped']} skipped."
    assert product.call("POST", f"/v1/bulk-runs/{key}/stop", {})[1]["status"] == "stopped"


def test_a_run_by_filter_cancels_the_pending_tasks_of_one_process(product):
    """S0-73, S0-75: what ended before its turn fails, the links of the others say that they are cancelled."""
    product.deploy(ask("BulkCancel"))
    tasks = started(product, "BulkCancel", 6, "cancel")
    assert product.call("POST", f"/v1/external-tasks/{tasks[0]}/cancel", {})[0] == 200
    body = {"action": "cancel", "filter": {"processId": "BulkCancel", "status": ["PENDING"]}}
    assert product.wait(lambda: product.call("POST", "/v1/bulk-runs", {**body, "dryRun": True})[1]["eligible"] == 5)
    status, run = product.call("POST", "/v1/bulk-runs", body)
    assert status == 202 and run["status"] == "preparing" and run["total"] is None
    run = ended(product, run["bulkRunKey"])
    assert run["summary"] == "5 tasks processed successfully." and run["total"] == 5
    for task in tasks:
        assert product.task(task)["status"] == "CANCELLED"


def test_a_run_over_tasks_that_ended_says_which_failed(product, name):
    """S0-55, S0-58."""
    tasks = started(product, name, 12, "late")
    key = start(product, action="resend", taskKeys=tasks)
    last = product.call("POST", f"/v1/external-tasks/{tasks[-1]}/cancel", {})
    run = ended(product, key)
    if last[0] == 200 and run["failed"]:
        assert run["summary"] == "11 successful, 1 failed."
        assert [failure["taskKey"] for failure in run["failures"]] == [tasks[-1]]
        assert run["failures"][0]["code"] == "NOT_PENDING"
    again = start(product, action="cancel", taskKeys=tasks)
    run = ended(product, again)
    assert run["total"] == 11 and run["summary"] == "11 tasks processed successfully."
