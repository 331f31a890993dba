"""What operators rely on: effects performed again, and logs that hold no secret and nobody's data."""

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
