"""The language server: what the editor says, in one line each, to the desk and the services."""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from contextvars import ContextVar
from typing import TypeVar

from lsprotocol import types
from pygls.exceptions import JsonRpcException, JsonRpcInternalError
from pygls.lsp.server import LanguageServer

from fql.errors import FqlError
from fql.terminal.lines import problem
from fqlc import __version__
from fqlc.lsp.desk import Desk, Documents, NoSuchText
from fqlc.lsp.places import Here, View
from fqlc.lsp.session import Published
from fqlc.lsp.turns import Turns
from fqlc.lsp.words.showing import Manner, Pages, shown
from fqlc.services.answers import HintKind

P = TypeVar("P")
A = TypeVar("A")

_HELP = "this is not your mistake; run `fqlc lsp --debug` and report what it writes"
FAILED = -32803
"""The code of a request that cannot be done, for a reason that people can read."""


class FqlServer(LanguageServer):
    """The server of one editor."""

    def __init__(self, pages: Pages, *, debug: bool = False) -> None:
        super().__init__("fqlc", __version__, types.TextDocumentSyncKind.Incremental)
        self.turns = Turns()
        self.desk = Desk(self._publish, self.tell_fault, self.turns.wait)
        self.hints = frozenset(HintKind)
        self._pages, self._debug = pages, debug
        self._manner: Manner | None = None
        self._seen: ContextVar[Documents] = ContextVar("seen")
        self._refreshing = False

    @property
    def client(self) -> types.ClientCapabilities:
        """What the editor can do."""
        return self.protocol.client_capabilities

    @property
    def manner(self) -> Manner:
        """What the editor can show of a diagnostic."""
        if self._manner is None:
            self._manner = Manner.of(self.client, self._pages.uri)
        return self._manner

    @property
    def pulls(self) -> bool:
        """True where the editor asks for the diagnostics of open texts."""
        return bool(self.client.text_document and self.client.text_document.diagnostic)

    def mark(self) -> None:
        """Remember, for the message that is handled next, which texts are open."""
        self._seen.set(self.desk.documents)

    async def here(self, uri: str, *, current: bool = False) -> Here:
        """A text as it was when the request arrived, or as of now where the answer must be of the
        last check."""
        return await self.desk.here(uri, self._seen.get(), current=current)

    async def checked(self, uri: str) -> Here:
        """A text as of now, checked now."""
        self.desk.hurry(uri)
        return await self.here(uri, current=True)

    # What goes to the editor

    def _publish(self, view: View, news: tuple[Published, ...]) -> None:
        open_ones = {document.uri for document in self.desk.documents.values()}
        for one in news:
            if self.pulls and one.uri in open_ones:
                self._refreshing = True
                continue
            told = shown(view, one.findings, self.manner)
            self.text_document_publish_diagnostics(
                types.PublishDiagnosticsParams(one.uri, told, one.version)
            )
        self._refresh()

    def _refresh(self) -> None:
        """Ask the editor to ask again for the diagnostics of open texts."""
        workspace = self.client.workspace
        wanted, self._refreshing = self._refreshing, False
        form = workspace.diagnostics if workspace else None
        if wanted and form and form.refresh_support:
            self.workspace_diagnostic_refresh(None)

    def tell_fault(self, what: str, error: Exception) -> JsonRpcException:
        """Log what nobody has foreseen; the answer for whoever asked."""
        text = f"a fault in fqlc, at {what}: {type(error).__name__}: {error}"
        problem("error[FQL901]", text, _HELP)
        if self._debug:
            traceback.print_exception(error)
        return JsonRpcInternalError(f"FQL901: {text}")

    def tell_stray(self, _: asyncio.AbstractEventLoop, context: Mapping[str, object]) -> None:
        """Log what a callback of the loop raised."""
        error = context.get("exception")
        if isinstance(error, Exception):
            self.tell_fault("work between requests", error)

    def report_server_error(self, error: Exception, source: object) -> None:
        """What pygls caught: answers to requests have been given, all else is logged."""
        if not isinstance(error, JsonRpcException):
            self.tell_fault(getattr(source, "__name__", "pygls"), error)

    # How handlers are bound

    def answer(
        self, method: str, handler: Callable[[FqlServer, P], Awaitable[A]], options: object = None
    ) -> None:
        """Bind a request."""

        async def handle(params: P) -> A | None:
            return await self._answered(method, handler(self, params))

        self.feature(method, options)(handle)

    def perform(
        self, name: str, handler: Callable[[FqlServer, Sequence[object]], Awaitable[object]]
    ) -> None:
        """Bind a command. Arguments of the type `object` would be preceded by the server."""

        async def handle(*arguments: str) -> object:
            return await self._answered(name, handler(self, arguments))

        self.command(name)(handle)

    async def _answered(self, what: str, work: Awaitable[A]) -> A | None:
        """The answer to a request. It yields once before it works, so that a request which was
        cancelled meanwhile does nothing; what the work raises is caught here and nowhere else."""
        try:
            await asyncio.sleep(0)
            return await work
        except JsonRpcException:
            raise
        except NoSuchText:
            return None
        except FqlError as error:
            raise JsonRpcException(error.message, FAILED) from None
        except Exception as error:  # noqa: BLE001 - the one place that turns the unknown into FQL901
            raise self.tell_fault(what, error) from None
        finally:
            if isinstance(work, Coroutine):
                work.close()

    def apply(self, settings: object) -> None:
        """Take `hints` of the settings: true, false, or an object with a value for each kind."""
        hints = settings.get("hints") if isinstance(settings, Mapping) else None
        if isinstance(hints, bool):
            self.hints = frozenset(HintKind) if hints else frozenset()
        elif isinstance(hints, Mapping):
            self.hints = frozenset(kind for kind in HintKind if hints.get(kind.value, True))

    def take(
        self, method: str, handler: Callable[[FqlServer, P], None], options: object = None
    ) -> None:
        """Bind a notification: it is acted on at once, in the order of the messages."""

        def handle(params: P) -> None:
            try:
                handler(self, params)
            except NoSuchText as error:
                problem("warning", f"{method} is about {error}, which is not open")
            except Exception as error:  # noqa: BLE001 - as for requests
                self.tell_fault(method, error)

        if method.startswith("textDocument/"):  # pygls would keep documents of its own
            self.protocol.fm.builtin_features.pop(method, None)
        self.feature(method, options)(handle)
