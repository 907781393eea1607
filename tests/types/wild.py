"""Random conditions as text, mostly well typed, from a seed."""

from __future__ import annotations

from random import Random

ENTITY = """enum Colour { red, green, blue }
type Item { sku: String  count: Int  note: String?  price: Decimal  made: DateTime?  kind: Colour
  labels: [String] }
entity Thing { id: ID  s: String  s_null: String?  i: Int  i_null: Int?  d: Decimal
  d_null: Decimal?  f: Float  f_null: Float?  b: Boolean  b_null: Boolean?  u: UUID
  t: DateTime  t_null: DateTime?  day: Date  day_null: Date?  e: Colour  e_null: Colour?
  tags: [String]  numbers: [Int]  items: [Item]  j: JSON  j_null: JSON?
  prices: [Decimal]  flags: [Boolean?]  first: Item? }
let five = 5
let half = 0.5
"""

_LITERALS = {
    "s": ['"a"', '""', '"Zz"', '"{{ s }}-{{ i }}"'], "i": ["0", "1", "-3", "five"],
    "d": ["0", "1.50", "half", "-2"], "f": ["0.5", "2", "half"], "b": ["true", "false"],
    "t": ['"2026-03-02T14:00:00Z"', "_timestamp"], "day": ['"2026-03-02"'],
    "e": ["red", '"green"', "blue"],
}  # fmt: skip
_KINDS = tuple(_LITERALS)
_ORDERED = ("s", "i", "d", "f", "t", "day")


class Wild:
    """Draws texts; `null` tells whether nullable parts may be drawn bare."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)

    def pick(self, *choices: str) -> str:
        """One of them."""
        return self.random.choice(choices)

    def value(self, kind: str, depth: int) -> str:
        """A value of a kind, at times nullable."""
        choices = [kind, kind, f"{kind}.new", f"{kind}.old", self.random.choice(_LITERALS[kind])]
        if self.random.random() < 0.3:
            choices = [f"{kind}_null"]
        if depth <= 0 or self.random.random() < 0.4:
            return self.random.choice(choices)
        return self.composed(kind, depth - 1)

    def composed(self, kind: str, depth: int) -> str:
        """An operator or method that gives the kind."""
        one, other = self.value(kind, depth), self.value(kind, depth)
        default = f"({kind}_null ?? {one})"
        match kind:
            case "s":
                return self.pick(
                    default, f"{self.owner(one)}.trim()", f"{self.owner(one)}.upper()",
                    '(j["a"].as_string() ?? "x")',
                )  # fmt: skip
            case "i" | "d" | "f":
                op = self.pick("+", "-", "*", "%", "/") if kind != "i" else self.pick(*"+-*%")
                return self.pick(default, f"({one} {op} {other})", f"(-{self.owner(one)})",
                                 f"({one} / {other} ?? {kind})", f"({one} {op} 7)")  # fmt: skip
            case "t" | "day":
                return self.pick(default, f"({one} + 2d)", f"({one} - 400d)")
            case "b":
                return f"({self.condition(depth)})"
        return default

    def owner(self, text: str) -> str:
        """A value that a method or sign may stand at."""
        return text if text.replace("_", "").isalpha() else f"({text})"

    def condition(self, depth: int) -> str:
        """A Boolean, most of the time."""
        kind = self.random.choice(_KINDS)
        one, other = self.value(kind, depth - 1), self.value(kind, depth - 1)
        nullable = f"{kind}_null"
        choices = [
            f"{one} == {other}", f"{one} != {other}", f"{one} in [{other}, {one}]",
            f"{one} not in [{other}]", f"{nullable} == null", f"{nullable} != null",
            f"{kind}.changed()", f"{kind}.changed_to({other})", f"{kind}.changed_from({other})",
            f"{nullable} != null && {nullable} == {other}", f'"{self.pick("a", "b")}" in tags',
            f"items.any(x, x.count > {self.value('i', 0)})", "numbers.all(n, n > 0)",
            "items.any(x, x.note != null && x.note.length() > 1)", "_event == 'update'",
            'j["a"]["b"].as_int() != null && j["a"]["b"].as_int() > 1', "b", "_old != null",
            'i != 0 && d / i > 1', "!(i == 0) && i % i == 0", f"{kind}.old != null",
            "s.matches('^[a-m]')", "items.length() > 1", "j_null == null || j == j_null",
        ]  # fmt: skip
        if kind in _ORDERED:
            choices += [f"{one} {op} {other}" for op in ("<", "<=", ">", ">=")]
            choices.append(f"{nullable} != null && {nullable} > {other}")
        if depth > 0:
            left, right = self.condition(depth - 1), self.condition(depth - 1)
            guarded = f"{nullable} == null || {nullable} == {other} && ({right})"
            choices += [
                f"({left}) && ({right})", f"({left}) || ({right})", f"!({left})", guarded,
            ] * 4  # fmt: skip
        return self.random.choice(choices)


def program(seed: int, events: tuple[str, ...]) -> str:
    """A program with one random condition, and a template of random holes."""
    wild = Wild(seed)
    condition = wild.condition(wild.random.randint(0, 3))
    on = ", ".join(f"Thing.{event}" for event in events)
    return f"{ENTITY}observer o {{ on: [{on}]\n  when: {condition}\n}}\n"


_PLAIN = (
    "id", "u", "e", "j", "j_null", "tags", "numbers", "items", "_new", "_id", "_timestamp",
    "_event", 'j["a"]', 'j["a"].as_int()', "items.length()", "null", "1", "1.5", '"a"', "true",
    "five", "half", '"{{ id }}"', '"{{ i }}"', '"{{ d }}/{{ id }}"', '"{{ f }}"',
    '"{{ e | upper }}"', '"{% for n in numbers %}{{ n }}{% endfor %}"',
    '"{% if b %}{{ id }}{% else %}{{ t }}{% endif %}"',
)  # fmt: skip


class WildBody(Wild):
    """Draws values of bodies, whose types are left to chance."""

    def anything(self, depth: int) -> str:
        """A value, a choice, a list or an object."""
        if depth <= 0 or self.random.random() < 0.3:
            kind = self.random.choice(_KINDS)
            return self.pick(self.value(kind, 1), f"{kind}_null", *_PLAIN)
        one, other = self.anything(depth - 1), self.anything(depth - 1)
        numbers = ", ".join(self.number() for _ in range(self.random.randint(1, 3)))
        items = self.pick(f"[{numbers}]", "numbers", f"[{one}, {other}]", "items", "[]")
        test = self.condition(0)
        return self.pick(
            f"[{one}, {other}]", f"(if {test} then {one} else {other})", f"({one} ?? {other})",
            f"{{ a: {one}, b?: {other} }}", f"{{ ...{{ a: {one}, b?: {other} }}, a: {other} }}",
            f"{{ ...(if {test} then {{ a: {one} }} else {{ b: {other} }}), c: 1 }}",
            f"{items}.first()", f"[{numbers}].max()",
            f"[{numbers}].min()", f"[{numbers}].sum()", f"{items}.map(x, x)",
            f"{items}.map(x, [x, {one}])", f"{items}.map(x, {{ v: x, w: {one} }})",
            f"{items}.filter(x, x == {one})",
            f"items.map(x, {{ ...x, note?: x.note, sku: {one} }})",
            f"e.case({{ red: {one}, else: {other} }})", f"({one} ?? [{numbers}])",
        )  # fmt: skip

    def number(self) -> str:
        """A number of any type, at times nullable."""
        return self.pick("i", "d", "f", "i_null", "d_null", "1", "1.5", "five", "i.new", "-d")


def body_program(seed: int) -> str:
    """A program that sends a body of two random values."""
    wild = WildBody(seed)
    body = ", ".join(f"k{n}: {wild.anything(wild.random.randint(0, 3))}" for n in range(2))
    return (
        f"{ENTITY}observer o {{ on: Thing.update\n"
        f'webhook w {{ url: "https://w.example.com" body: {{ {body} }} }} }}\n'
    )
