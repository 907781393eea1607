"""The one table of blocks and keys. The checker reads it, and the reference is printed from it."""

from __future__ import annotations

from collections.abc import Iterator

from fql.plan.policy import table as policies
from fql.plan.policy.keys import Key, Kind
from fql.plan.web.formats import FORMATS
from fqlc.checks.table.answers import FAILURES
from fqlc.checks.table.keys import BlockKind

_WHEN = "Events for which it is not true are skipped."

OBSERVER = BlockKind(
    "observer",
    "Watches the rows of an entity, and runs its actions when they change.",
    (
        Key("on", Kind.TRIGGERS, "The events it watches.", required=True),
        Key("when", Kind.CONDITION, _WHEN, default="true"),
        Key("order_by", Kind.ORDER, "One run at a time for events with the same value, in the "
            "order of the source.", keys=(
                Key("by", Kind.BODY, "The value.", required=True),
                Key("on_dead", Kind.WORD, "What a dead run does to the runs after it.",
                    default="skip", words=("skip", "block")),
            )),
        *policies.SENDING,
    ),
    blocks=("webhook", "publish", "call"),
    flow=True,
)  # fmt: skip

WEBHOOK = BlockKind(
    "webhook",
    "One HTTP call.",
    (
        Key("url", Kind.TEXT, "Where to send; or name an `endpoint`."),
        Key("endpoint", Kind.NAME, "The receiver; or give a `url`.", names="endpoint"),
        Key("path", Kind.TEXT, "Appended to the url of the endpoint; must start with `/`."),
        Key("method", Kind.WORD, "The HTTP method.", default="POST",
            words=("POST", "PUT", "PATCH", "DELETE", "GET"), word_code="FQL361"),
        Key("body", Kind.BODY, "What is sent; without it the event's envelope."),
        Key("format", Kind.WORD, "What the body is on the wire.", default="json", words=FORMATS),
        Key("when", Kind.CONDITION, _WHEN, default="true"),
        Key("response", Kind.TYPE, "The type of the answer, so that later actions can read it."),
        Key("contract", Kind.CONTRACT, "`null`: the contract of the endpoint does not hold here; "
            "or JSON Schemas of what is sent and answered.", keys=(
                Key("body", Kind.TEXT, "A JSON Schema file, perhaps with `#/pointer`, that the "
                    "body must fit."),
                Key("response", Kind.TEXT, "The same for the answer."),
            )),
        policies.BATCH,
        *policies.SENDING,
    ),
)  # fmt: skip

_ACCEPTS = Key("accepts", Kind.WORDS, "`[sensitive]` allows values marked `@sensitive` to be sent.",
               words=("sensitive",))  # fmt: skip

PUBLISH = BlockKind(
    "publish",
    "One message to a NATS JetStream stream.",
    (
        Key("subject", Kind.TEXT, "Where it is sent: tokens separated by dots, which may "
            "contain values.", required=True),
        Key("headers", Kind.HEADERS, "Headers of the message. Headers of other levels are for "
            "HTTP, and are not sent."),
        Key("body", Kind.BODY, "What is published, as JSON; without it the event's envelope."),
        Key("when", Kind.CONDITION, _WHEN, default="true"),
        _ACCEPTS,
        *policies.PUBLISHING,
    ),
)  # fmt: skip

CALL = BlockKind(
    "call",
    "One call of a function of the application.",
    (
        Key("function", Kind.FUNCTION, "The function, by the name that the application registers "
            "it under.", required=True),
        Key("arguments", Kind.ARGUMENTS, "The arguments it is called with, by name."),
        Key("response", Kind.TYPE, "The type of what it returns, so that later actions can read "
            "it."),
        Key("when", Kind.CONDITION, _WHEN, default="true"),
        _ACCEPTS,
        *policies.CALLING,
    ),
)  # fmt: skip

ENDPOINT = BlockKind(
    "endpoint",
    "A receiver that several actions share.",
    (
        Key("url", Kind.TEXT, "Scheme, host, port and the beginning of the path.", required=True),
        Key("contract", Kind.TEXT, "An OpenAPI document (3.0 to 3.2, JSON or YAML), relative to "
            "this file: what is sent to the receiver is checked by it."),
        _ACCEPTS,
        *policies.SENDING,
        *policies.RECEIVING,
    ),
)  # fmt: skip

RETRY = BlockKind("retry", "A retry policy with a name.", policies.RETRY_KEYS)

DEFAULTS = BlockKind(
    "defaults",
    "Policies of the whole project; they take precedence over `fql.toml`.",
    (*policies.SENDING, *policies.RECEIVING),
    named=False,
)

TEST = BlockKind(
    "test",
    "One event and what must happen; run by `fqlc test`.",
    (
        Key("observer", Kind.NAME, "The observer under test.", required=True, names="observer"),
        Key("event", Kind.TRIGGER, "The event.", required=True),
        Key("old", Kind.ROW, "The row before."),
        Key("new", Kind.ROW,
            "The row after the change; in an update its fields replace those "
            "of `old`."),
        Key("respond", Kind.ANSWERS, "What receivers answer: an object, or a list of "
            "objects, one for each attempt in turn.", keys=(
                Key("status", Kind.INT, "The HTTP status.", default="200", least=100, most=599,
                    range_code="FQL381"),
                Key("body", Kind.BODY, "The answer."),
                Key("delay", Kind.DURATION,
                    "How long the answer takes; if longer than "
                    "`timeout`, there is none.",
                    default="0s"),
                Key("headers", Kind.HEADERS, "Headers of the answer; `Retry-After` is honoured."),
                Key("failure", Kind.WORD, "There is no answer at all, for this reason.",
                    words=FAILURES),
            )),
        Key("expect", Kind.OBJECT, "What must happen.", required=True, keys=(
            Key("sent", Kind.NAMES, "The actions that are sent, as a set.", required=True),
            Key("skipped", Kind.NAMES, "The actions whose own `when` is false, as a set."),
            Key("dead", Kind.NAMES, "The actions that are given up on, as a set."),
            Key("attempts", Kind.BY_ACTION, "How often each action is tried."),
            Key("bodies", Kind.BY_ACTION, "The whole body that each action sends first."),
            Key("subjects", Kind.BY_ACTION, "The subject that each `publish` sends to first."),
            Key("arguments", Kind.BY_ACTION, "All arguments of each `call`, the first time."),
        )),
    ),
)  # fmt: skip

ACTIONS = {b.name: b for b in (WEBHOOK, PUBLISH, CALL)}
"""The kinds of actions by name."""

BLOCKS = {b.name: b for b in (OBSERVER, *ACTIONS.values(), ENDPOINT, RETRY, DEFAULTS, TEST)}
"""Every kind of block by name."""

TOP_LEVEL = ("observer", "endpoint", "retry", "defaults", "test")
"""Blocks that are at the top level."""


def keys_of(block: BlockKind) -> Iterator[tuple[str, Key]]:
    """All keys of a block with their dotted names, those of objects included."""
    for key in block.keys:
        yield key.name, key
        for sub in key.keys:
            yield f"{key.name}.{sub.name}", sub
