"""How heavy the resident's pages are, and how long they take at 400 kbit/s with 400 ms of delay (U22).

    python -m benchmarks.weak_network

Starts a server with the shipped content and opens each page in Chromium with an empty cache. "usable"
is when the page's scripts have run: its buttons do what they say.
"""

import tempfile
from pathlib import Path

from playwright.sync_api import Browser, CDPSession, Page

from tests.bot.serving import serving
from tests.bot.web_rig import PHONE, open_chromium

PAGES = ("/", "/huong-dan", "/huong-dan/vneid-quen-mat-khau")
BYTES_S, DELAY_MS = 50_000, 400


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, serving(Path(folder)) as server, open_chromium() as browser:
        print("page                              requests  kilobytes  shown s  usable s  with all kept, kB")
        for path in PAGES:
            print(_measured(browser, server.url, path))


def _measured(browser: Browser, url: str, path: str) -> str:
    context = browser.new_context(**PHONE)
    page = context.new_page()
    page.goto("about:blank")
    network = context.new_cdp_session(page)
    loaded = _weaken(network)
    page.goto(url + path, wait_until="commit")
    page.locator("#smaller").wait_for()  # its script shows it
    usable_ms = page.evaluate("performance.now()")
    page.wait_for_load_state("load")
    shown_ms = page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime")
    requests, size = len(loaded), sum(loaded)
    kept = _kept(page)
    context.close()
    return (
        f"{path:32}  {requests:8}  {size / 1000:9.1f}  {shown_ms / 1000:7.2f}  {usable_ms / 1000:8.2f}"
        f"  {kept / 1000:18.1f}"
    )


def _weaken(network: CDPSession) -> list[float]:
    """Bytes of each answer, headers included, filled while the page loads."""
    loaded: list[float] = []
    network.send("Network.enable")
    network.send("Network.setCacheDisabled", {"cacheDisabled": True})
    network.send(
        "Network.emulateNetworkConditions",
        {
            "offline": False,
            "latency": DELAY_MS,
            "downloadThroughput": BYTES_S,
            "uploadThroughput": BYTES_S,
        },
    )
    network.on("Network.loadingFinished", lambda event: loaded.append(event["encodedDataLength"]))
    return loaded


def _kept(page: Page) -> int:
    """Bytes of what the worker keeps on the phone, fetched after the page is usable."""
    return page.evaluate("""async () => {
      await navigator.serviceWorker.ready;
      let size = 0;
      for (const name of await caches.keys()) {
        const cache = await caches.open(name);
        for (const request of await cache.keys()) {
          size += (await (await cache.match(request)).blob()).size;
        }
      }
      return size;
    }""")


if __name__ == "__main__":
    main()
