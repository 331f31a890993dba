"""Loads the demo tenant, its tokens and the demo process into a fresh stack. Talks to the product as any client does."""

import json
import os
import subprocess
import urllib.error
import urllib.request

# env name -> (tenant, user, role)
TOKENS = {
    "TOKEN_ADMIN": ("1", "admin@demo.test", "admin"),
    "TOKEN_MANAGER": ("1", "manager@demo.test", "manager"),
    "TOKEN_OPERATOR": ("1", "operator@demo.test", "operator"),
    "TOKEN_USER": ("1", "user@demo.test", "user"),
    "TOKEN_OTHER": ("2", "admin@other.test", "admin"),
}
TENANTS = {"1": "Demo", "2": "Other"}


def load(settings, admin, memory):
    """Makes what is missing; answers the tokens by env name. `memory` is the file that keeps them between starts."""
    known = json.loads(memory.read_text()) if memory.exists() else {}
    if known and _accepted(settings, known["TOKEN_ADMIN"]):
        return known
    tokens = _create(settings, admin)
    if tokens is None:
        return {}
    memory.write_text(json.dumps(tokens))
    memory.chmod(0o600)
    return tokens


def _create(settings, admin):
    environment = {**os.environ, **settings}

    def call(*words):
        done = subprocess.run([str(admin), *words], env=environment, capture_output=True, text=True, check=False)
        if done.returncode:
            raise SystemExit(f"admin {' '.join(words)} failed: {done.stderr.strip()}")
        return done.stdout.strip()

    for tenant, name in TENANTS.items():
        call("tenant", "put", "--id", tenant, "--name", name)
    tokens = {env: call("token", "create", "--tenant", tenant, "--user", user, "--role", role)
              for env, (tenant, user, role) in TOKENS.items()}
    if not all(tokens.values()):
        print("admin made no tokens: the demo is not loaded.", flush=True)
        return None
    return tokens


def _accepted(settings, token):
    request = urllib.request.Request(f"{settings['API_URL']}/v1/definitions?limit=1",
                                     headers={"Authorization": f"Bearer {token}"})
    try:
        with urllib.request.urlopen(request, timeout=15):
            return True
    except urllib.error.HTTPError as error:
        return error.code != 401
