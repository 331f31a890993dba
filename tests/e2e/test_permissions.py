"""Who may what: every operation of the API's document, called by every role and by another tenant (S0-76, S0-77).

Invisible is 404, visible but not allowed is 403. A route without a row in the table below fails the first test."""

import dataclasses
import json

import pytest
from processes import approval, ask
from product import DOCUMENT, Product

CALLERS = ("TOKEN_ADMIN", "TOKEN_MANAGER", "TOKEN_OPERATOR", "TOKEN_USER", "TOKEN_OTHER")


@dataclasses.dataclass
class Row:
    """What admin, manager, operator, user and another tenant's admin get. `body` may name {instance} and {task}."""
    method: str
    path: str
    expected: tuple
    body: object = None
    fresh: bool = False


OPEN = Row("GET", "/healthz", (200, 200, 200, 200, 200))
TABLE = [
    OPEN,
    Row("GET", "/openapi.json", (200, 200, 200, 200, 200)),
    Row("POST", "/v1/definitions", (201, 403, 403, 403, 201), "xml"),
    Row("GET", "/v1/definitions", (200, 200, 200, 404, 200)),
    Row("GET", "/v1/definitions/{processId}", (200, 200, 200, 404, 404)),
    Row("GET", "/v1/definitions/{processId}/versions/{version}", (200, 200, 200, 404, 404)),
    Row("GET", "/v1/definitions/{processId}/versions/{version}/xml", (200, 200, 200, 404, 404)),
    Row("GET", "/v1/instances", (200, 200, 200, 404, 200)),
    Row("POST", "/v1/instances", (201, 201, 201, 201, 422),
        {"processId": "Guarded", "variables": {"recipient": "who@supplier.example"}}),
    Row("GET", "/v1/instances/{instanceKey}", (200, 200, 200, 404, 404)),
    Row("GET", "/v1/instances/{instanceKey}/history", (200, 200, 200, 404, 404)),
    Row("POST", "/v1/instances/{instanceKey}/cancel", (200, 403, 200, 404, 404), {}, fresh=True),
    Row("POST", "/v1/instances/{instanceKey}/retry", (409, 403, 403, 404, 404), {}),
    Row("GET", "/v1/external-tasks", (200, 200, 200, 404, 200)),
    Row("GET", "/v1/external-tasks/{taskKey}", (200, 200, 200, 404, 404)),
    Row("POST", "/v1/external-tasks/{taskKey}/resend", (200, 403, 200, 404, 404), {}, fresh=True),
    Row("POST", "/v1/external-tasks/{taskKey}/sync-templates", (200, 403, 200, 404, 404), {}, fresh=True),
    Row("POST", "/v1/external-tasks/{taskKey}/cancel", (200, 403, 200, 404, 404), {}, fresh=True),
    Row("POST", "/v1/bulk-runs", (202, 403, 202, 404, 202), {"action": "resend", "taskKeys": ["{task}"]}),
    Row("GET", "/v1/bulk-runs", (200, 200, 200, 404, 200)),
    Row("GET", "/v1/bulk-runs/{bulkRunKey}", (200, 200, 200, 404, 404)),
    Row("GET", "/v1/bulk-runs/{bulkRunKey}/failures", (200, 200, 200, 404, 404)),
    Row("POST", "/v1/bulk-runs/{bulkRunKey}/stop", (200, 403, 200, 404, 404)),
    Row("POST", "/v1/bulk-runs/{bulkRunKey}/lease", (200, 403, 200, 404, 404)),
    Row("GET", "/v1/delivery", (200, 200, 200, 404, 200)),
    Row("POST", "/v1/exports", (202, 202, 202, 404, 202), {"format": "csv"}),
    Row("GET", "/v1/exports/{exportKey}", (200, 404, 404, 404, 404)),
    Row("POST", "/v1/messages", (404, 404, 404, 404, 404), {"name": "Nobody", "correlationKey": "awaits this"}),
    Row("POST", "/v1/signals", (200, 200, 200, 200, 200), {"name": "Nobody awaits this"}),
    Row("GET", "/api/user-tasks/active", (200, 200, 200, 200, 200)),
    Row("GET", "/api/user-tasks/{instanceGuid}/{taskId}", (200, 200, 404, 404, 404)),
    Row("POST", "/api/user-tasks/complete", (200, 200, 404, 404, 404),
        {"instanceGuid": "{instanceGuid}", "taskId": "First", "userAction": "Approve"}, fresh=True),
    Row("GET", "/v2/user-tasks/{userTaskKey}", (200, 200, 404, 404, 404)),
    Row("POST", "/v2/user-tasks/{userTaskKey}/completion", (204, 204, 404, 404, 404), {"action": "Approve"},
        fresh=True),
    Row("POST", "/v1/recipients/erase", (200, 403, 403, 404, 200), {"recipient": "nobody@supplier.example"}),
]
DESCRIBED = {(method.upper(), path) for path, operations in DOCUMENT["paths"].items() for method in operations}
ROWS = [row for row in TABLE if (row.method, row.path) in DESCRIBED]


@pytest.fixture(scope="module")
def keys(stack):
    """One of everything, made by the admin of the first tenant."""
    product = Product(stack)
    product.deploy(ask("Guarded"))
    instance, task = product.started("Guarded", {"recipient": "guarded@supplier.example"}, businessKey="guarded")
    found = {"{processId}": "Guarded", "{version}": "1", "{instanceKey}": instance, "{taskKey}": task}
    if ("POST", "/v1/bulk-runs") in DESCRIBED:
        status, run = product.call("POST", "/v1/bulk-runs", {"action": "resend", "taskKeys": [task]})
        assert status == 202, run
        found["{bulkRunKey}"] = run["bulkRunKey"]
    if ("POST", "/v1/exports") in DESCRIBED:
        status, export = product.call("POST", "/v1/exports", {"format": "csv"})
        assert status == 202, export
        found["{exportKey}"] = export["exportKey"]
    product.deploy(approval("GuardedWork"))
    found.update(work_task(product))
    return found


def work_task(product):
    """A new instance with an ordinary task of a team that none of the callers belongs to."""
    status, body = product.call("POST", "/v1/instances", {"processId": "GuardedWork"})
    assert status == 201, body
    return {"{instanceGuid}": body["instanceGuid"], "{taskId}": "First",
            "{userTaskKey}": body["waitingTasks"][0]["taskKey"]}


def filled(text, keys):
    for name, key in keys.items():
        text = text.replace(name, key)
    return text


def test_the_table_holds_every_operation_of_the_document():
    missing = DESCRIBED - {(row.method, row.path) for row in TABLE}
    assert not missing, f"say in the table of this file who may call {sorted(missing)}"


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.method} {row.path}")
def test_a_route_answers_each_role_and_another_tenant_as_the_table_says(stack, keys, row):
    admin = Product(stack)
    answers = []
    for token in CALLERS:
        real = dict(keys)
        if row.fresh:
            real["{instanceKey}"], real["{taskKey}"] = admin.started(
                "Guarded", {"recipient": "fresh@supplier.example"})
            if "user-tasks" in row.path:
                real.update(work_task(admin))
        body = row.body
        if body == "xml":
            body = ask("Deployed")
        elif body is not None:
            body = json.loads(filled(json.dumps(body), {"{task}": real["{taskKey}"], **real}))
        answers.append(Product(stack, token).call(row.method, filled(row.path, real), body))
    assert tuple(status for status, _ in answers) == row.expected, [
        answer if status >= 400 else status for status, answer in answers]
    for (status, answer), expected in zip(answers, row.expected):
        if expected == 403:
            assert answer["code"] == "FORBIDDEN" and "permission" in answer["detail"]
        if expected == 404:
            # Everybody may send a message that nobody awaits; any other 404 does not tell whether there is such a thing.
            code = "NOT_AWAITED" if row.path == "/v1/messages" else "NOT_FOUND"
            assert answer.get("error", answer)["code"] == code


@pytest.mark.parametrize("row", [row for row in ROWS if row.path.startswith("/v1")],
                         ids=lambda row: f"{row.method} {row.path}")
def test_without_a_valid_token_nothing_is_told(stack, keys, row):
    url = stack.env["API_URL"] + filled(row.path, keys)
    for sent in ({}, {"authorization": "Bearer cs_guessed"}, {"authorization": "Basic YTpi"},
                 {"authorization": "Bearer a.b.c"}, {"authorization": "Bearer " + "x" * 9_000}):
        status, _, text = stack.request(row.method, url, b"{}" if row.method == "POST" else None, sent)
        assert status == 401 and json.loads(text)["code"] == "UNAUTHORIZED", sent


def every_item(product, path):
    items, cursor = [], ""
    while True:
        status, page = product.call("GET", f"{path}{'&' if '?' in path else '?'}limit=100{cursor}")
        assert status == 200, page
        items += page["items"]
        if page["nextCursor"] is None:
            return items
        cursor = f"&cursor={page['nextCursor']}"


@pytest.mark.parametrize("path", [
    "/v1/external-tasks", "/v1/external-tasks?status=PENDING", "/v1/external-tasks?processId=Guarded",
    "/v1/external-tasks?activity=Ask", "/v1/external-tasks?processId=Guarded&activity=Ask&status=PENDING",
    "/v1/external-tasks?recipient=guarded", "/v1/external-tasks?recipient=@supplier.example&status=PENDING",
    "/v1/external-tasks?status=PENDING&sort=expires", "/v1/external-tasks?followUp=true",
    "/v1/external-tasks?createdFrom=2020-01-01", "/v1/instances", "/v1/instances?status=WAITING",
    "/v1/instances?processId=Guarded", "/v1/instances?businessKey=guarded"])
def test_no_filter_shows_another_tenants_rows(stack, keys, path):
    stranger = Product(stack, "TOKEN_OTHER")
    mine = {json.dumps(item) for item in every_item(Product(stack), path)}
    theirs = {json.dumps(item) for item in every_item(stranger, path)}
    assert not mine & theirs
    assert not any(key in item for item in theirs for key in (keys["{instanceKey}"], keys["{taskKey}"]))


@pytest.mark.parametrize("path, other", [
    ("/v1/external-tasks?status=PENDING", "/v1/external-tasks?status=COMPLETED"),
    ("/v1/external-tasks?sort=created", "/v1/external-tasks"),
    ("/v1/external-tasks?processId=Guarded", "/v1/external-tasks?processId=Other"),
    ("/v1/instances", "/v1/instances?status=WAITING"),
])
def test_a_cursor_is_good_for_its_own_tenant_and_question_only(stack, keys, path, other):
    admin, stranger = Product(stack), Product(stack, "TOKEN_OTHER")
    for number in range(2):
        admin.started("Guarded", {"recipient": f"cursor{number}@supplier.example"})
    joined = lambda base, cursor: f"{base}{'&' if '?' in base else '?'}limit=1&cursor={cursor}"
    cursor = admin.wait(lambda: admin.call("GET", f"{path}{'&' if '?' in path else '?'}limit=1")[1]["nextCursor"])
    assert admin.call("GET", joined(path, cursor))[0] == 200
    changed = cursor[:-2] + ("AA" if cursor[-2:] != "AA" else "BB")
    for caller, address in ((stranger, joined(path, cursor)), (admin, joined(other, cursor)),
                            (admin, joined(path, changed)), (admin, joined(path, cursor[:-1])),
                            (admin, joined(path, "AAAA")), (admin, joined(path, "x" * 5_000)),
                            (admin, joined(path, "%00"))):
        status, problem = caller.call("GET", address)
        assert (status, problem["code"]) == (400, "INVALID_CURSOR"), address[:80]


def test_a_body_cannot_name_another_tenants_things(stack, keys):
    """Keys of another tenant count as unknown, fields that are nobody's to set are refused."""
    stranger = Product(stack, "TOKEN_OTHER")
    status, problem = stranger.call("POST", "/v1/instances", {"processId": "Nobodys", "tenant": 1, "startedBy": "x"})
    assert status == 422 and {error["field"] for error in problem["errors"]} == {"tenant", "startedBy"}
    if ("POST", "/v1/bulk-runs") in DESCRIBED:
        status, run = stranger.call("POST", "/v1/bulk-runs", {"action": "cancel", "taskKeys": [keys["{taskKey}"]]})
        assert status == 202 and run["eligible"] == 0, run
    assert Product(stack).task(keys["{taskKey}"])["status"] == "PENDING"


def test_a_tenants_own_setup_decides_what_its_roles_may(stack):
    """S0-76, S0-93: roles come from the tenant's permission setup, changed by its administration."""
    product = Product(stack)
    product.stack.env = dict(stack.env)
    for words in (["tenant", "put", "--id", "77", "--name", "Setup"],
                  ["tenant", "permissions", "--id", "77", "--role", "user", "--only",
                   "instances:start,external-tasks:read,definitions:deploy"],
                  ["tenant", "permissions", "--id", "77", "--role", "operator", "--deny", "instances:read"]):
        code, output = product.admin(*words)
        assert code == 0, output
    assert "external-tasks:read" in output.splitlines()[1], output
    made = {}
    for role in ("user", "operator", "admin"):
        code, output = product.admin("token", "create", "--tenant", "77", "--user", role, "--role", role)
        assert code == 0, output
        made[role] = Product(stack)
        made[role].token = output.strip().splitlines()[-1]
    assert made["user"].deploy(ask("Own"))[0] == 201
    _, task = made["user"].started("Own", {"recipient": "own@supplier.example"})
    status, shown = made["user"].call("GET", f"/v1/external-tasks/{task}")
    assert status == 200 and "link" not in shown and shown["actions"] == []
    assert made["user"].call("POST", f"/v1/external-tasks/{task}/resend", {})[0] == 403
    assert made["user"].call("GET", "/v1/instances")[0] == 404
    assert made["operator"].call("GET", "/v1/instances")[0] == 404
    assert made["operator"].call("GET", f"/v1/external-tasks/{task}")[1]["actions"] == [
        "resend", "syncTemplates", "cancel"]
    assert made["admin"].call("GET", "/v1/instances")[0] == 200
    for wrong in (["--role", "boss", "--allow", "x"], ["--role", "user", "--allow", "all"], ["--role", "user"],
                  ["--role", "user", "--allow", "instances:read", "--deny", "instances:start"]):
        code, output = product.admin("tenant", "permissions", "--id", "77", *wrong)
        assert code != 0, output
    code, output = product.admin("tenant", "permissions", "--id", "77", "--role", "user", "--reset", "yes")
    assert code == 0 and "user\tinstances:start" in output, output


def test_history_says_who_did_it_when_and_from_where(stack):
    """Audit: member's door and address, for those who manage; never a recipient's address."""
    admin, operator = Product(stack), Product(stack, "TOKEN_OPERATOR")
    admin.deploy(ask("Audited"))
    _, task = admin.started("Audited", {"recipient": "audited@supplier.example", "question": "secret-question"})
    assert operator.call("POST", f"/v1/external-tasks/{task}/resend", {})[0] == 200
    link = admin.task(task)["link"]
    page = admin.page(link)
    assert admin.page(link, "POST", {**page.hidden, "action": "Yes", "comment": "hidden-answer"}).status == 303
    history = admin.task(task)["history"]
    by_type = {entry["type"]: entry for entry in history}
    resent = by_type["resent"]
    assert resent["command"] == "resend" and resent["origin"]["door"] == "api" and resent["origin"]["address"]
    assert resent["actor"] == operator.call("GET", f"/v1/external-tasks/{task}")[1]["notifications"][1]["actor"]
    answered = by_type["taskCompleted"]
    assert answered["actor"] == "recipient" and answered["origin"] == {"door": "page"}
    assert [entry["at"] for entry in history] == sorted(entry["at"] for entry in history)
    manager = Product(stack, "TOKEN_MANAGER").call("GET", f"/v1/external-tasks/{task}")[1]
    assert all("address" not in entry.get("origin", {}) for entry in manager["history"])
    assert manager["answers"]["comment"] == "hidden-answer", "a manager may read variables"


def test_sync_says_which_placeholders_find_no_value(stack):
    admin = Product(stack)
    admin.deploy(ask("Holes", TaskPage="<p>{{ question }}</p>"))
    _, task = admin.started("Holes", {"recipient": "holes@supplier.example", "question": "Fine?"})
    page = '<p>{{ question }} {{ context.price | number }} {{ note | default("none") }} {{ task.reference }}</p>'
    assert admin.deploy(ask("Holes", TaskPage=page, EmailSubject="About {{ subject.line }}"))[1]["version"] == 2
    status, synced = admin.call("POST", f"/v1/external-tasks/{task}/sync-templates", {})
    assert status == 200 and synced["missingPlaceholders"] == ["price", "subject.line"]
    assert synced["templatesVersion"] == 2 and admin.task(task)["deployedVersion"] == 2
