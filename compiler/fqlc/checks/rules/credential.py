"""FQL322: a literal that looks like a credential. The value is masked in the message."""

from __future__ import annotations

import re
from collections.abc import Iterator

from fqlc.checks.model import Program
from fqlc.diagnostics.sink import Sink
from fqlc.syntax import ast

_SHAPES = (
    ("a Stripe key", re.compile(r"\b[sr]k_(?:live|test)_[0-9A-Za-z]{10,}")),
    ("a webhook secret", re.compile(r"\bwhsec_[0-9A-Za-z+/=]{16,}")),
    ("a GitHub token", re.compile(r"\bgh[pousr]_[0-9A-Za-z]{20,}|\bgithub_pat_[0-9A-Za-z_]{20,}")),
    ("a Slack token", re.compile(r"\bxox[abprs]-[0-9A-Za-z-]{10,}")),
    ("an AWS access key", re.compile(r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b")),
    ("a Google key", re.compile(r"\bAIza[0-9A-Za-z_-]{35}")),
    ("a private key", re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----")),
    ("a JSON web token", re.compile(r"\beyJ[0-9A-Za-z_-]{10,}\.eyJ[0-9A-Za-z_-]{10,}\.")),
    ("a bearer token", re.compile(r"(?i)^bearer\s+(?!\{\{)(?=\S*\d)[0-9A-Za-z._~+/=-]{16,}$")),
    ("basic credentials", re.compile(r"(?i)^basic\s+[0-9A-Za-z+/]{8,}={0,2}$")),
)  # fmt: skip


def check(program: Program, sink: Sink) -> None:
    """Look at every text of every block; texts of `test` blocks are made up."""
    for file in program.project.files:
        for declaration in file.declarations:
            if isinstance(declaration, ast.Block) and declaration.kind.text != "test":
                for text in _texts_of_block(declaration):
                    _judge(text, sink)


def _judge(text: ast.StringLiteral, sink: Sink) -> None:
    for what, shape in _SHAPES:
        found = shape.search(text.value)
        if found is not None:
            sink.error(
                "FQL322",
                f"this text looks like {what}: `{_masked(found.group())}`",
                text.inside(found.start(), found.end()),
                label="a secret does not belong into a source",
                help=(
                    'take it from the environment: `"${NAME}"`',
                    "a secret that was committed is no secret any more: replace it",
                ),
            )
            return


def _masked(text: str) -> str:
    return f"{text[:4]}{'*' * 6}"


def _texts_of_block(block: ast.Block) -> Iterator[ast.StringLiteral]:
    for entry in block.entries:
        yield from _texts(entry.value)
    for child in block.blocks:
        yield from _texts_of_block(child)


def _texts(expr: ast.Expr) -> Iterator[ast.StringLiteral]:
    waiting: list[object] = [expr]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.StringLiteral):
            yield node
        elif isinstance(node, ast.ObjectLiteral):
            waiting.extend(entry.value for entry in reversed(node.entries))
        elif isinstance(node, ast.ListLiteral):
            waiting.extend(reversed(node.items))
        elif isinstance(node, ast.EachOf):
            waiting.append(node.body)
        elif isinstance(node, ast.Parenthesised):
            waiting.append(node.inner)
        elif isinstance(node, ast.BinaryOf):
            waiting += [node.right, node.left]
