"""Pages of FQL321 to FQL332, FQL361 to FQL371: secrets, private data, receivers."""

from __future__ import annotations

from fqlc.diagnostics.pages.model import BOTH, Page, observer

_PRIVATE = """\
entity Order {
  id: UUID @key
  email: String @sensitive
}
"""


def _hook(inside: str, *, private: bool = False) -> str:
    body = f"on: Order.insert\nwebhook crm {{\n{inside}\n}}"
    return observer(body, entity=_PRIVATE) if private else observer(body)


_URL = '  url: "https://crm.example.com/orders"\n'

PAGES = (
    Page(
        code="FQL321",
        fixable=True,
        title="secret in a place where it would be stored or shown",
        why="Bodies and conditions are kept in the dead letter queue and shown by commands. "
        "`${NAME}` is allowed in headers, urls, paths, auth, signing and encryption, whose values "
        "are masked everywhere.",
        wrong=_hook(_URL + '  body: { token: "${CRM_TOKEN}" }'),
        right=_hook(_URL + '  headers: { "Authorization": "Bearer ${CRM_TOKEN}" }'),
    ),
    Page(
        code="FQL322",
        title="literal that looks like a credential",
        why="Sources are kept, copied and shown. A credential belongs in the environment; the "
        "message shows it masked.",
        wrong=_hook(
            _URL
            + '  headers: { "Authorization": "Bearer sk_live_'
            + "4eC39HqLyjWDarjtT1zdp7dc"
            + '" }'
        ),
        right=_hook(_URL + '  headers: { "Authorization": "Bearer ${CRM_TOKEN}" }'),
    ),
    Page(
        code="FQL331",
        title="sensitive value leaves unencrypted",
        why="A field marked `@sensitive`, or a value computed from it, goes to a receiver that "
        "does "
        "not accept it. Leave it out, encrypt the field, or declare `accepts: [sensitive]` at the "
        "endpoint.",
        wrong=_hook(_URL + "  body: { id, email }", private=True),
        right=_hook(_URL + "  body: { id }", private=True),
    ),
    Page(
        code="FQL332",
        title="plain http, forbidden address or scheme",
        why="Over plain http everybody on the way can read and change what is sent (warning). "
        "Addresses in the local network, such as the metadata service of a cloud, and schemes "
        "besides http and https are refused (error).",
        wrong=_hook('  url: "http://crm.example.com/orders"'),
        right=_hook(_URL),
        severities=BOTH,
    ),
    Page(
        code="FQL361",
        fixable=True,
        title="invalid url, header name, header value, method, path or subject",
        why="The request could not be built or would be read differently by different servers.",
        wrong=_hook(_URL + '  headers: { "X Name": "a" }'),
        right=_hook(_URL + '  headers: { "X-Name": "a" }'),
    ),
    Page(
        code="FQL362",
        title="`Content-Type` that does not fit the body",
        why="A body is sent as its `format` says, without one as JSON, texts with their quotes. A "
        "receiver that expects a form or XML would misread it.",
        wrong=_hook(_URL + '  headers: { "Content-Type": "application/x-www-form-urlencoded" }'),
        right=_hook(_URL + '  headers: { "Content-Type": "application/vnd.api+json" }'),
    ),
    Page(
        code="FQL371",
        title="incomplete or weak setting of signing or encryption",
        why="A signature without a secret proves nothing, and an unknown algorithm protects "
        "nothing.",
        wrong=_hook(_URL + "  signing: { scheme: standard }"),
        right=_hook(_URL + '  signing: { scheme: standard, secret: "${CRM_SECRET}" }'),
    ),
)
