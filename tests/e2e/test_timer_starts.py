"""Processes that begin by themselves: deployed, seen, begun by the clock, and stopped by another version (S4-108)."""

from processes import HEAD

REPORT = HEAD + """<bpmn:process id="Report" name="Report">
  <bpmn:startEvent id="Often" name="Every second">
    <bpmn:timerEventDefinition><bpmn:timeCycle>R2/PT1S</bpmn:timeCycle></bpmn:timerEventDefinition>
  </bpmn:startEvent>
  <bpmn:sequenceFlow id="F1" sourceRef="Often" targetRef="Write"/>
  <bpmn:startEvent id="Nightly">
    <bpmn:timerEventDefinition><bpmn:timeCycle>0 2 * * MON-FRI</bpmn:timeCycle></bpmn:timerEventDefinition>
  </bpmn:startEvent>
  <bpmn:sequenceFlow id="F2" sourceRef="Nightly" targetRef="Write"/>
  <bpmn:scriptTask id="Write"><bpmn:script>written = true</bpmn:script></bpmn:scriptTask>
</bpmn:process></bpmn:definitions>"""


def test_a_process_begins_as_often_as_its_timer_says(product):
    """Two firings, each an instance; who asks by hand is told why not; another version ends what is left."""
    status, planned = product.call("POST", "/v1/definitions?dryRun=true", REPORT)
    assert [start["id"] for start in planned["definitions"][0]["timerStarts"]] == ["Often", "Nightly"], planned
    product.deploy(REPORT)

    def instances():
        return product.call("GET", "/v1/instances?processId=Report")[1]["items"]

    status, answer = product.call("POST", "/v1/instances", {"processId": "Report"})
    assert (status, answer["errors"][0]["code"]) == (422, "NO_START_EVENT"), answer
    assert product.wait(lambda: len(instances()) == 2), instances()
    product.stack.settle()
    assert len(instances()) == 2 and {row["status"] for row in instances()} == {"COMPLETED"}
    instance = product.instance(instances()[0]["instanceKey"])
    assert instance["startedBy"] == "system" and instance["variables"]["written"] is True
    begun = [event for event in instance["history"] if event["type"] == "instanceStarted"]
    assert [event["elementId"] for event in begun] == ["Often"], instance["history"]

    status, definition = product.call("GET", "/v1/definitions/Report")
    often, nightly = definition["timerStarts"]
    assert (often["name"], often["timer"], often["nextAt"]) == ("Every second", "R2/PT1S", None)
    assert nightly["timer"] == "0 2 * * MON-FRI" and nightly["nextAt"].endswith("T02:00:00.000Z")
    product.deploy(REPORT.replace("R2/PT1S", "2020-01-01T00:00:00Z").replace("timeCycle>20", "timeDate>20")
                   .replace("00Z</bpmn:timeCycle", "00Z</bpmn:timeDate"))
    status, old = product.call("GET", "/v1/definitions/Report/versions/1")
    assert [start["nextAt"] for start in old["timerStarts"]] == [None, None]
    # A date that is over begins one at once.
    assert product.wait(lambda: len(instances()) == 3), instances()
