"""Contracts from where they are served, through the egress of the runtime: the same addresses are
refused, and nothing else is looked at."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urldefrag

from fql.egress.send import Outgoing, Profile, Sender
from fql.egress.wire.answer import Limits
from fql.egress.wire.failures import SendFailed
from fql.exact.reading import NotJson, read_foreign
from fql.plan.environment import filled, references_in, require
from fql.plan.web.addresses import EgressSettings
from fql.plan.web.urls import UrlProblem, parse_literal_url
from fql.settings.contract_table import ContractSource
from fql.settings.model import Settings
from fqlc.contracts.bundling import Object, bundled
from fqlc.contracts.faults import FaultyContract
from fqlc.contracts.reading.yaml_core import NotYaml, read_yaml
from fqlc.project.errors import SurroundingsError
from fqlc.source.files import LONGEST_CONTRACT

_TIMEOUT_MS = 30_000


@dataclass(slots=True)
class Fetched:
    """What was fetched of one contract. `first` are the bytes of its document as they came."""

    document: Object
    first: bytes
    alone: bool
    """True where it refers to nothing but itself."""


def source_of(settings: Settings, endpoint: str, file: str) -> ContractSource:
    """Where a contract comes from. Raises SurroundingsError where `fql.toml` does not say."""
    found = settings.contracts.get(endpoint)
    if found is None:
        raise SurroundingsError(
            f"{file} does not say where the contract of `{endpoint}` comes from",
            f'write [contracts.{endpoint}] source = "https://..."',
        )
    return found


def fetched(settings: Settings, endpoint: str, source: ContractSource) -> Fetched:
    """The contract of an endpoint with all that it refers to. Raises SurroundingsError,
    MissingSecrets."""
    texts = [source.source, *source.headers.values(), *settings.egress.allow]
    key = f"fql.toml contracts.{endpoint}"
    require({name: [key] for text in texts for name in references_in(text)}, os.environ)
    return asyncio.run(_fetched(settings, source))


async def _fetched(settings: Settings, source: ContractSource) -> Fetched:
    allow = tuple(_filled(one) for one in settings.egress.allow)
    sender = Sender(EgressSettings(allow, tuple(settings.egress.ports)), user_agent="fqlc")
    url = urldefrag(_filled(source.source))[0]
    try:
        return await _Fetcher(sender, url, source.headers).whole()
    except FaultyContract as fault:
        said = fault.said if f"`{url[:200]}`" in fault.said else f"`{url[:200]}`: {fault.said}"
        raise SurroundingsError(said, fault.hint) from None
    finally:
        await sender.close()


def _filled(text: str) -> str:
    return filled(text, os.environ.__getitem__)


class _Missing(Exception):
    """A document that has not been fetched yet."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.url = url


class _Fetcher:
    """Fetches the documents of one contract, one after the other."""

    def __init__(self, sender: Sender, url: str, headers: Mapping[str, str]) -> None:
        self._sender = sender
        self._url = url
        self._headers = tuple((name, _filled(value)) for name, value in headers.items())
        self._documents: dict[str, object] = {}

    async def whole(self) -> Fetched:
        """Bundle again each time a document was missing, until none is."""
        first = b""
        while True:
            try:
                document = bundled(self._url, self._document)
            except _Missing as missing:
                body = await self._get(missing.url)
                self._documents[missing.url] = _parsed(missing.url, body)
                first = first or body
            else:
                return Fetched(document, first, len(self._documents) == 1)

    def _document(self, url: str) -> object:
        if url not in self._documents:
            raise _Missing(url)
        return self._documents[url]

    async def _get(self, url: str) -> bytes:
        try:
            parts = parse_literal_url(url)
        except UrlProblem as problem:
            raise FaultyContract(f"`{url[:200]}` is not a url: {problem}") from None
        # What opens the door of one host is not shown to another one.
        same = parts.origin == parse_literal_url(self._url).origin
        accept = ("Accept", "application/json, application/yaml, */*")
        headers = (accept, *self._headers) if same else (accept,)
        limits = Limits(read=LONGEST_CONTRACT + 1, keep=LONGEST_CONTRACT + 1)
        outgoing = Outgoing("GET", parts, headers, b"")
        try:
            answer = await self._sender.send(outgoing, Profile(limits=limits), _TIMEOUT_MS)
        except SendFailed as error:
            hint = "[egress] allow in fql.toml says what may be reached"
            said = f"`{url[:200]}` cannot be fetched: {error}"
            raise FaultyContract(said, hint=hint if error.kind == "egress" else "") from None
        if answer.status != 200:
            raise FaultyContract(f"`{url[:200]}` answers {answer.status}")
        if answer.truncated or len(answer.body) > LONGEST_CONTRACT:
            raise FaultyContract(f"`{url[:200]}` has more than {LONGEST_CONTRACT:,} bytes")
        return answer.body


def _parsed(url: str, body: bytes) -> object:
    """The document in a body: JSON if it begins as that, else YAML."""
    text = body.decode("utf-8-sig", "replace")
    try:
        if text.lstrip()[:1] in ("{", "["):
            return read_foreign(body)
        return read_yaml(text)[0]
    except (NotJson, NotYaml) as error:
        raise FaultyContract(f"`{url[:200]}` is not a contract: {error}") from None
