"""Small BPMN files for the end-to-end tests, built from properties of one external task."""

HEAD = ('<?xml version="1.0" encoding="UTF-8"?>\n<bpmn:definitions '
        'xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:cs="https://countersign.example/bpmn" '
        'id="file" targetNamespace="https://norvik.example">')


def ask(process_id, boundary=None, name="Ask", **properties):
    """Start, one external task, end; with `boundary` an interrupting timer that leads to an end of its own."""
    given = {"TaskProfile": "external", "Recipient": "context.recipient", "Actions": "Yes,No",
             "FormVariables": "question", **properties}
    lines = "".join(f'<cs:property name="{key}"><![CDATA[{value}]]></cs:property>' for key, value in given.items())
    timer = ""
    if boundary:
        timer = (f'<bpmn:boundaryEvent id="Late" attachedToRef="Ask"><bpmn:timerEventDefinition><bpmn:timeDuration>'
                 f'{boundary}</bpmn:timeDuration></bpmn:timerEventDefinition></bpmn:boundaryEvent>'
                 '<bpmn:sequenceFlow id="f3" sourceRef="Late" targetRef="Silent"/><bpmn:endEvent id="Silent"/>')
    return (f'{HEAD}<bpmn:process id="{process_id}" isExecutable="true"><bpmn:startEvent id="Start"/>'
            '<bpmn:sequenceFlow id="f1" sourceRef="Start" targetRef="Ask"/>'
            f'<bpmn:userTask id="Ask" name="{name}"><bpmn:extensionElements><cs:properties>{lines}</cs:properties>'
            '</bpmn:extensionElements></bpmn:userTask><bpmn:sequenceFlow id="f2" sourceRef="Ask" targetRef="End"/>'
            f'<bpmn:endEvent id="End"/>{timer}</bpmn:process></bpmn:definitions>')


def approval(process_id, **properties):
    """Two ordinary user tasks of the team Loans, the second one after an approval only (S4-62)."""
    given = {"UserActions": "Approve,Reject", "ResponsibleTeams": "Loans", "FormKey": "loan-review",
             "Description": "Look at the loan", "EntityState": "PendingReview", "FormVariables": "loanAmount",
             "ClientScript": "if (loanAmount > 100000) require('comments')", **properties}
    lines = "".join(f'<cs:property name="{key}"><![CDATA[{value}]]></cs:property>' for key, value in given.items())

    def task(id, name):
        return (f'<bpmn:userTask id="{id}" name="{name}"><bpmn:extensionElements><cs:properties>{lines}</cs:properties>'
                '</bpmn:extensionElements></bpmn:userTask>')
    return (f'{HEAD}<bpmn:process id="{process_id}" isExecutable="true"><bpmn:startEvent id="Start"/>'
            '<bpmn:sequenceFlow id="f1" sourceRef="Start" targetRef="First"/>' + task("First", "Review the loan") +
            '<bpmn:sequenceFlow id="f2" sourceRef="First" targetRef="Approved"/>'
            '<bpmn:exclusiveGateway id="Approved" default="no"/>'
            '<bpmn:sequenceFlow id="yes" sourceRef="Approved" targetRef="Second"><bpmn:conditionExpression>'
            '${userAction == "Approve"}</bpmn:conditionExpression></bpmn:sequenceFlow>' +
            task("Second", "Confirm the loan") +
            '<bpmn:sequenceFlow id="no" sourceRef="Approved" targetRef="Refused"/><bpmn:endEvent id="Refused"/>'
            '<bpmn:sequenceFlow id="f3" sourceRef="Second" targetRef="Granted"/><bpmn:endEvent id="Granted"/>'
            '</bpmn:process></bpmn:definitions>')
