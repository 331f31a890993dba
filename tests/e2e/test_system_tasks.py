"""System tasks against a server of the test: what is shown of request, attempts and answers, an administrator's retry,
credentials that leave no trace, and hosts that may not be called (S2-35, S2-42 to S2-44); and what else can be seen of an
instance."""

import html
import http.server
import json
import os
import re
import threading
import urllib.parse

import pytest
from deploy import client
from processes import HEAD
from product import Product, link_of
from stack_fixture import LocalStack

SECRET = "a-key-of-the-score-service"
BUSY = json.dumps({"reason": "the ledger is closed", "access_token": SECRET})


class Server:
    """A service on this machine. `answers` come one after the other, then 200 with a score; `seen` is what was asked."""

    def __init__(self):
        self.answers, self.seen = [], []
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("content-length") or 0)).decode()
                outer.seen.append({"path": self.path, "body": body, "headers": {k.lower(): v for k, v in self.headers.items()}})
                status, text = outer.answers.pop(0) if outer.answers else (200, '{"score": 7}')
                self.send_response(status)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(text)))
                self.end_headers()
                self.wfile.write(text.encode())

            def log_message(self, *_):
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.host = f"127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self):
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture(scope="module")
def server():
    running = Server()
    yield running
    running.stop()


@pytest.fixture(scope="module")
def stack(server, tmp_path_factory):
    """A stack that may call this one place on its own machine, with the tenant's list and one secret set up."""
    before = dict(os.environ)
    os.environ["LOCAL_HOSTS"] = server.host
    running = LocalStack(tmp_path_factory.mktemp("stack"))
    try:
        running.start()
        code, output = Product(running).admin("tenant", "put", "--id", "1", "--allow-host", f"http://{server.host}")
        assert code == 0, output
        code, output = Product(running).admin("tenant", "command", "--id", "1", "--name", "Rate",
                                              "--url", f"http://{server.host}/rate", "--credentials", "score")
        assert code == 0, output
        secret = {"host": f"http://{server.host}", "header": "X-Api-Key", "value": SECRET}
        client("secretsmanager", running.env["AWS_ENDPOINT_URL"]).create_secret(
            Name="countersign/local/actions/1/score", SecretString=json.dumps(secret))
        yield running
    finally:
        os.environ.clear()
        os.environ.update(before)
        running.stop()


class Console:
    """Pages of the console as the holder of a token."""

    def __init__(self, stack, token="TOKEN_ADMIN"):
        self.stack, self.base = stack, stack.env["CONSOLE_URL"]
        status, headers, text = self._send("POST", "/sign-in", {"token": stack.env[token]}, {})
        assert status == 303, text
        self.cookie = headers["set-cookie"].split(";")[0]

    def get(self, path):
        status, _, text = self._send("GET", path, None, {"cookie": self.cookie})
        return status, html.unescape(text)

    def post(self, path, fields):
        csrf = re.search(r'name="csrf" value="([^"]+)"', self.get("/definitions")[1]).group(1)
        return self._send("POST", path, {**fields, "csrf": csrf}, {"cookie": self.cookie})

    def _send(self, method, path, fields, headers):
        data = urllib.parse.urlencode(fields) if fields is not None else None
        sent = {"sec-fetch-site": "same-origin", **headers}
        if data is not None:
            sent["content-type"] = "application/x-www-form-urlencoded"
        status, found, text = self.stack.request(method, self.base + path, data, sent)
        return status, {name.lower(): value for name, value in found.items()}, text


def scoring(process_id, endpoint, **properties):
    """Start, one HTTP task, end."""
    given = {"Method": "POST", "Endpoint": endpoint, "Headers": '{"X-Session-Token": "{{ session }}", "Accept-Language": "en"}',
             "PayloadTemplate": '{"customer": "{{ customer }}", "client_secret": "{{ session }}"}',
             "OutputMapping": '{"score": "body.score"}', **properties}
    lines = "".join(f'<cs:property name="{key}"><![CDATA[{value}]]></cs:property>' for key, value in given.items())
    return (f'{HEAD}<bpmn:process id="{process_id}" name="Score a customer" isExecutable="true"><bpmn:startEvent id="Start"/>'
            '<bpmn:sequenceFlow id="f1" sourceRef="Start" targetRef="Score"/>'
            f'<bpmn:serviceTask id="Score" name="Ask for the score"><bpmn:extensionElements><cs:properties>{lines}'
            '</cs:properties></bpmn:extensionElements></bpmn:serviceTask>'
            '<bpmn:sequenceFlow id="f2" sourceRef="Score" targetRef="End"/><bpmn:endEvent id="End"/></bpmn:process>'
            '</bpmn:definitions>')


def begun(product, process_id, endpoint, **properties):
    """Deploys and starts; answers the instance's key once nothing is under way."""
    status, body = product.deploy(scoring(process_id, endpoint, **properties))
    assert status == 201, body
    status, body = product.start(process_id, {"customer": "Kestrel Marine", "session": "session-canary"})
    assert status == 201, body
    product.stack.settle()
    return body["instanceKey"]


def ended(product, key):
    return product.wait(lambda: product.instance(key)["status"] == "COMPLETED")


def test_an_operator_sees_a_failed_call_and_an_administrator_repairs_it(server, product):
    """S2-42 to S2-44: 500 is an incident in API and console; Retry asks again and the instance completes."""
    server.answers, server.seen = [(500, BUSY)], []
    key = begun(product, "Repaired", f"http://{server.host}/score?customer={{{{ customer }}}}&api_key={{{{ session }}}}",
                Credentials="score")
    instance = product.instance(key)
    assert instance["status"] == "ERROR"
    (incident,), (job,) = instance["incidents"], instance["jobs"]
    assert (incident["code"], incident["elementId"], incident["elementName"]) == ("HTTP_500", "Score", "Ask for the score")
    assert (job["type"], job["status"], job["name"]) == ("http", "FAILED", "Ask for the score")
    assert job["request"]["url"] == f"http://{server.host}/score?customer=Kestrel%20Marine&api_key=***"
    assert job["request"]["headers"]["X-Session-Token"] == "***" and job["request"]["headers"]["Accept-Language"] == "en"
    assert json.loads(job["request"]["body"]) == {"customer": "Kestrel Marine", "client_secret": "***"}
    assert job["request"]["credentials"] == "score"
    (attempt,) = job["attempts"]
    assert (attempt["attempt"], attempt["httpStatus"], attempt["errorCode"]) == (1, 500, "HTTP_500")
    assert json.loads(attempt["response"]) == {"reason": "the ledger is closed", "access_token": "***"}

    for token in ("TOKEN_OPERATOR", "TOKEN_MANAGER"):
        colleague, page = Product(product.stack, token), Console(product.stack, token)
        assert colleague.call("POST", f"/v1/instances/{key}/retry", {})[0] == 403
        status, text = page.get(f"/instances/{key}")
        assert status == 200 and "An administrator can retry" in text and "/retry?" not in text
        assert page.get(f"/instances/{key}/retry?elementId=Score")[0] == 403
        assert page.post(f"/instances/{key}/retry", {"elementId": "Score"})[0] == 403
    operator = Console(product.stack, "TOKEN_OPERATOR").get(f"/instances/{key}?tab=system-tasks")[1]
    assert "failed with HTTP_500" in operator and "Kestrel" not in operator and "the ledger is closed" not in operator

    console = Console(product.stack)
    status, text = console.get(f"/instances/{key}?tab=system-tasks")
    for words in ("Ask for the score", "HTTP request", f"http://{server.host}/score", "Kestrel Marine", "failed with HTTP_500",
                  "the ledger is closed", '"client_secret": "***"', "X-Session-Token: ***"):
        assert words in text, words
    status, text = console.get(f"/instances/{key}/retry?elementId=Score")
    assert status == 200 and "attempt 2" in text and f"POST http://{server.host}/score" in text
    assert len(server.seen) == 1, "a question asks nobody"
    status, headers, _ = console.post(f"/instances/{key}/retry", {"elementId": "Score"})
    assert (status, headers["location"]) == (303, f"/instances/{key}?done=retried")
    assert ended(product, key)
    instance = product.instance(key)
    assert instance["variables"]["score"] == 7
    assert [(attempt["attempt"], attempt["errorCode"]) for attempt in instance["jobs"][0]["attempts"]] == [(1, "HTTP_500"), (2, None)]
    keys = [seen["headers"]["idempotency-key"] for seen in server.seen]
    assert len(set(keys)) == 2 and all(name.startswith(f"{key}/") for name in keys)
    status, headers, _ = console.post(f"/instances/{key}/retry", {"elementId": "Score"})
    assert status == 409, "what did not fail is not tried again"
    status, text = console.get(f"/instances/{key}/retry?elementId=Score")
    assert status == 303


def test_variables_say_which_step_wrote_them(server, product):
    """Operations: the history of variables in API and console."""
    server.answers = [(200, '{"score": 3}')]
    key = begun(product, "Remembered", f"http://{server.host}/score", OutputMapping='{"customer": "body.score"}')
    assert ended(product, key)
    history = [entry for entry in product.instance(key)["history"] if entry["type"] in ("instanceStarted", "variablesSet")]
    assert [(entry["variables"]["customer"], entry.get("elementId"), entry["actor"]) for entry in history] == [
        ("Kestrel Marine", None, "admin@demo.test"), (3, "Score", "system")]
    text = Console(product.stack).get(f"/instances/{key}?tab=variables")[1]
    assert "1 earlier value" in text and "Kestrel Marine" in text and "at <bdi>Ask for the score</bdi>" in text


def test_an_instance_says_what_it_waits_for_and_whom_it_called(product):
    """Operations: parent and children lead to each other; a message, a timer and a turn's own variables are named."""
    wait = ('<bpmn:startEvent id="S"/><bpmn:sequenceFlow id="a" sourceRef="S" targetRef="Wait"/><bpmn:receiveTask id="Wait" '
            'name="Wait for the money" messageRef="m"/><bpmn:sequenceFlow id="b" sourceRef="Wait" targetRef="E"/>'
            '<bpmn:endEvent id="E"/><bpmn:boundaryEvent id="Late" name="A day passed" attachedToRef="Wait">'
            '<bpmn:timerEventDefinition><bpmn:timeDuration>P1D</bpmn:timeDuration></bpmn:timerEventDefinition>'
            '</bpmn:boundaryEvent><bpmn:sequenceFlow id="c" sourceRef="Late" targetRef="E"/>')
    call = ('<bpmn:startEvent id="S"/><bpmn:sequenceFlow id="a" sourceRef="S" targetRef="Each"/><bpmn:callActivity id="Each" '
            'name="Collect from each" calledElement="Collect"><bpmn:multiInstanceLoopCharacteristics>'
            '<bpmn:loopCardinality>2</bpmn:loopCardinality></bpmn:multiInstanceLoopCharacteristics></bpmn:callActivity>'
            '<bpmn:sequenceFlow id="b" sourceRef="Each" targetRef="E"/><bpmn:endEvent id="E"/>')
    for process, body in (("Collect", wait), ("Collector", call)):
        status, answer = product.deploy(f'{HEAD}<bpmn:process id="{process}" isExecutable="true">{body}</bpmn:process>'
                                        '<bpmn:message id="m" name="Paid"/></bpmn:definitions>')
        assert status == 201, answer
    key = product.start("Collector")[1]["instanceKey"]
    product.stack.settle()
    parent, console = product.instance(key), Console(product.stack)
    turns = [element for element in parent["elements"] if "variables" in element]
    assert sorted(element["variables"]["loopCounter"] for element in turns) in ([0, 1], [1, 2])
    children = parent["children"]
    assert [child["elementId"] for child in children] == ["Each", "Each"] and parent["parent"] is None
    overview = console.get(f"/instances/{key}")[1]
    for child in children:
        assert f'href="/instances/{child["instanceKey"]}"' in overview
        called = product.instance(child["instanceKey"])
        assert called["parent"] == {"instanceKey": key, "elementKey": child["elementKey"]}
        (awaited,), (timer,) = called["awaited"], called["timers"]
        assert (awaited["message"], awaited["correlationKey"], awaited["elementId"]) == ("Paid", child["instanceKey"], "Wait")
        assert (timer["elementId"], timer["attachedTo"]) == ("Late", "Wait")
        text = console.get(f"/instances/{child['instanceKey']}?tab=waiting")[1]
        assert "Paid" in text and "A day passed" in text and child["instanceKey"] in text
        assert f"/instances/{key}#e" in console.get(f"/instances/{child['instanceKey']}")[1]
    text = console.get(f"/instances/{key}?tab=variables")[1]
    assert text.count("only this execution sees these") == 2


def test_credentials_reach_the_server_and_leave_no_trace(server, product):
    """Neither API nor console nor logs hold them, also where the server gives them back."""
    server.answers, server.seen = [(200, json.dumps({"score": 1, "echo": SECRET}))], []
    key = begun(product, "Trusted", f"http://{server.host}/score", Credentials="score", ResultVariable="answer")
    assert ended(product, key)
    assert server.seen[0]["headers"]["x-api-key"] == SECRET
    instance = product.instance(key)
    assert instance["variables"]["answer"]["body"]["score"] == 1
    console = Console(product.stack)
    pages = [console.get(f"/instances/{key}{tab}")[1] for tab in ("", "?tab=system-tasks", "?tab=variables", "?tab=history")]
    product.stack.settle()
    log = (product.stack.folder / "logs" / "functions.log").read_text()
    assert "attempt made" in log, "the log is the right one"
    for place in (json.dumps(instance), *pages, log):
        assert SECRET not in place
    for value in ("session-canary", "Kestrel", "the ledger is closed"):
        assert value not in log, value


def test_a_place_that_is_not_on_the_list_is_refused(server, product):
    """The tenant's list decides, and the machine's own addresses stay closed but for the one place of this stack."""
    server.seen = []
    port = server.host.split(":")[1]
    for number, endpoint in enumerate(("https://api.elsewhere.example/score", f"http://localhost:{port}/score",
                                       "http://127.0.0.1:1/score", "http://169.254.169.254/latest/meta-data")):
        key = begun(product, f"Refused{number}", endpoint, Retries="2")
        instance = product.instance(key)
        assert instance["incidents"][0]["code"] == "HTTP_REFUSED", endpoint
        assert len(instance["jobs"][0]["attempts"]) == 1, "it is not repeated"
        text = Console(product.stack).get(f"/instances/{key}?tab=system-tasks")[1]
        assert "failed with HTTP_REFUSED" in text, endpoint
    assert server.seen == []


def test_credentials_go_to_their_own_host_only(server, product):
    """A secret for one place is not sent to another that is on the list, and one that nobody put is an incident."""
    server.seen = []
    client("secretsmanager", product.stack.env["AWS_ENDPOINT_URL"]).create_secret(
        Name="countersign/local/actions/1/other",
        SecretString=json.dumps({"host": "api.other.example", "header": "X-Api-Key", "value": SECRET}))
    for number, (name, code) in enumerate((("other", "HTTP_REFUSED"), ("unknown", "CREDENTIALS"))):
        key = begun(product, f"Misplaced{number}", f"http://{server.host}/score", Credentials=name)
        assert product.instance(key)["incidents"][0]["code"] == code
    assert server.seen == []


COMMANDS = f"""{HEAD}<bpmn:error id="Again" errorCode="AGAIN"/>
<bpmn:process id="Commanded" name="Ask with commands" isExecutable="true"><bpmn:startEvent id="Start"/>
<bpmn:sequenceFlow id="f1" sourceRef="Start" targetRef="Ask"/>
<bpmn:userTask id="Ask" name="Name your price"><bpmn:extensionElements><cs:properties>
<cs:property name="TaskProfile" value="external"/><cs:property name="Recipient" value="context.email"/>
<cs:property name="Description" value="Name your price"/><cs:property name="Actions" value="Offer"/>
<cs:property name="ServerScript"><![CDATA[
  const rated = doCmd('Rate', {{ customer }});
  if (rated.score &lt; 5) throw new BpmnError('AGAIN', 'The score is too low.');
  context.score = rated.score;
  doCmd('SendEmail', {{ to: email, subject: 'Rated', body: 'Your score is ' + rated.score + '.' }});
]]></cs:property></cs:properties></bpmn:extensionElements></bpmn:userTask>
<bpmn:boundaryEvent id="Low" attachedToRef="Ask" cancelActivity="false"><bpmn:errorEventDefinition errorRef="Again"/></bpmn:boundaryEvent>
<bpmn:sequenceFlow id="f2" sourceRef="Low" targetRef="Tell"/>
<bpmn:scriptTask id="Tell"><bpmn:script>doCmd('SendFormErrors', {{ taskId: 'Ask', errors: 'Ask again tomorrow.' }})</bpmn:script></bpmn:scriptTask>
<bpmn:sequenceFlow id="f3" sourceRef="Tell" targetRef="Ask"/>
<bpmn:sequenceFlow id="f4" sourceRef="Ask" targetRef="End"/><bpmn:endEvent id="End"/></bpmn:process></bpmn:definitions>""".replace("&lt;", "<")


def test_a_script_runs_a_command_while_the_recipient_waits(server, product):
    """S4-26, S4-42, V-08, V-09: refused by the answer of a command, the page says why until the next answer; the mail of
    the script goes out once, and only the worker of actions called anybody."""
    server.answers, server.seen = [(200, '{"score": 1}'), (200, '{"score": 9}')], []
    status, body = product.deploy(COMMANDS)
    assert status == 201, body
    status, body = product.start("Commanded", {"customer": "Kestrel Marine", "email": "rated@kestrel.example"})
    assert status == 201, body
    key = body["instanceKey"]
    product.stack.settle()
    (mail,) = product.mails("rated@kestrel.example", 1)
    link = link_of(mail)
    refused = product.page(link, "POST", {**product.page(link).hidden, "action": "Offer"})
    assert refused.status == 422 and "The score is too low." in refused.words
    shown = product.page(link)
    assert "Ask again tomorrow." in shown.words
    assert product.page(link, "POST", {**shown.hidden, "action": "Offer"}).status == 303
    assert ended(product, key)
    assert product.instance(key)["variables"]["score"] == 9
    _, rated = product.mails("rated@kestrel.example", 2)
    assert rated["subject"] == "Rated" and "Your score is 9." in rated["text"]
    assert [seen["path"] for seen in server.seen] == ["/rate", "/rate"]
    assert all(seen["headers"]["x-api-key"] == SECRET for seen in server.seen)
    keys = [seen["headers"]["idempotency-key"] for seen in server.seen]
    assert len(set(keys)) == 2 and all(name.startswith(f"{key}/") for name in keys)
