"""Operations from the JSON that they are kept as."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from typing import cast

from fqlc.contracts.model import Answer, Content, Operation, Parameter, Schema, Where, schema_of
from fqlc.contracts.places import AT, place_of
from fqlc.contracts.reading.normal import bare

Stored = Mapping[str, object]


def operation_from(contract: str, stored: Stored) -> Operation:
    """The operation of a contract's file."""
    definitions = cast("Stored", stored["definitions"])
    body = cast("Stored | None", stored["body"])
    return Operation(
        stored=stored,
        contract=contract,
        name=str(stored["name"]),
        method=str(stored["method"]),
        path=str(stored["path"]),
        parameters=tuple(_parameter(p, definitions) for p in _all(stored["parameters"])),
        body=None if body is None else _content(body, definitions),
        answers=tuple(
            Answer(str(a["status"]), _content(a, definitions)) for a in _all(stored["answers"])
        ),
        deprecated=stored["deprecated"] is True,
        place=place_of(stored),
        sha256=digest_of(stored),
        definitions=definitions,
    )


def _all(stored: object) -> list[Stored]:
    return cast("list[Stored]", stored)


def _parameter(stored: Stored, definitions: Stored) -> Parameter:
    return Parameter(
        name=str(stored["name"]),
        where=cast("Where", stored["in"]),
        required=stored["required"] is True,
        schema=_schema(stored["schema"], definitions),
        deprecated=stored["deprecated"] is True,
        place=place_of(stored),
    )


def _content(stored: Stored, definitions: Stored) -> Content:
    media = cast("Stored", stored["media"])
    schemas = {name: _schema(raw, definitions) for name, raw in media.items()}
    return Content(schemas, stored.get("required") is True, place_of(stored))


def _schema(raw: object, definitions: Stored) -> Schema | None:
    return None if raw is None else schema_of(raw, definitions)


def digest_of(stored: Stored) -> str:
    """SHA-256 over the canonical JSON of an operation without prose and places."""
    from fql.exact.writing import canonical_json

    return sha256(canonical_json(_bare(stored), read=True)).hexdigest()


def bare_of(operation: Operation) -> Stored:
    """An operation as JSON, as far as it says what is sent and answered; parameters and answers
    are by name."""
    found = _bare(operation.stored)
    parameters, answers = _all(found["parameters"]), _all(found["answers"])
    return {
        **found,
        "parameters": {f"{p['in']} {p['name']}": p for p in parameters},
        "answers": {str(a["status"]): a for a in answers},
    }


def _bare(stored: Stored) -> Stored:
    """An operation without what says nothing of what is sent and answered."""
    body = cast("Stored | None", stored["body"])
    return {
        **{key: stored[key] for key in ("name", "method", "path")},
        "parameters": [
            {**_without_place(p), "schema": bare(p["schema"])} for p in _all(stored["parameters"])
        ],
        "body": None if body is None else _bare_content(body),
        "answers": [_bare_content(a) for a in _all(stored["answers"])],
        "definitions": {k: bare(v) for k, v in cast("Stored", stored["definitions"]).items()},
    }


def _bare_content(stored: Stored) -> Stored:
    media = cast("Stored", stored["media"])
    return {**_without_place(stored), "media": {name: bare(raw) for name, raw in media.items()}}


def _without_place(stored: Stored) -> Stored:
    return {key: value for key, value in stored.items() if key != AT}
