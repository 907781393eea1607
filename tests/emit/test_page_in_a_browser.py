"""The page as people meet it: in a real browser, with mouse, keyboard, telephone and at night.

Needs a Chromium: the one that `FQL_BROWSER` names, or one on the path.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from fqlc.emit.dot import dot_source
from fqlc.emit.draw import draw
from fqlc.emit.page import html_page
from fqlc.emit.picture import Picture, picture_of
from tests.browser import SKIPPED, Tab, browser, find_browser
from tests.lower.harness import ORDER, typed_plan

PROGRAM = find_browser()
pytestmark = pytest.mark.skipif(PROGRAM is None, reason=SKIPPED)

LONG = "a_name_that_somebody_made_very_long_because_nobody_told_them_when_to_stop_writing"
EVIL = "</script></title><script>window.ran = 1</script><img src=x onerror='window.ran = 2'>"
SHOP = (
    ORDER
    + f'''
"""{EVIL} {{{{ 7 * 7 }}}} & "words"."""
observer shipped {{
  on: Order.update
  when: status.changed() && status == "<svg onload=window.ran=3>" && total != null && total > 100
  """<svg onload='window.ran = 4'>"""
  webhook label {{ url: "https://carrier.example.com/labels/{{{{ id }}}}", body: {{ id }} }}
  webhook crm {{ url: "https://crm.example.com", when: total > 500, body: {{ id }} }}
  webhook books {{ url: "https://books.example.com", timeout: 3s, body: {{ id }} }}
  webhook {LONG} {{ url: "https://ops.example.com", body: {{ id }} }}
  flow {{ label -> [crm, books]   label else {LONG} }}
}}
observer gone {{
  on: Order.delete
  webhook forget {{ url: "https://a.example.com", body: {{ id }} }}
}}
'''
)
STEPS = "".join(
    f' webhook s{n} {{ url: "https://a.example.com/{n}", body: {{ id }} }}' for n in range(40)
)
BIG = f"{ORDER} observer big {{ on: Order.insert {STEPS} }}"

Opener = Callable[..., Tab]


@pytest.fixture(scope="module")
def running() -> Iterator[Browser]:
    assert PROGRAM is not None
    with browser(PROGRAM) as found:
        yield found


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(tmp_path_factory.mktemp("page") / "shop.html", picture_of(typed_plan(SHOP)))


@pytest.fixture
def tab(running: Browser, page: Path) -> Tab:
    return Tab.open(running, page.as_uri())


def written(path: Path, picture: Picture) -> Path:
    path.write_text(html_page(picture, draw(dot_source(picture), "svg").decode()), encoding="utf-8")
    return path


def heading(tab: Tab) -> object:
    return tab.value("document.querySelector('aside h1').textContent")


def focused(tab: Tab) -> object:
    return tab.value("document.activeElement.getAttribute('aria-label')")


def node(name: str) -> str:
    return f'[aria-label="{name}"]'


def test_it_asks_for_nothing_complains_of_nothing_and_runs_nothing_of_a_plan(
    tab: Tab, page: Path
) -> None:
    tab.click(node("shipped.label"))
    tab.click(node("shipped"))
    assert "window.ran = 1" in str(tab.value("document.querySelector('aside p').textContent"))
    assert [url for url in tab.asked if not url.startswith("data:")] == [page.as_uri()]
    assert tab.trouble == []
    assert tab.value("window.ran") is None
    assert tab.value("document.querySelectorAll('img, script').length") == 2


def test_a_handler_that_came_into_it_would_not_run(tab: Tab) -> None:
    tab.value(
        "document.querySelector('aside').innerHTML = '<b id=x onclick=\"window.ran=1\">x</b>'"
    )
    tab.click("#x")
    assert tab.value("window.ran") is None
    assert "Content Security Policy" in str(tab.trouble)


def test_a_click_tells_about_a_node_and_escape_goes_back(tab: Tab) -> None:
    assert heading(tab) == "2 observers"
    tab.click(node("shipped.books"))
    assert heading(tab) == "shipped.books"
    told = str(tab.value("document.querySelector('dl').innerText"))
    assert "3s, from action books" in told
    tab.click("dl a")
    assert heading(tab) == "shipped.label"
    assert tab.value("document.querySelectorAll('.near').length") == 4
    tab.press("Escape")
    assert heading(tab) == "2 observers"
    assert tab.value("document.querySelectorAll('.chosen, .near').length") == 0


def test_a_link_to_a_node_opens_at_it(running: Browser, page: Path) -> None:
    assert heading(Tab.open(running, f"{page.as_uri()}#gone%2Fforget")) == "gone.forget"
    assert heading(Tab.open(running, f"{page.as_uri()}#%E0%A4%A")) == "2 observers"
    assert heading(Tab.open(running, f"{page.as_uri()}#__proto__")) == "2 observers"


def test_the_keyboard_reaches_everything(tab: Tab) -> None:
    """One stop of the Tab key for the drawing; arrows go along it as it is drawn."""
    tab.value(f"document.querySelector('{node('shipped')}').focus()")
    path = []
    for key in ("ArrowRight", "ArrowRight", "ArrowUp", "ArrowDown", "ArrowLeft"):
        tab.press(key)
        path.append(focused(tab))
    assert path == [f"shipped.{n}" for n in ("label", "books", "crm", "books", "label")]
    tab.press("Enter")
    assert heading(tab) == "shipped.label"
    assert tab.value("document.querySelectorAll('g.node[tabindex=\"0\"]').length") == 1
    tab.press("/")
    assert tab.value("document.activeElement.id") == "find"


def test_the_keyboard_does_not_get_lost_in_the_details(tab: Tab) -> None:
    """A link of the details leads into the drawing, and from there one goes on."""
    tab.value("document.querySelector('aside li:nth-child(2) a').focus()")
    tab.press("Enter")
    assert heading(tab) == focused(tab) == "shipped"
    tab.press("ArrowRight")
    assert focused(tab) == "shipped.label"
    tab.value("document.querySelector('aside > a').focus()")
    tab.press("Enter")
    assert heading(tab) == "2 observers"
    assert tab.value("document.activeElement.textContent") == "gone"


def test_find_fades_what_does_not_fit_and_enter_goes_round(tab: Tab) -> None:
    tab.press("/")
    for letter in "EXAMPLE.COM":
        tab.press(letter)
    assert tab.value("document.getElementById('found').textContent") == "5 of 7"
    assert tab.value("document.querySelectorAll('.faint').length") == 2
    visited = []
    for _ in range(6):
        tab.press("Enter")
        visited.append(heading(tab))
    assert visited[0] == visited[5] == "gone.forget"
    assert len(set(visited)) == 5


def test_dragging_moves_the_drawing_and_chooses_nothing(running: Browser, tmp_path: Path) -> None:
    tab = Tab.open(running, written(tmp_path / "big.html", picture_of(typed_plan(BIG))).as_uri())
    x, y = tab.middle(node("big.s0"))
    tab.mouse("mousePressed", x, y)
    tab.mouse("mouseMoved", x - 60, y)
    tab.mouse("mouseMoved", x - 120, y)
    tab.mouse("mouseReleased", x - 120, y)
    assert tab.value("document.getElementById('drawing').scrollLeft") == 120
    assert heading(tab) == "1 observer"
    tab.click(node("big.s1"))
    assert heading(tab) == "big.s1"


def test_a_large_drawing_is_readable_at_first_and_whole_when_asked(
    running: Browser, tmp_path: Path
) -> None:
    tab = Tab.open(running, written(tmp_path / "big.html", picture_of(typed_plan(BIG))).as_uri())
    height = "document.querySelector('svg text').getBoundingClientRect().height"
    inside = (
        "(() => { const m = document.getElementById('drawing'); return"
        " m.scrollWidth <= m.clientWidth && m.scrollHeight <= m.clientHeight; })()"
    )
    assert tab.value(height) >= 11
    assert not tab.value(inside)
    tab.click("[data-zoom='0']")
    assert tab.value(inside)
    width = "document.querySelector('svg').getBoundingClientRect().width"
    small = tab.value(width)
    tab.click("[data-zoom='1.25']")
    assert tab.value(width) == pytest.approx(1.25 * small, rel=0.01)


OVERFLOWING = """[...document.querySelectorAll('g.node')].filter(g => {
  const box = g.querySelector('path, polygon').getBoundingClientRect();
  return [...g.querySelectorAll('text')].some(t => {
    const words = t.getBoundingClientRect();
    return words.right > box.right || words.left < box.left || words.bottom > box.bottom + 1;
  });
}).map(g => g.getAttribute('aria-label'))"""


def test_words_stay_in_their_boxes(tab: Tab) -> None:
    """Whatever font this machine has in place of Helvetica."""
    assert tab.value(OVERFLOWING) == []


CONTRASTS = """(() => {
  const light = c => { const [r, g, b] = c.match(/[\\d.]+/g).slice(0, 3).map(v => v / 255)
    .map(v => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
  const ratio = (a, b) => { const [x, y] = [light(a), light(b)].sort((p, q) => q - p);
    return (x + 0.05) / (y + 0.05); };
  const style = e => getComputedStyle(e);
  const words = [...document.querySelectorAll('g.node text')].map(t =>
    [t.textContent, style(t).fill, style(t.closest('g.node').querySelector('path, polygon')).fill]);
  const aside = style(document.querySelector('aside')).backgroundColor;
  for (const e of document.querySelectorAll('aside h1, aside a, aside p, aside span, aside h2'))
    words.push([e.tagName, style(e).color, aside]);
  return words.map(([text, a, b]) => [text, ratio(a, b)]).filter(([, r]) => r < 4.5);
})()"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_words_stand_out_by_day_and_by_night(tab: Tab, scheme: str) -> None:
    """A contrast of 4.5 and more, as the Web Content Accessibility Guidelines (AA) ask."""
    tab.scheme(scheme)
    assert tab.value(CONTRASTS) == []
    ground = json.loads(str(tab.value(
        "'[' + getComputedStyle(document.querySelector('aside')).backgroundColor.slice(4, -1) + ']'"
    )))  # fmt: skip
    assert (sum(ground) > 380) == (scheme == "light")


def test_on_a_telephone_drawing_and_details_stand_below_each_other(
    running: Browser, page: Path
) -> None:
    tab = Tab.open(running, page.as_uri(), width=375, height=700)
    assert tab.value("document.documentElement.scrollWidth") == 375
    assert tab.value("document.body.getBoundingClientRect().height") == 700
    drawing = tab.value("document.querySelector('main').getBoundingClientRect().toJSON()")
    aside = tab.value("document.querySelector('aside').getBoundingClientRect().toJSON()")
    assert drawing["height"] > 200
    assert aside["top"] >= drawing["bottom"]
    assert aside["right"] <= 375
    tab.click(node("shipped"))
    assert heading(tab) == "shipped"


def test_a_page_of_nothing_is_a_page(running: Browser, tmp_path: Path) -> None:
    tab = Tab.open(running, written(tmp_path / "none.html", Picture(())).as_uri())
    assert heading(tab) == "No observers"
    tab.press("/")
    tab.press("x")
    tab.press("Enter")
    assert tab.trouble == []
