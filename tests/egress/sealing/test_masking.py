"""Known values are masked, however a receiver spells them, and wherever a text was cut."""

from __future__ import annotations

import json
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Callable
from functools import reduce
from html import escape
from itertools import product
from time import process_time
from urllib.parse import quote, quote_plus

import pytest

from fql.egress.sealing.secrets import MASK, Masker
from fql.egress.sealing.spellings import plain

MARK = "Zq7"
VALUES = (
    "Zq7-plain-Zq7-plain-Zq7",
    "Zq7/Zq7+Zq7=Zq7/Zq7",
    "Zq7 <Zq7>&\"Zq7' Zq7",
    "Zq7 ä Zq7 € Zq7 😀 Zq7",
    "Zq7\nZq7\tZq7\nZq7",
    "Zq7\\Zq7%41Zq7&amp;Zq7",
)


def _dotnet(text: str) -> str:
    """As .NET and Go escape within JSON."""
    return "".join(c if c.isalnum() and c.isascii() else _units(c) for c in text)


def _units(letter: str) -> str:
    raw = letter.encode("utf-16-be")
    return "".join(f"\\u{raw[at : at + 2].hex().upper()}" for at in range(0, len(raw), 2))


ESCAPES: dict[str, Callable[[str], str]] = {
    "json": lambda text: json.dumps(text)[1:-1],
    "json in UTF-8": lambda text: json.dumps(text, ensure_ascii=False)[1:-1],
    "php": lambda text: json.dumps(text)[1:-1].replace("/", "\\/"),
    ".net": _dotnet,
    "percent": lambda text: quote(text, safe=""),
    "percent, small": lambda text: quote(text).replace("%2", "%2").lower().replace("zq7", MARK),
    "every letter": lambda text: "".join(f"%{byte:02X}" for byte in text.encode()),
    "form": quote_plus,
    "html": escape,
    "html numbers": lambda text: "".join(f"&#{ord(letter)};" for letter in text),
    "python": lambda text: str(text.encode())[2:-1],
}


@pytest.mark.parametrize("value", VALUES)
def test_escapes_around_escapes_hide_nothing(value: str) -> None:
    masker = Masker([value])
    for names in (*product(ESCAPES), *product(ESCAPES, repeat=2), *product(ESCAPES, repeat=3)):
        if "python" in names and not value.isascii():
            continue  # its bytes are no letters once they are escaped again
        said = reduce(lambda text, name: ESCAPES[name](text), names, value)
        shown = masker.text(f"it said {said}, and more")
        assert MASK in shown, names
        assert MARK not in plain(shown), names


@pytest.mark.parametrize("value", VALUES)
@pytest.mark.parametrize("name", ["json", "json in UTF-8", "percent", "form"])
def test_base64_of_any_text_hides_nothing(value: str, name: str) -> None:
    masker = Masker([value])
    for spelled in (value, ESCAPES[name](value)):
        for before, encode in product(("", "u", "us", "me:"), (b64encode, urlsafe_b64encode)):
            whole = encode(f"{before}{spelled}, and more".encode()).decode()
            assert MASK in masker.text(f"Basic {whole}")
            twice = b64encode(f"{before}{encode(value.encode()).decode()}".encode()).decode()
            assert MASK in masker.text(twice)


def test_bytes_in_another_encoding_are_known() -> None:
    masker = Masker(["Zq7 ä Zq7 ö Zq7"])
    raw = "Zq7 ä Zq7 ö Zq7".encode()
    assert masker.text(raw.decode("latin-1")) == MASK
    assert masker.text(raw.hex()) == MASK
    assert masker.text("Zq7 ä Zq7 ö Zq7".encode("latin-1").decode("utf-8", "replace")) == MASK
    assert masker.text("Zq7%20%E4%20Zq7%20%F6%20Zq7") == MASK


@pytest.mark.parametrize("name", ESCAPES)
@pytest.mark.parametrize("value", ['canary/Zq7+"x" value', "canary ä/Zq7 ö value"])
def test_no_half_of_a_value_stays_where_a_text_was_cut_in_an_escape(name: str, value: str) -> None:
    masker = Masker([value])
    said = f"it said {ESCAPES[name](value)}"
    for end in range(len(said)):
        shown = masker.start(said[:end], cut=True)
        assert "canar" not in plain(shown), said[:end]
    assert masker.start("it said so", cut=True) == "it said so"


def test_a_long_value_does_not_hide_what_a_receiver_said() -> None:
    masker = Masker(["key " * 2_000])
    assert masker.start("it said so " * 300, cut=True) == "it said so " * 300


def test_keys_and_numbers_are_masked_and_stay_apart() -> None:
    masker = Masker(["first-secret", "other-secret", "1234567890"])
    said = {"first-secret": 1, "other-secret": [1234567890, 12345678.9, True, "1234567890"]}
    assert masker.value(said) == {MASK: 1, MASK + "*": [MASK, 12345678.9, True, MASK]}


def test_values_that_many_actions_share_are_looked_for_once() -> None:
    shared = Masker(["shared-secret", "https://shop.example.com"])
    own = Masker(["own-secret", "Bearer shared-secret", "shared-secret"], shared)
    assert own.text("own-secret, shared-secret, Bearer shared-secret") == "***, ***, ***"
    assert own.answer(["shared-secret", "https://shop.example.com/a"]) == [
        MASK, "https://shop.example.com/a",
    ]  # fmt: skip
    assert not own.idle
    assert "own-secr" not in own.start("it said own-secr", cut=True)
    assert "shared-s" not in own.start("it said shared-s", cut=True)


def test_a_thousand_values_cost_what_one_costs() -> None:
    """An answer is masked on the loop that serves every receiver."""
    many = Masker(f"secret-{number:04d}-{number * 7919:08x}" for number in range(1_000))
    for said in ("lorem ipsum " * 85, "secret-0" * 125, '{\\"a\\": \\"b%2F\\"}' * 60):
        assert _cost(many, said) < 0.005


def _cost(masker: Masker, said: str) -> float:
    """Seconds of this process for one text of some thousand characters, at best."""
    found = []
    for _ in range(5):
        start = process_time()
        masker.text(said)
        found.append(process_time() - start)
    return min(found)


def test_known_values_of_eight_characters_are_masked_in_every_spelling() -> None:
    masker = Masker(['p/ss w"rd!', "short", 'p/ss w"rd!-longer'])
    assert masker.text('a p/ss w"rd! b') == f"a {MASK} b"
    assert masker.text("x=p%2Fss%20w%22rd%21") == f"x={MASK}"
    assert masker.text("Basic cC9zcyB3InJkIQ==") == f"Basic {MASK}"
    assert masker.text('{"a":"p/ss w\\"rd!"}') == f'{{"a":"{MASK}"}}'
    assert masker.text('p/ss w"rd!-longer') == MASK
    assert masker.text("short") == "short"
    assert masker.value({"k": ['p/ss w"rd!', 1, None]}) == {"k": [MASK, 1, None]}


def test_without_secrets_nothing_is_changed() -> None:
    assert Masker(["short"]).idle
    assert Masker([]).text("***x") == "***x"


def test_no_half_of_a_value_stays_where_a_text_was_cut() -> None:
    """However much the masking before it shortened the text."""
    masker = Masker(["canary-value-0123"])
    text = ("canary-value-0123 " * 20)[:-8]
    assert "canary" not in masker.start(text, cut=True)
    assert masker.start("all of it", cut=False) == "all of it"


@pytest.mark.parametrize("before", ["", "u", "us", "me:", '{"a": "'])
def test_a_value_is_masked_at_any_place_of_a_base64_text(before: str) -> None:
    masker = Masker(["canary-value-0123"])
    for encode in (b64encode, urlsafe_b64encode):
        said = masker.text(encode(f"{before}canary-value-0123 and more".encode()).decode())
        whole = encode(b"canary-value-0123").decode()
        assert MASK in said
        assert whole[4:12] not in said
        assert len(said) < len(encode(f"{before}canary-value-0123 and more".encode())) - 15
