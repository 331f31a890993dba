"""What operators rely on: effects performed again, and logs that hold no secret and nobody's data."""

import time

import boto3
from processes import ask
from product import link_of


def journal(stack, instance):
    """Keys of an instance's journal items, oldest first, as a dead letter names them."""
    env = stack.env
    table = boto3.client("dynamodb", endpoint_url=env["AWS_ENDPOINT_URL"], region_name=env["AWS_REGION"],
                         aws_access_key_id=env["AWS_ACCESS_KEY_ID"], aws_secret_access_key=env["AWS_SECRET_ACCESS_KEY"])
    found = table.query(TableName=env["TABLE_NAME"], KeyConditionExpression="pk = :pk AND begins_with(sk, :j)",
                        ExpressionAttributeValues={":pk": {"S": f"1#I#{instance}"}, ":j": {"S": "~J"}})
    return [(item["pk"]["S"], item["sk"]["S"]) for item in found["Items"]]


def test_replay_performs_effects_again_and_doubles_nothing(product):
    """Design 3, 4: after a dead letter, or just to be sure."""
    product.deploy(ask("Replayed", Reminders="P1D", ExpiresAfter="P2D"))
    instance, task = product.started("Replayed", {"recipient": "replay@supplier.example"})
    assert len(product.mails("replay@supplier.example", 1)) == 1
    product.stack.settle()
    ((pk, sk),) = journal(product.stack, instance)
    for _ in range(2):
        code, output = product.admin("replay", "--pk", pk, "--sk", sk)
        assert code == 0 and "effect 2 done" in output, output
    product.stack.settle()
    assert len(product.stack.inbox("replay@supplier.example")) == 1
    assert product.task(task)["notifications"][0]["delivery"] in ("sent", "delivered")
    code, output = product.admin("replay", "--pk", pk, "--sk", "nonsense")
    assert code != 0 and "journal item" in output


def test_nothing_secret_or_personal_reaches_a_log(product):
    """Quality 6.1 I7: links, tokens, addresses, answers and variables."""
    product.deploy(ask("Quiet", ServerScript="console.log('canary-script ' + formData.comment); return 1;"))
    _, task = product.started("Quiet", {"recipient": "canary-address@supplier.example", "question": "canary-variable"})
    link = link_of(product.mails("canary-address@supplier.example", 1)[0])
    page = product.page(link)
    product.page(link, "POST", {**page.hidden, "action": "Nonsense", "comment": "canary-answer"})
    product.page(link + "x")
    product.call("GET", "/v1/instances", authorization="Bearer cs_canary-token")
    assert product.page(link, "POST", {**page.hidden, "action": "Yes", "comment": "canary-answer"}).status == 303
    product.stack.settle()
    log = (product.stack.folder / "logs" / "functions.log").read_text()
    assert "command committed" in log, "the log is the right one"
    for secret in ("canary", link.rsplit("/", 1)[1], product.token, "supplier.example"):
        assert secret not in log, secret


def test_ended_instances_are_kept_as_long_as_the_tenant_says(product):
    """Retention: every item of the ended one is marked, none of the one that goes on."""
    for words in (["tenant", "put", "--id", "78", "--name", "Kept", "--retention-days", "5"],
                  ["token", "create", "--tenant", "78", "--user", "admin", "--role", "admin"]):
        code, output = product.admin(*words)
        assert code == 0, output
    product.token = output.strip().splitlines()[-1]
    product.deploy(ask("Kept"))
    ended, task = product.started("Kept", {"recipient": "ended@supplier.example"})
    going_on, _ = product.started("Kept", {"recipient": "open@supplier.example"})
    assert product.call("POST", f"/v1/external-tasks/{task}/cancel", {})[0] == 200
    product.stack.settle()
    env = product.stack.env
    table = boto3.client("dynamodb", endpoint_url=env["AWS_ENDPOINT_URL"], region_name=env["AWS_REGION"],
                         aws_access_key_id=env["AWS_ACCESS_KEY_ID"], aws_secret_access_key=env["AWS_SECRET_ACCESS_KEY"])
    name = "ttl"  # the attribute that the template names as the table's TTL

    def ends(instance):
        found = table.query(TableName=env["TABLE_NAME"], KeyConditionExpression="pk = :pk",
                            ExpressionAttributeValues={":pk": {"S": f"78#I#{instance}"}}, ConsistentRead=True)
        return [int(item[name]["N"]) if name in item else None for item in found["Items"]]

    marked = product.wait(lambda: (found := ends(ended)) and None not in found and found)
    assert marked and len(set(marked)) == 1 and len(marked) >= 4, ends(ended)
    assert abs(marked[0] - time.time() - 5 * 86_400) < 600
    assert set(ends(going_on)) == {None}
    assert product.task(task)["status"] == "CANCELLED", "it is there until then"
