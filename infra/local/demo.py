"""Loads the demo tenant, its tokens and the demo processes into a fresh stack. Talks to the product as any client does.

Every .bpmn file of the folder `demo` is deployed; its `instances.json` lists the instances to start, and with `cancel`
those to cancel at once, so that a page of each kind can be seen.
"""

import json
import os
import pathlib
import subprocess
import time
import urllib.error
import urllib.request

MAIL_SECONDS_MAX = 15
FOLDER = pathlib.Path(__file__).with_name("demo")
# env name -> (tenant, user, role)
TOKENS = {
    "TOKEN_ADMIN": ("1", "admin@demo.test", "admin"),
    "TOKEN_MANAGER": ("1", "manager@demo.test", "manager"),
    "TOKEN_OPERATOR": ("1", "operator@demo.test", "operator"),
    "TOKEN_USER": ("1", "user@demo.test", "user"),
    "TOKEN_OTHER": ("2", "admin@other.test", "admin"),
}
# user -> name on the console's sign-in page
NAMES = {"admin@demo.test": "Ingrid Solberg", "manager@demo.test": "Tomasz Wilk", "operator@demo.test": "Marit Haugen",
         "user@demo.test": "Jonas Berg", "admin@other.test": "Amara Obi"}
TENANTS = {"1": "Norvik Harbour", "2": "Another Company"}


def load(settings, admin, memory):
    """Makes what is missing; answers the tokens by env name. `memory` is the file that keeps them between starts.

    Tenants, tokens and processes exist with the state, so a restart finds them; a state that lost them (killed within
    the last seconds of its first start) gets them again.
    """
    known = json.loads(memory.read_text()) if memory.exists() else {}
    if set(known) == set(TOKENS) and _accepted(settings, known["TOKEN_ADMIN"]):
        return known
    tokens = _create(settings, admin)
    _deploy(settings, tokens["TOKEN_ADMIN"])
    memory.write_text(json.dumps(tokens))
    memory.chmod(0o600)
    return tokens


def people():
    """The users whom the console of a local stack lets in without proof."""
    return [{"tenant": int(tenant), "user": user, "name": NAMES[user], "roles": [role], "tenantName": TENANTS[tenant]}
            for tenant, user, role in TOKENS.values()]


def _create(settings, admin):
    environment = {**os.environ, **settings}

    def call(*words):
        done = subprocess.run([str(admin), *words], env=environment, capture_output=True, text=True, check=False)
        if done.returncode:
            raise SystemExit(f"admin {' '.join(words[:2])} failed: {done.stderr.strip() or done.stdout.strip()}")
        return done.stdout.strip()

    for tenant, name in TENANTS.items():
        call("tenant", "put", "--id", tenant, "--name", name, "--time-zone", "Europe/Oslo", "--reply-to", f"office@tenant{tenant}.example")
    return {env: call("token", "create", "--tenant", tenant, "--user", user, "--role", role).splitlines()[-1]
            for env, (tenant, user, role) in TOKENS.items()}


def _deploy(settings, token):
    for path in sorted(FOLDER.glob("*.bpmn")):
        _post(settings, token, "/v1/definitions", path.read_bytes(), "application/xml", path.name)
    cancelled = {}
    for instance in json.loads((FOLDER / "instances.json").read_text()):
        body = json.dumps(instance["start"]).encode()
        name = instance["start"]["businessKey"]
        started = json.loads(_post(settings, token, "/v1/instances", body, "application/json", name))
        if "cancel" in instance:
            cancelled[started["instanceKey"]] = instance["cancel"]
    # Their mails first: a task that has ended sends none, and the recipient shall find it cancelled.
    _wait_for_mail(settings)
    for key, reason in cancelled.items():
        body = json.dumps({"reason": reason}).encode()
        _post(settings, token, f"/v1/instances/{key}/cancel", body, "application/json", f"cancelling of {key}")


def _wait_for_mail(settings):
    deadline = time.monotonic() + MAIL_SECONDS_MAX
    while time.monotonic() < deadline:
        with urllib.request.urlopen(f"{settings['AWS_ENDPOINT_URL']}/_local/state", timeout=30) as answer:
            if json.load(answer)["idle"]:
                return
        time.sleep(0.1)


def _post(settings, token, path, body, kind, what):
    request = urllib.request.Request(settings["API_URL"] + path, data=body, headers={
        "Authorization": f"Bearer {token}", "Content-Type": kind})
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.read()
    except urllib.error.HTTPError as error:
        raise SystemExit(f"The demo's {what} was refused: {error.code} {error.read().decode()}") from error


def _accepted(settings, token):
    request = urllib.request.Request(f"{settings['API_URL']}/v1/definitions?limit=1",
                                     headers={"Authorization": f"Bearer {token}"})
    try:
        with urllib.request.urlopen(request, timeout=30):
            return True
    except urllib.error.HTTPError as error:
        return error.code not in (401, 403)
