"""The site builds with --strict and asks nobody: its pages load from themselves alone, and its
search needs no other host."""

from __future__ import annotations

import re
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from html.parser import HTMLParser
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from tests.browser import SKIPPED, Tab, browser, find_browser
from tests.docs.site import ROOT, build, copied

pytestmark = pytest.mark.timeout(400)  # five seconds of CPU, on a machine that others use too
LOADED = {
    "script": "src", "img": "src", "iframe": "src", "source": "src", "video": "src",
    "embed": "src", "object": "data",
}  # fmt: skip
LOADING = {"stylesheet", "preload", "modulepreload", "prefetch", "preconnect", "dns-prefetch",
           "icon", "manifest"}  # fmt: skip
FOREIGN = re.compile(r"^(?:https?:)?//")
IN_STYLES = re.compile(r"""(?:url\(|@import)\s*["']?((?:https?:)?//[^"')\s]+)""")


class Page(HTMLParser):
    """What a page loads by itself, and where its links lead."""

    def __init__(self, file: Path) -> None:
        super().__init__()
        self.loaded: list[str] = []
        self.links: list[str] = []
        self.feed(file.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag in LOADED:
            self.loaded.append(given.get(LOADED[tag], ""))
        if tag == "link" and LOADING & set(given.get("rel", "").split()):
            self.loaded.append(given.get("href", ""))
        if tag == "a" and "href" in given:
            self.links.append(given["href"])


@dataclass(frozen=True, slots=True)
class Site:
    """What was built, each page read once."""

    folder: Path
    pages: dict[Path, Page]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    folder = tmp_path_factory.mktemp("site")
    shutil.copy(ROOT / "mkdocs.yml", folder)
    copied(folder / ".site/pages")
    done = build(folder)
    assert done.returncode == 0, done.stdout + done.stderr
    html = folder / ".site/html"
    return Site(html, {file: Page(file) for file in html.rglob("*.html")})


def test_no_page_loads_anything_from_elsewhere(site: Site) -> None:
    foreign = {
        (page.name, address)
        for page, read in site.pages.items()
        for address in read.loaded
        if FOREIGN.match(address)
    }
    assert foreign == set()
    styles = {
        (style.name, address)
        for style in site.folder.rglob("*.css")
        for address in IN_STYLES.findall(style.read_text(encoding="utf-8"))
    }
    assert styles == set()


def test_every_link_leads_to_something_in_the_site(site: Site) -> None:
    dead = set()
    for page, read in site.pages.items():
        if page.name == "404.html":
            continue  # it is served anywhere, and its links start at the root
        for link in read.links:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc or not parts.path:
                continue
            found = page.parent / unquote(parts.path)
            if not (found.is_file() or (found / "index.html").is_file()):
                dead.add((page.relative_to(site.folder).as_posix(), link))
    assert dead == set()


class Quiet(SimpleHTTPRequestHandler):
    """Serves files and says nothing of it."""

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is Python's
        """Nobody reads it."""


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """The address of a folder, as any server of files gives it out."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


def test_search_finds_a_page_and_asks_no_other_host(site: Site) -> None:
    program = find_browser()
    if program is None:
        pytest.skip(SKIPPED)
    with served(site.folder) as url, browser(program) as chromium:
        tab = Tab.open(chromium, f"{url}index.html")
        tab.press("/")
        tab.page.keyboard.type("failure edge dead letter replay")
        tab.page.get_by_text(re.compile(r"^\d+ results?$")).wait_for()
        tab.page.locator("a:visible", has_text="A failure edge").first.click()
        tab.page.wait_for_url("**/examples/05_failure_and_replay/*")
        assert tab.trouble == []
        assert {address for address in tab.asked if not address.startswith(url)} == set()
