"""A client of the product for the end-to-end tests: API calls, mails, public pages. Asserts nothing but that every
answer of the API is one its OpenAPI document describes."""

import html.parser
import json
import os
import pathlib
import re
import subprocess
import time
import urllib.parse

import jsonschema

ROOT = pathlib.Path(__file__).resolve().parents[2]
DEMO = ROOT / "infra" / "local" / "demo"
LINK = re.compile(r"https?://\S+/t/[\w-]+")


DOCUMENT = json.loads((ROOT / "functions" / "api" / "openapi.json").read_text())


def check_described(method, path, status, answer):
    """Fails where the API answers what its document does not say: status, or shape of the body."""
    parts = path.split("?")[0].strip("/").split("/")
    for template, operations in DOCUMENT["paths"].items():
        names = template.strip("/").split("/")
        if method.lower() in operations and len(names) == len(parts) and all(
                name == part or name.startswith("{") for name, part in zip(names, parts)):
            responses = operations[method.lower()]["responses"]
            assert str(status) in responses, f"{method} {template} answers {status}, which the document does not say"
            for content in responses[str(status)].get("content", {}).values():
                schema = {**content["schema"], "components": DOCUMENT["components"]}
                jsonschema.validate(answer, schema, cls=jsonschema.Draft202012Validator)
            return


class Product:
    def __init__(self, stack, token="TOKEN_ADMIN"):
        self.stack = stack
        self.token = stack.env[token]

    def as_(self, token):
        return Product(self.stack, token)

    def call(self, method, path, body=None, **headers):
        """One API call; answers (status, JSON or text)."""
        sent = {"authorization": f"Bearer {self.token}"}
        data = None
        if isinstance(body, (bytes, str)):
            data = body if isinstance(body, bytes) else body.encode()
            sent["content-type"] = "application/xml"
        elif body is not None:
            data = json.dumps(body).encode()
            sent["content-type"] = "application/json"
        sent.update({name.replace("_", "-"): value for name, value in headers.items()})
        status, _, text = self.stack.request(method, self.stack.env["API_URL"] + path, data, sent)
        answer = json.loads(text) if text.startswith(("{", "[")) else text
        check_described(method, path, status, answer)
        return status, answer

    def deploy(self, xml):
        return self.call("POST", "/v1/definitions", xml)

    def start(self, process_id, variables=None, **fields):
        return self.call("POST", "/v1/instances", {"processId": process_id, "variables": variables or {}, **fields})

    def started(self, process_id, variables=None, **fields):
        status, body = self.start(process_id, variables, **fields)
        assert status == 201, body
        return body["instanceKey"], body["waitingTasks"][0]["taskKey"]

    def instance(self, key):
        return self.call("GET", f"/v1/instances/{key}")[1]

    def task(self, key):
        return self.call("GET", f"/v1/external-tasks/{key}")[1]

    def mails(self, recipient, count, seconds=30):
        """The recipient's mails, oldest first, once there are `count` of them."""
        deadline = time.monotonic() + seconds
        while True:
            mails = self.stack.inbox(recipient)
            if len(mails) >= count or time.monotonic() > deadline:
                return list(reversed(mails))
            time.sleep(0.1)

    def wait(self, what, seconds=30):
        """Returns what `what()` gives once it is true."""
        deadline = time.monotonic() + seconds
        while True:
            found = what()
            if found or time.monotonic() > deadline:
                return found
            time.sleep(0.1)

    def page(self, url, method="GET", fields=None, **headers):
        """A request to a public page without following redirects; answers a Page."""
        data = None
        if fields is not None:
            data = urllib.parse.urlencode(fields, doseq=True).encode()
            headers.setdefault("content_type", "application/x-www-form-urlencoded")
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        return Page(url, *self.stack.request(method, url, data, sent))

    def admin(self, *words):
        target = os.environ.get("CARGO_TARGET_DIR") or ROOT / "target"
        done = subprocess.run([str(pathlib.Path(target) / "debug" / "admin"), *words], capture_output=True, text=True,
                              env={**os.environ, **self.stack.env}, check=False)
        return done.returncode, done.stdout + done.stderr


def link_of(mail):
    return LINK.search(mail["text"]).group()


class Page:
    def __init__(self, url, status, headers, text):
        self.url, self.status, self.text = url, status, text
        self.headers = {name.lower(): value for name, value in headers.items()}
        self.parts = _Parts()
        self.parts.feed(text)

    @property
    def hidden(self):
        """Hidden fields of the form, as a good client posts them back."""
        return dict(self.parts.hidden)

    @property
    def words(self):
        return " ".join(" ".join(self.parts.words).split())

    def location(self):
        return urllib.parse.urljoin(self.url, self.headers["location"])


class _Parts(html.parser.HTMLParser):
    def __init__(self):
        super().__init__()
        self.hidden, self.words, self.buttons, self.inputs = [], [], [], []
        self._quiet = 0

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        if tag in ("style", "script"):
            self._quiet += 1
        if tag == "input" and attrs.get("type") == "hidden":
            self.hidden.append((attrs["name"], attrs.get("value", "")))
        elif tag in ("input", "textarea", "select"):
            self.inputs.append(attrs)
        if tag == "button" and attrs.get("name") == "action":
            self.buttons.append(attrs.get("value"))

    def handle_endtag(self, tag):
        if tag in ("style", "script"):
            self._quiet -= 1

    def handle_data(self, data):
        if not self._quiet:
            self.words.append(data)
