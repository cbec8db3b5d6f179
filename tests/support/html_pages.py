"""Pages that are files: their elements, and how they look in a browser."""

import contextlib
import shutil
from html.parser import HTMLParser

import pytest
from axe_core_python.selenium import Axe
from selenium import webdriver

# Names as a careless, or a nasty, table of somebody's own recordings may have them.
HOSTILE = ["</script><script>alert(1)</script>", "R&amp;B", "\"'>", "{{7*7}}", "W" * 300]


class Element(HTMLParser):
    """The root of a parsed page, or an element of it; strict about what is opened and closed."""

    def __init__(self, tag="", attributes=()):
        super().__init__()
        self.tag, self.attributes, self.children = tag, dict(attributes), []
        self.open = [self]

    def handle_starttag(self, tag, attrs):
        element = Element(tag, attrs)
        self.open[-1].children.append(element)
        if tag not in ("meta", "input"):
            self.open.append(element)

    def handle_endtag(self, tag):
        assert self.open.pop().tag == tag

    def handle_data(self, data):
        self.open[-1].children.append(data)

    @property
    def text(self):
        texts = (child if isinstance(child, str) else child.text for child in self.children)
        return "".join(texts).strip()

    def all(self, tag, name=None):
        """Every descendant with this tag and class."""
        found = []
        for child in self.children:
            if isinstance(child, Element):
                classes = (child.attributes.get("class") or "").split()
                if child.tag == tag and (name is None or name in classes):
                    found.append(child)
                found += child.all(tag, name)
        return found


def parse(page):
    root = Element()
    root.feed(page)
    root.close()
    assert root.open == [root]
    return root


@contextlib.contextmanager
def chromium():
    """Without a window; what its console says is kept."""
    chromium, chromedriver = shutil.which("chromium"), shutil.which("chromedriver")
    if not (chromium and chromedriver):
        pytest.skip("chromium and chromedriver are not installed")
    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    for argument in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    with webdriver.Chrome(options, webdriver.ChromeService(chromedriver)) as browser:
        yield browser


def fits(browser, width):
    """Whether nothing of the page lies beside a screen of this width."""
    screen = {"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": False}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", screen)
    widths = "return [innerWidth, document.documentElement.scrollWidth, document.body.scrollWidth]"
    inner, *scroll = browser.execute_script(widths)
    return inner == width and max(scroll) <= width


def complaints(browser):
    """What axe has against the page that is open: what keeps some people from using it."""
    found = Axe().run(browser)["violations"]
    return [(rule["id"], rule["nodes"][0]["target"]) for rule in found]
