"""Who may see the page and act on it: every mix of method, host, origin, login and form."""

from __future__ import annotations

from itertools import product

import pytest

from fql.ui.access import Asked, Rules, refused
from fql.ui.logins import LINK_SECONDS, MOST_WRONG, SESSION_SECONDS, Logins

RULES = Rules(8787, frozenset({"fql.example.com"}))
HOSTS = {
    "127.0.0.1:8787": True, "localhost:8787": True, "[::1]:8787": True, "fql.example.com": True,
    "127.0.0.1:8788": False, "127.0.0.1": False, "evil.example:8787": False, "": False,
    "localhost.evil.example:8787": False, "fql.example.com:8787": False,
}  # fmt: skip


@pytest.mark.parametrize(("host", "ours"), HOSTS.items())
def test_only_names_of_the_page_are_served(host: str, ours: bool) -> None:
    """A name that somebody lets point here has an origin equal to its host."""
    asked = Asked("GET", "/", host, origin=f"http://{host}", known=True)
    refusal = refused(asked, RULES)
    assert (refusal is None) == ours
    assert refusal is None or refusal.status == 421


def test_every_mix_of_a_command() -> None:
    """Only a form of ours, sent from our page by somebody who is logged in, is carried out."""
    host = "127.0.0.1:8787"
    mixes = product(
        ("POST", "PUT", "DELETE", "OPTIONS", "PATCH"),
        (f"http://{host}", f"https://{host}", "http://evil.example", "null", None),
        ("same-origin", "cross-site", "same-site", "none", None),
        (True, False), ("right", "wrong", "", None), (True, False),
    )  # fmt: skip
    for method, origin, site, known, form, read_only in mixes:
        asked = Asked(
            method, "/dead/replay", host, origin=origin, site=site, known=known,
            form_token=form, expected_token="right",
        )  # fmt: skip
        rules = Rules(8787, read_only=read_only)
        allowed = (
            method == "POST"
            and origin == f"http://{host}"
            and site in (None, "same-origin")
            and known
            and form == "right"
            and not read_only
        )
        assert (refused(asked, rules) is None) == allowed, asked


@pytest.mark.parametrize(
    ("origin", "ours"),
    [("https://fql.example.com", True), ("http://fql.example.com", True), ("null", False),
     ("https://evil.example", False), ("https://fql.example.com:444", False)],
)  # fmt: skip
def test_a_proxy_speaks_tls_for_us(origin: str, ours: bool) -> None:
    asked = Asked(
        "POST", "/", "fql.example.com", origin=origin, known=True, form_token="right",
        expected_token="right",
    )  # fmt: skip
    assert (refused(asked, RULES) is None) == ours


def test_a_program_with_the_token_needs_no_form() -> None:
    asked = Asked("POST", "/dead/replay", "127.0.0.1:8787", known=True, by_token=True)
    assert refused(asked, RULES) is None
    assert refused(asked, Rules(8787, read_only=True)) is not None


class Watch:
    """A clock and a source of secrets."""

    now = 0.0
    made = 0

    def secret(self) -> str:
        self.made += 1
        return f"secret {self.made}"

    def logins(self, *tokens: str) -> Logins:
        return Logins(lambda: self.now, self.secret, tokens)


def test_a_link_logs_in_once_and_within_ten_minutes() -> None:
    watch = Watch()
    logins = watch.logins()
    code, late = logins.link(), logins.link()
    cookie = logins.enter(code)
    assert logins.session(cookie) is not None
    assert logins.enter(code) is None
    watch.now += LINK_SECONDS
    assert logins.enter(late) is None
    watch.now += SESSION_SECONDS
    assert logins.session(cookie) is None


def test_nobody_guesses() -> None:
    watch = Watch()
    logins = watch.logins("a-token")
    assert logins.is_token("a-token")
    assert not logins.is_token(None)
    for number in range(MOST_WRONG):
        assert not logins.too_many_wrong()
        assert not logins.is_token(f"guess {number}")
    assert logins.too_many_wrong()
    watch.now += 61
    assert not logins.too_many_wrong()


def test_no_token_lets_nobody_in() -> None:
    assert not Watch().logins().is_token("")
