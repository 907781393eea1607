"""The one token table: the lexer, the messages, the printer and the editor grammars read it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Operator:
    """A binary operator: how tightly it binds (higher binds tighter) and its name in the plan."""

    binding: int
    plan_name: str
    right: bool = False


OPERATORS: dict[str, Operator] = {
    "||": Operator(1, "or"),
    "&&": Operator(2, "and"),
    "==": Operator(4, "eq"),
    "!=": Operator(4, "ne"),
    "<": Operator(4, "lt"),
    "<=": Operator(4, "le"),
    ">": Operator(4, "gt"),
    ">=": Operator(4, "ge"),
    "in": Operator(4, "in"),
    "not in": Operator(4, "not_in"),
    "??": Operator(5, "coalesce", right=True),
    "+": Operator(6, "add"),
    "-": Operator(6, "sub"),
    "*": Operator(7, "mul"),
    "/": Operator(7, "div"),
    "%": Operator(7, "mod"),
}
"""Binary operators in the formatter's spelling."""

NOT_BINDING = 3
COMPARISON_BINDING = 4
NEGATION_BINDING = 8

ACCEPTED_SPELLINGS: dict[str, str] = {
    "AND": "&&", "OR": "||", "NOT": "!", "IN": "in", "NOT IN": "not in",
}  # fmt: skip
"""Spellings of SQL that mean the same; the formatter rewrites them."""

SIGNS: dict[str, str] = {
    "{": "LBRACE", "}": "RBRACE", "[": "LBRACKET", "]": "RBRACKET", "(": "LPAREN", ")": "RPAREN",
    ":": "_COLON", ",": "_COMMA", ".": "DOT", "?.": "QDOT", "?": "QUESTION", "@": "AT",
    "->": "_ARROW", "..": "_RANGE", "...": "SPREAD", "=": "EQUALS", "!": "BANG", "-": "MINUS",
    "||": "OP", "&&": "OP", "==": "OP", "!=": "OP", "<": "OP", "<=": "OP", ">": "OP", ">=": "OP",
    "??": "OP", "+": "OP", "*": "OP", "/": "OP", "%": "OP",
}  # fmt: skip
"""Punctuation and the terminal that it is in the grammar."""

BRACKETS: dict[str, str] = {"{": "}", "[": "]", "(": ")"}
"""Each opening bracket and the one that closes it."""

CLOSER_OF: dict[str, str] = {SIGNS[a]: SIGNS[b] for a, b in BRACKETS.items()}
"""The same as terminals."""

OPENERS = frozenset(CLOSER_OF)
CLOSERS = frozenset(CLOSER_OF.values())

RESERVED: dict[str, str] = {
    "true": "WORD", "false": "WORD", "null": "WORD", "each": "EACH", "if": "IF",
    "then": "THEN", "else": "ELSE",
    "in": "OP", "IN": "OP", "AND": "OP", "OR": "OP", "not": "BANG", "NOT": "BANG",
}  # fmt: skip
"""Words that are not bare names. Before `:` and after `.` they are names like all others."""

TOP_LEVEL: dict[str, str] = {
    "import": "IMPORT", "enum": "ENUM", "type": "TYPE", "entity": "ENTITY", "let": "LET",
    "endpoint": "NAME", "retry": "NAME", "defaults": "NAME", "observer": "NAME", "test": "NAME",
}  # fmt: skip
"""Words that begin a declaration, and the terminal they are there; elsewhere they are names."""

DURATION_UNITS = ("ms", "s", "m", "h", "d")
SIZE_UNITS = ("B", "KB", "MB", "GB", "TB", "KiB", "MiB", "GiB", "TiB")
"""The units of time and of sizes; how long and how large they are is `fql.plan.language.units`."""

ESCAPES: dict[str, str] = {
    "n": "\n", "r": "\r", "t": "\t", "\\": "\\", '"': '"', "'": "'", "$": "$", "{": "{",
}  # fmt: skip
"""What is after a backslash in a string, besides `u{...}`, and what it means."""

WORD_PATTERN = r"[A-Za-z_][A-Za-z0-9_]*+"
STRING_PATTERN = (
    r'"[^"\\\r\n]*+(?:\\[^\r\n][^"\\\r\n]*+)*+"' r"|'[^'\\\r\n]*+(?:\\[^\r\n][^'\\\r\n]*+)*+'"
)
TRIPLE_PATTERN = r'"""(?:[^"\\]|\\[\s\S]|"(?!""))*+"""'

URL_PATTERN = r"https?://[^\s\"',}\])]*+"
"""A url that lacks its quotes, up to where it can be told to end."""

TOKEN_PATTERN = "".join(
    (
        r"[ \t\r\n]*+(?:",
        r"(?P<NOT_IN>(?:not[ \t\r\n]++in|NOT[ \t\r\n]++IN)\b)",
        rf"|(?P<URL>{URL_PATTERN})",
        rf"|(?P<WORD>{WORD_PATTERN}(?!\w))",
        r"|(?P<WIDE>[^\W\d]\w*+)",
        r"|(?P<FOREIGN>===|!==|=>|<>|&\.|-->|;|//[^\r\n]*+|--[ \t]+[^\r\n]*+",
        r"|::|:=|=~|!~|\*\*|\.\.[=<]|<<[-~]?[A-Z_]{2,}\b|'''[\s\S]*?'''",
        r"|/\*(?:[^*]|\*(?!/))*+(?:\*/)?|`[^`\r\n]*+`|[\u201c\u2018][^\u201d\u2019\r\n]*+[\u201d\u2019])",
        r"|(?P<SIGN>\.\.\.|\.\.|->|[=!<>]=|&&|\|\||\?\?|\?\.|[{}\[\]():,.?@+\-*/%<>!=])",
        rf"|(?P<TRIPLE>{TRIPLE_PATTERN})",
        r'|(?P<OPEN_TRIPLE>""")',
        rf"|(?P<STRING>{STRING_PATTERN})",
        r"|(?P<OPEN_STRING>[\"'][^\r\n]*+)",
        r"|(?P<NUMBER>[0-9][0-9_]*+(?:\.[0-9][0-9_]*+)*+[A-Za-z0-9_]*+)",
        r"|(?P<COMMENT>#[^\r\n]*+)",
        r"|(?P<AMP>[&|])",
        r"|(?P<END>\Z)",
        r"|(?P<ODD>[\u2265\u2264\u2260\u2192\u2212\u2013\u2014\u00d7\u00f7\u2026\u2227\u2228\u00ac\u2208\u2209]",
        r"|[\uff01\uff04-\uff06\uff08-\uff0f\uff1a-\uff20\uff3b-\uff40\uff5b-\uff5e]",
        r"|[\u00a0\u00ad\u1680\u2000-\u200d\u202f\u205f\u2060\u3000\ufeff]++)",
        r"|(?P<BAD>[^\x00-\x7f]++|[\s\S])",
        r")",
    )
)
"""All tokens in one regular expression; without backtracking, so linear on any input."""

WORDS: dict[str, str] = {
    "NAME": "a name", "KEY": "a key and `:`", "QKEY": 'a `"key":`', "STRING": "a text in quotes",
    "NUMBER": "a number", "DOC": 'documentation in `"""`', "WORD": "`true`, `false` or `null`",
    "LBRACE": "`{`", "RBRACE": "`}`", "LBRACKET": "`[`", "RBRACKET": "`]`", "LPAREN": "`(`",
    "RPAREN": "`)`", "_COLON": "`:`", "_COMMA": "`,`", "DOT": "`.`", "QDOT": "`?.`",
    "QUESTION": "`?`", "AT": "an attribute such as `@key`", "_ARROW": "`->`", "_RANGE": "`..`",
    "SPREAD": "`...`", "EQUALS": "`=`", "BANG": "`!`", "MINUS": "`-`", "OP": "an operator",
    "EACH": "`each`", "IF": "`if`", "THEN": "`then`", "ELSE": "`else`",
    "FLOW": "`flow`", "FROM": "`from`", "IMPORT": "`import`",
    "ENUM": "`enum`", "TYPE": "`type`", "ENTITY": "`entity`", "LET": "`let`",
    "$END": "the end of it",
}  # fmt: skip
"""How messages call a terminal. These are all terminals of the grammar."""
