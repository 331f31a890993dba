"""The local stack itself, with functions that only write down what they get: what the product's tests rely on."""

import json
import pathlib
import shutil
import subprocess
import sys
import time
from datetime import datetime, timedelta, timezone

import boto3
import deploy
import package
import pytest
from botocore.exceptions import ClientError
from stack_fixture import HERE, LocalStack, free_ports

BOOTSTRAP = pathlib.Path(__file__).with_name("bootstrap.py")
JOURNAL = "~J#1700000000000#H#1"


class Recorder(LocalStack):
    """A stack whose functions are BOOTSTRAP."""

    def __init__(self, folder):
        binaries = pathlib.Path(folder) / "bin"
        binaries.mkdir(exist_ok=True)
        for name in (*package.FUNCTIONS, "admin"):
            shutil.copy(BOOTSTRAP, binaries / name)
        super().__init__(folder, "--no-demo", "--binaries", str(binaries))

    def events(self, function):
        path = self.folder / "events.jsonl"
        lines = path.read_text().splitlines() if path.exists() else []
        return [entry["event"] for entry in map(json.loads, lines) if entry["function"] == function]

    def journal(self, function="Outbox"):
        return [record["dynamodb"]["Keys"]["sk"]["S"] for event in self.events(function) for record in event["Records"]
                if "dynamodb" in record]

    def root(self, service):
        return deploy.client(service, self.env["AWS_ENDPOINT_URL"])

    def as_function(self, function, service):
        """A client with the role of a function: what it may do, the function may."""
        (name,) = [f["FunctionName"] for f in self.root("lambda").list_functions()["Functions"]
                   if f["FunctionName"].startswith(f"countersign-{function}-")]
        answer = self.root("lambda").invoke(FunctionName=name, Payload=b'{"requestContext":{}}')
        role = json.loads(json.load(answer["Payload"])["body"])["environment"]
        return boto3.client(service, endpoint_url=self.env["AWS_ENDPOINT_URL"], region_name="us-east-1",
                            aws_access_key_id=role["AWS_ACCESS_KEY_ID"],
                            aws_secret_access_key=role["AWS_SECRET_ACCESS_KEY"],
                            aws_session_token=role["AWS_SESSION_TOKEN"])

    def codes(self):
        return {function["FunctionName"].split("-")[1]: function["CodeSha256"]
                for function in self.root("lambda").list_functions()["Functions"]}

    def put(self, pk, sk):
        self.root("dynamodb").put_item(TableName=self.env["TABLE_NAME"], Item={"pk": {"S": pk}, "sk": {"S": sk}})

    def schedule(self, name, function, at, payload):
        self.root("scheduler").create_schedule(
            Name=name, GroupName=self.env["SCHEDULE_GROUP"], FlexibleTimeWindow={"Mode": "OFF"},
            ScheduleExpression=at.strftime("at(%Y-%m-%dT%H:%M:%S)"), ActionAfterCompletion="DELETE",
            Target={"Arn": self.env[f"{function.upper()}_FUNCTION_ARN"], "RoleArn": self.env["SCHEDULER_ROLE_ARN"],
                    "Input": json.dumps(payload)})

    def wait_for(self, what, seconds=20):
        deadline = time.monotonic() + seconds
        while not (found := what()):
            assert time.monotonic() < deadline, "it did not happen"
            time.sleep(0.05)
        return found


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    running = Recorder(tmp_path_factory.mktemp("stack")).start()
    yield running
    running.stop()


@pytest.fixture
def own(tmp_path):
    running = Recorder(tmp_path).start()
    yield running
    running.stop()


def now():
    return datetime.now(timezone.utc)


def test_each_origin_serves_its_function_from_its_root(shared):
    for name, path, route in (("API_URL", "/v1/x?a=1&a=2", "ANY /{proxy+}"), ("PUBLIC_URL", "/t/abc", "ANY /t/{link}"),
                              ("PUBLIC_URL", "/t/abc/yes", "ANY /t/{link}/{action}"),
                              ("PUBLIC_URL", "/health", "$default"), ("CONSOLE_URL", "/", "$default")):
        status, headers, text = shared.request("GET", shared.env[name] + path)
        event = json.loads(text)["event"]
        assert (status, event["routeKey"], event["rawPath"]) == (200, route, path.split("?")[0])
        assert event["headers"]["host"] == shared.env[name].removeprefix("http://")


def test_head_has_no_body_and_a_body_over_six_megabytes_is_refused_by_the_gateway(shared):
    status, headers, text = shared.request("HEAD", shared.env["PUBLIC_URL"] + "/t/abc")
    assert (status, text) == (200, "")
    status, _, _ = shared.request("POST", shared.env["API_URL"] + "/v1/definitions", b"x" * (6 * 1024 * 1024 + 1))
    assert status == 413


def test_the_outbox_gets_journal_inserts_and_nothing_else(shared):
    shared.put("1#I#1", "H")
    shared.put("1#I#1", JOURNAL)
    shared.put("1#I#1", JOURNAL)  # a replacement is no insert
    shared.put("1#I#1", "X#1")
    shared.settle()
    assert shared.journal().count(JOURNAL) == 1
    assert set(shared.journal()) == {JOURNAL}


def test_a_role_may_do_what_its_function_calls_and_nothing_else(shared):
    table = shared.env["TABLE_NAME"]
    key = {"pk": {"S": "1#I#9"}, "sk": {"S": "H"}}
    transaction = [{"Put": {"TableName": table, "Item": key}},
                   {"Update": {"TableName": table, "Key": {**key, "sk": {"S": "X#1"}}, "UpdateExpression": "SET r = :r",
                               "ExpressionAttributeValues": {":r": {"S": "x"}}}}]
    mail = {"FromEmailAddress": f'"Demo" <{shared.env["MAIL_FROM"]}>', "Destination": {"ToAddresses": ["a@b.test"]},
            "ConfigurationSetName": shared.env["SES_CONFIGURATION_SET"],
            "Content": {"Simple": {"Subject": {"Data": "s"}, "Body": {"Text": {"Data": "t"}}}}}
    calls = {
        "commit": lambda f: shared.as_function(f, "dynamodb").transact_write_items(TransactItems=transaction),
        "list": lambda f: shared.as_function(f, "dynamodb").query(
            TableName=table, IndexName=deploy.yaml_parse(deploy.TEMPLATE.read_text())["Resources"]["Table"]["Properties"][
                "GlobalSecondaryIndexes"][0]["IndexName"],
            KeyConditionExpression="l1 = :x", ExpressionAttributeValues={":x": {"S": "x"}}),
        "delete": lambda f: shared.as_function(f, "dynamodb").delete_item(TableName=table, Key=key),
        "scan": lambda f: shared.as_function(f, "dynamodb").scan(TableName=table),
        "secret": lambda f: shared.as_function(f, "secretsmanager").get_secret_value(SecretId=shared.env["LINK_SECRET_ARN"]),
        "mail": lambda f: shared.as_function(f, "sesv2").send_email(**mail),
        "enqueue": lambda f: shared.as_function(f, "sqs").send_message(
            QueueUrl=shared.env["TIMER_QUEUE_URL"], MessageBody="{}"),
        "schedule": lambda f: shared.as_function(f, "scheduler").create_schedule(
            Name=f, GroupName=shared.env["SCHEDULE_GROUP"], FlexibleTimeWindow={"Mode": "OFF"},
            ScheduleExpression="at(2099-01-01T00:00:00)",
            Target={"Arn": shared.env["TIMER_FUNCTION_ARN"], "RoleArn": shared.env["SCHEDULER_ROLE_ARN"]}),
    }
    due = {"commit", "delete"}  # what waits for a message ends with its instance
    door = due | {"list", "secret"}
    allowed = {"Api": door, "Console": door, "PublicTask": due | {"secret"}, "BulkWorker": due | {"list"},
               "MailEvents": due, "Outbox": due | {"secret", "mail", "enqueue", "schedule"},
               "Reminder": due, "Expiry": due, "Timer": due | {"enqueue"}}
    for function, may in allowed.items():
        for name, call in calls.items():
            if name in may:
                call(function)
            else:
                with pytest.raises(ClientError, match="AccessDenied|not authorized"):
                    call(function)


def test_each_delay_queue_calls_its_own_function_after_the_delay(shared):
    for function in ("Reminder", "Expiry", "Timer"):
        shared.root("sqs").send_message(QueueUrl=shared.env[f"{function.upper()}_QUEUE_URL"], DelaySeconds=1,
                                        MessageBody=json.dumps({"for": function}))
    for function in ("Reminder", "Expiry", "Timer"):
        (body,) = shared.wait_for(lambda f=function: [record["body"] for event in shared.events(f)
                                                      for record in event.get("Records", []) if "for" in record["body"]])
        assert json.loads(body) == {"for": function}


def test_a_due_schedule_calls_its_function_once_with_its_input_and_is_gone(shared):
    shared.schedule("due", "Expiry", now() + timedelta(seconds=1), {"schedule": "due"})
    shared.wait_for(lambda: {"schedule": "due"} in shared.events("Expiry"))
    with pytest.raises(ClientError, match="ResourceNotFound"):
        shared.wait_for(lambda: shared.root("scheduler").get_schedule(
            Name="due", GroupName=shared.env["SCHEDULE_GROUP"]) is None, seconds=5)
    assert shared.events("Expiry").count({"schedule": "due"}) == 1


def test_a_firing_that_fails_is_tried_three_times_and_ends_in_the_dead_letters(shared):
    shared.schedule("failing", "Reminder", now(), {"fail": True})
    queue = shared.root("sqs").get_queue_url(QueueName=shared.env["SCHEDULE_DLQ_ARN"].rsplit(":", 1)[-1])["QueueUrl"]
    letters = shared.wait_for(lambda: shared.root("sqs").receive_message(QueueUrl=queue).get("Messages"))
    assert json.loads(letters[0]["Body"])["requestPayload"] == {"fail": True}
    assert shared.events("Reminder").count({"fail": True}) == 3


def test_a_firing_of_the_timer_that_fails_three_times_goes_on_in_its_queue(shared):
    shared.schedule("failing-timer", "Timer", now(), {"fail": True})
    (body,) = shared.wait_for(lambda: [record["body"] for event in shared.events("Timer") for record in
                                       event.get("Records", []) if "requestPayload" in record["body"]])
    assert json.loads(body)["requestPayload"] == {"fail": True}
    assert shared.events("Timer").count({"fail": True}) == 3


def test_a_mail_is_kept_with_its_parts_and_a_recipient_can_stand_for_trouble(shared):
    ses = shared.root("sesv2")

    def send(to):
        return ses.send_email(FromEmailAddress="=?UTF-8?B?w5hyc3RlZA==?= <no-reply@countersign.test>",
                              Destination={"ToAddresses": [to]}, ReplyToAddresses=["desk@demo.test"],
                              EmailTags=[{"Name": "task", "Value": "7"}],
                              Content={"Simple": {"Subject": {"Data": "Grüße"}, "Body": {
                                  "Text": {"Data": "text"}, "Html": {"Data": "<p>html</p>"}}}})

    sent = send("kept@demo.test")
    (mail,) = shared.inbox("kept@demo.test")
    assert mail["id"] == sent["MessageId"]
    assert (mail["from"], mail["subject"]) == ("Ørsted <no-reply@countersign.test>", "Grüße")
    assert (mail["text"], mail["html"], mail["replyTo"], mail["tags"]) == ("text", "<p>html</p>", ["desk@demo.test"], {"task": "7"})
    for local, code in (("throttle", "TooManyRequests"), ("reject", "MessageRejected"), ("paused", "SendingPaused")):
        with pytest.raises(ClientError, match=code):
            send(f"{local}@simulator.countersign.test")
    shared.fail_mail("reject")
    with pytest.raises(ClientError, match="MessageRejected"):
        send("ordered@demo.test")
    send("ordered@demo.test")
    assert len(shared.inbox("ordered@demo.test")) == 1


def test_a_second_stack_on_the_same_port_says_so_and_ends(shared):
    done = subprocess.run([sys.executable, str(HERE / "dev.py"), "up", "--once", "--port", str(shared.port),
                           "--state", str(shared.folder / "other" / "state")], capture_output=True, text=True)
    assert done.returncode != 0
    assert f"PORT={shared.port}" in done.stderr
    assert shared.request("GET", shared.env["API_URL"] + "/healthz")[0] == 200


def test_a_kill_between_commit_and_delivery_loses_nothing_and_doubles_nothing(own):
    own.put("1#I#1", JOURNAL)
    own.settle()
    own.root("sesv2").send_email(FromEmailAddress=own.env["MAIL_FROM"], Destination={"ToAddresses": ["a@demo.test"]},
                                 Content={"Simple": {"Subject": {"Data": "s"}, "Body": {"Text": {"Data": "t"}}}})
    own.schedule("pending", "Reminder", now() + timedelta(seconds=6), {"schedule": "pending"})
    secret = own.root("secretsmanager").get_secret_value(SecretId=own.env["LINK_SECRET_ARN"])["SecretString"]
    own.pause_stream()
    for number in range(2, 7):
        own.put("1#I#1", f"~J#1700000000000#H#{number}")
    own.save()
    before = pathlib.Path(own.folder / "env")
    own.kill()
    assert not before.exists(), "the env file must not outlive the stack"
    own.start()
    own.settle()
    assert own.journal() == [f"~J#1700000000000#H#{number}" for number in range(1, 7)]
    own.wait_for(lambda: own.events("Reminder") == [{"schedule": "pending"}])
    assert len(own.inbox("a@demo.test")) == 1
    assert own.root("secretsmanager").get_secret_value(SecretId=own.env["LINK_SECRET_ARN"])["SecretString"] == secret


def test_an_orderly_restart_on_other_ports_keeps_records_and_queues_and_deploys_what_changed(own):
    own.pause_stream()
    own.put("1#I#1", JOURNAL)
    own.root("sqs").send_message(QueueUrl=own.env["TIMER_QUEUE_URL"], DelaySeconds=3, MessageBody="{}")
    codes = own.codes()
    own.stop()
    own.port = free_ports()
    with open(own.folder / "bin" / "timer", "a", encoding="utf-8") as file:
        file.write("# new code\n")
    own.start()
    own.settle()
    assert own.journal() == [JOURNAL]
    assert {name for name, code in own.codes().items() if codes[name] != code} == {"Timer"}
    own.wait_for(lambda: own.events("Timer"))
    # A queue's address from before still names it: instances' functions keep their environment.
    own.root("sqs").send_message(QueueUrl=own.env["TIMER_QUEUE_URL"], MessageBody="{}")
    own.wait_for(lambda: len(own.events("Timer")) == 2)
