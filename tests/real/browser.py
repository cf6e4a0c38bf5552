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
# Chromium's own sandbox is off, since root may not have one. It opens only our pages.
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


# All links of a page, including those in shadow trees.
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
    """A browser with a fresh profile or, with `debugger`, a running one."""

    def __init__(self, debugger=None):
        self.folder = Path(tempfile.mkdtemp(prefix="cogfed-chromium."))
        options = webdriver.ChromeOptions()
        if debugger:
            options.debugger_address = debugger
        else:
            options.binary_location = CHROMIUM
            for flag in [*FLAGS, "--window-size=900,700", f"--user-data-dir={self.folder}"]:
                options.add_argument(flag)
        # With this path, selenium does not search for a driver.
        service = webdriver.ChromeService(
            executable_path=shutil.which("chromedriver"), env={**os.environ, "REAL_CHECKS_MARK": support.MARK}
        )
        self.driver = webdriver.Chrome(options=options, service=service)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.quit()
        # The browser's last process may still be writing.
        support.wait_until(lambda: shutil.rmtree(self.folder, ignore_errors=True) or not self.folder.exists())

    def quit(self):
        self.driver.quit()

    def open(self, url):
        self.driver.get(url)

    def click(self, element):
        """Clicks the element with this id."""
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
        """Returns the text of the element with this id."""
        return self.driver.find_element(By.ID, element).text

    def addresses(self):
        """Returns every address in this tab's history."""
        history = self.driver.execute_cdp_cmd("Page.getNavigationHistory", {})
        return [entry["url"] for entry in history["entries"]] + [entry["userTypedURL"] for entry in history["entries"]]

    def visited(self):
        """Returns every address on the browser's history page."""
        self.open("chrome://history/")
        return self.wait(lambda driver: [link for link in driver.execute_script(LINKS) if link.startswith("http")])

    def screenshot(self, name):
        """Saves screenshots of the page in light and in dark mode."""
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        for scheme in ("light", "dark"):
            feature = {"name": "prefers-color-scheme", "value": scheme}
            self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [feature]})
            assert self.driver.save_screenshot(str(SCREENSHOTS / f"{name}-{scheme}.png"))
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})

    def colours(self):
        """Returns the current background and text colours of the page."""
        style = "const s = getComputedStyle(document.body); return [s.backgroundColor, s.color]"
        return [tuple(map(int, re.findall(r"\d+", colour)[:3])) for colour in self.driver.execute_script(style)]
