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
