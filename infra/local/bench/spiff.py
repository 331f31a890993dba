"""SpiffWorkflow on the model of `make bench`, in one thread. Run by the Python of an environment that has it.

    spiff.py MODEL COUNT     prints one JSON object: lives a second of a core, in memory and with the state as JSON at the wait
"""

import json
import pathlib
import statistics
import sys
import time

from lxml import etree
from SpiffWorkflow.bpmn import BpmnWorkflow
from SpiffWorkflow.bpmn.parser import BpmnParser
from SpiffWorkflow.bpmn.serializer import BpmnWorkflowSerializer
from SpiffWorkflow.util.task import TaskState

RUNS = 5
ANSWER = {"approved": True, "amount": 21, "comment": "ok"}


def specification(model):
    parser = BpmnParser()
    parser.add_bpmn_xml(etree.fromstring(pathlib.Path(model).read_bytes()))
    return parser.get_spec("approval")


def waiting(spec):
    workflow = BpmnWorkflow(spec)
    workflow.do_engine_steps()
    return workflow


def completed(workflow):
    (task,) = workflow.get_tasks(state=TaskState.READY, manual=True)
    task.set_data(**ANSWER)
    task.run()
    workflow.do_engine_steps()
    if not workflow.completed or workflow.data["total"] != 42:
        raise SystemExit(f"SpiffWorkflow ended with {workflow.data}")
    return workflow


def per_second(life, count):
    rates = []
    for _ in range(RUNS):
        start = time.process_time()
        for _ in range(count):
            life()
        rates.append(count / (time.process_time() - start))
    return statistics.median(rates)


def main():
    spec, count = specification(sys.argv[1]), int(sys.argv[2])
    serializer = BpmnWorkflowSerializer()

    def in_memory():
        completed(waiting(spec))

    def stored():
        text = serializer.serialize_json(waiting(spec))
        serializer.serialize_json(completed(serializer.deserialize_json(text)))

    for _ in range(20):
        in_memory()
        stored()
    print(json.dumps({"memory_per_s": per_second(in_memory, count), "stored_per_s": per_second(stored, max(count // 3, 1)),
                      "waiting_bytes": len(serializer.serialize_json(waiting(spec)))}))


main()
