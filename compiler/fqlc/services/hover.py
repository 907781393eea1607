"""What is known of the name at a place."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from fql.plan.language.types import ERROR, Type
from fqlc.checks.table.blocks import BLOCKS
from fqlc.diagnostics.sink import Sink
from fqlc.services.answers import Hover, What
from fqlc.services.index.things import Named
from fqlc.services.knowing import policies
from fqlc.services.knowing.contracted import keys_to, property_of, schema_text
from fqlc.services.knowing.showing import (
    code,
    declaration_code,
    functions,
    joined,
    key_of,
    key_text,
    signature,
    type_text,
)
from fqlc.services.snapshot import Snapshot
from fqlc.source.text import Span
from fqlc.syntax.tree import ast
from fqlc.types.calls import CHANGES
from fqlc.types.infer import fold_let


def hover(snapshot: Snapshot, path: str, offset: int) -> Hover | None:
    """The declaration of a name as code, its documentation, its type where it is used, and the
    policies that hold. None where no name is."""
    place = snapshot.then(path, offset)
    named = None if place is None else snapshot.index.at(path, place)
    if named is None:
        return None
    span = snapshot.now(named.span)
    rule = _RULES.get(named.thing.what, _about_declared)
    text = joined(rule(snapshot, named))
    return Hover(span, text) if span is not None and text else None


def type_at(snapshot: Snapshot, named: Named) -> Type | None:
    """The type of the expression that a name ends, after narrowing."""
    ends = named.span.end
    for heard in snapshot.trace.around(named.span.path, ends):
        written = heard.written
        if written.span.end == ends and isinstance(written, ast.NameUse | ast.MemberAccess):
            return heard.value.type if heard.value.type.name != "Error" else None
    return None


_Texts = Iterator[str]


def _about_declared(snapshot: Snapshot, named: Named) -> _Texts:
    declared = snapshot.index.declared(named.thing)
    if declared is not None:
        yield code(declaration_code(snapshot, declared))
        yield declared.doc


def _about_field(snapshot: Snapshot, named: Named) -> _Texts:
    thing = named.thing
    row = snapshot.row(thing.owner)
    field = row.named(thing.name) if row is not None else None
    declared = snapshot.index.declared(thing)
    if declared is not None:
        yield code(declaration_code(snapshot, declared))
    elif field is not None:
        yield code(f"{field.name}: {field.type}")
    if field is not None:
        yield from _type_here(snapshot, named, field.type)
        yield field.doc
        owner = row.name if row is not None else thing.owner
        yield f"A field of `{owner}`." + (" Sensitive." if field.sensitive else "")


def _type_here(snapshot: Snapshot, named: Named, declared: Type) -> _Texts:
    found = type_at(snapshot, named)
    if found is not None and found != declared:
        yield f"Here it is `{type_text(found)}`."


def _about_member(snapshot: Snapshot, named: Named) -> _Texts:
    thing = named.thing
    yield code(f"{thing.owner}.{thing.name}")
    declared = snapshot.index.declared(thing)
    yield declared.doc if declared is not None else ""
    yield f"A member of the enum `{thing.owner}`."


def _about_action(snapshot: Snapshot, named: Named) -> _Texts:
    yield from _about_declared(snapshot, named)
    thing = named.thing
    for model in snapshot.program.observers:
        action = model.action(thing.name) if model.name == thing.owner else None
        if action is not None:
            found = action.response
            yield f"Its response is `{found or 'JSON?'}`." if action.kind != "publish" else ""
            yield _all_policies(snapshot.program.effective(model, action), action.kind)


def _about_endpoint(snapshot: Snapshot, named: Named) -> _Texts:
    yield from _about_declared(snapshot, named)
    yield _all_policies(policies.of_endpoint(snapshot.program, named.thing.name))


def _about_retry(snapshot: Snapshot, named: Named) -> _Texts:
    yield from _about_declared(snapshot, named)
    found = policies.of_retry(snapshot.program, named.thing.name)
    yield "" if found is None else f"{policies.schedule_line(found)}."


def _all_policies(effective: policies.Effective | None, kind: str = "webhook") -> str:
    if effective is None:
        return ""
    rows = [f"- {line}" for line in policies.lines(effective, kind)]
    return "\n".join(("Policies:\n", *rows, f"- {policies.schedule_line(effective)}"))


def _about_let(snapshot: Snapshot, named: Named) -> _Texts:
    yield from _about_declared(snapshot, named)
    found = type_at(snapshot, named) or let_type(snapshot, named.thing.name)
    yield f"Here it is `{type_text(found)}`." if found is not None else ""


def let_type(snapshot: Snapshot, name: str) -> Type | None:
    """The type of the value of a `let`."""
    project = snapshot.program.project
    of = fold_let(name, project, Sink()).type if name in project.lets else ERROR
    return None if of == ERROR else of


def _about_variable(snapshot: Snapshot, named: Named) -> _Texts:
    found = type_at(snapshot, named)
    if found is None:
        uses = (type_at(snapshot, use) for use in snapshot.index.uses(named.thing))
        found = next((t for t in uses if t is not None), None)
    yield code(f"{named.thing.name}: {type_text(found)}" if found else named.thing.name)


def _about_built_in(snapshot: Snapshot, named: Named) -> _Texts:
    found = type_at(snapshot, named)
    shown = named.thing.name
    source = snapshot.sources.get(named.span.path)
    if found is not None and source is not None:
        for heard in snapshot.trace.around(named.span.path, named.span.end):
            if heard.written.span.end == named.span.end:
                shown = source.text[heard.written.span.start : named.span.end]
                break
    yield code(f"{shown}: {type_text(found)}" if found is not None else shown)


def _about_key(snapshot: Snapshot, named: Named) -> _Texts:
    key = key_of(named.thing)
    if key is None:
        return
    yield code(named.thing.name)
    yield key_text(key)
    owner, _, outer = named.thing.owner.partition(".")
    policy = outer.partition(".")[0] or key.name
    effective = _effective_at(snapshot, owner, named.span)
    if effective is not None:
        kind = owner if owner in ("publish", "call") else "webhook"
        wanted = f"`{outer}.{key.name}:" if outer else f"`{key.name}"
        rows = [r for r in policies.lines(effective, kind, policy) if r.startswith(wanted)]
        yield "\n".join(f"- {row}" for row in rows)
        about_retry = "retry" in (policy, owner)
        yield f"{policies.schedule_line(effective)}." if about_retry else ""


def _effective_at(snapshot: Snapshot, owner: str, span: Span) -> policies.Effective | None:
    """What holds in the block around a key."""
    block = snapshot.block_at(span.path, span.start)
    program = snapshot.program
    if block is None or block.name is None:
        return None
    name = block.name.text
    if owner == "endpoint":
        return policies.of_endpoint(program, name)
    if owner == "retry":
        return policies.of_retry(program, name)
    if owner == "observer":
        return policies.of_observer(program, name)
    for child in block.blocks:
        inside = child.span.start <= span.start < child.span.end
        if inside and child.name is not None:
            return policies.of_action(program, name, child.name.text)
    return None


def _about_keyword(snapshot: Snapshot, named: Named) -> _Texts:
    del snapshot
    yield BLOCKS[named.thing.name].doc


def _about_function(snapshot: Snapshot, named: Named) -> _Texts:
    del snapshot
    found = functions(named.thing.name, named.thing.what)
    for function in found:
        yield f"{code(signature(function))}\n{function.doc}"
    if not found:
        given = "value" * CHANGES.get(named.thing.name, 0)
        yield code(f"{named.thing.name}({given})")


def _about_environment(snapshot: Snapshot, named: Named) -> _Texts:
    count = len(snapshot.index.uses(named.thing))
    places = "1 place" if count == 1 else f"{count} places"
    yield code(f"${{{named.thing.name}}}")
    yield f"Read when the engine starts, never stored or shown. Used in {places}."


def _about_plain(snapshot: Snapshot, named: Named) -> _Texts:
    del snapshot
    yield code(named.thing.name)


def _about_property(snapshot: Snapshot, named: Named) -> _Texts:
    """What the contract says of a key of a body."""
    action = snapshot.action_at(named.span.path, named.span.start)
    path = list(keys_to(snapshot.nodes_at(named.span)))
    found = property_of(action, path) if action is not None else None
    if found is not None:
        yield code(f"{named.thing.name}: {schema_text(found)}")
        yield found.description
        yield f"Declared in `{found.place.file}`." if found.place.file else ""


def _about_nothing(snapshot: Snapshot, named: Named) -> _Texts:
    del snapshot, named
    yield ""


_RULES: Mapping[What, Callable[[Snapshot, Named], _Texts]] = {
    What.FIELD: _about_field,
    What.MEMBER: _about_member,
    What.ACTION: _about_action,
    What.ENDPOINT: _about_endpoint,
    What.RETRY: _about_retry,
    What.LET: _about_let,
    What.VARIABLE: _about_variable,
    What.BUILT_IN: _about_built_in,
    What.KEY: _about_key,
    What.KEYWORD: _about_keyword,
    What.METHOD: _about_function,
    What.FILTER: _about_function,
    What.ENVIRONMENT: _about_environment,
    What.FUNCTION: _about_plain,
    What.FILE: _about_plain,
    What.PROPERTY: _about_property,
    What.WORD: _about_nothing,
    What.HEADER: _about_nothing,
}
