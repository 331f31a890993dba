"""A person with a browser of their own: opens pages, and notes everything that must not happen there. Asserts nothing."""

import importlib.resources
import re
from urllib.parse import urlsplit

AXE = importlib.resources.files("axe_playwright_python").joinpath("axe.min.js")
AXE_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
# Chromium writes this line for every answer that is an error, the product's own 404, 409 and 422 included.
ANSWER_WAS_AN_ERROR = re.compile(r"^Failed to load resource: the server responded with a status of 4\d\d")


class Visitor:
    """`page` is the tab in front. `width` and `height` are CSS pixels, `script=False` switches JavaScript off."""

    def __init__(self, browser, width=1280, height=900, dark=False, script=True, language="en-GB"):
        self.noises = []
        self.context = browser.new_context(viewport={"width": width, "height": height}, java_script_enabled=script,
                                           color_scheme="dark" if dark else "light", locale=language)
        self.context.on("request", self._requested)
        self.context.on("console", self._said)
        self.context.on("weberror", lambda error: self.noises.append(f"script error: {error.error}"))
        self.context.on("dialog", self._asked)
        self.page = self.context.new_page()

    def open(self, url):
        """Answers the response."""
        return self.page.goto(url)

    def tab(self):
        """Another tab in front."""
        self.page = self.context.new_page()
        return self.page

    def press(self, action):
        """Clicks the button of an action and waits for the page that answers."""
        with self.page.expect_navigation():
            self.page.locator(f"button[name=action][value='{action}']").click()

    @property
    def heading(self):
        return self.page.locator("h1").inner_text()

    @property
    def words(self):
        return " ".join(self.page.locator("body").inner_text().split())

    def overflow(self):
        """CSS pixels by which the page is wider than the window."""
        return self.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")

    def violations(self):
        """What axe-core finds against WCAG 2.0 to 2.2, A and AA."""
        # Contrast is judged of the colours at rest, not of those on their way from one appearance to another.
        self.page.evaluate("document.getAnimations().filter(a => a instanceof CSSTransition).forEach(a => a.finish())")
        self.page.evaluate(AXE.read_text())
        found = self.page.evaluate(
            "tags => axe.run(document, {runOnly: {type: 'tag', values: tags}, resultTypes: ['violations']})", AXE_TAGS)
        return [f"{rule['id']}: {node['html']} {node['failureSummary']}"
                for rule in found["violations"] for node in rule["nodes"]]

    def leave(self):
        """Closes the browser window; answers what was noted."""
        self.context.close()
        return self.noises

    def _requested(self, request):
        address = urlsplit(request.url)
        if address.scheme not in ("data", "blob", "about") and address.hostname != "127.0.0.1":
            self.noises.append(f"a request to {request.url}")

    def _said(self, message):
        if message.type in ("error", "warning") and not ANSWER_WAS_AN_ERROR.match(message.text):
            self.noises.append(f"console: {message.text}")

    def _asked(self, dialog):
        self.noises.append(f"a dialog: {dialog.message}")
        dialog.dismiss()
