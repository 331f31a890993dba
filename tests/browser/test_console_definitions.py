"""Definitions and deployment in the browser: what is deployed, errors in their place, what a deployment means, deploy,
sync; with and without script, and by keyboard."""

import pytest
from playwright.sync_api import expect
from processes import ask

WIDE, SMALLEST = (1440, 900), (320, 640)
TIMED = ask("PROCESS").replace("<bpmn:userTask", """<bpmn:startEvent id="Yearly" name="Every New Year">
  <bpmn:timerEventDefinition><bpmn:timeCycle>0 12 1 JAN *</bpmn:timeCycle></bpmn:timerEventDefinition>
</bpmn:startEvent><bpmn:sequenceFlow id="Begin" sourceRef="Yearly" targetRef="Ask"/><bpmn:userTask""", 1)
FLOWLESS = ask("Faulty").replace('targetRef="', 'targetRef="Gone', 1)


def sign_in(visitor, product, path="/definitions", token="TOKEN_ADMIN"):
    visitor.open(product.stack.env["CONSOLE_URL"] + path)
    visitor.page.get_by_label("Access token").fill(product.stack.env[token])
    visitor.press_button("Sign in with token")


def choose(visitor, xml, name="question.bpmn"):
    visitor.page.get_by_label("BPMN file").set_input_files({"name": name, "mimeType": "text/xml", "buffer": xml.encode()})
    visitor.press_button("Check the file")


@pytest.fixture
def operator(visit):
    def make(**options):
        visitor = visit(**options)

        def press_button(name):
            with visitor.page.expect_navigation():
                visitor.page.get_by_role("button", name=name, exact=True).click()

        visitor.press_button = press_button
        return visitor
    return make


@pytest.mark.parametrize("script", [True, False])
def test_a_file_is_checked_deployed_and_found(product, operator, script):
    visitor = operator(script=script)
    sign_in(visitor, product, "/deploy")
    process_id = f"Deployed{script}"
    choose(visitor, ask(process_id, name="Confirm the window"))
    assert "This process is new. It becomes version 1." in visitor.words
    assert "Nothing is deployed yet" in visitor.words
    assert product.call("GET", f"/v1/definitions/{process_id}")[0] == 404
    visitor.press_button("Deploy version 1")
    assert "Version 1 is deployed" in visitor.words and "Confirm the window" in visitor.words
    assert product.call("GET", f"/v1/definitions/{process_id}")[1]["version"] == 1
    with visitor.page.expect_download() as download:
        visitor.page.get_by_role("link", name="Download BPMN", exact=True).click()
    assert download.value.suggested_filename == f"{process_id}-v1.bpmn"
    # The same file again changes nothing, and says so.
    visitor.open(product.stack.env["CONSOLE_URL"] + "/deploy")
    choose(visitor, ask(process_id, name="Confirm the window"))
    assert "deploying it again changes nothing" in visitor.words
    assert visitor.page.get_by_role("button", name="Deploy version 2").count() == 0


@pytest.mark.parametrize("script", [True, False])
def test_errors_stand_in_their_place_and_the_file_is_kept(product, operator, script):
    visitor = operator(script=script)
    sign_in(visitor, product, "/deploy")
    choose(visitor, FLOWLESS, "faulty <b>.bpmn")
    assert visitor.page.title().startswith("Error:")
    assert "Nothing was deployed." in visitor.words and "faulty <b>.bpmn" in visitor.words
    line = next(number for number, text in enumerate(FLOWLESS.splitlines(), 1) if "Gone" in text)
    assert f"Line {line}, column" in visitor.words
    assert "Gone" in visitor.page.locator(".source .hit").first.inner_text()
    assert visitor.page.locator(".source mark").count() >= 1
    # Without another choice the same file is checked again.
    visitor.press_button("Check again")
    assert "Nothing was deployed." in visitor.words
    assert product.call("GET", "/v1/definitions/Faulty")[0] == 404


def test_errors_are_marked_in_the_diagram(product, operator):
    visitor = operator(width=WIDE[0])
    sign_in(visitor, product, "/deploy")
    choose(visitor, FLOWLESS)
    expect(visitor.page.locator(".djs-container .djs-shape.failed").first).to_be_visible()


def test_what_is_pasted_from_a_document_is_repaired_where_asked(product, operator):
    visitor = operator()
    sign_in(visitor, product, "/deploy")
    pasted = ask("Pasted").replace('xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL"', "", 1)
    choose(visitor, pasted)
    assert "Nothing was deployed." in visitor.words
    visitor.page.get_by_label("Repair what can be repaired").check()
    visitor.press_button("Check again")
    assert "Repaired" in visitor.words
    visitor.press_button("Deploy version 1")
    assert "Version 1 is deployed" in visitor.words


def test_the_impact_is_counted_and_sync_is_offered(product, operator):
    """E-09: how many open tasks run which version, which have the activity no more, what Sync would change."""
    product.deploy(ask("Impact", EmailSubject="Can you come?"))
    for number in range(3):
        product.started("Impact", {"question": "Can you come?", "recipient": f"impact{number}@supplier.example"})
    visitor = operator()
    sign_in(visitor, product, "/deploy")
    choose(visitor, ask("Impact", EmailSubject="Can your crew come?"))
    assert visitor.heading == "Deploy Impact, version 2"
    assert "3 open tasks stay on the version they began with" in visitor.words
    assert "Would change 3" in visitor.words and "Sync changes: mail." in visitor.words
    visitor.press_button("Deploy version 2")
    visitor.press_button("Sync templates of open tasks")
    assert visitor.heading == "Put the deployed templates on 3 tasks?"


def test_a_process_named_like_a_page_of_ours_has_its_page(product, operator):
    product.deploy(ask("deploy", name="Deploy by hand"))
    visitor = operator()
    sign_in(visitor, product, "/definitions/deploy")
    assert visitor.heading == "deploy"


def test_two_who_deploy_at_once_each_see_the_version_they_made(product, operator):
    product.deploy(ask("Racing", name="One"))
    visitor = operator()
    sign_in(visitor, product, "/deploy")
    choose(visitor, ask("Racing", name="Two"))
    assert visitor.heading == "Deploy Racing, version 2"
    product.deploy(ask("Racing", name="Three"))
    visitor.press_button("Deploy version 2")
    assert "Version 3 is deployed." in visitor.words
    product.deploy(ask("Racing", name="Four"))
    visitor.page.reload()
    assert "Version 3 was deployed, and after it version 4: new instances use that one." in visitor.words


def test_who_may_not_deploy_sees_no_way_to_and_has_none(product, operator):
    product.deploy(ask("ReadOnly"))
    visitor = operator()
    sign_in(visitor, product, token="TOKEN_OPERATOR")
    assert visitor.page.get_by_role("link", name="Deploy a file").count() == 0
    assert visitor.open(product.stack.env["CONSOLE_URL"] + "/deploy").status == 403
    assert "definitions:deploy" in visitor.words
    other = operator()
    sign_in(other, product, token="TOKEN_OTHER")
    for path in ("/definitions/ReadOnly", "/definitions/ReadOnly/versions/1/xml", "/definitions/ReadOnly?version=1"):
        assert other.open(product.stack.env["CONSOLE_URL"] + path).status == 404
    member = operator()
    sign_in(member, product, token="TOKEN_USER")
    for path in ("/definitions", "/deploy", "/definitions/ReadOnly"):
        assert member.open(product.stack.env["CONSOLE_URL"] + path).status == 404


def test_keys_lead_through_the_console_and_can_be_switched_off(product, operator):
    visitor = operator()
    sign_in(visitor, product)
    keys = visitor.page.locator("#keyboard")
    visitor.page.keyboard.press("?")
    expect(keys).to_be_visible()
    visitor.page.keyboard.press("Escape")
    expect(keys).to_be_hidden()
    with visitor.page.expect_navigation():
        visitor.page.keyboard.press("g")
        visitor.page.keyboard.press("d")
    assert visitor.heading == "Delivery"
    visitor.page.keyboard.press("?")
    visitor.press_button("Switch single-letter keys off")
    assert visitor.page.locator("html").get_attribute("data-keys") == "off"
    visitor.page.keyboard.press("?")
    expect(visitor.page.locator("#keyboard")).to_be_hidden()


def test_appearance_is_remembered_and_works_without_script(product, operator):
    visitor = operator(script=False)
    sign_in(visitor, product)
    visitor.press_button("Dark")
    assert visitor.page.locator("html").get_attribute("data-theme") == "dark"
    assert visitor.page.url.endswith("/definitions")
    visitor.open(product.stack.env["CONSOLE_URL"] + "/delivery")
    assert visitor.page.locator("html").get_attribute("data-theme") == "dark"
    visitor.press_button("As the system")
    assert visitor.page.locator("html").get_attribute("data-theme") is None


def test_signing_out_ends_the_visit(product, operator):
    visitor = operator(width=360, script=False)
    sign_in(visitor, product)
    visitor.page.get_by_role("button", name="Menu").click()
    visitor.press_button("Sign out")
    assert visitor.heading == "You are signed out"
    visitor.open(product.stack.env["CONSOLE_URL"] + "/definitions")
    assert visitor.heading == "Sign in"


@pytest.mark.parametrize(("width", "height"), [WIDE, (360, 740), SMALLEST])
@pytest.mark.parametrize("dark", [False, True])
def test_the_pages_are_accessible_and_fit(product, operator, width, height, dark):
    product.deploy(ask("Looks", name="Ask about a thing with a rather-long-name-" + "x" * 60))
    visitor = operator(width=width, height=height, dark=dark)
    console = product.stack.env["CONSOLE_URL"]
    visitor.open(console + "/sign-in")
    assert visitor.violations() == [] and visitor.overflow() <= 0
    sign_in(visitor, product)
    for path in ("/definitions", "/definitions/Looks?said=deployed", "/deploy", "/nothing/here"):
        visitor.open(console + path)
        assert visitor.violations() == [], path
        assert visitor.overflow() <= 0, path
    visitor.open(console + "/deploy")
    choose(visitor, FLOWLESS)
    assert visitor.violations() == [] and visitor.overflow() <= 0
    visitor.open(console + "/deploy")
    choose(visitor, ask("Looks", name="Another name"))
    assert visitor.violations() == [] and visitor.overflow() <= 0
    visitor.open(console + "/deploy")
    timed = f"Timed{width}{dark}"
    choose(visitor, TIMED.replace("PROCESS", timed))
    assert "As soon as it is deployed these timers run" in visitor.words and "Every New Year" in visitor.words
    assert visitor.violations() == [] and visitor.overflow() <= 0
    product.deploy(TIMED.replace("PROCESS", timed))
    visitor.open(console + f"/definitions/{timed}")
    assert "Begins by itself" in visitor.words and "Next 1 Jan" in visitor.words
    assert visitor.violations() == [] and visitor.overflow() <= 0
