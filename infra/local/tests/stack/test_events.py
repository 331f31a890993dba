"""Every payload of events/ is one that its function takes: the same files serve `cargo lambda invoke --data-file`.

Links and tokens of the files are foreign to every installation. Where an answer depends on them, the test puts in those
of the running stack.
"""

import json
import pathlib

import deploy
import pytest

EVENTS = pathlib.Path(__file__).resolve().parents[4] / "events"
FOREIGN_TOKEN = "Bearer " + "A" * 43
FOREIGN_LINK = "AQAAAAEEPfkIgFoABAAAAAECAwQFBgcICQoLDA0ODw"
# Status of the answer: with a foreign link, and with one of the stack.
PUBLIC = {
    "get": (404, 200), "head": (404, 200), "get-action": (404, 200), "method-not-allowed": (404, 405),
    "submit": (404, 422), "submit-base64": (404, 422), "submit-unknown-action": (404, 422),
    "submit-not-utf8": (404, 400), "submit-json": (404, 415), "bad-link-truncated": (404, 404),
    "bad-link-extended": (404, 404), "bad-path": (404, 404),
}
API = {
    "healthz": 200, "openapi": 200, "root": 401, "unknown-path": 404, "no-token": 401, "bad-token": 401,
    "deploy-definition": 201, "deploy-definition-base64": 200, "start-instance": 201, "start-instance-malformed": 400,
    "get-instance": 404, "cancel-instance": 404, "list-external-tasks": 200, "get-external-task": 404,
    "resend-external-task": 404,
}
# Nobody is signed in: pages lead to the sign-in, forms say what happened.
CONSOLE = {
    "get": 303, "head": 303, "post": 403, "bad-path": 303, "sign-in": 200, "sign-in-wrong-token": 422,
    "sign-in-from-another-site": 403, "callback-without-handshake": 422, "forged-session": 303,
    "post-without-session": 401, "upload-without-session": 401, "unknown-asset": 404,
}


def payloads(folder):
    return sorted(path.stem for path in (EVENTS / folder).glob("*.json"))


def read(folder, name):
    return (EVENTS / folder / f"{name}.json").read_text()


def invoke(stack, function, payload):
    """What the function answers; (answer, whether it failed)."""
    lambdas = deploy.client("lambda", stack.env["AWS_ENDPOINT_URL"])
    (name,) = [f["FunctionName"] for f in lambdas.list_functions()["Functions"]
               if f["FunctionName"].startswith(f"countersign-{function}-")]
    answer = lambdas.invoke(FunctionName=name, Payload=payload.encode())
    return json.loads(answer["Payload"].read() or b"null"), "FunctionError" in answer


def test_every_folder_belongs_to_a_function_and_every_file_of_a_door_is_expected():
    assert sorted(path.name for path in EVENTS.iterdir()) == [
        "action-worker", "api", "bulk-worker", "console", "expiry", "mail-events", "outbox", "public-task", "reminder", "timer"]
    assert payloads("public-task") == sorted(PUBLIC)
    assert payloads("api") == sorted(API)
    assert payloads("console") == sorted(CONSOLE)


@pytest.mark.parametrize("name", payloads("public-task"))
def test_public_task_refuses_foreign_links_and_answers_its_own(stack, name):
    foreign, own = PUBLIC[name]
    payload = read("public-task", name)
    assert invoke(stack, "PublicTask", payload)[0]["statusCode"] == foreign
    token = {"Authorization": f"Bearer {stack.env['TOKEN_ADMIN']}"}
    tasks = json.loads(stack.request("GET", stack.env["API_URL"] + "/v1/external-tasks?status=PENDING", headers=token)[2])
    key = next(task["taskKey"] for task in tasks["items"] if task["processId"] == "SupplierApproval")
    link = json.loads(stack.request("GET", f"{stack.env['API_URL']}/v1/external-tasks/{key}", headers=token)[2])["token"]
    # Parts of the foreign link in the bad ones become parts of the own one.
    changed = payload.replace(FOREIGN_LINK, link).replace(FOREIGN_LINK[:-5], link[:-5])
    assert invoke(stack, "PublicTask", changed)[0]["statusCode"] == own


def test_api_answers_each_payload(stack):
    for name in payloads("api"):
        payload = read("api", name).replace(FOREIGN_TOKEN, f"Bearer {stack.env['TOKEN_ADMIN']}")
        answer, failed = invoke(stack, "Api", payload)
        assert not failed, name
        assert answer["statusCode"] == API[name], (name, answer["body"])


@pytest.mark.parametrize("name", payloads("console"))
def test_console_answers_each_payload(stack, name):
    answer, failed = invoke(stack, "Console", read("console", name))
    assert not failed
    assert answer["statusCode"] == CONSOLE[name]


@pytest.mark.parametrize("function", ["reminder", "expiry", "timer"])
def test_what_is_due_for_an_unknown_instance_is_done_and_what_cannot_be_read_returns(stack, function):
    for name in payloads(function):
        answer, failed = invoke(stack, function.capitalize(), read(function, name))
        assert failed == (name == "schedule-of-another-function"), name
        if name.startswith("queue"):
            unreadable = [record["messageId"] for record in json.loads(read(function, name))["Records"]
                          if record["body"] == "not json"]
            assert [failure["itemIdentifier"] for failure in answer["batchItemFailures"]] == unreadable


def test_outbox_takes_journal_records_and_retries(stack):
    for name in payloads("outbox"):
        answer, failed = invoke(stack, "Outbox", read("outbox", name))
        assert not failed, name
        failures = 1 if name == "retry-unreadable" else 0
        assert len(answer["batchItemFailures"]) == failures, name


def test_the_worker_of_actions_uses_up_attempts_that_nobody_waits_for(stack):
    for name in payloads("action-worker"):
        answer, failed = invoke(stack, "ActionWorker", read("action-worker", name))
        assert not failed, name
        if name == "command":
            assert answer["Failed"]["code"] == "UNKNOWN_COMMAND"
            continue
        assert len(answer["batchItemFailures"]) == (1 if name == "one-unreadable" else 0), name


def test_the_worker_of_runs_uses_up_messages_of_runs_that_are_gone(stack):
    for name in payloads("bulk-worker"):
        answer, failed = invoke(stack, "BulkWorker", read("bulk-worker", name))
        assert not failed, name
        assert len(answer["batchItemFailures"]) == (1 if name == "one-unreadable" else 0), name
