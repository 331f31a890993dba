#!/usr/bin/env python3
"""A function for tests of the local stack itself: writes each event down and answers, or fails on request."""

import json
import os
import sys
import urllib.error
import urllib.request

RUNTIME = f"http://{os.environ['AWS_LAMBDA_RUNTIME_API']}/2018-06-01/runtime/invocation"
RECORD = os.path.join(os.path.dirname(os.environ["STATE_DIR"]), "events.jsonl")


def call(path, data=None):
    return urllib.request.urlopen(urllib.request.Request(f"{RUNTIME}/{path}", data=data))


while True:
    try:
        answer = call("next")
    except (urllib.error.URLError, ConnectionError):
        sys.exit(0)
    request, event = answer.headers["Lambda-Runtime-Aws-Request-Id"], json.load(answer)
    with open(RECORD, "a", encoding="utf-8") as file:
        file.write(json.dumps({"function": os.environ["AWS_LAMBDA_FUNCTION_NAME"].split("-")[1], "event": event}) + "\n")
    if event.get("fail"):
        call(f"{request}/error", json.dumps({"errorMessage": "as ordered", "errorType": "Ordered"}).encode())
    elif "requestContext" in event:
        seen = {"event": event, "environment": dict(os.environ)}
        body = {"statusCode": 200, "headers": {"content-type": "application/json"}, "body": json.dumps(seen)}
        call(f"{request}/response", json.dumps(body).encode())
    else:
        call(f"{request}/response", b'{"batchItemFailures":[]}')
