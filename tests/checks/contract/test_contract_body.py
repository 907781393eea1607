"""FQL411 to 417, keyword by keyword: what never fits, what may not, and what is let be."""

from __future__ import annotations

import pytest

from tests.checks.contract.harness import brief, found, noted

STRING, NUMBER, INTEGER = {"type": "string"}, {"type": "number"}, {"type": "integer"}
NULLABLE = {"type": ["string", "null"]}
SEAL = 'encryption: { key: "${KEY}", fields: [note] }'


def _a(schema: object, **more: object) -> dict[str, object]:
    """An object with one property `a`."""
    return {"type": "object", "properties": {"a": schema}, **more}


def _format(name: str) -> dict[str, object]:
    return _a({"type": "string", "format": name})


CASES: list[tuple[str, object, list[str]]] = [
    # kinds
    ("{ a: number }", _a(INTEGER), []),
    ("{ a: number }", _a(NUMBER), []),
    ("{ a: number }", _a(STRING), ["error FQL413 a"]),
    ("{ a: number }", _a({}), []),
    ("{ a: total }", _a(NUMBER), ["error FQL413 a"]),
    ("{ a: total }", _a(STRING), []),
    ("{ a: total.to_float() }", _a(NUMBER), []),
    ("{ a: total * number }", _a(NUMBER), ["error FQL413 a"]),
    ("{ a: weight }", _a(NUMBER), []),
    ("{ a: weight }", _a(INTEGER), ["warning FQL413 a"]),
    ("{ a: weight.round() }", _a(INTEGER), []),
    ("{ a: id }", _a(STRING), ["warning FQL413 a"]),
    ("{ a: id }", _a(INTEGER), ["warning FQL413 a"]),
    ("{ a: id }", _a({"type": ["string", "integer"]}), []),
    ("{ a: id }", _a({"type": "boolean"}), ["error FQL413 a"]),
    ('{ a: "{{ id }}" }', _a(STRING), []),
    ("{ a: paid }", _a({"type": "boolean"}), []),
    ("{ a: paid }", _a(STRING), ["error FQL413 a"]),
    ("{ a: tags }", _a({"type": "array", "items": STRING}), []),
    ("{ a: tags }", _a({"type": "array", "items": INTEGER}), ["error FQL413 a[]"]),
    ("{ a: [number, email] }", _a({"items": INTEGER}), ["error FQL413 a[1]"]),
    ("{ a: extra }", _a(STRING), []),
    ('{ a: extra["x"] }', _a(STRING), []),
    ("{ a: 1 }", _a(NUMBER), []),
    ("{ a: 1.5 }", _a(NUMBER), []),
    ("{ a: 1.5 }", _a(INTEGER), ["error FQL413 a"]),
    ('{ a: "1" }', _a(INTEGER), ["error FQL413 a"]),
    ("{ a: if paid then 1 else weight }", _a(INTEGER), ["warning FQL413 a"]),
    ("[number]", _a(STRING), ["error FQL413 the"]),
    ("lines", _a(STRING, required=["a", "b", "c"]), ["error FQL413 the"]),
    ("number", False, ["error FQL413 the"]),
    ("{ a: number }", _a(False), ["error FQL413 a"]),
    # formats
    ("{ a: ref }", _format("uuid"), []),
    ("{ a: placed }", _format("date-time"), []),
    ("{ a: placed }", _format("date"), ["error FQL413 a"]),
    ("{ a: ref }", _format("date-time"), ["error FQL413 a"]),
    ("{ a: total }", _format("decimal"), []),
    ("{ a: email }", _format("email"), ["warning FQL413 a"]),
    ("{ a: email }", _format("date-time"), ["warning FQL413 a"]),
    ("{ a: email }", _format("password"), []),
    ('{ a: "2020-13-01" }', _format("date"), ["error FQL413 a"]),
    ('{ a: "2020-12-01" }', _format("date"), []),
    ("{ a: status }", _format("uuid"), ["error FQL413 a"]),
    ("{ a: number }", _a({"type": "integer", "format": "int32"}), []),
    ("{ a: 3000000000 }", _a({"type": "integer", "format": "int32"}), ["error FQL413 a"]),
    # null
    ("{ a: note }", _a(STRING), ["error FQL414 a"]),
    ("{ a: note }", _a(NULLABLE), []),
    ("{ a: note }", _a({}), []),
    ("{ a: note }", _a({"anyOf": [STRING, {"type": "null"}]}), []),
    ("{ a: note }", _a({"enum": ["x", None]}), ["warning FQL415 a"]),
    ("{ a: note }", _a({"oneOf": [STRING, INTEGER]}), ["error FQL414 a"]),
    ("{ a?: note }", _a(STRING), []),
    ("{ a?: note }", _a(STRING, required=["a"]), ["error FQL411 a"]),
    ('{ a: note ?? "" }', _a(STRING), []),
    ("{ a: null }", _a(STRING), ["error FQL414 a"]),
    ("{ a: null }", _a(NULLABLE), []),
    ("{ a: if paid then note else null }", _a(STRING), ["error FQL414 a"]),
    ('{ a: if paid then "x" else null }', _a(STRING), ["error FQL414 a"]),
    ("{ a: discount }", _a(NUMBER), ["error FQL413 a", "error FQL414 a"]),
    ("{ a: line }", _a({"properties": {"note": STRING}}), ["error FQL414 a.note"]),
    # objects
    ("{ a: 1 }", _a({}, required=["a", "b"]), ["error FQL411 b"]),
    ("{ a: 1 }", _a({}, required=["a", "b"], properties={"b": {"readOnly": True}}), []),
    ("{ ...line }", _a({}, required=["sku", "b"]), ["error FQL411 b"]),
    ("{ a: line }", _a({"type": "object", "required": ["size"]}), ["error FQL411 a.size"]),
    ("{ a: 1, b: 2 }", _a({}, additionalProperties=False), ["error FQL412 b"]),
    ("{ a: 1, b: 2 }", _a({}), []),
    ("{ a: 1, b: 2 }", _a({}, additionalProperties=STRING), ["error FQL413 b"]),
    ("{ ...line }", _a({}, additionalProperties=False),
     ["error FQL412 count", "error FQL412 note", "error FQL412 sku"]),
    ("{ x1: 1 }", _a({}, additionalProperties=False, patternProperties={"^x": {}}), []),
    ("{ wieght: 1 }", {"properties": {"weight": {}}}, ["warning FQL412 wieght"]),
    ("{ wieght: 1 }", {"properties": {"weight": {}}, "required": ["weight"]},
     ["error FQL411 wieght"]),
    ("{ wieght: 1 }", {"properties": {"weight": {}}, "required": ["weight"],
                       "additionalProperties": False}, ["error FQL412 wieght"]),
    ("{ wieght: 1, weight: 2 }", {"properties": {"weight": {}}}, []),
    ("{ a: tree }", {"$defs": {}, "properties": {"a": {"required": ["name"]}}}, []),
    ("{ a: 1 }", _a({}, minProperties=2), ["error FQL415 the"]),
    ("{ a: { b: email } }", _a(STRING), ["error FQL413 a"]),
    ("{ a: line }", _a(STRING), ["error FQL413 a"]),
    ("{ a: [email] }", _a({"type": "object"}), ["error FQL413 a"]),
    ("{ a: { b: email } }", _a({"enum": ["x", ["y"]]}), ["error FQL415 a"]),
    ("{ a: { b: email } }", _a({"enum": ["x", {"b": "y"}]}), []),
    ("{ a: [email] }", _a({"const": {"b": 5}}), ["error FQL415 a"]),
    ("{ a: [email] }", _a({"const": ["x"]}), []),
    ("{ a: email, b?: note }", _a({}, minProperties=2), []),
    ("{ a: email, b?: note }", _a({}, minProperties=3), ["error FQL415 the"]),
    ("{ a: email, b?: note }", _a({}, maxProperties=1), []),
    ("{ a: email, b: email }", _a({}, maxProperties=1), ["error FQL415 the"]),
    ("{ a: [email] }", _a({"minItems": 2}), ["error FQL415 a"]),
    ("{ a: [email, email] }", _a({"minItems": 2, "maxItems": 2}), []),
    ("{ a: tags }", _a({"minItems": 2, "maxItems": 2}), []),
    ("{ a: [number, total] }", _a({"items": INTEGER}),
     ["error FQL413 a[0]", "error FQL413 a[1]"]),  # a Decimal is sent as a text
    ("{ a: 1 }", _a({"readOnly": True}), ["warning FQL417 a"]),
    ("{ a: 1 }", _a({"deprecated": True}), ["warning FQL417 a"]),
    ("{ a: [1, 2, 3] }", _a({"maxItems": 2}), ["error FQL415 a"]),
    ("{ a: [1, email] }", _a({"prefixItems": [INTEGER, INTEGER]}), ["error FQL413 a[1]"]),
    # members, bounds
    ("{ a: status }", _a({"enum": ["pending", "paid", "shipped", "lost"]}), []),
    ("{ a: status }", _a({"enum": ["paid", "shipped"]}), ["warning FQL415 a"]),
    ("{ a: status }", _a({"enum": ["a", "b"]}), ["error FQL415 a"]),
    ("{ a: email }", _a({"enum": ["a", "b"]}), ["warning FQL415 a"]),
    ("{ a: paid }", _a({"const": True}), ["warning FQL415 a"]),
    ('{ a: "b" }', _a({"enum": ["a", "b"]}), []),
    ('{ a: "c" }', _a({"enum": ["a", "b"]}), ["error FQL415 a"]),
    ("{ a: true }", _a({"enum": [1]}), ["error FQL415 a"]),
    ("{ a: 1 }", _a({"const": 1.0}), []),
    ('{ a: "xy" }', _a({"pattern": "^a"}), ["error FQL415 a"]),
    ('{ a: "xy" }', _a({"pattern": "^(?!a)"}), []),
    ('{ a: "xy" }', _a({"minLength": 3}), ["error FQL415 a"]),
    ("{ a: 7 }", _a({"maximum": 5}), ["error FQL415 a"]),
    ("{ a: 7 }", _a({"exclusiveMinimum": 7}), ["error FQL415 a"]),
    ("{ a: 0.3 }", _a({"multipleOf": 0.1}), []),
    ("{ a: 0.35 }", _a({"multipleOf": 0.1}), ["error FQL415 a"]),
    ("{ a: number }", _a({"maximum": 5}), []),
    ("{ a: email }", _a({"maxLength": 5}), []),
    ('{ a: status.case({ pending: "p", else: "q" }) }', _a({"enum": ["p", "q"]}), []),
    ('{ a: status.case({ pending: "p", else: "x" }) }', _a({"enum": ["p"]}), ["error FQL415 a"]),
    ("{ a: _event }", _a({"enum": ["update", "insert", "delete"]}), []),
    # keywords that only a value that is written out is judged by
    ("{ a: 1 }", _a({"not": {"const": 1}}), ["error FQL415 a"]),
    ("{ a: number }", _a({"not": {"const": 1}}), []),
    ("{ a: [1, 1] }", _a({"uniqueItems": True}), ["error FQL415 a"]),
    ("{ a: [1, 2] }", _a({"contains": {"const": 3}}), ["error FQL415 a"]),
    ("{ a: 1 }", _a({}, dependentRequired={"a": ["b"]}), ["error FQL415 the"]),
    ("{ a: number }", _a({}, dependentRequired={"a": ["b"]}), []),
    # parts
    ("{ a: 1 }", {"allOf": [_a({}), {"required": ["b"]}]}, ["error FQL411 b"]),
    ("{ a: email }", {"allOf": [_a(STRING), _a(INTEGER)]}, ["error FQL413 a"]),
]  # fmt: skip


@pytest.mark.parametrize(("body", "schema", "expected"), CASES)
def test_a_body_is_judged(body: str, schema: object, expected: list[str]) -> None:
    assert brief(body, schema) == expected


def test_parts_and_references_keep_their_own_words() -> None:
    """A closed part of `allOf` takes what it declares itself, and `readOnly` beside a reference
    is about the one who refers."""
    closed = {"properties": {"a": {}}, "additionalProperties": False}
    apart = {"allOf": [closed, {"properties": {"b": {}}}]}
    assert brief("{ a: 1, b: 2 }", apart) == ["error FQL412 b"]
    own = {"properties": {"a": {"$ref": "#/$defs/N", "readOnly": True}}}
    assert brief("{ a: 1 }", own, {"N": {"type": "integer"}}) == ["warning FQL417 a"]


def test_one_cause_is_one_message() -> None:
    wide = {"type": "object", "required": list("abcdefghij")}
    (only,) = found("[number]", wide)
    assert only.message == "the body is sent as a list, but the contract takes an object"


@pytest.mark.parametrize(
    ("body", "schema", "message"),
    [
        ("{ a: email }", {"minProperties": 2}, "has 1 key, but the contract takes at least 2"),
        (
            "{ a: email, b: email }", {"maxProperties": 1},
            "has 2 keys, but the contract takes at most 1",
        ),
        ("[email]", {"minItems": 2}, "has 1 item, but the contract takes at least 2"),
        ("[email, email]", {"maxItems": 1}, "has 2 items, but the contract takes at most 1"),
    ],
)  # fmt: skip
def test_counts_are_told(body: str, schema: object, message: str) -> None:
    (only,) = found(body, schema)
    assert only.message == f"the body {message}"


def test_what_depends_on_the_event_is_noted() -> None:
    """`fqlc contract check --strict` lists it."""
    keys = "{ a: email, b?: note }"
    assert [note.keyword for note in noted(keys, {"minProperties": 2})] == ["minProperties"]
    assert [note.keyword for note in noted(keys, {"maxProperties": 1})] == ["maxProperties"]
    assert noted(keys, {"minProperties": 1, "maxProperties": 2}) == []
    assert [note.keyword for note in noted("tags", {"minItems": 1, "maxItems": 2})] == [
        "minItems", "maxItems",
    ]  # fmt: skip
    assert noted("[email, email]", {"minItems": 2, "maxItems": 2}) == []
    unique = {"uniqueItems": True}
    assert [note.keyword for note in noted("[email, email]", unique)] == ["uniqueItems"]
    assert noted("[email]", unique) == []


def test_encrypted_fields_are_texts() -> None:
    schema = {"properties": {"note": STRING, "line": {"properties": {"note": {"type": "integer"}}}}}
    assert brief("{ note, line }", schema, more=SEAL) == ["error FQL413 line.note"]
    whole = 'encryption: { key: "${KEY}" }'
    assert brief("{ note }", {"type": "object"}, more=whole) == ["error FQL413 the"]
    assert brief("{ note }", STRING, more=whole) == []


def test_batches_are_judged_as_they_are_sent() -> None:
    line = {"type": "object", "required": ["id", "kind"]}
    schema = {"properties": {"orders": {"type": "array", "items": line}}}
    batch = "batch: { size: 10, timeout: 5s }"
    assert brief("{ orders: each { id } }", schema, more=batch) == ["error FQL411 orders[].kind"]
    assert brief("", {"type": "object"}, more=batch) == ["error FQL413 the"]
    assert brief("", {"type": "array"}, more=batch) == []


def test_a_body_that_is_not_given_is_the_envelope() -> None:
    keys = ["entity", "event", "new", "id", "timestamp"]
    assert brief("", {"type": "object", "required": keys}) == []
    (one,) = found("", {"type": "object", "required": ["old", "by", "more"]})
    assert one.message == (
        "the body is the event, since none is written, and does not fit: `by` is missing, but the"
        " contract requires it, and 2 more"
    )
    new = {"properties": {"new": {"properties": {"number": STRING}}}}
    assert "`new.number` is sent as a whole number" in found("", new)[0].message


def test_forms_are_read_as_receivers_read_them() -> None:
    media, more = "application/x-www-form-urlencoded", "format: form"
    schema = {
        "type": "object",
        "required": ["number", "total"],
        "additionalProperties": False,
        "properties": {
            "number": INTEGER, "total": NUMBER, "paid": {"type": "boolean"}, "note": STRING,
            "tags": {"type": "array", "items": STRING}, "email": {"type": "array", "items": STRING},
        },
    }  # fmt: skip
    body = "{ number, total, paid, note, tags, email }"
    assert brief(body, schema, more=more, media=media) == []
    wrong = "{ number: paid, total: 1, paid: number, tags: [1], note: 5 }"
    assert brief(wrong, schema, more=more, media=media) == [
        "error FQL413 number", "error FQL413 paid",
    ]  # fmt: skip
    assert brief("{ number, total: discount }", schema, more=more, media=media) == [
        "error FQL411 total"
    ]


_TAGGED = {
    "oneOf": [{"$ref": "#/$defs/Denied"}, {"$ref": "#/$defs/Approved"}],
    "discriminator": {
        "propertyName": "kind",
        "mapping": {"denied": {"$ref": "#/$defs/Denied"}, "approved": {"$ref": "#/$defs/Approved"}},
    },
}
_BRANCHES = {
    "Denied": {"type": "object", "required": ["kind"], "properties": {"kind": STRING}},
    "Approved": {
        "type": "object", "required": ["kind", "by"], "properties": {"kind": STRING, "by": STRING},
    },
}  # fmt: skip


@pytest.mark.parametrize(
    ("body", "reports"),
    [
        ('{ kind: "approved", by: "me" }', []),
        ('{ kind: "denied", by: "me" }', []),
        ('{ kind: "approved" }', ["error FQL411 by"]),
        ('{ kind: "denied", by: 7 }', []),
    ],
)
def test_a_tag_tells_the_branch_where_another_fits_as_well(body: str, reports: list[str]) -> None:
    """Without one, `oneOf` refuses what fits two branches, and so do receivers."""
    assert brief(body, _TAGGED, _BRANCHES) == reports
    plain = {"oneOf": _TAGGED["oneOf"]}
    twice = ["error FQL415 the"]
    assert brief('{ kind: "denied", by: "me" }', plain, _BRANCHES) == twice


def test_a_branch_says_itself_by_which_tag_it_is_meant() -> None:
    """Its name in the contract is not a tag where the property can only be something else."""
    kinds = {"Auto": "auto", "Fixed": "fixed"}
    defs = {
        name: {**_BRANCHES["Approved"], "properties": {"kind": {"enum": [kind]}, "by": STRING}}
        for name, kind in kinds.items()
    }
    refs = {name: {"$ref": f"#/$defs/{name}"} for name in kinds}
    schema = {
        "oneOf": list(refs.values()), "discriminator": {"propertyName": "kind", "mapping": refs},
    }  # fmt: skip
    assert brief('{ kind: "auto", by: "me" }', schema, defs) == []
    assert brief('{ kind: "fixed" }', schema, defs) == ["error FQL411 by"]
    assert brief('{ kind: "Auto", by: "me" }', schema, defs) == ["error FQL415 kind"]


@pytest.mark.parametrize(
    ("bounds", "reports"),
    [
        ({"maxItems": 5}, ["warning FQL415 the"]),
        ({"maxItems": 10, "minItems": 1}, []),
        ({"minItems": 2}, ["warning FQL415 the"]),
        ({"minItems": 11}, ["error FQL415 the"]),
        ({"maxItems": 0}, ["error FQL415 the"]),
    ],
)
def test_a_batch_has_a_size(bounds: dict[str, int], reports: list[str]) -> None:
    schema = {"type": "array", "items": {}, **bounds}
    batch = "batch: { size: 10, timeout: 5s }"
    assert brief("each { id }", schema, more=batch) == reports
    assert brief("", schema, more=batch) == reports
    within = {"type": "object", "properties": {"all": schema}}
    inside = [one.replace(" the", " all") for one in reports]
    assert brief("{ all: each { id } }", within, more=batch) == inside


def test_an_object_that_is_not_the_one_meant_is_told_which_is() -> None:
    (one,) = found("{ a: { b: 1 } }", _a({"const": {"b": 2}}))
    assert one.message == '`a` is not what the contract takes: `{"b":2}`'
    assert one.label == "not taken"
