"""The spellings of other languages, one row each: what is written, where, what is meant.

Of the rows for one word or sign the first that fits counts.
"""

from __future__ import annotations

from fqlc.syntax.foreign import texts
from fqlc.syntax.foreign.spelling import Spelling, Where, words

_W = Where
_CHOICE = ("write `if test then a else b`", "for an enum: `x.case({ member: value })`")
_COMPARE_TEXT = ("write `.starts_with(...)`, `.ends_with(...)`, `.contains(...)` or "
                 "`.matches(...)`",)  # fmt: skip
_NO_FUNCTIONS = ("write the condition itself; fields are written by their names",)
_INSERT = ("a field is inserted with `{{ name }}`",)
_SEVERAL_LINES = 'a text of several lines is written between `"""`'
_ANY = ("write `list.any(x, ...)`",)

HEADS = (
    *words(_W.HEAD, "let", "const var val"),
    *words(_W.HEAD, "entity", "table model"),
    *words(_W.HEAD, "type", "class struct interface input record message"),
    *words(_W.HEAD, "import", "include require"),
)

MODIFIERS = frozenset(
    {"export", "default", "public", "private", "protected", "internal", "pub", "abstract", "final",
     "sealed", "open", "static", "async", "declare", "data", "readonly", "extern"}
)  # fmt: skip
"""Words that other languages put before a declaration or a field; nothing is meant by them."""

TYPES = (
    *words(_W.TYPE, "String", "str text varchar char nvarchar character"),
    *words(_W.TYPE, "Int", "integer int4 int8 bigint smallint serial bigserial long i8 i16 i32 "
           "i64 u8 u16 u32 u64 usize isize"),
    *words(_W.TYPE, "Float", "double real float4 float8 f32 f64"),
    *words(_W.TYPE, "Decimal", "numeric bigdecimal"),
    *words(_W.TYPE, "Boolean", "bool bit"),
    *words(_W.TYPE, "DateTime", "timestamp timestamptz instant"),
    *words(_W.TYPE, "JSON", "jsonb dict map record hashmap mapping"),
    *words(_W.TYPE, "UUID", "guid"),
)  # fmt: skip

GENERICS = (
    *words(_W.GENERIC, "[<1>]", "list array vec set sequence iterable mutablelist"),
    *words(_W.GENERIC, "<1>?", "optional option maybe nullable"),
)

CONSTRAINTS = (
    Spelling("NOT NULL", _W.CONSTRAINT, ""),
    Spelling("PRIMARY KEY", _W.CONSTRAINT, " @key"),
    *words(_W.CONSTRAINT, "?", "NULL"),
    *words(_W.CONSTRAINT, "", "UNIQUE AUTO_INCREMENT AUTOINCREMENT"),
    *words(_W.CONSTRAINT, None, "NOT PRIMARY KEY DEFAULT REFERENCES CHECK FOREIGN COLLATE "
           "GENERATED IDENTITY ON CASCADE"),
)  # fmt: skip

LOOKS = (
    *words(_W.LOOKS, ">=", "\u2265"),
    *words(_W.LOOKS, "<=", "\u2264"),
    *words(_W.LOOKS, "!=", "\u2260"),
    *words(_W.LOOKS, "->", "\u2192"),
    *words(_W.LOOKS, "-", "\u2212 \u2013 \u2014"),
    *words(_W.LOOKS, "*", "\u00d7"),
    *words(_W.LOOKS, "/", "\u00f7"),
    *words(_W.LOOKS, "...", "\u2026"),
    *words(_W.LOOKS, "&&", "\u2227"),
    *words(_W.LOOKS, "||", "\u2228"),
    *words(_W.LOOKS, "!", "\u00ac"),
    *words(_W.LOOKS, "in", "\u2208"),
    *words(_W.LOOKS, "not in", "\u2209"),
)

_EQUALS = (
    Spelling("=", _W.ANYWHERE, "", "a declaration has no `=` before its brace",
             before="DECLARES NAME", after="{"),
    Spelling("= PLAIN", _W.ENUM, "", "members of an enum have no values", once=True),
    Spelling("=", _W.ENUM, "", "members of an enum have no values", once=True),
    Spelling("NAME =", _W.ARGUMENT, "", "arguments have no names here"),
    Spelling("=", _W.ENTRY, ":", "`key: value` is written with a colon"),
    Spelling("=", _W.ANYWHERE, "==", "`=` does not compare; `==` does"),
)  # fmt: skip

_BAR = (
    Spelling("|", _W.TRIGGER, reads="||", says=None),  # The checker asks for a list.
    Spelling("| NULLS", _W.FIELDS, "?", "what may be null is marked with `?`"),
    Spelling("|", _W.FIELDS, says=None),
    Spelling("| default", _W.ANYWHERE, says="filters are for templates", after="(", reads="??",
             advice=("write `value ?? default`",)),
    Spelling("| FILTER", _W.ANYWHERE, says="filters are for templates", reads="",
             advice=("write `value.<2>()`",)),
    Spelling("|", _W.ANYWHERE, "||"),
)  # fmt: skip

_OPERATORS = (
    *words(_W.ANYWHERE, "==", "==="),
    *words(_W.ANYWHERE, "!=", "!== <>"),
    *words(_W.ANYWHERE, "&&", "&"),
    *words(_W.ANYWHERE, "?.", "&."),
    *words(_W.OPERATOR, "&&", "and And"),
    Spelling("or/Or", _W.OPERATOR, "||", advice=("a default is given by `??`",)),
    *words(_W.VALUE, "null", "None nil NULL undefined"),
    *words(_W.VALUE, "true", "True TRUE"),
    *words(_W.VALUE, "false", "False FALSE"),
    Spelling("is/Is/IS not/NOT", _W.ANYWHERE, "!=", "compare with `!=`", before="OPERAND",
             after="CONSTANT"),
    Spelling("is/Is/IS", _W.ANYWHERE, "==", "compare with `==`", before="OPERAND",
             after="CONSTANT"),
    Spelling("like/LIKE/ilike/ILIKE", _W.ANYWHERE, says="`<0>` is a method here", before="OPERAND",
             after="STRING", reads="==", advice=_COMPARE_TEXT),
    Spelling("between/BETWEEN ANY and/AND/And ANY", _W.ANYWHERE, ">= <2> && <-1> <= <4>",
             "`<1>` is two comparisons here", before="NAME", reads=">= <2>"),
    Spelling("? : NAME", _W.FIELDS, ": <3>?", "the `?` belongs after the type", before="NAME"),
    Spelling("? :", _W.FIELDS, says="the `?` belongs after the type", before="ANY", after="ANY",
             reads=":", advice=("write `: Type?`",)),
    Spelling("? :", _W.ANYWHERE, "??", "`?:` is spelled `??` here", before="OPERAND",
             after="OPERAND_BEGINS"),
    Spelling("=~ PATTERN", _W.ANYWHERE, texts.matched, "`=~` is a method here", reads="== TEXT",
             advice=('write `.matches("pattern")`',)),
)  # fmt: skip

_ARROWS = (
    Spelling("=>", _W.PARAMETERS, says=None),
    Spelling("=>", _W.ANYWHERE, ",", "the name of the item is followed by `,`", before="( NAME"),
    Spelling("=>", _W.FLOW, "->", "an edge is spelled `->`"),
    Spelling("=>", _W.ANYWHERE, ">="),
    Spelling("-->", _W.ANYWHERE, "->", "an edge is spelled `->`"),
    Spelling("elif/elsif/elseif", _W.ANYWHERE, "else", "a failure edge is spelled `else`",
             before="NAME", after="NAME/["),
    Spelling("..=", _W.ANYWHERE, "..", "a range is spelled `..` here, and its end is included"),
    Spelling("NAME as/AS NAME", _W.ANYWHERE, "<3>: <1>", "a value comes after its key: `<meant>`",
             before="{/,/NAME"),
)  # fmt: skip

_TEXTS = (
    Spelling(";", _W.ANYWHERE, "", "entries need no `;` between them"),
    Spelling("COMMENT", _W.ANYWHERE, texts.commented, "comments begin with `#`", reads=""),
    Spelling("LONG_COMMENT", _W.ANYWHERE, says="comments begin with `#`, on each line", reads=""),
    Spelling("INSERTING STRING", _W.ANYWHERE, texts.inserted, "a text has no `<1>` before it",
             reads="<2>", advice=_INSERT),
    Spelling("PREFIX STRING", _W.ANYWHERE, texts.unprefixed, "a text has no `<1>` before it",
             reads="<2>"),
    Spelling("SINGLE SINGLE", _W.ANYWHERE, texts.escaped, "a quote inside a text is written `\\'`",
             reads="<1>"),
    Spelling("TRIPLED", _W.ANYWHERE, texts.tripled, _SEVERAL_LINES, reads="TEXT"),
    Spelling("QUOTED", _W.ANYWHERE, texts.straight, 'a text has straight quotes: `"text"`',
             reads="TEXT"),
    Spelling("URL", _W.ANYWHERE, texts.quoted, "a url must be quoted", reads="TEXT"),
)  # fmt: skip

_STOPS = (
    Spelling("import ...STRING", _W.FIRST, "import <2>",
             "an import names a file, and all its declarations can be used"),
    Spelling("let NAME NAME/KEY", _W.FIRST, "let <3>",
             "there is no `<2>` before the name of a `let`"),
    Spelling("let KEY : ~=", _W.FIRST, "let <2> =", "a constant has no type: `let <2> = ...`"),
    Spelling("let KEY :", _W.FIRST, "let <2> =",
             "a constant is written with `=`: `let name = value`"),
    Spelling("lambda/=>", _W.BEFORE_STOP, says="functions cannot be written here",
             advice=_NO_FUNCTIONS),
    Spelling("lambda/=>", _W.STOP, says="functions cannot be written here",
             advice=_NO_FUNCTIONS),
    Spelling("CHOOSING", _W.BEFORE_STOP, says="there is no `<0>` here", advice=_CHOICE),
    Spelling("CHOOSING", _W.FIRST, says="there is no `<0>` here", advice=_CHOICE),
    Spelling("?", _W.STOP, says="there is no `test ? a : b`", advice=_CHOICE),
    Spelling("if", _W.STOP, says="there is no `a if test else b`", advice=_CHOICE, expected="OP"),
    Spelling("{", _W.STOP, says="an `if` has a `then`", advice=_CHOICE, expected="THEN"),
    Spelling("! in/IN", _W.STOP, "not in", "`!in` is spelled `not in` here", expected="OP"),
    Spelling("!", _W.STOP, says="there is no `!` after a value", expected="OP",
             advice=("test it with `!= null` first, or give a default: `(value ?? ...)`",)),
    Spelling("||", _W.STOP, says=_SEVERAL_LINES, before=":", expected="STRING"),
    Spelling("||", _W.STOP, says="the item of a list is named first", advice=_ANY,
             expected="RPAREN"),
    Spelling("..", _W.STOP, says="a range belongs to a list of statuses", expected="OP",
             advice=("compare with `>=` and `<=`",)),
    Spelling("{", _W.STOP, says="a call has parentheses", advice=_ANY, expected="DOT"),
    Spelling("for", _W.STOP, says="there are no comprehensions", expected="OP",
             advice=("write `list.any(x, ...)` or `list.all(x, ...)`",)),
    Spelling("as", _W.STOP, says="there is no cast", expected="OP",
             advice=("convert by a method, such as `.to_decimal()`",)),
    Spelling("is", _W.STOP, says="`is` is spelled `==` here", expected="OP"),
    Spelling("DESC/ASC", _W.STOP, says="an order has no direction", expected="OP",
             advice=("runs go in the order of the source",)),
    Spelling("*", _W.STOP, says="there are no aliases", expected="STRING",
             advice=("name it: `retry: patient`, or spread it: `{ ...patient }`",)),
    Spelling("<", _W.STOP, says="there is no merge key", expected="QKEY",
             advice=("spread a policy: `{ ...patient, max_attempts: 8 }`",)),
    Spelling("**", _W.STOP, "...", "a spread is spelled `...` here", expected="SPREAD"),
    Spelling("**", _W.STOP, says="there is no `**`", advice=("multiply: `x * x`",)),
    Spelling("::", _W.STOP, says="there is no `::`",
             advice=("members and fields are written by their names; a type is converted by a "
                     "method such as `.to_decimal()`",)),
    Spelling("!~", _W.STOP, says="`!~` is a method here",
             advice=('write `!text.matches("pattern")`',)),
    Spelling("..<", _W.STOP, says="there is no `..<`",
             advice=("the end of a range is included: `500..599`",)),
    Spelling(":=", _W.STOP, says="there is no `:=`",
             advice=("a key is followed by `:`, the name of a `let` by `=`",)),
    Spelling("HEREDOC", _W.STOP, says=_SEVERAL_LINES),
    Spelling("REGEX", _W.STOP, says="there are no patterns between slashes",
             advice=('write `text.matches("pattern")`',)),
    Spelling("> >", _W.STOP, "->", "an edge is spelled `->`", expected="_ARROW"),
    Spelling(">", _W.STOP, "->", "an edge is spelled `->`", expected="_ARROW"),
    Spelling("NUMBER UNIT", _W.STOP, texts.unit,
             "write the unit right after the number: `<meant>`", code="FQL105",
             label="apart from its number"),
    Spelling("NAME - DASHED", _W.STOP, texts.quoted, "a key with `-` must be quoted: `<meant>`",
             expected="QKEY", code="FQL101", label="not a name"),
    Spelling("STRING", _W.MEMBER, texts.bare, "members of an enum are written without quotes",
             expected="NAME"),
    Spelling("/ TOUCHING", _W.STOP, texts.quoted, "a text must be quoted: `<meant>`", before=":",
             expected="STRING", code="FQL101", label="expected a value here"),
)  # fmt: skip

SPELLINGS = (*_EQUALS, *_BAR, *_OPERATORS, *_ARROWS, *_TEXTS, *_STOPS)
"""Known by their neighbours: `fqlc.syntax.foreign.repair` looks them up."""


def _meant(rows: tuple[Spelling, ...]) -> dict[str, str]:
    return {row.written: row.meant for row in rows if isinstance(row.meant, str)}


MEANT_HEADS = _meant(HEADS)
MEANT_TYPES = _meant(TYPES)
"""In lower case, as are the next."""
MEANT_GENERICS = _meant(GENERICS)
MEANT_CONSTRAINTS = {row.written: row.meant for row in CONSTRAINTS}
"""In upper case; None for one that has no counterpart."""
MEANT_SIGNS = _meant(LOOKS)
