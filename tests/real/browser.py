"""Chromium, driven by Debian's chromedriver."""

import os
import re
import shutil
import tempfile
from pathlib import Path

from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

import support

SCREENSHOTS = support.TARGET / "real-screenshots"
CHROMIUM = shutil.which("chromium") or "chromium"
# Without a sandbox of its own, since root may not have one; what is opened is ours.
FLAGS = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-proxy-server",
]


# All links of a page, those in the shadow trees of its elements included.
LINKS = """
const found = [];
const walk = node => node.querySelectorAll("*").forEach(element => {
  if (element.href) found.push(element.href);
  if (element.shadowRoot) walk(element.shadowRoot);
});
walk(document);
return found;
"""


class Chromium:
    """A browser with a fresh profile; or, with `debugger`, one that runs already."""

    def __init__(self, debugger=None):
        self.folder = Path(tempfile.mkdtemp(prefix="cogfed-chromium."))
        options = webdriver.ChromeOptions()
        if debugger:
            options.debugger_address = debugger
        else:
            options.binary_location = CHROMIUM
            for flag in [*FLAGS, "--window-size=900,700", f"--user-data-dir={self.folder}"]:
                options.add_argument(flag)
        # The path is given, so selenium has no driver to look for.
        service = webdriver.ChromeService(
            executable_path=shutil.which("chromedriver"), env={**os.environ, "COGFED_REAL": support.MARK}
        )
        self.driver = webdriver.Chrome(options=options, service=service)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.quit()
        # The last of its processes may write a moment longer.
        support.wait_until(lambda: shutil.rmtree(self.folder, ignore_errors=True) or not self.folder.exists())

    def quit(self):
        self.driver.quit()

    def open(self, url):
        self.driver.get(url)

    def click(self, element):
        """Clicks what has this id."""
        self.wait(lambda driver: driver.find_elements(By.ID, element))
        self.driver.find_element(By.ID, element).click()

    def wait(self, condition):
        return WebDriverWait(self.driver, support.LONG, poll_frequency=0.05).until(condition)

    def wait_for_end(self):
        """Waits for the listener's last page and returns its title."""
        self.wait(lambda driver: driver.current_url.endswith("/done") and driver.title)
        return self.driver.title

    def text(self):
        return self.driver.find_element(By.TAG_NAME, "body").text

    def text_of(self, element):
        """The text of what has this id."""
        return self.driver.find_element(By.ID, element).text

    def addresses(self):
        """Every address that the back and forward buttons know of this tab."""
        history = self.driver.execute_cdp_cmd("Page.getNavigationHistory", {})
        return [entry["url"] for entry in history["entries"]] + [entry["userTypedURL"] for entry in history["entries"]]

    def visited(self):
        """Every address that the browser's own history page lists."""
        self.open("chrome://history/")
        return self.wait(lambda driver: [link for link in driver.execute_script(LINKS) if link.startswith("http")])

    def screenshot(self, name):
        """Saves the page as it looks in light and in dark."""
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        for scheme in ("light", "dark"):
            feature = {"name": "prefers-color-scheme", "value": scheme}
            self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [feature]})
            assert self.driver.save_screenshot(str(SCREENSHOTS / f"{name}-{scheme}.png"))
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})

    def colours(self):
        """The colours of the ground and of the ink, as the page is shown now."""
        style = "const s = getComputedStyle(document.body); return [s.backgroundColor, s.color]"
        return [tuple(map(int, re.findall(r"\d+", colour)[:3])) for colour in self.driver.execute_script(style)]
