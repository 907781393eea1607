"""Commands that a person starts in the editor. Each is the command of that name of `fqlc`, in a
process of its own, on the files as they are saved."""

from __future__ import annotations

import asyncio
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from lsprotocol import types
from pygls.exceptions import JsonRpcException, JsonRpcInvalidParams
from pygls.uris import from_fs_path

from fqlc.lsp.places import Here
from fqlc.lsp.server import FAILED, FqlServer

RUN_TEST, SHOW_GRAPH, EXPLAIN_EVENT = "fql.runTest", "fql.showGraph", "fql.explainEvent"
_LONGEST = 60.0
"""Seconds that a command may take."""


def bind(server: FqlServer) -> None:
    """Bind all of them."""
    server.perform(RUN_TEST, _run_test)
    server.perform(SHOW_GRAPH, _show_graph)
    server.perform(EXPLAIN_EVENT, _explain_event)


async def _run_test(server: FqlServer, arguments: Sequence[object]) -> object:
    """`fql.runTest URI [TITLE]`: run the tests of a project, or those with a title."""
    here = await _saved(server, arguments)
    title = _text_at(arguments, 1)
    done = await _fqlc(here, ["test", *(["--only", title] if title else [])])
    about = f"the test {title!r}" if title else "all tests"
    kind = types.MessageType.Error if done.code else types.MessageType.Info
    told = f"{about}: {'failed' if done.code else 'passed'}"
    server.window_show_message(types.ShowMessageParams(kind, told))
    return {"passed": done.code == 0, "output": done.output + done.talk}


async def _show_graph(server: FqlServer, arguments: Sequence[object]) -> object:
    """`fql.showGraph URI [OBSERVER]`: draw a project, or an observer, and show the page."""
    here = await _saved(server, arguments)
    observer = _text_at(arguments, 1)
    folder = tempfile.mkdtemp(prefix="fql-graph-")
    page = Path(folder) / f"{observer or 'graph'}.html"
    chosen = ["--observer", observer] if observer else []
    done = await _fqlc(here, ["graph", "-o", str(page), *chosen])
    if done.code:
        raise JsonRpcException(done.talk.strip(), FAILED)
    uri = from_fs_path(str(page)) or ""
    window = server.client.window
    if window and window.show_document and window.show_document.support:
        server.window_show_document(types.ShowDocumentParams(uri, external=True))
    return {"uri": uri}


async def _explain_event(server: FqlServer, arguments: Sequence[object]) -> object:
    """`fql.explainEvent URI EVENT`: what the project would do with an event, given as JSON."""
    here = await _saved(server, arguments)
    event = _text_at(arguments, 1)
    if not event:
        raise JsonRpcInvalidParams("name an event, as a line of JSON")
    done = await _fqlc(here, ["explain", "--event", "-"], event)
    if done.code:
        raise JsonRpcException(done.talk.strip(), FAILED)
    return {"output": done.output}


def _text_at(arguments: Sequence[object], index: int) -> str:
    found = arguments[index] if len(arguments) > index else None
    return found if isinstance(found, str) else ""


async def _saved(server: FqlServer, arguments: Sequence[object]) -> Here:
    """The text that a command is about. Raises JsonRpcException where it is not saved as it is."""
    uri = _text_at(arguments, 0)
    if not uri:
        raise JsonRpcInvalidParams("the first argument is the uri of an open text")
    here = await server.checked(uri)
    saved = _bytes(server.desk.place(uri).real)
    if saved != here.document.text.encode("utf-8", "surrogatepass"):
        raise JsonRpcException(f"{here.path} has changes that are not saved; save it first", FAILED)
    return here


def _bytes(path: str | None) -> bytes | None:
    """The bytes of a file; None where there is none."""
    try:
        return Path(path).read_bytes() if path is not None else None
    except OSError:
        return None


@dataclass(frozen=True, slots=True)
class _Done:
    code: int
    output: str
    talk: str


async def _fqlc(here: Here, arguments: Sequence[str], given: str = "") -> _Done:
    """Run a command of `fqlc` on the project of a text."""
    settings = here.view.checkup.project.settings
    alone = here.view.checkup.project.alone
    folder = Path(settings).parent if settings and alone is None else Path.cwd()
    paths = [here.path] if alone is not None else []
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "fqlc", "--color", "never", *arguments, *paths, cwd=folder,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        async with asyncio.timeout(_LONGEST):
            output, talk = await process.communicate(given.encode())
    except TimeoutError:
        raise JsonRpcException(f"it took longer than {_LONGEST:g} s", FAILED) from None
    finally:
        if process.returncode is None:
            process.kill()
    return _Done(process.returncode or 0, output.decode("utf-8", "replace"), talk.decode())
