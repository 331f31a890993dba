"""What a deployment means for the tasks that are open, said before it is done."""

from processes import HEAD, ask
from product import Product


def impact(product, xml):
    status, answer = product.call("POST", "/v1/definitions?dryRun=true", xml)
    assert status == 200, answer
    return answer["impact"]


def decided(process_id, actions, condition):
    """One task whose outcome an exclusive gateway without default reads."""
    properties = {"TaskProfile": "external", "Recipient": "context.recipient", "Actions": actions}
    lines = "".join(f'<cs:property name="{key}" value="{value}"/>' for key, value in properties.items())
    return (f'{HEAD}<bpmn:process id="{process_id}" isExecutable="true"><bpmn:startEvent id="Start"/>'
            '<bpmn:sequenceFlow id="f1" sourceRef="Start" targetRef="Ask"/>'
            f'<bpmn:userTask id="Ask" name="Ask"><bpmn:extensionElements><cs:properties>{lines}</cs:properties>'
            '</bpmn:extensionElements></bpmn:userTask><bpmn:sequenceFlow id="f2" sourceRef="Ask" targetRef="Which"/>'
            '<bpmn:exclusiveGateway id="Which"><bpmn:extensionElements><cs:properties><cs:property name="Condition">'
            f'<![CDATA[{condition}]]></cs:property></cs:properties></bpmn:extensionElements></bpmn:exclusiveGateway>'
            '<bpmn:sequenceFlow id="yes" sourceRef="Which" targetRef="End"/>'
            '<bpmn:sequenceFlow id="no" sourceRef="Which" targetRef="Other"/>'
            '<bpmn:endEvent id="End"/><bpmn:endEvent id="Other"/></bpmn:process></bpmn:definitions>')


def test_open_tasks_are_counted_by_version_with_what_sync_would_change(stack):
    product = Product(stack)
    assert impact(product, ask("Impact")) == {"deployedVersion": None, "openTasks": 0, "more": False, "affected": []}
    product.deploy(ask("Impact"))
    first = [product.started("Impact", {"recipient": f"i{n}@supplier.example", "question": "?"})[1] for n in range(3)]
    product.deploy(ask("Impact", EmailSubject="Second"))
    product.started("Impact", {"recipient": "i4@supplier.example", "question": "?"})
    product.call("POST", f"/v1/external-tasks/{first[0]}/cancel", {})
    third = ask("Impact", EmailSubject="Second", TaskPage="<p>{{ question }} {{ price }}</p>", Actions="Yes,No,Later")
    found = product.wait(lambda: (shown := impact(product, third))["openTasks"] == 3 and shown)
    assert found["deployedVersion"] == 2 and not found["more"]
    newest, oldest = found["affected"]
    assert (newest["version"], newest["tasks"], newest["sync"]) == (2, 1, "changes")
    assert newest["changes"] == ["taskPage", "actions"] and newest["missingPlaceholders"] == ["price"]
    assert newest["untakenActions"] == [], "no decision reads the outcome"
    assert (oldest["version"], oldest["tasks"], oldest["task"]) == (1, 2, "Ask")
    assert oldest["changes"] == ["taskPage", "actions", "mail"]
    # The same file changes nothing; one without the activity leaves the open ones where they are.
    assert [entry["sync"] for entry in impact(product, ask("Impact", EmailSubject="Second"))["affected"]] == [
        "unchanged", "changes"]
    gone = ask("Impact").replace('"Ask"', '"Renamed"')
    assert {entry["sync"] for entry in impact(product, gone)["affected"]} == {"impossible"}
    assert product.call("GET", "/v1/definitions/Impact")[1]["version"] == 2, "nothing was deployed"
    assert impact(product.as_("TOKEN_OTHER"), third)["openTasks"] == 0


def test_a_new_action_that_the_running_version_cannot_take_is_named(stack):
    product = Product(stack)
    condition = "return lastOutcome === 'Yes' ? 'yes' : 'no'"
    status, answer = product.deploy(decided("Untaken", "Yes,No", condition))
    assert status == 201, answer
    product.started("Untaken", {"recipient": "u@supplier.example"})
    new = decided("Untaken", "Yes,No,Maybe", condition)
    found = product.wait(lambda: (shown := impact(product, new))["openTasks"] == 1 and shown)
    assert found["affected"][0]["untakenActions"] == ["Maybe"]
