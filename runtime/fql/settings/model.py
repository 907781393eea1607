"""`fql.toml` as a model: every table and key, its type, default, range and meaning.

The models are the one list of settings: unknown keys, the reference page and the test that asks
for a test of each key are all derived from them. `[webhooks]` policies come from the one table of
policies (`fql.settings.policies`), are resolved by the compiler (`policy_settings`) and become part
of the plan; `[store] [sources] [nats]
[egress] [observability] [webhooks.dlq] [webhooks.dispatch]` and `test_url` are read at run time.

A table that switches something on (`signing`, `batching`, `rate_limiting`, `prometheus`,
`tracing`) is on where it is written and says nothing else, and off where it is absent.
"""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from fql.plan.environment import references_in
from fql.plan.policy.keys import Kind
from fql.plan.web.addresses import has_host_bits, parse_network
from fql.settings.contract_table import ContractSource
from fql.settings.page_table import Ui
from fql.settings.policies import (
    Batching,
    Circuit,
    RateLimiting,
    Retry,
    Signing,
    Table,
    given_policies,
    policies_of,
)
from fql.settings.secrets import SecretFiles
from fql.settings.source_tables import SourceTable
from fql.settings.values import (
    DAY,
    BrokerUrls,
    Duration,
    OwnFiles,
    Ports,
    ServerUrl,
    Size,
    StreamName,
    Words,
    lasts,
    within,
)

_HOST = re.compile(r"(?=.*[A-Za-z])[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*")


def _project_name(name: str) -> str:
    if not re.fullmatch(r"[a-z][a-z0-9_]{0,39}", name):
        raise ValueError(
            f"{name!r} cannot be part of the names of tables: write 1 to 40 of a-z, 0-9 and _,"
            " beginning with a letter"
        )
    return name


def _schema_name(name: str) -> str:
    if not re.fullmatch(r"[a-z_][a-z0-9_]{0,62}", name) or name.startswith("pg_"):
        raise ValueError(
            f"{name!r} cannot be the name of a schema: write 1 to 63 of a-z, 0-9 and _, not"
            " beginning with a digit or pg_"
        )
    return name


def _object_path(text: str) -> str:
    if text and not re.fullmatch(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*", text):
        raise ValueError(f"{text!r} is not `module:NAME`, such as `shop.calls:CALLS`")
    return text


class Project(Table):
    """The project itself."""

    name: Annotated[str, AfterValidator(_project_name)] = Field(
        "main",
        description="shown in logs, and part of the names of capture's tables and triggers;"
        " with another name it is another project",
    )
    version: str = Field(
        "",
        description="the version that `fqlc export` writes into its documents, as it is written"
        " here; without it a digest of what they say",
    )
    files: OwnFiles = Field(
        (".",),
        description="files and folders of the project that a command takes when it is given none",
    )
    calls: Annotated[str, AfterValidator(_object_path)] = Field(
        "",
        description="where `fqlc run` finds the functions of `call` actions: `module:NAME` of a"
        " dict from names to functions; the module is imported from the folder of fql.toml",
    )
    exclude: OwnFiles = Field(
        (),
        description="folders, or patterns such as `old/*.fql`, that are left out when a folder is"
        " read",
    )


def _allowed(entries: tuple[str, ...]) -> tuple[str, ...]:
    """A slip here would open nothing, or another network than was meant."""
    for entry in entries:
        if not (parse_network(entry) or _HOST.fullmatch(entry) or any(references_in(entry))):
            if has_host_bits(entry):
                raise ValueError(
                    f"{entry!r} has bits after its prefix: write the address alone, or the network"
                    " with zeros there, such as 10.1.0.0/16"
                )
            raise ValueError(f"{entry!r} is neither a network such as 10.1.0.0/16 nor a host name")
    return entries


Allowed = Annotated[Words, AfterValidator(_allowed)]
"""Networks and host names."""


BACKEND_KEYS = {
    "sqlite": {"table"},
    "postgresql": {"table", "schema", "url"},
    "file": {"path", "rotation", "compress"},
    "nats": {"stream", "bucket"},
}
"""Keys that not all backends of the dead letter queue read; without a `backend` it is the store's
own database."""


class DeadLetters(Table):
    """Where dead letters can be read besides the commands, and how long they are kept."""

    enabled: bool = Field(True, description="show or copy dead letters in the backend")
    backend: Literal["sqlite", "postgresql", "file", "nats"] | None = Field(
        None, description="where; by default the store's own database"
    )
    table: str = Field(
        "webhook_dlq", description="name of the table or view (`sqlite`, `postgresql`)"
    )
    schema_: Annotated[str, AfterValidator(_schema_name)] = Field(
        "public", alias="schema", description="its schema (`postgresql`)"
    )
    url: ServerUrl | None = Field(
        None,
        description="the database of the copy (`postgresql`); by default the store's own, where a"
        " view shows the store's entries",
    )
    path: str = Field("", description="file of JSON lines (`file`)")
    rotation: Literal["daily", "none"] = Field("daily", description="at midnight UTC (`file`)")
    compress: bool = Field(True, description="gzip rotated files (`file`)")
    stream: StreamName = Field(
        "WEBHOOK_DLQ", description="stream that records what became of each dead letter (`nats`)"
    )
    bucket: StreamName = Field(
        "webhook-failures", description="key-value bucket of the open dead letters (`nats`)"
    )
    retention: Annotated[Duration, lasts(1, 3_650 * DAY)] = Field(
        7 * DAY, description="how long dead letters are kept"
    )
    max_size: Annotated[Size, within(Kind.SIZE, 1, 10**15)] = Field(
        10_000_000_000,
        description="above this size, or half of `[store] max_size`, the oldest dead letters are"
        " removed",
    )

    @model_validator(mode="after")
    def _fits_backend(self) -> DeadLetters:
        own = BACKEND_KEYS["sqlite"] | BACKEND_KEYS["postgresql"]
        read = own if self.backend is None else BACKEND_KEYS[self.backend]
        written = {field.rstrip("_") for field in self.model_fields_set}
        idle = sorted(set().union(*BACKEND_KEYS.values()) & written - read)
        if idle:
            with_one = f"with backend `{self.backend}`" if self.backend else "without a backend"
            raise ValueError(f"`{idle[0]}` has no effect {with_one}")
        if self.backend is None and self.url is not None:
            raise ValueError('`url` is the place of a copy: write backend = "postgresql" as well')
        if self.backend == "file" and not self.path:
            raise ValueError("backend `file` needs a `path`")
        return self


class Dispatch(Table):
    """How events are accepted and how much is held in memory."""

    is_async: bool = Field(
        True, alias="async", description="`emit` returns when durable, not when its runs have ended"
    )
    timeout: Annotated[Duration, lasts(0, DAY)] = Field(
        30_000, description="how long `emit` waits with `async = false`"
    )
    background_retry: bool = Field(True, description="`false`: no attempt after the first")
    max_queue_size: Annotated[int, Field(ge=1, le=10_000_000)] = Field(
        1_000, description="events and actions held in memory"
    )
    max_in_flight: Annotated[int, Field(ge=1, le=10_000)] = Field(
        256, description="requests on the wire at once"
    )
    drain: Annotated[Duration, lasts(0, 3_600_000)] = Field(
        25_000,
        description="how long what is on the wire may take to end when the engine is stopped; a"
        " supervisor should wait 10 s longer",
    )
    crash_budget: Annotated[int, Field(ge=1, le=1_000)] = Field(
        5, description="crashes in a row after which an action is dead"
    )


@policies_of("webhooks")
class Webhooks(Table):
    """Policies of all actions, and what holds for the whole runtime."""

    test_url: str | None = Field(None, description="send every request here instead")
    retry: Retry = Field(default_factory=Retry.model_construct)
    signing: Signing | None = None
    batching: Batching | None = None
    rate_limiting: RateLimiting | None = None
    circuit: Circuit = Field(default_factory=Circuit.model_construct)
    dlq: DeadLetters = Field(default_factory=DeadLetters.model_construct)
    dispatch: Dispatch = Field(default_factory=Dispatch.model_construct)


class Store(Table):
    """Where open work, runs and dead letters are kept."""

    url: str = Field(
        "sqlite:///fql.db",
        description="`memory:`, `sqlite:///path`, `postgresql://...` or `nats://host:4222`",
    )
    schema_: Annotated[str, AfterValidator(_schema_name)] | None = Field(
        None,
        alias="schema",
        description="schema of the store's tables (`postgresql`); by default `fql_` and the"
        " project's name",
    )
    engines: Literal["shared", "single"] = Field(
        "shared",
        description="whether several engines share the work (`postgresql`), or one works and the"
        " others stand by; the same for all of them",
    )
    max_open: Annotated[int, Field(ge=1, le=10**9)] = Field(
        200_000,
        description="with so many runs open, nothing is taken in until some have ended (`nats`,"
        " where all are in memory)",
    )
    keep_runs: Annotated[Duration, lasts(0, 3_650 * DAY)] = Field(
        DAY, description="how long finished runs are kept"
    )
    keep_unmatched: Annotated[int, Field(ge=0, le=10**7)] = Field(
        10_000,
        description="how many events without a run are kept, the newest ones, at most 100 of a"
        " second, for `keep_runs`; `fqlc trace` says why there is no run; 0 keeps none",
    )
    max_size: Annotated[Size, within(Kind.SIZE, 1, 10**15)] = Field(
        10_000_000_000,
        description="above this size the oldest finished runs are removed, which is logged;"
        " `fqlc store vacuum` makes the file smaller",
    )
    remember: Annotated[Duration, lasts(1, 3_650 * DAY)] = Field(
        7 * DAY, description="how long event keys are remembered"
    )
    remember_max: Annotated[int, Field(ge=1, le=10**12)] = Field(
        50_000_000, description="the most event keys that are remembered"
    )


class Egress(Table):
    """Which addresses and ports requests may go to besides public ones."""

    allow: Allowed = Field(
        (),
        description='networks, such as "10.1.0.0/16", and local host names to look up, such as'
        ' "orders.internal"',
    )
    ports: Ports = Field((), description="ports below 1024 besides 80 and 443")


class Prometheus(Table):
    """A metrics port."""

    enabled: bool = Field(True, description="serve metrics")
    host: str = Field(
        "127.0.0.1", description='address to listen on; "0.0.0.0" lets other machines connect'
    )
    port: Annotated[int, Field(ge=0, le=65_535)] = Field(9090, description="0 takes a free one")
    namespace: Annotated[str, Field(pattern=r"^[a-zA-Z_][a-zA-Z0-9_]*$")] = Field(
        "fql", description="prefix of the metrics' names"
    )


class Tracing(Table):
    """OpenTelemetry spans of runs and attempts."""

    enabled: bool = Field(True, description="create spans, and send `traceparent` of each attempt")


class Logging(Table):
    """What `fqlc run` writes to standard error."""

    level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="lowest level that is written"
    )
    format: Literal["auto", "json", "text"] = Field(
        "auto", description="`auto`: text on a terminal, JSON lines elsewhere"
    )


class Observability(Table):
    """What can be seen from outside."""

    prometheus: Prometheus | None = None
    tracing: Tracing | None = None
    logging: Logging = Field(default_factory=Logging.model_construct)


class Nats(Table):
    """The NATS servers that sources, dead letters and `publish` use."""

    url: BrokerUrls = Field(
        description='`nats://host:4222` or `tls://host:4222`; a list, `["nats://a", "nats://b"]`,'
        " for several servers of a cluster",
    )
    credentials: str = Field(
        "", description="a credentials file (`.creds`), or `${NAME}` with what is in it"
    )


class Settings(Table):
    """All settings of `fql.toml`."""

    project: Project = Field(default_factory=Project.model_construct)
    webhooks: Webhooks = Field(default_factory=Webhooks.model_construct)
    store: Store = Field(default_factory=Store.model_construct)
    sources: dict[str, SourceTable] = Field(default_factory=dict)
    nats: Nats | None = None
    egress: Egress = Field(default_factory=Egress.model_construct)
    observability: Observability = Field(default_factory=Observability.model_construct)
    ui: Ui = Field(default_factory=Ui.model_construct)
    secrets: SecretFiles = Field(default_factory=SecretFiles.model_construct)
    contracts: dict[str, ContractSource] = Field(default_factory=dict)


def policy_settings(settings: Settings) -> dict[str, object]:
    """The policies that `fql.toml` really sets, by their key in a plan (`fql.plan.policy.table`).
    Switched-on tables bring their defaults along. Secrets keep their `${NAME}`."""
    return given_policies(settings.webhooks)
