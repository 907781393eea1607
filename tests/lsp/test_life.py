"""How the server begins, ends, and goes on whatever happens."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.lsp.raw import Raw, patched

BROKEN = """\
import fqlc.lsp.binding.asking as asking
def broken(*_):
    print("noise")
    raise KeyError("a fault that was planted")
asking.hover = broken
"""
TEXT = "entity A { id: ID @key }\n"


def hover(uri: str) -> dict[str, object]:
    return {"textDocument": {"uri": uri}, "position": {"line": 0, "character": 8}}


def test_a_fault_is_an_answer_and_the_server_lives(shop: Path) -> None:
    """What a service prints goes to standard error, and no traceback is shown."""
    uri = (shop / "a.fql").as_uri()
    with Raw(shop, patched(BROKEN)) as raw:
        raw.start()
        raw.open(uri, TEXT)
        found = raw.ask("textDocument/hover", hover(uri))
        assert found["error"]["code"] == -32603
        assert "FQL901" in found["error"]["message"]
        assert raw.ask("textDocument/foldingRange", {"textDocument": {"uri": uri}})["result"] == []
        raw.ask("shutdown")
        raw.tell("exit")
        assert raw.process.wait(30) == 0
        talk = raw.talk()
    assert "noise" in talk and "error[FQL901]" in talk and "textDocument/hover" in talk
    assert "Traceback" not in talk


def test_messages_that_make_no_sense_are_refused_one_by_one(shop: Path) -> None:
    uri = (shop / "a.fql").as_uri()
    with Raw(shop) as raw:
        assert raw.ask("textDocument/hover", hover(uri))["error"]["code"] == -32002
        raw.start()
        assert raw.ask("initialize", {"capabilities": {}})["error"]["code"] == -32600
        raw.body(b"{ no JSON")
        raw.body(b"[1]")
        raw.body(b'{"jsonrpc": "2.0", "method": "textDocument/didOpen", "params": 7}')
        assert raw.ask("textDocument/hover", {"textDocument": 7})["error"]["code"] == -32602
        assert raw.ask("textDocument/nothing", {})["error"]["code"] == -32601
        assert raw.ask("textDocument/hover", hover("file:///not/open.fql"))["result"] is None
        raw.tell("textDocument/didClose", {"textDocument": {"uri": "file:///not/open.fql"}})
        raw.open(uri, TEXT)
        assert raw.ask("textDocument/hover", hover(uri))["result"]["range"]
        raw.ask("shutdown")
        assert raw.ask("textDocument/hover", hover(uri))["error"]["code"] == -32600
        raw.tell("exit")
        assert raw.process.wait(30) == 0


def test_it_ends_with_its_editor(shop: Path) -> None:
    """End of input, `exit` without `shutdown`, and an editor that dies while others hold our
    input."""
    with Raw(shop) as cut, Raw(shop) as left, Raw(shop) as orphan:
        editor = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
        orphan.start(editor.pid)
        editor.kill()
        editor.communicate()
        left.start()
        left.tell("exit")
        cut.start()
        cut.given.close()
        assert [raw.process.wait(30) for raw in (cut, left, orphan)] == [1, 1, 1]
        assert [raw.talk() for raw in (left, orphan)] == ["", ""]


def test_a_request_that_was_cancelled_is_not_worked_on(shop: Path) -> None:
    uri = (shop / "a.fql").as_uri()
    with Raw(shop, patched(BROKEN)) as raw:
        raw.start()
        raw.open(uri, TEXT)
        raw.ask("textDocument/foldingRange", {"textDocument": {"uri": uri}})
        request = {"jsonrpc": "2.0", "id": 99, "method": "textDocument/hover", "params": hover(uri)}
        cancel = {"jsonrpc": "2.0", "method": "$/cancelRequest", "params": {"id": 99}}
        import json

        both = [json.dumps(m).encode() for m in (request, cancel)]
        raw.given.write(b"".join(b"Content-Length: %d\r\n\r\n" % len(b) + b for b in both))
        raw.given.flush()
        assert raw.answer(99)["error"]["code"] == -32800
        raw.ask("shutdown")
        raw.tell("exit")
        raw.process.wait(30)
        assert "noise" not in raw.talk()


@pytest.mark.parametrize("name", ["pygls", "lsprotocol"])
def test_without_the_extra_it_says_what_to_install(name: str) -> None:
    code = f"import sys; sys.modules[{name!r}] = None\n"
    done = subprocess.run(patched(code), capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 3
    assert 'pip install "fqlc[lsp]"' in done.stderr and done.stdout == ""
