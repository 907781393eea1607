"""Keys as other systems call them, and what to write for keys that have no counterpart."""

from __future__ import annotations

_CALLED = {
    "when": ("condition", "if", "where", "filter"),
    "body": ("payload", "data", "json"),
    "on": ("event", "events", "trigger", "triggers"),
    "url": ("href", "address", "uri", "target"),
    "subject": ("topic", "channel", "stream", "queue", "routing_key"),
    "function": ("handler", "callable", "callback", "func"),
    "arguments": ("args", "kwargs", "params", "parameters", "body", "payload"),
    "response": ("returns", "result"),
    "contract": ("openapi", "swagger", "spec", "schema", "api"),
    "method": ("verb",),
    "new": ("given",),
    "max_attempts": ("retries", "attempts", "max_retries", "tries"),
    "retry": ("retries", "max_retries", "retry_policy"),
    "initial_delay": ("delay",),
    "multiplier": ("factor", "backoff_factor"),
    "max_per_second": ("rate",),
    "timeout": ("interval", "deadline"),
}
_ACTION = 'an action is a block with a name: `webhook NAME { url: "https://..." }`'
_ORDER = "the order of actions is the observer's: `flow { first -> second }`"
_FAILURE = "what runs after a failure is written in the observer: `flow { first else second }`"
_API_KEY = (
    'an API key is sent as a header: `auth: { type: header, header: "X-Api-Key", value: "${KEY}" }`'
)
INSTEAD = {
    "flow": "`flow` is a block: write `flow { first -> second }`, without a colon",
    **dict.fromkeys(("webhook", "webhooks", "action", "actions", "steps", "hooks", "do"), _ACTION),
    **dict.fromkeys(("depends_on", "dependsOn", "needs", "requires", "after", "before", "then",
                     "next", "dependencies", "run_after", "on_success"), _ORDER),
    **dict.fromkeys(("on_failure", "on_error", "catch", "fallback", "else"), _FAILURE),
    **dict.fromkeys(("api_key", "apikey", "apiKey", "api_token"), _API_KEY),
}  # fmt: skip
"""What to write in the place of keys that have no counterpart of one word."""
OTHER_WORDS = {
    word: tuple(key for key, words in _CALLED.items() if word in words)
    for word in sorted({word for words in _CALLED.values() for word in words})
}
"""Keys as other systems call them."""
