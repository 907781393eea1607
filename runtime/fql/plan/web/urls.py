"""Urls: one strict grammar, parsed once into parts, never put together and parsed again.

Parsers disagree about hostile urls, so nothing outside this grammar is accepted: `http` or
`https`, a host of ASCII letters (other scripts are converted by IDNA where that is unambiguous)
or a literal address in its one spelling, a port, a path, a query. No user, no fragment, no
backslash, no blank, no `.` or `..` segment.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from ipaddress import IPv6Address
from typing import Literal
from urllib.parse import quote

from fql.plan.web.addresses import parse_address

MAX_URL = 16_384
"""Longest path and query together, in characters; a longer one is refused when rendered."""

Kind = Literal["malformed", "scheme", "address"]

_URL = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://([^/?#]*)([^?#]*)(?:\?([^#]*))?")
_BEGINNING = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://[^/?#]*")
_AUTHORITY = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[^\[\]:@]+)(?::([1-9][0-9]{0,4}))?")
_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
PATH = re.compile(r"(?:[A-Za-z0-9._~!$&'()*+,;=:@/-]|%[0-9A-Fa-f]{2})*")
QUERY = re.compile(r"(?:[A-Za-z0-9._~!$&'()*+,;=:@/?-]|%[0-9A-Fa-f]{2})*")
_UNRESERVED = re.compile(r"[A-Za-z0-9._~-]*")
_NUMBER = re.compile(r"[0-9]+|0[xX][0-9a-fA-F]*")
_DOTS = re.compile(r"(?:\.|%2[eE]){1,2}")
_AMBIGUOUS = frozenset("ßς\u200c\u200d")
"""Letters that the two versions of IDNA turn into different hosts."""


class UrlProblem(ValueError):
    """A text that is not a usable url. `kind` tells the malformed from the forbidden."""

    def __init__(self, kind: Kind, message: str) -> None:
        self.kind: Kind = kind
        super().__init__(message)


class ValueRefused(ValueError):
    """A value that must not be in a url or header; the action that renders it is dead."""


@dataclass(frozen=True, slots=True)
class UrlParts:
    """A url taken apart. `host` is ASCII without brackets; `query` is None or without its `?`."""

    scheme: Literal["http", "https"]
    host: str
    port: int
    path: str = "/"
    query: str | None = None

    @property
    def authority(self) -> str:
        """Host and port as the `Host` header wants them: the scheme's own port left out."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _default_port(self.scheme) else f"{host}:{self.port}"

    @property
    def origin(self) -> str:
        """`https://host:port`, the port always written: the name of an endpoint without one."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port}"

    @property
    def target(self) -> str:
        """Path and query as the request line wants them."""
        return self.path if self.query is None else f"{self.path}?{self.query}"

    def __str__(self) -> str:
        return f"{self.scheme}://{self.authority}{self.target}"


def _default_port(scheme: str) -> int:
    return 443 if scheme == "https" else 80


def parse_literal_url(text: str) -> UrlParts:
    """Parse a whole url. Raises UrlProblem."""
    match = _URL.fullmatch(text)
    if match is None:
        raise UrlProblem("malformed", _why_not_a_url(text))
    scheme, authority, path, query = match.groups()
    known = _scheme(scheme)
    host, port = _authority(authority, known)
    return UrlParts(known, host, port, literal_path(path or "/"), literal_query(query))


def origin_of(text: str) -> str | None:
    """The `origin` of a url, also of one of which only the beginning is known, as in a text with
    holes; None where there is none."""
    found = _BEGINNING.match(text)
    if found is None:
        return None
    try:
        return parse_literal_url(found[0]).origin
    except UrlProblem:
        return None


def is_origin(text: str) -> bool:
    """Whether a text is a url of scheme, host and port alone."""
    try:
        url = parse_literal_url(text)
    except UrlProblem:
        return False
    return url.path == "/" and url.query is None


def _why_not_a_url(text: str) -> str:
    if "#" in text:
        return "a url for requests has no fragment (`#`)"
    if "://" not in text:
        return "a url starts with https:// or http://"
    return "this is not a url"


def _scheme(text: str) -> Literal["http", "https"]:
    match text.lower():
        case "https":
            return "https"
        case "http":
            return "http"
        case other:
            raise UrlProblem("scheme", f"the scheme {other} is not http or https")


def _authority(text: str, scheme: str) -> tuple[str, int]:
    if "@" in text:
        raise UrlProblem(
            "malformed", "a url must not contain a user or password; use auth or a header"
        )
    match = _AUTHORITY.fullmatch(text)
    if match is None:
        raise UrlProblem("malformed", "the host or port of the url is malformed")
    port = int(match[2]) if match[2] else _default_port(scheme)
    if port > 65_535:
        raise UrlProblem("malformed", f"there is no port {port}")
    return parse_host(match[1]), port


def parse_host(text: str) -> str:
    """The ASCII form of a host in lower case, brackets removed. Raises UrlProblem."""
    if text.startswith("["):
        return _bracketed(text[1:-1])
    name = text.lower() if text.isascii() else _idna(text)
    labels = name.split(".")
    if labels[-1] == "" and len(labels) > 1:
        raise UrlProblem("address", f"the host {name} ends with a dot")
    if len(name) > 253 or not all(_LABEL.fullmatch(label) for label in labels):
        raise UrlProblem("malformed", "the host of the url is malformed")
    if _NUMBER.fullmatch(labels[-1]) and parse_address(name) is None:
        raise UrlProblem("malformed", f"the host {name} is a number but not an address a.b.c.d")
    return name


def _bracketed(text: str) -> str:
    address = parse_address(text)
    if not isinstance(address, IPv6Address):
        raise UrlProblem("malformed", "the brackets do not hold an IPv6 address")
    return str(address)


def _idna(text: str) -> str:
    """Convert other scripts, refusing every letter that a look-up could read in two ways."""
    folded = unicodedata.normalize("NFKC", text).lower()
    if folded != text.lower() or _AMBIGUOUS & set(folded):
        raise UrlProblem(
            "malformed", "the host has letters that can be read in several ways; write it as xn--"
        )
    try:
        return folded.encode("idna").decode("ascii")
    except UnicodeError:
        raise UrlProblem("malformed", "the host of the url is malformed") from None


def literal_path(text: str) -> str:
    """A literal path, other scripts percent-encoded. Raises UrlProblem."""
    encoded = encode_other_scripts(text)
    if not encoded.startswith("/"):
        raise UrlProblem("malformed", "a path must start with /")
    if not PATH.fullmatch(encoded):
        raise UrlProblem("malformed", "the path has a character that must be percent-encoded")
    if has_dot_segment(encoded):
        raise UrlProblem("malformed", "the path has a segment `.` or `..`")
    return encoded


def literal_query(text: str | None) -> str | None:
    """A literal query, other scripts percent-encoded. Raises UrlProblem."""
    if text is None:
        return None
    encoded = encode_other_scripts(text)
    if not QUERY.fullmatch(encoded):
        raise UrlProblem("malformed", "the query has a character that must be percent-encoded")
    return encoded


def encode_other_scripts(text: str) -> str:
    """The text with letters beyond ASCII percent-encoded. Raises UrlProblem."""
    if text.isascii():
        return text
    try:
        return "".join(c if c.isascii() else quote(c) for c in text)
    except UnicodeEncodeError:
        raise UrlProblem("malformed", "the url is not valid Unicode") from None


def has_dot_segment(path: str) -> bool:
    """True where a segment is `.` or `..`, percent-encoded spellings included."""
    return "." in path.replace("%2e", ".").replace("%2E", ".") and any(
        _DOTS.fullmatch(segment) for segment in path.split("/")
    )


def encode_segment(value: str) -> str:
    """A value for one path segment: `/` is encoded. Raises ValueRefused."""
    if value in {"", ".", ".."}:
        raise ValueRefused(f"a path segment must not be {value!r}")
    return encode_query_value(value)


def encode_query_value(value: str) -> str:
    """A value for a query. Raises ValueRefused."""
    if _UNRESERVED.fullmatch(value):
        return value
    try:
        return quote(value, safe="")
    except UnicodeEncodeError:
        raise ValueRefused("a value in a url is not valid Unicode") from None


def check_rendered(path: str, query: str | None) -> None:
    """Check again what came out of a template. Raises ValueRefused."""
    if len(path) + len(query or "") > MAX_URL:
        raise ValueRefused(f"the url is longer than {MAX_URL} characters")
    if not PATH.fullmatch(path) or has_dot_segment(path):
        raise ValueRefused("the path has a segment `.` or `..` or an unencoded character")
    if query is not None and not QUERY.fullmatch(query):
        raise ValueRefused("the query has an unencoded character")
