"""Ordinary user tasks: a two-step approval completed through both shapes of the API (S4-47 to S4-62)."""

import pytest
from processes import approval
from product import Product


@pytest.fixture
def manager(stack):
    return Product(stack, "TOKEN_MANAGER")


def started(product, process, business_key):
    product.deploy(approval(process))
    status, body = product.call("POST", "/v1/instances", {
        "processId": process, "businessKey": business_key, "variables": {"loanAmount": 50_000, "secret": "x"}})
    assert status == 201, body
    return body


def test_a_two_step_approval_is_completed_by_both_shapes(product, manager):
    """S4-48 to S4-55, S4-58, S4-61, S4-62."""
    start = started(product, "TwoSteps", "LOAN-2026-001")
    waiting = start["waitingTasks"]
    assert [(task["profile"], task["status"], task["activityId"]) for task in waiting] == [("work", "open", "First")]
    assert waiting[0]["formContext"] == {"loanAmount": 50_000}
    status, listed = manager.call("GET", "/api/user-tasks/active?businessKey=LOAN-2026-001&assignedToTeam=Loans"
                                         "&processKey=TwoSteps&entityState=PendingReview")
    assert (status, listed["success"], len(listed["data"])) == (200, True, 1)
    item = listed["data"][0]
    assert {name: item[name] for name in ("taskId", "taskName", "instanceGuid", "processKey", "businessKey", "formKey",
                                          "userActions", "responsibleTeams", "entityState", "variables")} == {
        "taskId": "First", "taskName": "Review the loan", "instanceGuid": start["instanceGuid"],
        "processKey": "TwoSteps", "businessKey": "LOAN-2026-001", "formKey": "loan-review",
        "userActions": ["Approve", "Reject"], "responsibleTeams": ["Loans"], "entityState": "PendingReview",
        "variables": {"loanAmount": 50_000}}, "S4-30: nothing but the form context leaves the process"
    status, details = manager.call("GET", f"/api/user-tasks/{start['instanceGuid']}/First")
    assert status == 200 and details["data"]["metadata"]["priority"] == "Normal"
    assert details["data"]["description"] == "Look at the loan"
    assert details["data"]["clientScript"] == "if (loanAmount > 100000) require('comments')", "S4-34: for the form's page"

    answer = {"instanceGuid": start["instanceGuid"], "taskId": "First", "userAction": "Approve",
              "variables": {"comments": "fine"}}
    denied = manager.call("POST", "/api/user-tasks/complete", {**answer, "userAction": "Nod"})
    assert denied[0] == 422 and denied[1]["success"] is False and denied[1]["error"]["code"] == "UNKNOWN_ACTION"
    first = manager.call("POST", "/api/user-tasks/complete", answer, idempotency_key="two-steps-1")
    assert first[0] == 200, first
    data = first[1]["data"]
    assert (data["taskCompleted"], data["nextTaskId"], data["status"]) == (True, "Second", "Waiting")
    assert manager.call("POST", "/api/user-tasks/complete", answer, idempotency_key="two-steps-1") == first
    again = manager.call("POST", "/api/user-tasks/complete", answer)
    assert (again[0], again[1]["error"]["code"], again[1]["error"]["details"]) == (
        409, "INVALID_STATE", {"state": "completed"})

    instance = product.call("GET", f"/v1/instances/{start['instanceKey']}")[1]
    assert [(task["activityId"], task["profile"], task["status"]) for task in instance["tasks"]] == [
        ("First", "work", "completed"), ("Second", "work", "open")]
    assert instance["variables"]["comments"] == "fine" and instance["variables"]["userAction"] == "Approve"
    key = instance["tasks"][1]["taskKey"]
    status, task = manager.call("GET", f"/v2/user-tasks/{key}")
    assert status == 200 and (task["state"], task["elementId"], task["candidateGroups"], task["priority"]) == (
        "CREATED", "Second", ["Loans"], 50)
    assert manager.call("POST", f"/v2/user-tasks/{key}/completion", {"variables": {}})[0] == 422
    assert manager.call("POST", f"/v2/user-tasks/{key}/completion", {"action": "Approve"})[0] == 204
    status, problem = manager.call("POST", f"/v2/user-tasks/{key}/completion", {"action": "Approve"})
    assert (status, problem["code"], problem["state"]) == (409, "INVALID_STATE", "completed")
    assert product.call("GET", f"/v1/instances/{start['instanceKey']}")[1]["status"] == "COMPLETED"
    gone = manager.call("GET", "/api/user-tasks/active?businessKey=LOAN-2026-001")[1]
    assert gone["data"] == []


def test_who_is_no_candidate_does_not_see_the_task(product, stack):
    """S4-14: a member of no team sees nothing, and the external tasks of the operator do not show it."""
    start = started(product, "TwoStepsHidden", "LOAN-2026-002")
    key = start["waitingTasks"][0]["taskKey"]
    for token in ("TOKEN_USER", "TOKEN_OPERATOR", "TOKEN_OTHER"):
        caller = Product(stack, token)
        assert caller.call("GET", f"/v2/user-tasks/{key}")[0] == 404
        assert caller.call("GET", f"/api/user-tasks/{start['instanceGuid']}/First")[0] == 404
        assert caller.call("GET", "/api/user-tasks/active?processKey=TwoStepsHidden")[1]["data"] == []
    listed = Product(stack, "TOKEN_OPERATOR").call("GET", "/v1/external-tasks?processId=TwoStepsHidden")
    assert (listed[0], listed[1]["items"]) == (200, [])
