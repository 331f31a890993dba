"""Signing in at the console with a real OpenID provider (oidc-provider from npm): the whole way, and every way to forge
one. Needs node and npm and the registry; without them these tests count as skipped, and say so."""

import contextlib
import html
import http.cookies
import json
import os
import pathlib
import re
import shutil
import socket
import subprocess
import urllib.error
import urllib.parse
import urllib.request

import pytest
from deploy import client
from stack_fixture import LocalStack

PACKAGE = "oidc-provider@9.5.1"
MEMBERS = {
    "ingrid": {"tenant": 1, "roles": ["admin"], "name": "Ingrid Solberg"},
    "jonas": {"tenant": 1, "roles": ["user"], "name": "Jonas <b>Berg"},
    "stranger": {"tenant": 77, "roles": ["admin"], "name": "Nobody Here"},
    "roleless": {"tenant": 1, "name": "No Roles"},
    "tenantless": {"roles": ["admin"], "name": "No Tenant"},
}


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """A folder with the provider; outside of the repository, because nothing of the product needs it."""
    if not shutil.which("node") or not shutil.which("npm"):
        pytest.skip("sign-in with a provider: node and npm are not installed")
    folder = tmp_path_factory.mktemp("provider")
    (folder / "package.json").write_text('{"private": true}')
    done = subprocess.run(["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", PACKAGE], cwd=folder,
                          capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"sign-in with a provider: npm could not install {PACKAGE}: {done.stderr[-300:]}")
    shutil.copy(pathlib.Path(__file__).with_name("provider.mjs"), folder)
    return folder


@contextlib.contextmanager
def running_stack(installed, folder, proof):
    """A stack that signs people in with a provider of its own. `proof`: how the client proves who it is."""
    running = LocalStack(folder)
    port = free_port()
    redirect = f"http://127.0.0.1:{running.port + 3}/sign-in/callback"
    words = ["node", "provider.mjs", str(port), redirect, json.dumps(MEMBERS), json.dumps(proof)]
    provider = subprocess.Popen(words, cwd=installed, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    assert provider.stdout.readline().strip() == "ready"
    before = dict(os.environ)
    os.environ.update(OIDC_ISSUER=f"http://127.0.0.1:{port}", OIDC_CLIENT_ID="console")
    try:
        yield running.start()
    finally:
        os.environ.clear()
        os.environ.update(before)
        running.stop()
        provider.terminate()
        provider.wait(20)


@pytest.fixture(scope="module")
def stack(installed, tmp_path_factory):
    with running_stack(installed, tmp_path_factory.mktemp("stack"), {"token_endpoint_auth_method": "none"}) as running:
        yield running


class Browser:
    """Cookies by origin, and redirects one by one. Asserts nothing."""

    def __init__(self, stack):
        self.stack = stack
        self.console = stack.env["CONSOLE_URL"]
        self.jars = {}

    def jar(self, url):
        return self.jars.setdefault(urllib.parse.urlsplit(url).netloc, {})

    def send(self, method, url, fields=None, **headers):
        """One request; answers (status, address of the redirect, text)."""
        url = urllib.parse.urljoin(self.console, url)
        jar = self.jar(url)
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if jar:
            sent["cookie"] = "; ".join(f"{name}={value}" for name, value in jar.items())
        body = None
        if fields is not None:
            body = urllib.parse.urlencode(fields)
            sent["content-type"] = "application/x-www-form-urlencoded"
        request = urllib.request.Request(url, method=method, data=body.encode() if body is not None else None, headers=sent)
        try:
            answer = urllib.request.build_opener(_Stay).open(request, timeout=60)
        except urllib.error.HTTPError as error:
            answer = error
        for line in answer.headers.get_all("set-cookie") or []:
            for name, morsel in http.cookies.SimpleCookie(line).items():
                if morsel["max-age"] == "0" or morsel.value == "":
                    jar.pop(name, None)
                else:
                    jar[name] = morsel.value
        location = answer.headers.get("location")
        return answer.status, urllib.parse.urljoin(url, location) if location else None, answer.read().decode()

    def get(self, url, **headers):
        return self.send("GET", url, **headers)

    def post(self, url, fields, **headers):
        return self.send("POST", url, fields, **headers)

    def at_provider(self, address, member):
        """Signs in and consents at the provider; answers the address it leads back to."""
        for _ in range(20):
            if address.startswith(self.console):
                return address
            status, location, text = self.get(address)
            if location is None:
                action = html.unescape(re.search(r'action="([^"]+)"', text).group(1))
                prompt = re.search(r'name="prompt" value="(\w+)"', text).group(1)
                fields = {"prompt": prompt, **({"login": member, "password": "any"} if prompt == "login" else {})}
                status, location, text = self.post(urllib.parse.urljoin(address, action), fields)
            assert location, (status, text[:500])
            address = location
        raise AssertionError("the provider leads nowhere")

    def begin(self, path="/"):
        """To the provider; answers its address."""
        status, location, _ = self.get(f"/sign-in/start?next={urllib.parse.quote(path, safe='')}")
        assert status == 303
        return location

    def sign_in(self, member, path="/definitions"):
        """The whole way; answers the redirect of the console's callback."""
        return self.get(self.at_provider(self.begin(path), member))

    def session(self):
        return next((value for name, value in self.jar(self.console).items() if "session" in name), None)

    def csrf(self):
        return re.search(r'name="csrf" value="([^"]+)"', self.get("/definitions")[2]).group(1)


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


@pytest.fixture
def browser(stack):
    return Browser(stack)


def path_of(location):
    return location.removeprefix("http://").split("/", 1)[1]


def test_the_whole_way_in_and_out(browser):
    status, location, _ = browser.get("/delivery?days=14")
    assert status == 303 and "/sign-in?next=%2Fdelivery%3Fdays%3D14" in location
    status, _, page = browser.get(location)
    assert status == 200 and "Continue with your organisation" in page
    start = html.unescape(re.search(r'href="(/sign-in/start[^"]+)"', page).group(1))
    status, location, _ = browser.get(start)
    asked = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(location).query))
    assert status == 303 and asked["code_challenge_method"] == "S256" and len(asked["code_challenge"]) == 43
    assert asked["response_type"] == "code" and asked["nonce"] != asked["state"]

    status, location, _ = browser.get(browser.at_provider(location, "ingrid"))
    assert (status, path_of(location)) == (303, "delivery?days=14")
    assert not [name for name in browser.jar(browser.console) if "handshake" in name], "a handshake is good for one way"
    status, _, page = browser.get("/definitions")
    assert status == 200 and "Ingrid Solberg" in page and "Administrator" in page

    kept = browser.session()
    status, location, _ = browser.post("/sign-out", {"csrf": browser.csrf()})
    assert (status, path_of(location)) == (303, "signed-out")
    assert browser.session() is None
    # The session has ended for every copy of its cookie.
    browser.jar(browser.console)[session_name(browser)] = kept
    assert browser.get("/definitions")[0] == 303


def session_name(browser):
    return f"session-{urllib.parse.urlsplit(browser.console).port}"


@pytest.mark.parametrize("method", ["client_secret_basic", "client_secret_post"])
def test_a_client_with_a_secret_proves_who_it_is(installed, tmp_path, method):
    """The secret is read from Secrets Manager at the first sign-in, and sent as the provider takes it."""
    secret = "p%ss: w+rd/&="
    with running_stack(installed, tmp_path, {"token_endpoint_auth_method": method, "client_secret": secret}) as running:
        secrets = client("secretsmanager", running.env["AWS_ENDPOINT_URL"])
        os.environ["OIDC_CLIENT_SECRET_ARN"] = secrets.create_secret(Name="console-client", SecretString=secret)["ARN"]
        running.stop()
        browser = Browser(running.start())
        assert browser.sign_in("ingrid")[0] == 303
        assert browser.get("/definitions")[0] == 200


def test_names_are_shown_as_text_and_roles_decide(browser):
    assert browser.sign_in("jonas")[0] == 303
    status, _, page = browser.get("/definitions")
    assert status == 404 and "Jonas &lt;b&gt;Berg" in page and "<b>Berg" not in page
    status, _, page = browser.get("/")
    assert status == 403 and "Ask an administrator" in page


@pytest.mark.parametrize(("member", "answer"), [("stranger", 403), ("tenantless", 502)])
def test_members_of_no_tenant_here_are_refused(browser, member, answer):
    status, location, _ = browser.sign_in(member)
    assert (status, location) == (answer, None) and browser.session() is None


def test_somebody_without_roles_comes_in_and_sees_nothing(browser):
    assert browser.sign_in("roleless")[0] == 303
    assert browser.get("/external-tasks")[0] == 404
    assert browser.get("/")[0] == 403


@pytest.mark.parametrize("change", [{"state": "forged"}, {"state": None}, {"code": "forged"}, {"code": None},
                                    {"iss": "http://127.0.0.1:1"}])
def test_a_changed_answer_signs_nobody_in(browser, change):
    back = browser.at_provider(browser.begin(), "ingrid")
    address = urllib.parse.urlsplit(back)
    fields = {**dict(urllib.parse.parse_qsl(address.query)), **change}
    query = urllib.parse.urlencode({name: value for name, value in fields.items() if value})
    status, location, page = browser.get(f"/sign-in/callback?{query}")
    assert status in (422, 502) and location is None and browser.session() is None
    assert 'role="alert"' in page


def test_an_answer_is_worth_nothing_in_another_browser(browser, stack):
    back = browser.at_provider(browser.begin(), "ingrid")
    other = Browser(stack)
    assert other.get(back)[0] == 422 and other.session() is None
    other.begin()
    assert other.get(back)[0] == 422 and other.session() is None


def test_a_code_is_good_once(browser):
    back = browser.at_provider(browser.begin(), "ingrid")
    kept = dict(browser.jar(browser.console))
    assert browser.get(back)[0] == 303
    assert browser.get(back)[0] == 422, "the handshake is gone"
    browser.jar(browser.console).clear()
    browser.jar(browser.console).update(kept)
    assert browser.get(back)[0] == 502, "the provider knows that the code was redeemed"
    assert browser.session() is None


@pytest.mark.parametrize("name", ["nonce", "code_challenge"])
def test_an_answer_to_another_question_signs_nobody_in(browser, name):
    """A token with another nonce, and a code that was asked for with another verifier."""
    asked = urllib.parse.urlsplit(browser.begin())
    fields = dict(urllib.parse.parse_qsl(asked.query))
    fields[name] = fields[name][:-2] + ("AA" if not fields[name].endswith("AA") else "BB")
    changed = asked._replace(query=urllib.parse.urlencode(fields)).geturl()
    status, location, _ = browser.get(browser.at_provider(changed, "ingrid"))
    assert (status, location) == (502, None) and browser.session() is None


def test_the_provider_may_say_no(browser):
    state = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(browser.begin()).query))["state"]
    status, _, page = browser.get(f"/sign-in/callback?error=access_denied&state={state}&error_description=%3Cscript%3E")
    assert status == 403 and "<script>" not in page and browser.session() is None


@pytest.mark.parametrize("path", ["//evil.example", "https://evil.example/", "/\\evil.example", "\\\\evil.example", "/\t/evil",
                                  "javascript:alert(1)", "evil.example", "/\r\nset-cookie: x=y", ""])
def test_the_way_back_stays_on_the_console(browser, path):
    status, location, _ = browser.sign_in("ingrid", path)
    assert status == 303 and location == f"{browser.console}/"


def test_a_tampered_session_is_no_session(browser):
    browser.sign_in("ingrid")
    jar = browser.jar(browser.console)
    name, value = next((name, value) for name, value in jar.items() if "session" in name)
    body, signature = value.split(".")
    other = ("B" if signature[0] == "A" else "A") + signature[1:]
    for forged in (body[:-4] + "AAAA." + signature, f"{body}.{other}", body, "." + signature, "x" * 5000):
        jar[name] = forged
        status, location, _ = browser.get("/definitions")
        assert status == 303 and "/sign-in?" in location, forged
    jar[name] = value
    assert browser.get("/definitions")[0] == 200


def test_forms_of_others_change_nothing(browser, stack):
    browser.sign_in("ingrid")
    csrf = browser.csrf()
    other = Browser(stack)
    other.sign_in("ingrid")
    theirs = other.csrf()
    for fields, headers in [({}, {}), ({"csrf": "forged"}, {}), ({"csrf": theirs}, {}),
                            ({"csrf": csrf}, {"sec_fetch_site": "cross-site"}),
                            ({"csrf": csrf}, {"sec_fetch_site": "same-site"}),
                            ({"csrf": csrf}, {"origin": "http://evil.example"}), ({"csrf": csrf}, {"origin": "null"})]:
        status, _, page = browser.post("/sign-out", fields, **headers)
        assert status == 403 and "out of date" in page, (fields, headers)
    assert browser.get("/definitions")[0] == 200, "still signed in"
    assert browser.post("/sign-out", {"csrf": csrf}, origin=browser.console)[0] == 303


def test_nobody_is_signed_in_by_another_site(browser, stack):
    """Login CSRF: somebody else's token must not be put under a visitor."""
    token = stack.env["TOKEN_ADMIN"]
    status, _, _ = browser.post("/sign-in", {"token": token}, sec_fetch_site="cross-site")
    assert status == 403 and browser.session() is None
    status, location, _ = browser.post("/sign-in", {"token": token, "next": "//evil.example"}, sec_fetch_site="same-origin")
    assert status == 303 and location == f"{browser.console}/" and browser.session()


def test_a_wrong_token_is_named_and_not_shown_again(browser):
    status, _, page = browser.post("/sign-in", {"token": "cs_wrong-token"})
    assert status == 422 and "not known or was revoked" in page and "wrong-token" not in page
    assert "<title>Error: Sign in" in page
