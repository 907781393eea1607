"""What a server tells of itself to those who may ask."""

from __future__ import annotations

from fql.exact.kinds import as_object
from fql.nats.connection import NatsConnection
from fql.nats.errors import NatsError

ASKED = "$SYS.REQ.SERVER.PING.JSZ"


async def writes_at_once(connection: NatsConnection, timeout_s: float) -> bool | None:
    """Whether the server writes each message to its disk before it acknowledges it
    (`sync_interval: always`); None where it does not tell, which only the system account and those
    that import this question from it are told."""
    try:
        answer = await connection.commit(ASKED, {}, b"", timeout_s=timeout_s)
        config = as_object(as_object(answer["data"])["config"])
    except (NatsError, KeyError, TypeError):
        return None
    return config.get("sync_always") is True
