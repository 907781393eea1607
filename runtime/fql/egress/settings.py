"""What the policies of a plan say about sending, read into typed settings.

The keys (flat, dotted; `fql.plan.model.Policies`) and the form of their values:

=============================  ====================================================================
`signing.enabled`              false switches signing off; true without a secret is refused
`signing.scheme`               `standard` (default), `fraiseql`, `stripe`, `github`
`signing.secret`               a text, or a list of texts and of objects
                               `{"secret": text, "not_before": RFC 3339, "not_after": RFC 3339}`
`signing.algorithm`            `sha256` (default); `ed25519` for `standard`
`signing.header`               text; a header without a scheme means `fraiseql`
`signing.timestamp_header`     text; likewise
`encryption.algorithm`         `AES-256-GCM`
`encryption.key`               text: 32 bytes as base64 or hex
`encryption.fields`            list of plain strings; without it the whole body
`encryption.kid`               text; without it a name made from the key
`auth.type`                    `bearer basic header oauth2 mtls`
`auth.token`                   text (`bearer`)
`auth.username`, `.password`   texts (`basic`)
`auth.header`, `.value`        texts (`header`)
`auth.token_url`, `.client_id`, `.client_secret`, `.scope`   texts (`oauth2`)
`auth.certificate`, `.key`, `.ca`, `.password`               texts, PEM files (`mtls`)
`timeout`                      milliseconds
`max_body`, `max_response`     bytes
=============================  ====================================================================

A *text* is a plain string (`${NAME}` in it is replaced) or a stored expression: `Constant`, or
`Text` whose parts are strings and `Environment`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from fql.errors import SettingsError
from fql.exact.kinds import as_a
from fql.plan.environment import filled, lookup
from fql.plan.language.expressions import Constant, Environment, Expr, Text, TextPart
from fql.plan.model import Setting
from fql.plan.policies import header_scheme, value_of
from fql.plan.policy.table import POLICIES
from fql.plan.stored import codec


@dataclass(frozen=True, slots=True)
class TimedSecret:
    """A signing secret and the unix seconds between which it signs."""

    value: str = field(repr=False)
    not_before: float | None = None
    not_after: float | None = None

    def live(self, now: float) -> bool:
        """True while it signs."""
        return (self.not_before is None or self.not_before <= now) and (
            self.not_after is None or now < self.not_after
        )


SIGNED_WITH = as_a(str, POLICIES["signing.algorithm"].built_in)
ENCRYPTED_WITH = as_a(str, POLICIES["encryption.algorithm"].built_in)


@dataclass(frozen=True, slots=True)
class SigningSettings:
    """How a request is signed; `secrets` newest first."""

    scheme: str
    secrets: tuple[TimedSecret, ...]
    algorithm: str = SIGNED_WITH
    header: str | None = None
    timestamp_header: str | None = None


@dataclass(frozen=True, slots=True)
class EncryptionSettings:
    """What of a body is encrypted; `fields` empty means all of it."""

    key: str = field(repr=False)
    fields: tuple[str, ...] = ()
    kid: str | None = None
    algorithm: str = ENCRYPTED_WITH


@dataclass(frozen=True, slots=True)
class AuthSettings:
    """How we prove who we are; `values` are those of the type."""

    type: str
    values: Mapping[str, str] = field(repr=False)


class PolicyReader:
    """Reads settings of one action, resolving names in the environment.

    `used` collects the values that came from the environment, for masking.
    """

    def __init__(
        self, policies: Mapping[str, Setting], environment: Mapping[str, str], user: str
    ) -> None:
        self._policies = policies
        self._environment = environment
        self._user = user
        self.used: list[str] = []

    def plain(self, key: str) -> object:
        """A value as it stands, with the built-in default."""
        return value_of(self._policies, key)

    def text(self, key: str) -> str | None:
        """A text setting, or None. Raises MissingSecrets, SettingsError."""
        value = self.plain(key)
        return None if value is None else self.resolve(value, key)

    def required(self, key: str, why: str) -> str:
        """A text setting that must be there and not empty. Raises SettingsError."""
        value = self.text(key)
        if not value:
            raise SettingsError(f"{self._user}: {key} is missing or empty, {why}", hint="set it")
        return value

    def texts(self, key: str) -> tuple[object, ...]:
        """A list of whatever is there; one value is a list of one."""
        value = self.plain(key)
        if value is None:
            return ()
        return tuple(value) if isinstance(value, list | tuple) else (value,)

    def resolve(self, value: object, key: str) -> str:
        """The string that a text value stands for. Raises MissingSecrets, SettingsError."""
        if isinstance(value, str):
            return filled(value, self.name)
        if isinstance(value, Mapping):
            parts = text_parts(codec.load_expression(value))
            return "".join(self._part(part, key) for part in parts)
        raise SettingsError(f"{self._user}: {key} is not a text", hint="write a string")

    def _part(self, part: TextPart, key: str) -> str:
        if isinstance(part, str):
            return part
        if isinstance(part, Environment):
            return self.name(part.name)
        raise SettingsError(f"{self._user}: {key} depends on the event", hint="use ${NAME}")

    def name(self, name: str) -> str:
        """The value of a `${NAME}`, remembered for masking. Raises MissingSecrets."""
        value = lookup(self._environment, name, self._user)
        self.used.append(value)
        return value

    # Groups of settings

    def signing(self) -> SigningSettings | None:
        """`signing.*`, or None where nothing is signed. Raises SettingsError."""
        enabled = self.plain("signing.enabled")
        entries = self.texts("signing.secret")
        if enabled is False or (not entries and enabled is None):
            return None
        header, stamp = self.text("signing.header"), self.text("signing.timestamp_header")
        scheme = self.text("signing.scheme") or header_scheme(bool(header or stamp))
        secrets = tuple(self._secret(entry) for entry in entries)
        if not secrets or not all(secret.value for secret in secrets):
            raise SettingsError(
                f"{self._user}: signing is enabled, but its secret is missing or empty",
                hint="set signing.secret, or switch signing off",
            )
        algorithm = self.text("signing.algorithm") or SIGNED_WITH
        return SigningSettings(scheme, secrets, algorithm, header, stamp)

    def _secret(self, entry: object) -> TimedSecret:
        if isinstance(entry, Mapping) and "secret" in entry:
            return TimedSecret(
                self.resolve(entry["secret"], "signing.secret"),
                self._moment(entry.get("not_before")),
                self._moment(entry.get("not_after")),
            )
        return TimedSecret(self.resolve(entry, "signing.secret"))

    def _moment(self, value: object) -> float | None:
        if value is None:
            return None
        try:
            moment = datetime.fromisoformat(str(value))
        except ValueError:
            moment = None
        if moment is None or moment.tzinfo is None:
            raise SettingsError(f"{self._user}: {value} is not a date",
                                hint="write 2026-03-02T14:00:00Z")  # fmt: skip
        return moment.timestamp()

    def encryption(self) -> EncryptionSettings | None:
        """`encryption.*`, or None. Raises SettingsError."""
        given = (key for key, s in self._policies.items() if s.value is not None)
        if not any(key.startswith("encryption.") for key in given):
            return None
        return EncryptionSettings(
            self.required("encryption.key", "so nothing can be encrypted"),
            tuple(str(name) for name in self.texts("encryption.fields")),
            self.text("encryption.kid"),
            self.text("encryption.algorithm") or ENCRYPTED_WITH,
        )

    def auth(self) -> AuthSettings | None:
        """`auth.*`, or None. Raises SettingsError."""
        kind = self.text("auth.type")
        if kind is None:
            return None
        keys = (key for key in self._policies if key.startswith("auth.") and key != "auth.type")
        values = {key.removeprefix("auth."): self.text(key) for key in keys}
        return AuthSettings(kind, {key: text for key, text in values.items() if text is not None})


def text_parts(expression: Expr) -> tuple[TextPart, ...]:
    """The parts of a text expression; a constant is one literal part. Raises SettingsError."""
    if isinstance(expression, Text):
        return expression.parts
    if isinstance(expression, Constant) and isinstance(expression.value, str):
        return (expression.value,)
    raise SettingsError("the plan holds a text setting that is not a text", hint="compile again")


def resolve_parts(
    parts: Sequence[TextPart], environment: Mapping[str, str], used_by: str
) -> tuple[TextPart, ...]:
    """The same text with every outer `${NAME}` replaced by its value. Raises MissingSecrets."""
    return tuple(
        lookup(environment, part.name, used_by) if isinstance(part, Environment) else part
        for part in parts
    )
