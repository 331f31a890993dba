"""The HTTP API: who may what, idempotency, bad input."""

import json

import pytest
from processes import HEAD, ask
from product import ROOT


def test_health_and_openapi_need_no_token(product):
    request = product.stack.request
    assert request("GET", product.stack.env["API_URL"] + "/healthz")[0] == 200
    status, _, text = request("GET", product.stack.env["API_URL"] + "/openapi.json")
    assert status == 200 and json.loads(text) == json.loads((ROOT / "functions/api/openapi.json").read_text())


def test_every_route_of_the_document_answers_as_it_says(product):
    """Every operation refuses a missing token, and answers a foreign tenant's key as an unknown one."""
    document = json.loads((ROOT / "functions/api/openapi.json").read_text())
    product.deploy(ask("Routes"))
    instance, task = product.started("Routes", {"recipient": "routes@supplier.example"})
    keys = {"{instanceKey}": instance, "{taskKey}": task, "{processId}": "Routes", "{version}": "1"}
    stranger = product.as_("TOKEN_OTHER")
    walked = 0
    for path, operations in document["paths"].items():
        real = path
        for name, key in keys.items():
            real = real.replace(name, key)
        for method, operation in operations.items():
            if operation.get("security") == []:
                continue
            walked += 1
            url = product.stack.env["API_URL"] + real
            assert product.stack.request(method.upper(), url)[0] == 401, (method, path)
            if real != path:
                body = {} if method == "post" else None
                assert stranger.call(method.upper(), real, body)[0] == 404, (method, path)
    assert walked >= 13


@pytest.mark.parametrize("token, expected", [
    ("TOKEN_ADMIN", 200), ("TOKEN_OPERATOR", 200), ("TOKEN_MANAGER", 403), ("TOKEN_USER", 404), ("TOKEN_OTHER", 404)])
def test_roles_decide_what_is_allowed_and_what_is_visible(product, token, expected):
    """S0-76, S0-77: invisible is 404, visible but not allowed is 403."""
    product.deploy(ask("Roles"))
    _, task = product.started("Roles", {"recipient": "roles@supplier.example"})
    caller = product.as_(token)
    assert caller.call("POST", f"/v1/external-tasks/{task}/resend", {})[0] == expected
    status, body = caller.call("GET", f"/v1/external-tasks/{task}")
    assert status == (200 if expected in (200, 403) else 404)
    assert ("link" in body) == (expected == 200), "only external-tasks:manage is shown a link"
    assert caller.call("POST", "/v1/definitions", ask("Roles"))[0] == (200 if token in ("TOKEN_ADMIN",) else
                                                                       201 if token == "TOKEN_OTHER" else 403)


def test_the_same_idempotency_key_starts_one_instance(product):
    """X-07."""
    product.deploy(ask("Once"))
    body = {"processId": "Once", "variables": {"recipient": "once@supplier.example"}}
    first = product.call("POST", "/v1/instances", body, idempotency_key="k-1")
    again = product.call("POST", "/v1/instances", dict(reversed(body.items())), idempotency_key="k-1")
    assert first[0] == 201 and again == first
    status, problem = product.call("POST", "/v1/instances", {**body, "reference": "x"}, idempotency_key="k-1")
    assert (status, problem["code"]) == (409, "IDEMPOTENCY_MISMATCH")
    other = product.call("POST", "/v1/instances", body, idempotency_key="k-2")
    assert other[1]["instanceKey"] != first[1]["instanceKey"]


def test_a_start_in_the_background_is_answered_before_anything_runs(product):
    """S4-109."""
    product.deploy(ask("Later"))
    body = {"processId": "Later", "variables": {"recipient": "later@supplier.example"}, "mode": "fireAndForget"}
    status, started = product.call("POST", "/v1/instances", body)
    assert (status, started["status"], started["waitingTasks"]) == (202, "RUNNING", [])
    assert product.wait(lambda: product.instance(started["jobId"])["tasks"]), "the job goes on"
    assert len(product.mails("later@supplier.example", 1)) == 1
    status, problem = product.call("POST", "/v1/instances", {**body, "mode": "sometime"})
    assert (status, problem["errors"][0]["field"]) == (422, "mode"), problem


def test_the_same_idempotency_key_deploys_once(product):
    """X-07: a repeated deployment gets the first answer, another file with the same key is refused."""
    first = product.call("POST", "/v1/definitions", ask("DeployedOnce"), idempotency_key="d-1")
    assert first[0] == 201
    assert product.call("POST", "/v1/definitions", ask("DeployedOnce"), idempotency_key="d-1") == first
    status, problem = product.call("POST", "/v1/definitions", ask("Other"), idempotency_key="d-1")
    assert (status, problem["code"]) == (409, "IDEMPOTENCY_MISMATCH")


def test_tasks_are_listed_by_status_page_by_page(product):
    """S0-01, S0-02, S0-11: cursors are signed; a foreign or changed one is refused."""
    product.deploy(ask("Listed"))
    started = [product.started("Listed", {"recipient": f"l{n}@supplier.example"}, reference=f"L{n}")[1] for n in range(5)]
    product.call("POST", f"/v1/external-tasks/{started[0]}/cancel", {})
    seen, cursor = [], ""
    while True:
        status, page = product.call("GET", f"/v1/external-tasks?status=PENDING&limit=2{cursor}")
        assert status == 200 and len(page["items"]) <= 2
        seen += [item["taskKey"] for item in page["items"]]
        if page["nextCursor"] is None:
            break
        cursor = f"&cursor={page['nextCursor']}"
    assert [key for key in seen if key in started] == list(reversed(started[1:])) and len(set(seen)) == len(seen)
    for path in ("/v1/external-tasks?status=PENDING&cursor=AAAA", f"/v1/external-tasks?status=EXPIRED{cursor}"):
        status, problem = product.call("GET", path)
        assert (status, problem["code"]) == (400, "INVALID_CURSOR")
    assert product.call("GET", "/v1/external-tasks?status=pending")[0] == 422
    assert product.call("GET", "/v1/external-tasks?colour=red")[0] == 422
    assert product.call("GET", "/v1/external-tasks?limit=101")[0] == 422
    row = product.call("GET", "/v1/external-tasks?status=CANCELLED")[1]["items"][0]
    assert row["reference"] == "L0" and row["task"] == "Ask" and row["recipient"] == "l0@supplier.example"


def test_bad_bodies_are_refused_with_what_to_do(product):
    product.deploy(ask("Bad"))
    url, token = product.stack.env["API_URL"] + "/v1/instances", {"authorization": f"Bearer {product.token}"}
    send = lambda body, kind="application/json": product.stack.request("POST", url, body, {**token, "content-type": kind})
    assert send(b"{")[0] == 400
    assert send(b"\xff\xfe{}")[0] == 400
    assert send(b"[]")[0] == 400
    assert send(b"{}", "text/plain")[0] == 415
    assert send(b"[" * 100_000)[0] == 400
    assert send(json.dumps({"processId": "Bad", "variables": {f"v{n}": n for n in range(100_000)}}).encode())[0] == 422
    status, _, text = send(json.dumps({"processId": 5, "variables": [], "colour": "red", "version": 0}).encode())
    problem = json.loads(text)
    assert status == 422 and {error["field"] for error in problem["errors"]} == {
        "processId", "variables", "colour", "version"}
    status, body = product.start("Nowhere")
    assert status == 422 and body["errors"][0]["code"] == "UNKNOWN_PROCESS"
    status, body = product.start("Bad", {"_lastError": 1})
    assert status == 422 and body["errors"][0]["code"] == "RESERVED_NAME"
    status, _, text = send(b'{"processId":"Bad","reference":"' + b"x" * (4 * 1024 * 1024) + b'"}')
    assert status == 413 and "4194304" in text


@pytest.mark.parametrize("name, xml", [
    ("malformed", f"{HEAD}<bpmn:process>"),
    ("entities", '<!DOCTYPE d [<!ENTITY a "b">]>' + ask("X")),
    ("deep", HEAD + "<a>" * 20_000),
    ("unsupported", ask("X").replace("<bpmn:endEvent id=\"End\"/>", '<bpmn:inclusiveGateway id="End"/>')),
    ("no recipient", ask("X", Recipient="")),
    ("bad script", ask("X", ServerScript="if (")),
    ("script in page", ask("X", TaskPage="<p>Hi</p><script>alert(1)</script>")),
])
def test_a_file_that_cannot_run_is_refused_with_a_place(product, name, xml):
    status, body = product.deploy(xml)
    assert status == 422, name
    errors = [found for found in body["diagnostics"] if found["severity"] == "error"]
    assert errors and all(found["line"] >= 1 and found["column"] >= 1 and found["message"] for found in errors), name


def test_a_lenient_deployment_repairs_what_people_paste_and_says_so(product):
    """Spec bpmn 2.2: what is repaired is stored."""
    script = '<cs:property name="ServerScript" value="if (context.amount < 10 && !ok) { return { a: "b" } }"/>'
    pasted = ask("Pasted").replace("<cs:properties>", "<cs:properties>" + script)
    pasted = pasted.replace('xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" ', "")
    assert product.deploy(pasted)[0] == 422
    send = lambda: product.call("POST", "/v1/definitions?mode=lenient", pasted)
    status, body = send()
    assert status == 201 and {repair["code"] for repair in body["repairs"]} == {"R1", "R2", "R3"}, body
    assert all(repair["line"] >= 1 and repair["column"] >= 1 and repair["message"] for repair in body["repairs"])
    stored = product.call("GET", "/v1/definitions/Pasted/versions/1/xml")[1]
    assert "&lt; 10 &amp;&amp; !ok" in stored
    assert product.deploy(stored)[0] == 200 and send()[0] == 200, "the repaired file is the deployed one"


def test_a_deployment_is_versioned_and_unchanged_files_are_not(product):
    """Spec bpmn 2.3, S0-38."""
    one, two = ask("Versions"), ask("Versions", Actions="Yes,No,Perhaps")
    assert product.deploy(one)[0] == 201
    status, body = product.deploy(one)
    assert (status, body["version"]) == (200, 1)
    assert product.deploy(two)[1]["version"] == 2
    assert product.call("GET", "/v1/definitions/Versions/versions/1/xml")[1] == one
    found = product.call("GET", "/v1/definitions/Versions")[1]
    assert found["version"] == 2 and len(found["versions"]) == 2
    assert found["activities"] == [{"id": "Ask", "name": "Ask", "type": "userTask", "profile": "external"}]
    assert product.call("POST", "/v1/definitions?dryRun=true", ask("Dry"))[0] == 200
    assert product.call("GET", "/v1/definitions/Dry")[0] == 404


TURNS = f"""{HEAD}<bpmn:process id="Turns" isExecutable="true"><bpmn:startEvent id="Start"/>
<bpmn:sequenceFlow id="f1" sourceRef="Start" targetRef="Again"/><bpmn:exclusiveGateway id="Again" default="f3"/>
<bpmn:sequenceFlow id="f2" sourceRef="Again" targetRef="Count"><bpmn:conditionExpression>${{n &lt; 1200}}</bpmn:conditionExpression></bpmn:sequenceFlow>
<bpmn:scriptTask id="Count"><bpmn:script>n = n + 1</bpmn:script></bpmn:scriptTask>
<bpmn:sequenceFlow id="f4" sourceRef="Count" targetRef="Again"/>
<bpmn:sequenceFlow id="f3" sourceRef="Again" targetRef="Wait"/>
<bpmn:receiveTask id="Wait" messageRef="Go"/><bpmn:sequenceFlow id="f5" sourceRef="Wait" targetRef="End"/><bpmn:endEvent id="End"/>
</bpmn:process><bpmn:message id="Go" name="Go"/></bpmn:definitions>"""


def test_a_long_history_is_answered_in_parts(product):
    """An instance that turned for long can be looked at: its newest history at once, all of it page after page."""
    assert product.deploy(TURNS)[0] == 201
    status, body = product.call("POST", "/v1/instances", {"processId": "Turns", "variables": {"n": 0}})
    assert status == 201, body
    key = body["instanceKey"]
    found = product.wait(lambda: (seen := product.instance(key))["status"] == "WAITING" and seen)
    assert found["historyComplete"] is False and 2_000 <= len(found["history"]) < 4_000
    assert found["elements"][-1]["elementId"] == "Wait" and found["elements"][-1]["state"] == "ACTIVE"
    assert found["variables"]["n"] == 1200
    items, cursor = [], ""
    while cursor is not None:
        status, page = product.call("GET", f"/v1/instances/{key}/history?limit=3{cursor and '&cursor=' + cursor}")
        assert status == 200
        items, cursor = items + page["items"], page["nextCursor"]
    assert items[:len(found["history"])] == found["history"][::-1]
    assert items[-1]["type"] == "instanceStarted"
    passed = [item for item in items if item["type"] == "elementPassed"]
    assert len([item for item in passed if item["elementId"] == "Count"]) == 1200
    assert product.call("GET", f"/v1/instances/{key}/history?cursor=made-up")[0] == 400
