"""The bytes of a plan and its digest. Knows nothing of what is in a plan, so that writing one needs
no model of it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from fql.exact.writing import canonical_json

DIGEST = "digest"


def canonical(value: object) -> bytes:
    """JSON with sorted keys, UTF-8 and no blanks: the same bytes for the same value everywhere.

    Raises TypeError for what JSON cannot hold and for nesting beyond 254 levels.
    """
    return canonical_json(value)


def digest_of(content: Mapping[str, object]) -> str:
    """`sha256:...` over everything but the digest itself."""
    covered = {key: value for key, value in content.items() if key != DIGEST}
    return _digest(canonical(covered))


def seal(plan_without_digest: Mapping[str, object]) -> bytes:
    """The bytes of a plan: canonical JSON with its digest added."""
    return canonical({**plan_without_digest, DIGEST: digest_of(plan_without_digest)})


def as_sealed(content: Mapping[str, object]) -> tuple[bytes, str]:
    """The bytes of a plan that was read, its own digest in them, and the digest that it should
    have. It is written only once for both. Raises what `canonical` raises."""
    sealed = canonical_json(content, read=True)
    own = b'"%b":%b,' % (DIGEST.encode(), canonical(content.get(DIGEST)))
    return sealed, _digest(b"".join(sealed.split(own, 1)))


def seal_written(parts: Mapping[str, bytes]) -> bytes:
    """The bytes that `seal` makes, of parts that are canonical JSON already, by their keys: what
    is known of a plan is not written again because something beside it changed."""
    return _joined({**parts, DIGEST: canonical(_digest(_joined(parts)))})


def _joined(parts: Mapping[str, bytes]) -> bytes:
    return b"{%s}" % b",".join(b"%s:%s" % (canonical(key), parts[key]) for key in sorted(parts))


def _digest(covered: bytes) -> str:
    return "sha256:" + hashlib.sha256(covered).hexdigest()
