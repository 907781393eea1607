"""Programs of many kinds and any size, sound and broken: how does compile time grow with each?

A kind is a list of pieces: a text, or a `Many` that is repeated as often as the size says, with
`#` for the number and `$` for the next one. Two `Many`s let two things grow at once, such as
unknown names beside known ones.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Many:
    """A text as often as the size says."""

    unit: str
    between: str = "\n"

    def text(self, size: int) -> str:
        """All of them."""
        made = (self.unit.replace("#", str(i)).replace("$", str(i + 1)) for i in range(size))
        return self.between.join(made)


Kind = tuple[str | Many, ...]


def program(kind: Kind, size: int) -> str:
    """The program of a kind."""
    return "".join(piece if isinstance(piece, str) else piece.text(size) for piece in kind)


ENTITY = """enum S { x, y, z }
type Item { n: Int }
entity Order { id: ID @key  total: Int  note: String?  tags: [String]  extra: JSON  s: S  a: Item? }
"""
ON = "observer o { on: Order.update\n"
URL = 'url: "https://a.example.com/x"'
ACT = f"webhook w {{ {URL} }}"
FIELDS = ("entity Order { id: ID @key ", Many("field_#: Int"), "}\n")
MARKED = ("entity Order { id: ID @key ", Many("field_#: Int @sensitive"), "}\n")
OPTIONAL = ("entity Order { id: ID @key ", Many("f#: Int?"), "}\n")
ENUM = ("enum E { ", Many("memb#"), " }\nentity Order { id: ID @key  e: E }\n")
SEVERAL = Many(f"webhook w# {{ {URL} }}")


def body(*pieces: str | Many, entity: Kind = (ENTITY,)) -> Kind:
    """An action with a body."""
    return (*entity, ON, f"webhook w {{ {URL} body: ", *pieces, " } }")


def when(*pieces: str | Many, entity: Kind = (ENTITY,)) -> Kind:
    """An observer with a condition."""
    return (*entity, ON, "when: ", *pieces, "\n", ACT, " }")


def key(*pieces: str | Many) -> Kind:
    """An action with a setting."""
    return (ENTITY, ON, f"webhook w {{ {URL} ", *pieces, " } }")


def text(*pieces: str | Many) -> Kind:
    """An action with a text."""
    return body('"', *pieces, '"')


def flow(*pieces: str | Many) -> Kind:
    """An observer with many actions and a flow."""
    return (ENTITY, ON, SEVERAL, "\nflow { ", *pieces, " } }")


def each(unit: str, *before: str | Many) -> Kind:
    """Many declarations."""
    return (*before, Many(unit))


NAMES: dict[str, Kind] = {
    "names": body("{", Many("k#: missing#"), "}"),
    "names in a condition": when(Many("zz# == 1", " && ")),
    "names beside fields": body("{", Many("k#: feld_#"), "}", entity=FIELDS),
    "names beside lets": (Many("let limit_# = 1"), "\n", *body("{", Many("k#: limt_#"), "}")),
    "names beside lets in lets": (Many("let limit_# = 1"), "\n", Many("let a# = limt_#")),
    "names in a text": text(Many("{{ zz# }}", "")),
    "names in a text beside fields": body('"', Many("{{ feld_# }}", ""), '"', entity=FIELDS),
    "members": body("{", Many("k#: a?.zz#"), "}"),
    "members of a row": body("{", Many("k#: _new.feld_#"), "}", entity=FIELDS),
    "enum members": when(Many("e == mamb#", " || "), entity=ENUM),
    "methods": when(Many("id.zz#()", " && ")),
    "filters": text(Many("{{ id | zz# }}", "")),
    "entities": each(f"observer o# {{ on: Missing#.insert {ACT} }}"),
    "entities beside entities": (Many("entity Order# { id: ID @key }"), "\n",
                                 Many(f"observer o# {{ on: Ordre#.insert {ACT} }}")),
    "types beside types": (Many("type Abc# { a: Int }"), "\nentity Order { id: ID @key ",
                           Many("f#: Abd#"), "}"),
    "endpoints beside endpoints": (
        ENTITY, Many('endpoint shop# { url: "https://e#.example.com" }'), "\n",
        Many('observer o# { on: Order.insert webhook w { endpoint: shap#, path: "/" } }')),
    "retries beside retries": (ENTITY, Many("retry pat# { max_attempts: 3 }"), "\n",
                               Many(f"observer o# {{ on: Order.insert retry: pot# {ACT} }}")),
    "steps": flow(Many("step#", " -> ")),
    "keys": key(Many("strange#: 1")),
    "blocks": each("thing# x# { a: 1 }"),
    "observers of tests": (ENTITY, Many(f"observer obs# {{ on: Order.insert {ACT} }}"), "\n",
                           Many('test "t#" { observer: abs#, event: Order.insert, new: {},'
                                " expect: { sent: [w] } }")),
    "fields of a test": (*when("true", entity=FIELDS), 'test "t" { observer: o,'
                         " event: Order.update, old: {", Many("feld_#: 1"), "}, new: {},"
                         " expect: { sent: [w] } }"),
    "names on one line": (Many("let a# = zz#", " "),),
    "names in a broken project": ('import "none.fql"\n', Many("let limit_# = 1"), "\n",
                                  *body("{", Many("k#: limt_#"), "}")),
    "imports": each('import "m#.fql"'),
    "keys to encrypt": (*FIELDS, ON, f"webhook w {{ {URL} encryption: {{ key: \"${{K}}\","
                        " fields: [", Many("feld_#", ", "), "] } body: {", Many("field_#"),
                        "} } }"),
}  # fmt: skip
"""Names that nothing has."""

FLOWS: dict[str, Kind] = {
    "actions": (ENTITY, ON, SEVERAL, "}"),
    "chain": flow(Many("w#", " -> ")),
    "bracket": flow("[", Many("w#", ", "), "]"),
    "bracket to bracket": flow("[", Many("w#", ", "), "] -> [", Many("w#", ", "), "]"),
    "brackets of unknown actions": flow("[", Many("a#", ", "), "] -> [", Many("b#", ", "), "]"),
    "brackets of one action": flow("[", Many("w0", ", "), "] -> [", Many("w1", ", "), "]"),
    "chain of brackets": flow(Many("[w0, w1]", " -> ")),
    "else": flow(Many("w# else w$")),
    "statements": flow(Many("w0 -> w1")),
    "ring": flow(Many("w#", " -> "), " -> w0"),
    "rings": flow(Many("w# -> w$ w$ -> w#")),
    "nested": flow("w0 -> ", Many("[", ""), "w1", Many("]", "")),
    "implied edges": flow(Many("w#", " -> "), "\n", Many("w0 -> w$")),
    "one name": (ENTITY, ON, Many(ACT), "}"),
    "conditions of actions": (
        *FIELDS, ON, "when: ", Many("field_# != 1", " && "), "\n",
        Many(f"webhook w# {{ {URL} when: field_# > 2 }}"), "}"),
    "answers": (ENTITY, ON, Many(f"webhook w# {{ {URL} body: w0.response }}"), "}"),
}  # fmt: skip
"""Flows, most of them beyond what an observer may have."""

CONDITIONS: dict[str, Kind] = {
    "and": when(Many("total > #", " && ")),
    "or": when(Many("total == #", " || ")),
    "both": when(Many("(total > # && note != null)", " || ")),
    "bounds": when(Many("field_# > # && field_# < $0", " && "), entity=FIELDS),
    "choices": when(Many("field_# > 1 && (field_# > 2 || field_# < 5)", " && "), entity=FIELDS),
    "equal": when(Many("field_# == field_0", " && "), entity=FIELDS),
    "changed": when(Many("field_#.changed() && field_#.old == field_#", " || "), entity=FIELDS),
    "members": when(Many("e != memb#", " && "), entity=ENUM),
    "null": when(Many("f# != null", " && "), entity=OPTIONAL),
    "null or": when(Many("(f# == null || f# > 1)", " && "), entity=OPTIONAL),
    "in": when("total in [", Many("#", ", "), "]"),
    "in and not in": when("total in [", Many("#", ", "), "] && total not in [", Many("$", ", "),
                          "]"),
    "lists": when("[", Many("#", ", "), "] == [", Many("#", ", "), "]"),
    "not": when(Many("!", ""), "(total > 1)"),
    "parentheses": when(Many("(", ""), "total > 1", Many(")", "")),
    "any": when(Many("tags.any(t, ", ""), "true", Many(")", "")),
    "patterns": when(Many('id.matches("a#")', " || ")),
    "a long pattern": when('note != null && note.matches("', Many("a*", ""), '")'),
    "always": each(f"observer o# {{ on: Order.insert when: total == total {ACT} }}", ENTITY),
    "never": each(f"observer o# {{ on: Order.insert when: total != total {ACT} }}", ENTITY),
    "lets of lists": ("let big = [", Many("#", ", "), "]\n", *when(Many("total in big", " && "))),
    "equal lists": ("let big = [", Many("#", ", "), "]\n", *when(Many("big == big", " && "))),
    "signs of others": when(Many("total = #", " and ")),
}  # fmt: skip
"""Conditions, decided and not."""

VALUES: dict[str, Kind] = {
    "sums": body("{ a: ", Many("total", " + "), "}"),
    "minus": body("{ a: ", Many("-", ""), "total }"),
    "defaults": body("{ a: ", Many("note ?? ", ""), '"" }'),
    "brackets": body("{ a: extra", Many('["a"]', ""), "}"),
    "calls": body("{ a: id", Many(".lower()", ""), "}"),
    "objects": body(Many("{ a: ", ""), "1", Many(" }", "")),
    "lists": body(Many("[", ""), "1", Many("]", "")),
    "open": body(Many("{ a: [", "")),
    "closed": (*body("1"), Many("}", "")),
    "spreads": body("{", Many("..._new"), "}", entity=MARKED),
    "rows": body("{", Many("k#: _new"), "}", entity=MARKED),
    "one key": body("{", Many("k: 1"), "}"),
    "a long text": text(Many("word# ", "")),
    "a long let": ('let t = "', Many("word# ", ""), '"\n', *body("{", Many("k#: t"), "}")),
    "a long name": body("{ ", Many("x", ""), ": 1 }"),
    "a long number": body(Many("9", "")),
    "escapes": text(Many("\\u{41}\\n", "")),
    "bad escapes": text(Many("\\q", "")),
    "holes": text(Many("{{ id }}", "")),
    "ifs": text(Many("{% if total > 1 %}a{% endif %}", "")),
    "ifs in ifs": text(Many("{% if total > 1 %}a", ""), Many("{% endif %}", "")),
    "elifs": text("{% if total > 1 %}a", Many("{% elif total > # %}b", ""), "{% endif %}"),
    "fors": text(Many("{% for t in tags %}{{ t }}{% endfor %}", "")),
    "open holes": text(Many("{{ ", "")),
    "open tags": text(Many("{% if ", "")),
    "filters in a row": text("{{ id", Many(" | upper", ""), " }}"),
    "lets of lets": ("let a0 = 1\n", Many("let a$ = a# + 1")),
    "lets backwards": (Many("let a# = a$ + 1"),),
    "doubled lets": ("let a0 = [1]\n", Many("let a$ = [a#, a#]")),
    "squared lets": ("let a0 = 1000\n", Many("let a$ = a# * a#")),
}  # fmt: skip
"""Bodies, texts and constants."""

DECLARATIONS: dict[str, Kind] = {
    "fields": (*FIELDS, ON, ACT, "}"),
    "marked fields in default bodies": (
        *MARKED, Many(f"observer o# {{ on: Order.insert {ACT} }}")),
    "types in types": (Many("type T# { a: T$ }"), "\ntype T { a: Int }"),
    "types twice in types": (
        Many("type T# { a: T$?, b: T$? }"), "\nentity Order { id: ID @key, t: T0, s: String"
        " @sensitive }\n", ON, ACT, "}"),
    "enums": each("enum E# { a, b }"),
    "observers": each(f"observer o# {{ on: Order.insert when: total > # {ACT} }}", ENTITY),
    "endpoints": each('endpoint e# { url: "https://e#.example.com" }'),
    "tests": (ENTITY, ON, ACT, "}\n", Many('test "t#" { observer: o, event: Order.update, old:'
              ' { id: "1", total: 1, tags: [], extra: 1, s: x }, new: { total: 2 },'
              " expect: { sent: [w] } }")),
    "one declaration": each("enum E { a }"),
    "broken declarations": each("let = 1"),
    "open texts": each('let a = "x'),
    "odd signs": each("let a = 1 §"),
    "words": (Many("x", " "),),
    "comments that silence": each("# fql: allow FQL207 why\nenum E# { a }"),
    "comments that do not": (Many("# fql: allow FQL207 why"), "\nenum E { a }"),
    "documentation": each('"""d"""'),
    "headers": key("headers: {", Many('"X-#": "v"'), "}"),
    "headers of defaults": (ENTITY, "defaults { headers: {", Many('"X-#": "v"'), "} }\n",
                            Many(f"observer o# {{ on: Order.insert {ACT} }}")),
    "secrets": key("signing: { secret: [", Many('"${S#}"', ", "), "] }"),
    "statuses": key("retry: { retry_on: [", Many("100..599", ", "), "] }"),
    "what looks like a secret": key("headers: {",
                                    Many('"X-#": "sk_live_abcdefghijklmnop#"'), "}"),
    "triggers": (ENTITY, "observer o { on: [", Many("Order.insert", ", "), "] ", ACT, "}"),
    "a host": (ENTITY, ON, 'webhook w { url: "https://', Many("a#", "."), '.com/" } }'),
    "a path": (ENTITY, ON, 'webhook w { url: "https://a.com/', Many("{{ id }}", "/"), '" } }'),
}  # fmt: skip
"""Everything around."""

KINDS: dict[str, Kind] = {
    f"{group}: {name}": kind
    for group, kinds in (
        ("names", NAMES), ("flows", FLOWS), ("conditions", CONDITIONS), ("values", VALUES),
        ("declarations", DECLARATIONS),
    )
    for name, kind in kinds.items()
}  # fmt: skip
