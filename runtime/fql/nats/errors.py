"""What can become of a message on its way to NATS, in words that say what to do."""

from __future__ import annotations

from fql.errors import FqlError


class NatsError(FqlError):
    """NATS did not take a message or did not do what was asked. `lasting`: the same again would
    end the same way."""

    lasting = False
    code = 0
    """JetStream's own number of the error, where it gave one."""


class NatsUnreachable(NatsError):
    """No server was reached, or it was lost before it answered. A message may have been taken: who
    sends it again gives it the same id."""


class NatsSlow(NatsUnreachable):
    """A server was reached, and the answer did not come in time."""


class NoStream(NatsError):
    """No stream takes the subject, or the stream, consumer or message that is named is not
    there."""


class TooLarge(NatsError):
    """The message is larger than the server or the stream takes."""

    lasting = True


class Refused(NatsError):
    """The server said no: rights, limits of the stream, a subject that is not one. `lasting` is
    False for what may pass by itself, such as a full stream."""

    def __init__(self, message: str, *, hint: str = "", lasting: bool = True) -> None:
        self.lasting = lasting
        super().__init__(message, hint=hint)


class Forbidden(Refused):
    """The user has no right to write to the subject, or to hear the answer."""
