"""The outside surface of public pages: links, methods, headers, bad input."""

import pytest
from processes import ask
from product import link_of


@pytest.fixture
def opened(product):
    product.deploy(ask("Page", Reminders="P1D"))
    number = opened.count = getattr(opened, "count", 0) + 1
    address = f"page{number}@supplier.example"
    _, task = product.started("Page", {"recipient": address, "question": "<b>Shall</b> we?"})
    return product.page(link_of(product.mails(address, 1)[0])), task


def test_scanners_decide_nothing(product, opened):
    """Quality 6.2 no. 26, S0-87: GET and HEAD of the link and of every button's address, fifty times."""
    page, task = opened
    before = product.task(task)
    for _ in range(10):
        for path in ("", "/Yes", "/No", "/nonsense", "/Yes?x=1"):
            assert product.page(page.url + path).status == 200
            head = product.page(page.url + path, "HEAD")
            assert (head.status, head.text) == (200, "")
    after = product.task(task)
    assert after["firstFetchedAt"] and not after["firstOpenedAt"]
    for name in ("status", "reminders", "history", "answers", "outcome"):
        assert after[name] == before[name]


def test_every_bad_link_gets_the_same_neutral_answer(product, opened):
    """S0-87: truncated, extended, changed, another spelling."""
    page, _ = opened
    base, link = page.url.rsplit("/", 1)
    answers = set()
    for bad in (link[:-1], link + "A", link + "=", link.swapcase(), "x", "A" * 42, "%00", "..", link[:-4] + "AAAA"):
        answer = product.page(f"{base}/{bad}")
        words = answer.words
        answers.add((answer.status, words))
    assert len(answers) == 1
    status, words = answers.pop()
    assert status == 404 and "Demo" not in words
    for path in ("/", "/t", "/t/", "/favicon.ico", f"/t/{link}/Yes/more"):
        assert product.page(base.removesuffix("/t") + path).status == 404


def test_every_answer_is_private(product, opened):
    page, _ = opened
    for answer in (page, product.page(page.url, "HEAD"), product.page(page.url + "x"),
                   product.page(page.url, "POST", {**page.hidden, "action": "Nonsense"})):
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert "noindex" in answer.headers["x-robots-tag"]
        policy = answer.headers["content-security-policy"]
        assert "unsafe-inline" not in policy and "frame-ancestors 'none'" in policy and "default-src 'none'" in policy


def test_other_methods_are_refused(product, opened):
    page, _ = opened
    for method in ("PUT", "DELETE", "PATCH"):
        assert product.page(page.url, method).status == 405, method


def test_values_are_shown_as_text(product, opened):
    page, _ = opened
    assert "<b>Shall" not in page.text


@pytest.mark.parametrize("fields, word", [
    ({"action": "Nonsense"}, "Error"),
    ({}, "Error"),
    ({"action": "Yes", "unknown": "x"}, "Error"),
    ({"action": "Yes", "comment": "x" * 2001}, "2,000"),
])
def test_a_refused_answer_shows_the_page_again_with_what_was_typed(product, opened, fields, word):
    """Contract: 422 with the same page; task-model 11.4: nothing else changes."""
    page, task = opened
    answer = product.page(page.url, "POST", {**page.hidden, "comment": "kept words", **fields})
    assert answer.status == 422 and word in answer.text
    assert "Error:" in answer.text.split("</title>")[0]
    assert fields.get("comment", "kept words") in answer.text
    assert product.task(task)["status"] == "PENDING"


def test_a_post_without_the_pages_own_value_decides_nothing(product, opened):
    """Design 6, quality 6.3: another origin cannot answer."""
    page, task = opened
    for value in (None, "", "forged", page.hidden["page"][:-2] + "AA"):
        fields = {"action": "Yes"} | ({"page": value} if value is not None else {})
        assert product.page(page.url, "POST", fields).status == 422
    assert product.task(task)["status"] == "PENDING"


def test_unreadable_and_enormous_bodies_are_refused(product, opened):
    page, task = opened
    request = product.stack.request
    form = {"content-type": "application/x-www-form-urlencoded"}
    assert request("POST", page.url, b"{}", {"content-type": "application/json"})[0] == 415
    assert request("POST", page.url, b"action=%ff%fe", form)[0] in (400, 422)
    assert request("POST", page.url, b"a=" + b"x" * 300_000, form)[0] == 413
    assert request("POST", page.url, b"&".join(b"f%d=1" % n for n in range(20_000)), form)[0] in (413, 422)
    assert product.task(task)["status"] == "PENDING"


def test_a_draft_is_kept_and_shown_again(product, opened):
    """E-06, X-04."""
    page, task = opened
    saved = product.page(page.url, "POST", {**page.hidden, "action": "saveDraft", "comment": "half a thought"})
    assert saved.status == 303
    assert "Saved" in product.page(saved.location()).words
    again = product.page(page.url)
    assert "half a thought" in again.text
    assert product.task(task)["status"] == "PENDING"
    assert [entry["type"] for entry in product.task(task)["history"]] == ["taskCreated", "taskOpened", "draftSaved"]
