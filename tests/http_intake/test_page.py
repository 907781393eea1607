"""`docs/how-to/http-intake.md` and the OpenAPI description say what is answered, and no more."""

from __future__ import annotations

import asyncio
import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from fql.errors import SettingsError
from fql.settings.reading import read_settings
from fql.settings.source_tables import HttpSource
from fql.testing import MockWebhookServer
from tests.http_intake.support import TOKEN, lines, order, running

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "how-to" / "http-intake.md").read_text("utf-8")
OPENAPI = json.loads((DOCS / "reference" / "http-intake.openapi.json").read_text("utf-8"))
ANSWERS = OPENAPI["paths"]["/events"]["post"]["responses"]
SOURCE = Path(__file__).parents[2] / "runtime" / "fql" / "intake" / "http"


def statuses() -> set[str]:
    """Those that the program writes."""
    texts = [file.read_text("utf-8") for file in SOURCE.glob("*.py")]
    calls = r"(?:refusal|BrokenRequest|_break|accepted)\(\s*(\d{3})|status = \"\", (\d{3})"
    found = {code for text in texts for pair in re.findall(calls, text) for code in pair if code}
    return found | {"417", "200", "202"}


def test_page_and_description_have_every_status() -> None:
    table = PAGE.partition("## What is answered")[2].partition("## Change")[0]
    rows = [line.split("|")[1] for line in table.splitlines() if re.match(r"\| \d", line)]
    assert {code for row in rows for code in re.findall(r"\d{3}", row)} == set(ANSWERS)
    assert statuses() == set(ANSWERS)


def test_the_settings_of_the_page_can_be_read() -> None:
    for block in re.findall(r"^```toml\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL):
        assert isinstance(read_settings(block).sources["partners"], HttpSource)


def schema(name: str) -> dict[str, Any]:
    return {"$ref": f"#/components/schemas/{name}", "components": OPENAPI["components"]}


def curl(kind: str) -> Any:
    """The body that the page sends as this media type."""
    block = next(
        b
        for b in re.findall(r"^```sh\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
        if f"{kind}'" in b
    )
    return json.loads(block.partition("-d '")[2].rpartition("'")[0])


async def test_what_the_page_sends_is_taken_and_what_comes_back_is_described(
    webhook_server: MockWebhookServer,
) -> None:
    event, cloud = curl("application/json"), curl("application/cloudevents+json")
    jsonschema.validate(event, schema("Envelope"))
    jsonschema.validate(cloud, schema("CloudEvent"))
    async with running(webhook_server) as web:
        for answer, name, status in (
            (await web.post(event), "Receipt", 202),
            (await web.post({**event, "new": {**event["new"], "status": "x"}}), "Receipt", 200),
            (await web.post(cloud, content_type="application/cloudevents+json"), "Receipt", 202),
            (await web.post(lines(order(5)), content_type="application/x-ndjson"), "Receipts", 202),
            (await web.post({**event, "new": {}, "key": "k"}), "Refusal", 422),
            (await web.post(event, authorization=""), "Refusal", 401),
        ):
            assert answer.status == status
            jsonschema.validate(answer.value, schema(name))


async def test_the_python_of_the_page_sends_once(webhook_server: MockWebhookServer) -> None:
    (snippet,) = re.findall(r"^```python\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    names: dict[str, Any] = {}
    exec(snippet, names)
    async with running(webhook_server) as web:
        url = f"http://127.0.0.1:{web.port}"
        first = await asyncio.to_thread(names["send"], url, TOKEN, order(1), "k")
        again = await asyncio.to_thread(names["send"], url, TOKEN, order(1), "k")
        with pytest.raises(Exception, match="422"):
            await asyncio.to_thread(names["send"], url, TOKEN, {"entity": "x"}, "l")
    assert (first["duplicate"], again["duplicate"]) == (False, True)


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ("", "needs the key `token`"),
        ("token = []", "in quotes, or a list of tokens"),
        ("token = 12345678", "in quotes, or a list of tokens"),
        ('token = ""', "not empty"),
        ('token = ["x", "12345678 "]', "letters, digits"),
        ('token = ["x", 12345678]', "letters, digits"),
        ('token = "x"\nlisten = "8786"', "write host and port"),
        ('token = "x"\nlisten = "h:99999"', "write host and port"),
        ('token = "x"\nlisten = "::1:8786"', "write host and port"),
        ('token = "x"\nlisten = "http://h:80"', "write host and port"),
        ('token = "x"\nport = 8786', "unknown key `port`"),
    ],
)
def test_settings_that_cannot_be_used_say_what_to_write(keys: str, words: str) -> None:
    with pytest.raises(SettingsError) as refused:
        read_settings(f'[sources.web]\nkind = "http"\n{keys}\n')
    assert words in refused.value.message
    assert "12345678" not in refused.value.message
