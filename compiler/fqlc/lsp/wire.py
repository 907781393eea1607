"""Messages on standard input and output, and when the server ends.

Standard output belongs to the protocol: what anything else prints goes to standard error. The
server ends when the editor asks for it, closes our input, does not read any more, or is gone.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable, Mapping
from threading import Thread
from typing import BinaryIO

from lsprotocol.types import (
    EXIT,
    INITIALIZE,
    SHUTDOWN,
    InitializeRequest,
    ResponseError,
    ResponseErrorMessage,
)
from pygls.exceptions import (
    JsonRpcException,
    JsonRpcInvalidParams,
    JsonRpcInvalidRequest,
    JsonRpcParseError,
    JsonRpcServerNotInitialized,
)

from fql.collector import kept_for_good
from fql.exact.light import NotJson, read_lightly
from fqlc.lsp.server import FqlServer

LONGEST_MESSAGE = 100_000_000
"""Bytes of one message, at most."""
_LOOK = 2.0
"""Seconds between two looks at whether the editor still runs."""
_CHUNK = 65_536
_TURN = 0.0005
"""Seconds that the thread of checks keeps a message waiting until it is heard: a tenth of what
Python takes by itself. From then on it makes way (`turns`)."""


def serve(server: FqlServer) -> int:
    """Serve until the end; the exit code."""
    with os.fdopen(os.dup(sys.stdout.fileno()), "wb") as output:
        os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
        sys.stdout = sys.stderr
        sys.setswitchinterval(_TURN)
        with kept_for_good():
            pass  # what was imported lives as long as the server
        with asyncio.Runner(loop_factory=server.turns.loop) as runner:
            return runner.run(_run_wire(server, output))


async def _run_wire(server: FqlServer, output: BinaryIO) -> int:
    return await _Wire(server, output).run()


class _Output:
    """Where pygls writes to. When nobody reads any more, `lost` is called."""

    def __init__(self, output: BinaryIO, lost: Callable[[], None]) -> None:
        self._output, self._lost = output, lost

    def write(self, data: bytes) -> None:
        try:
            self._output.write(data)
            self._output.flush()
        except (OSError, ValueError):
            self._lost()

    def close(self) -> None:
        """Nothing: who opened it closes it."""


class _Wire:
    def __init__(self, server: FqlServer, output: BinaryIO) -> None:
        self._server, self._output = server, output
        self._reader = asyncio.StreamReader(limit=LONGEST_MESSAGE)
        self._is_ready = self._was_shut_down = self._is_over = False

    async def run(self) -> int:
        """Handle messages; the exit code is 0 only where the editor asked for the end twice."""
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(self._server.tell_stray)
        self._server.protocol.set_writer(_Output(self._output, self._end))
        feed = Thread(target=_feed, args=(sys.stdin.fileno(), loop, self._take), daemon=True)
        feed.start()
        while (body := await self._body()) is not None and self._handle_body(body):
            pass
        self._is_over = True
        return 0 if self._was_shut_down else 1

    def _take(self, data: bytes) -> None:
        if self._is_over:
            return
        if data:
            self._reader.feed_data(data)
        else:
            self._end()

    def _end(self) -> None:
        if not self._is_over:
            self._is_over = True
            self._reader.feed_eof()

    async def _body(self) -> bytes | None:
        """The next message; None after the last one."""
        length: int | None = None
        try:
            while (line := (await self._reader.readuntil(b"\n")).strip()) or length is None:
                name, _, value = line.partition(b":")
                if name.strip().lower() == b"content-length" and value.strip().isdigit():
                    length = int(value)
            return await self._reader.readexactly(length) if length <= LONGEST_MESSAGE else None
        except (asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            return None

    def _handle_body(self, body: bytes) -> bool:
        """Handle a message; False when it was the last one."""
        try:
            message = read_lightly(body, floats=True, halves=True)
        except NotJson as error:
            self._refuse(None, JsonRpcParseError(str(error)))
            return True
        if not isinstance(message, dict):
            self._refuse(None, JsonRpcInvalidRequest("a message is one object"))
            return True
        method, identity = message.get("method"), message.get("id")
        if method == EXIT:
            return False
        refusal = self._refusal(method)
        if refusal is not None:
            self._refuse(identity, refusal)
            return True
        self._deliver(message, method)
        return True

    def _refusal(self, method: object) -> JsonRpcException | None:
        """Why a message comes at a wrong time."""
        if method is None:
            return None
        if self._was_shut_down:
            return JsonRpcInvalidRequest("the server was asked to shut down")
        if not self._is_ready and method != INITIALIZE:
            return JsonRpcServerNotInitialized("`initialize` comes first")
        if self._is_ready and method == INITIALIZE:
            return JsonRpcInvalidRequest("`initialize` comes once")
        return None

    def _deliver(self, message: Mapping[str, object], method: object) -> None:
        protocol = self._server.protocol
        try:
            known = protocol.structure_message(dict(message))
        except JsonRpcException:
            text = f"the parameters of {method} are not those of the protocol"
            self._refuse(message.get("id") if method else None, JsonRpcInvalidParams(text))
            return
        self._is_ready = self._is_ready or method == INITIALIZE
        self._was_shut_down = self._was_shut_down or method == SHUTDOWN
        self._server.mark()
        if isinstance(known, InitializeRequest):
            self._watch(known.params.process_id)
        protocol.handle_message(known)

    def _refuse(self, identity: object, error: JsonRpcException) -> None:
        """Answer a request with an error. A notification has no answer."""
        if not isinstance(identity, int | str):
            return
        reply = ResponseErrorMessage(id=identity, error=ResponseError(error.code, error.message))
        self._server.protocol._send_data(reply)

    def _watch(self, editor: int | None) -> None:
        """End when the editor's process has gone, even if somebody else keeps our input open. One
        that is not there from the start is in another container, and cannot be asked."""
        if editor is not None and sys.platform != "win32" and _runs(editor):
            self._look(editor)

    def _look(self, editor: int) -> None:
        if not _runs(editor):
            self._end()
        elif not self._is_over:
            asyncio.get_running_loop().call_later(_LOOK, self._look, editor)


def _runs(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        return True
    return True


def _feed(file: int, loop: asyncio.AbstractEventLoop, take: Callable[[bytes], None]) -> None:
    """Read standard input in a thread, whatever it is: a pipe, a socket, a file. The last piece is
    empty."""
    data = b"-"
    while data:
        try:
            data = os.read(file, _CHUNK)
        except OSError:
            data = b""
        try:
            loop.call_soon_threadsafe(take, data)
        except RuntimeError:  # the loop has ended
            return
