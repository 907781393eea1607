"""A contract as the bytes of its file, JSON or YAML by the name of that."""

from __future__ import annotations

from decimal import Decimal

from fql.errors import not_installed
from fql.exact.reading import read_json
from fql.exact.writing import canonical_json, pretty_json
from fqlc.contracts.bundling import Object
from fqlc.contracts.reading.yaml_core import NotYaml, read_yaml
from fqlc.project.errors import SurroundingsError

_MOST_VALUES = 5_000_000
"""Of a document that is written out. 20 MB without aliases have fewer."""


def contract_bytes(document: Object, file: str) -> bytes:
    """The document as it is written to a file."""
    if file.endswith(".json"):
        return pretty_json(document)
    import yaml

    dumper = type("Dumper", (yaml.SafeDumper,), {"ignore_aliases": lambda *_: True})
    yaml.add_representer(str, _quoted_if_odd, dumper)
    yaml.add_multi_representer(Decimal, _decimal_node, dumper)
    written: str = yaml.dump(document, Dumper=dumper, sort_keys=False, allow_unicode=True)
    return written.encode()


def _quoted_if_odd(dumper: object, text: str) -> object:
    """In quotes what would be read as something else by the core schema of YAML 1.2."""
    style = None
    try:
        if read_yaml(f"- {text}\n")[0] != [text]:
            style = '"'
    except NotYaml:
        style = '"'
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)  # type: ignore[attr-defined]


def _decimal_node(dumper: object, number: Decimal) -> object:
    return dumper.represent_scalar("tag:yaml.org,2002:float", str(number))  # type: ignore[attr-defined]


def must_be_valid(document: Object, name: str) -> None:
    """Raises SurroundingsError for what is not OpenAPI, SettingsError without the extra."""
    problem = problem_of(document)
    if problem:
        raise SurroundingsError(f"{name} is not valid: {problem}", "tell its owner")


def problem_of(document: Object) -> str:
    """The first thing that is wrong with a document by its specification; empty for nothing."""
    try:
        from openapi_spec_validator import OpenAPIV30SpecValidator, OpenAPIV31SpecValidator
    except ImportError:
        raise not_installed("`fqlc contract`", "openapi-spec-validator", "contracts") from None

    if not _is_writable(document):
        return f"with its aliases written out it has more than {_MOST_VALUES:,} values"
    plain = read_json(canonical_json(document), floats=True)
    version = str(document.get("openapi", ""))
    kind = OpenAPIV30SpecValidator if version.startswith("3.0") else OpenAPIV31SpecValidator
    if version.startswith("3.2") and isinstance(plain, dict):
        plain = {**plain, "openapi": "3.1.1"}
    try:
        error = next(iter(kind(plain).iter_errors()), None)  # type: ignore[arg-type]
    except RecursionError:
        return "a `$ref` leads back to itself"
    if error is None:
        return ""
    where = "/".join(map(str, getattr(error, "absolute_path", ())))
    said = " ".join(str(getattr(error, "message", error)).split())[:300]
    return f"{said} (at /{where})" if where else said


def _is_writable(document: object) -> bool:
    """False where a few aliases would become gigabytes."""
    waiting, seen = [document], 0
    while waiting:
        value = waiting.pop()
        seen += 1
        if seen > _MOST_VALUES:
            return False
        if isinstance(value, dict):
            waiting.extend(value.values())
        elif isinstance(value, list):
            waiting.extend(value)
    return True
