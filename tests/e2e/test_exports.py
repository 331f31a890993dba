"""Exports of the audit: a background run, a file in S3, a link of five minutes."""

import csv
import io
import json
import re
import urllib.parse

import pytest
from processes import ask
from product import Product

COLUMNS = ["at", "actor", "event", "command", "door", "address", "bulkRunKey", "taskKey", "status", "recipient", "task",
           "activityId", "processId", "instanceKey", "reference", "details"]


@pytest.fixture(scope="module")
def tasks(stack):
    """Sixty tasks of one process, so that an export takes more than one page; the first one is hostile."""
    product = Product(stack)
    product.deploy(ask("Exported", name="=HYPERLINK(1)"))
    product.deploy(ask("Bystander"))
    product.started("Bystander", {"recipient": "bystander@supplier.example"})
    started = [product.started("Exported", {"recipient": f"e{n}@supplier.example"}, reference=f"E{n}")[1]
               for n in range(59)]
    first = product.started("Exported", {"recipient": "-e@supplier.example"}, reference='=cmd|"/C calc"!A0, "x"\nØ')[1]
    operator = Product(stack, "TOKEN_OPERATOR")
    assert operator.call("POST", f"/v1/external-tasks/{first}/resend", {})[0] == 200
    body = {"reason": "+cancelled\tby =me"}
    assert operator.call("POST", f"/v1/external-tasks/{first}/cancel", body)[0] == 200
    return [first, *started]


def exported(product, **body):
    """Starts an export, waits for its end, answers the export and the text of its file."""
    status, export = product.call("POST", "/v1/exports", body)
    assert status == 202 and export["status"] == "running" and "link" not in export, export
    path = f"/v1/exports/{export['exportKey']}"
    done = product.wait(lambda: (found := product.call("GET", path)[1])["status"] == "completed" and found)
    assert done, product.call("GET", path)
    status, headers, text = product.stack.request("GET", done["link"])
    assert status == 200, text
    assert "attachment" in {name.lower(): value for name, value in headers.items()}.get("content-disposition", "")
    return done, text


def test_a_csv_holds_who_did_what_when_and_from_where_and_computes_nothing(stack, tasks):
    done, text = exported(Product(stack), format="csv", filter={"processId": "Exported"})
    assert text.endswith("\r\n") and text.startswith(",".join(COLUMNS) + "\r\n")
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    assert done["tasks"] == 60 and done["entries"] == len(rows) == 62
    assert {row["taskKey"] for row in rows} == set(tasks)
    hostile = [row for row in rows if row["taskKey"] == tasks[0]]
    assert [row["event"] for row in hostile] == ["taskCreated", "resent", "taskEnded"]
    assert all(not cell.startswith(("=", "+", "-", "@", "\t", "\r")) for row in rows for cell in row.values())
    assert {row["reference"] for row in hostile} == {"'=cmd|\"/C calc\"!A0, \"x\"\nØ"}
    assert {row["recipient"] for row in hostile} == {"'-e@supplier.example"}
    resent, ended = hostile[1:]
    assert (resent["command"], resent["door"]) == ("resend", "api") and resent["address"] and resent["actor"]
    assert ended["details"] == "cancel: +cancelled\tby =me" and ended["status"] == "CANCELLED"
    assert "bystander" not in text


def test_a_json_export_of_any_filter_holds_the_same(stack, tasks):
    done, text = exported(Product(stack), format="json", filter={
        "status": ["CANCELLED", "EXPIRED"], "activity": "Ask", "recipient": "-e@", "createdFrom": "2020-01-01"})
    entries = json.loads(text)
    assert [entry["event"] for entry in entries] == ["taskCreated", "resent", "taskEnded"]
    assert list(entries[0]) == sorted(COLUMNS) or set(entries[0]) == set(COLUMNS)
    assert entries[0]["reference"].startswith("=cmd") and done["entries"] == 3
    assert exported(Product(stack), format="json", filter={"processId": "Nothing"})[1].strip() in ("[]", "[\n]")


def test_addresses_are_for_those_who_manage_and_an_export_is_its_starters(stack, tasks):
    manager = Product(stack, "TOKEN_MANAGER")
    done, text = exported(manager, format="json", filter={"processId": "Exported", "status": ["CANCELLED"]})
    assert all(entry["address"] is None for entry in json.loads(text))
    path = f"/v1/exports/{done['exportKey']}"
    for token in ("TOKEN_ADMIN", "TOKEN_OTHER", "TOKEN_USER"):
        assert Product(stack, token).call("GET", path)[0] == 404
    other, text = exported(Product(stack, "TOKEN_OTHER"), format="json")
    assert not any(key in text for key in tasks) and other["tasks"] == len(json.loads(text))


def test_a_link_is_signed_for_five_minutes_and_for_one_file(stack, tasks):
    done, _ = exported(Product(stack), format="csv", filter={"recipient": "e1@"})
    query = urllib.parse.parse_qs(urllib.parse.urlsplit(done["link"]).query)
    assert query["X-Amz-Expires"] == ["300"] and query["X-Amz-Signature"]
    assert done["exportKey"] in done["link"]
    forged = re.sub(r"X-Amz-Signature=.", lambda found: found.group()[:-1] + ("0" if found.group()[-1] != "0" else "1"),
                    done["link"])
    assert stack.request("GET", forged)[0] == 403
    assert stack.request("GET", done["link"].replace(".csv?", ".json?"))[0] in (403, 404)


@pytest.mark.parametrize("body, field", [
    ({}, "format"), ({"format": "xls"}, "format"), ({"format": "csv", "colour": "red"}, "colour"),
    ({"format": "csv", "filter": {"status": ["OPEN"]}}, "filter.status"),
    ({"format": "csv", "filter": {"recipient": "ab"}}, "filter.recipient"),
    ({"format": "csv", "filter": {"limit": "5"}}, "filter.limit"),
    ({"format": "csv", "filter": {"activity": {"$ne": 1}}}, "filter.activity"),
    ({"format": "csv", "filter": {"recipient": "x" * 10_000}}, "filter.filter"),
    ({"format": "csv", "filter": "status=PENDING"}, "filter"),
])
def test_what_cannot_be_exported_is_refused(stack, body, field):
    status, problem = Product(stack).call("POST", "/v1/exports", body)
    assert status == 422 and field in {error["field"] for error in problem["errors"]}, problem


def test_the_same_idempotency_key_starts_one_export(stack, tasks):
    product, body = Product(stack), {"format": "csv", "filter": {"recipient": "e2@"}}
    first = product.call("POST", "/v1/exports", body, idempotency_key="x-1")
    assert first[0] == 202 and product.call("POST", "/v1/exports", body, idempotency_key="x-1") == first
    assert product.call("POST", "/v1/exports", {"format": "json"}, idempotency_key="x-1")[0] == 409
