"""Writes what models of SQLAlchemy, Django or pydantic say as JSON to standard output.

Run as a program by the application's own Python, which need not have fqlc: only the standard
library and the application are imported. What the application prints goes to standard error.
"""

import importlib
import json
import os
import pathlib
import sys


def main():
    """Dump what the arguments name: a kind, and the place of the models."""
    kind, target = sys.argv[1:3]
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    sys.path.insert(0, str(pathlib.Path.cwd()))
    found = {"sqlalchemy": _sqlalchemy, "django": _django, "pydantic": _pydantic}[kind](target)
    json.dump(found, out)
    out.close()


def _found_at(target):
    module, _, name = target.partition(":")
    found = importlib.import_module(module)
    for part in name.split(".") if name else ():
        found = getattr(found, part)
    return found


def _scalar(name):
    return {"scalar": name}


# SQLAlchemy -------------------------------------------------------------------


def _sqlalchemy(target):
    found = _found_at(target)
    metadata = found if hasattr(found, "sorted_tables") else found.metadata
    return {"tables": [_table(table) for table in metadata.tables.values()]}


def _table(table):
    name = f"{table.schema}.{table.name}" if table.schema else table.name
    columns = [_column(column) for column in table.columns]
    key = [column.name for column in table.primary_key.columns]
    return {"name": name, "doc": table.comment or "", "key": key, "columns": columns}


def _column(column):
    computed = column.computed is not None and column.computed.persisted is False
    return {
        "name": column.name,
        "type": _of_sqlalchemy(column.type),
        "nullable": bool(column.nullable) and not column.primary_key,
        "doc": column.comment or "",
        "virtual": computed,
    }


_SQLALCHEMY = (
    ("Boolean", "Boolean"), ("Integer", "Int"), ("Float", "Float"), ("Numeric", "Decimal"),
    ("Uuid", "UUID"), ("UUID", "UUID"), ("DateTime", "DateTime"), ("TIMESTAMP", "DateTime"),
    ("Date", "Date"), ("JSON", "JSON"), ("HSTORE", "JSON"),
)  # fmt: skip


def _of_sqlalchemy(kind):
    names = [one.__name__ for one in type(kind).__mro__]
    if "TypeDecorator" in names:
        return _of_sqlalchemy(kind.impl)
    if "ARRAY" in names:
        many = (getattr(kind, "dimensions", None) or 1) > 1
        return _scalar("JSON") if many else {"list": _of_sqlalchemy(kind.item_type)}
    if "Enum" in names:
        return {"enum": kind.name or "", "members": list(kind.enums)}
    found = next((ours for theirs, ours in _SQLALCHEMY if theirs in names), "String")
    if found == "Decimal" and kind.asdecimal is False:
        found = "Float"
    return _scalar(found)


# Django -----------------------------------------------------------------------


def _django(target):
    settings, _, app = target.partition(":")
    os.environ["DJANGO_SETTINGS_MODULE"] = settings
    import django
    from django.apps import apps

    django.setup()
    models = apps.get_models(include_auto_created=True)
    kept = [m for m in models if not m._meta.proxy and app in ("", m._meta.app_label)]
    return {"tables": [_model(model._meta) for model in kept]}


def _model(meta):
    columns = [_field(field) for field in meta.local_concrete_fields]
    key = [field.column for field in meta.local_concrete_fields if field.primary_key]
    doc = getattr(meta, "db_table_comment", "") or ""
    return {"name": meta.db_table, "doc": doc, "key": key, "columns": columns}


def _field(field):
    return {
        "name": field.column,
        "called": field.attname,
        "type": _of_django(field),
        "nullable": bool(field.null) and not field.primary_key,
        "doc": getattr(field, "db_comment", "") or "",
        "virtual": getattr(field, "db_persist", True) is False,
    }


_DJANGO = {
    "DecimalField": "Decimal", "FloatField": "Float", "BooleanField": "Boolean",
    "UUIDField": "UUID", "DateTimeField": "DateTime", "DateField": "Date", "JSONField": "JSON",
}  # fmt: skip


def _of_django(field):
    if field.is_relation:
        return _of_django(field.target_field)
    if getattr(field, "output_field", None) is not None and hasattr(field, "db_persist"):
        return _of_django(field.output_field)
    if getattr(field, "base_field", None) is not None and hasattr(field, "size"):
        return {"list": _of_django(field.base_field)}
    kind = field.get_internal_type()
    choices = [value for value, _ in field.flatchoices]
    if choices and all(isinstance(value, str) for value in choices):
        blank = [""] if field.blank and "" not in choices else []
        model = field.model.__name__
        return {"enum": f"{model}_{field.name}", "members": choices + blank}
    if "IntegerField" in kind or "AutoField" in kind:
        return _scalar("Int")
    return _scalar(_DJANGO.get(kind, "String"))


# pydantic ---------------------------------------------------------------------


def _pydantic(target):
    from pydantic.json_schema import GenerateJsonSchema

    class Telling(GenerateJsonSchema):
        def decimal_schema(self, schema):  # noqa: ARG002 - pydantic's
            return {"type": "string", "format": "decimal"}

    return {"schema": _found_at(target).model_json_schema(schema_generator=Telling)}


if __name__ == "__main__":
    main()
