# ruff: noqa: E501 - programs and hostile texts are shown as they are written
"""The egress guard through the product: hostile targets are refused before a byte is sent."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from fql.actions.requests.factory import WebhookActions
from fql.app import Runtime
from fql.errors import SettingsError
from fql.plan.web.addresses import LOOPBACK as THIS_MACHINE
from fql.settings.reading import read_settings
from fql.testing import MockWebhookServer
from fql.testing.replies import Reply
from fqlc.pipeline import check_project
from tests.egress.support import Names
from tests.egress.test_addresses import HOSTILE_ADDRESSES, LOCAL_NAMES, ODD_HOSTS
from tests.end_to_end.security import LOOPBACK, compiled, deliver, emit, program, running

HOSTS = [
    *(f"[{text}]" if ":" in text else text for text in HOSTILE_ADDRESSES), *ODD_HOSTS, *LOCAL_NAMES
]  # fmt: skip
TARGETS = [
    *(f"https://{host}/hook" for host in HOSTS),
    "https://shop.example.com:22/", "https://shop.example.com:0/", "https://shop.example.com:65536/",
    "https://shop.example.com:-1/", "https://shop.example.com:08443/", "ftp://shop.example.com/",
    "file:///etc/passwd", "gopher://shop.example.com/", "//shop.example.com/", "https:shop.example.com",
    "https:///hook", "https://user@127.0.0.1/", "https://shop.example.com@127.0.0.1/",
    "https://shop.example.com\\@127.0.0.1/", "https://127.0.0.1\\.shop.example.com/",
    "https://shop.example.com/../admin", "https://shop.example.com/%2e%2e/admin",
    "https://shop.example.com/a b", " https://shop.example.com/", "https://shop.example.com/#x",
    "https://shop.example.com/\r\nX: 1", "https://shop.example.com/\0", "javascript:alert(1)",
]  # fmt: skip
"""Every spelling that the guard's own tests know, and shapes of whole urls."""


def test_there_are_more_than_150_hostile_spellings() -> None:
    assert len(set(TARGETS)) >= 150


def quoted(text: str) -> str:
    """A text as a literal of the language."""
    escapes = {"\\": "\\\\", '"': '\\"', "\r": "\\r", "\n": "\\n", "\t": "\\t", "$": "\\$"}
    escapes["{"] = "\\{"
    shown = "".join(escapes.get(c, c) for c in text)
    return '"' + "".join(f"\\u{{{ord(c):x}}}" if ord(c) < 32 else c for c in shown) + '"'


@pytest.mark.parametrize("target", TARGETS)
def test_the_compiler_refuses_hostile_targets(target: str) -> None:
    text = program(f"webhook tell {{ url: {quoted(target)} }}")
    found = check_project(["a.fql"], {"a.fql": text.encode("utf-8", "surrogatepass")}.get)
    errors = {d.code for d in found.diagnostics if d.severity == "error"}
    assert errors & {"FQL332", "FQL361", "FQL103"}, (target, found.diagnostics)


@pytest.mark.parametrize("field", ["url", "token_url"])
async def test_the_runtime_refuses_hostile_targets_of_the_environment(field: str) -> None:
    """What the compiler could not see is refused at start or when it is about to be sent."""
    auth = '{ type: oauth2, token_url: "${TARGET}", client_id: "c", client_secret: "s${TARGET}" }'
    hook = 'url: "${TARGET}"' if field == "url" else f'url: "https://a.example.com" auth: {auth}'
    plan = compiled(program(f"webhook tell {{ {hook} retry: {{ max_attempts: 1 }} }}"), "")
    names = Names(("93.184.216.34",))
    for target in TARGETS:
        # Every name would be public: what is refused here is refused for its spelling alone.
        actions = WebhookActions(resolver=names)
        runtime = Runtime(plan, store="memory:", environment={"TARGET": target}, actions=actions)
        try:
            async with runtime:
                _, letters = await emit(runtime)
        except SettingsError as error:
            assert target not in str(error), "values of the environment are not shown"
            continue
        (letter,) = letters
        assert (letter.error_class, letter.reason[:7]) == ("permanent", "egress:"), target
    assert names.asked == []


@pytest.mark.parametrize("answers", [("127.0.0.1",), ("93.184.216.34", "10.0.0.1"), ("::1",)])
async def test_names_that_lead_inside_are_refused(answers: tuple[str, ...]) -> None:
    """One forbidden address among the answers is enough."""
    with MockWebhookServer() as server:
        url = f"http://shop.example.com:{server.port}/"
        plan = compiled(program(f'webhook tell {{ url: "{url}" }}'), "")
        actions = WebhookActions(resolver=Names(answers))
        async with Runtime(plan, store="memory:", actions=actions) as runtime:
            _, (letter,) = await emit(runtime)
        assert not server.called
    assert letter.error_class == "permanent"


async def test_a_name_that_rebinds_between_attempts_is_refused() -> None:
    """The first look-up is allowed, the next one leads elsewhere: nothing goes there."""
    with MockWebhookServer() as server:
        server.reply(Reply(503, headers={"Connection": "close"}))
        url = f"http://shop.example.com:{server.port}/"
        retry = "retry: { max_attempts: 3, backoff: fixed, initial_delay: 1ms, jitter: none }"
        plan = compiled(program(f'webhook tell {{ url: "{url}" {retry} }}'), "")
        only = THIS_MACHINE
        actions = WebhookActions(only, resolver=Names(("127.0.0.1",), ("169.254.169.254",)))
        async with Runtime(plan, store="memory:", actions=actions) as runtime:
            _, (letter,) = await emit(runtime)
        assert server.call_count == 1
    assert (letter.error_class, len(letter.attempts)) == ("permanent", 2)
    assert "169.254.169.254 is not a public one" in letter.reason


async def test_redirects_are_never_followed(webhook_server: MockWebhookServer) -> None:
    with MockWebhookServer() as elsewhere:
        for status in (301, 302, 303, 307, 308):
            webhook_server.reply(Reply(status, headers={"Location": elsewhere.url + "/steal"}))
            text = program(f'webhook tell {{ url: "{webhook_server.url}" }}')
            (letter,) = await deliver(text)
            assert letter.reason == f"status {status}: redirects are not followed"
            assert len(letter.attempts) == 1
        assert not elsewhere.called
    assert webhook_server.call_count == 5


async def test_proxies_of_the_environment_are_ignored(
    webhook_server: MockWebhookServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    with MockWebhookServer() as proxy:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy", "HTTPS_PROXY"):
            monkeypatch.setenv(name, proxy.url)
        monkeypatch.setenv("NO_PROXY", "")
        assert await deliver(program(f'webhook tell {{ url: "{webhook_server.url}" }}')) == []
        assert not proxy.called
    assert webhook_server.call_count == 1


# Values of rows

HOSTILE_VALUES = [
    "..", ".", "../../admin", "a/b", "a?b=c", "a#b", "a&b=c", "%2e%2e", "%2f", "%00", "a\r\nX-Evil: 1",
    "a\nb", "a\0b", "http://evil.example.com/", "@evil.example.com", "\\..\\x", "ünïcode/☃", "a b", " ",
    "\u202etxt", "x" * 500, "{{ id }}", "${HOME}", '"', "a;b", "ｅｖｉｌ", "．．",
]  # fmt: skip


@pytest.mark.parametrize("value", HOSTILE_VALUES)
async def test_a_value_stays_in_its_place_of_the_url(
    webhook_server: MockWebhookServer, value: str
) -> None:
    """It is one segment and one value of the query, exactly, or the action is dead."""
    text = program(
        f'webhook tell {{ url: "{webhook_server.url}/in/{{{{ note }}}}/end?q={{{{ note }}}}&z=1" }}'
    )
    letters = await deliver(text, note=value)
    if value in {".", ".."}:
        assert [letter.error_class for letter in letters] == ["evaluation"]
        assert not webhook_server.called
        return
    assert letters == []
    (request,) = webhook_server.requests
    url = httpx.URL(webhook_server.url + request.path)
    assert request.path.isascii()
    assert request.path.count("/") == 3
    assert dict(url.params) == {"q": value, "z": "1"}
    assert httpx.URL(request.path.split("?")[0]).path == f"/in/{value}/end"
    assert request.headers["host"] == f"127.0.0.1:{webhook_server.port}"


@pytest.mark.parametrize("value", HOSTILE_VALUES)
async def test_a_value_stays_in_its_header(webhook_server: MockWebhookServer, value: str) -> None:
    text = program(
        f'webhook tell {{ url: "{webhook_server.url}" headers: {{ "X-Note": "n={{{{ note }}}}." }} }}'
    )
    letters = await deliver(text, note=value)
    if all(c.isprintable() or ord(c) > 255 for c in value) and all(ord(c) < 256 for c in value):
        assert letters == []
        assert webhook_server.requests[0].headers["x-note"] == f"n={value}."
    else:
        assert [letter.error_class for letter in letters] == ["evaluation"]
        assert not webhook_server.called


@pytest.mark.parametrize("value", HOSTILE_VALUES)
async def test_a_value_adds_no_key_to_the_body(
    webhook_server: MockWebhookServer, value: str
) -> None:
    text = program(
        f'webhook tell {{ url: "{webhook_server.url}" body: {{ note, say: "a {{{{ note }}}} b" }} }}'
    )
    assert await deliver(text, note=value) == []
    assert webhook_server.last_payload == {"note": value, "say": f"a {value} b"}


# Our own listeners


async def test_our_own_metrics_port_is_denied_even_if_it_is_allowed() -> None:
    settings = LOOPBACK + '[observability.prometheus]\nport = 0\nhost = "127.0.0.1"\n'
    plan = compiled(program('webhook tell { url: "${TARGET}/metrics" }'))
    for host in ("127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "127.1.2.3"):
        with taken() as port:
            fixed = settings.replace("port = 0", f"port = {port}")
        runtime = Runtime(
            plan, store="memory:", settings=read_settings(fixed),
            environment={"TARGET": f"http://{host}:{port}"},
        )  # fmt: skip
        async with runtime:
            _, (letter,) = await emit(runtime)
        assert "one of our own" in letter.reason, host


@contextmanager
def taken() -> Iterator[int]:
    """A free port, while it is asked for."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        yield probe.getsockname()[1]


async def test_another_port_of_this_machine_is_not_our_own(
    webhook_server: MockWebhookServer,
) -> None:
    settings = LOOPBACK + '[observability.prometheus]\nport = 0\nhost = "127.0.0.1"\n'
    text = program(f'webhook tell {{ url: "{webhook_server.url}" }}')
    assert await deliver(text, settings=settings) == []


# Replays


async def test_a_replay_passes_the_same_guard(tmp_path: Path) -> None:
    """Addresses that were allowed once are judged again by the settings of now."""
    store = f"sqlite:///{tmp_path / 'fql.db'}"
    with MockWebhookServer() as server:
        server.reply(400)
        text = program(f'webhook tell {{ url: "{server.url}" }}')
        async with running(text, store=store) as runtime:
            _, (letter,) = await emit(runtime)
        async with running(text, settings="", compile_settings=LOOPBACK, store=store) as runtime:
            await runtime.replay(letter.dlq_id)
            await runtime.until_idle(30)
            (again,) = await runtime.client.dead_letters()
        assert server.call_count == 1
    assert "not a public one" in again.reason
