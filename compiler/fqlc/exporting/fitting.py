"""Whether what a new plan sends is still what receivers of an old one expect. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from fql.plan.table import TypeTable
from fqlc.exporting.shapes import (
    NULL,
    SEALED,
    Anything,
    Const,
    Items,
    Named,
    Object,
    Scalar,
    Shape,
    Union,
    is_literal_of,
    members,
)
from fqlc.exporting.typed import declared_properties, enum_of


@dataclass(frozen=True, slots=True)
class Fit:
    """Compares shapes of two plans; each has its own declarations. `within` are the pairs
    that are being compared, so that a type within itself comes to an end. `answers` says that
    the sides are turned round, as what was answered before must fit what is read now."""

    new: TypeTable
    old: TypeTable
    within: frozenset[tuple[Shape, Shape]] = frozenset()
    answers: bool = False

    def misfits(self, new: Shape, old: Shape, place: str = "") -> Iterator[str]:
        """Why a value of the new shape may not be one of the old shape, in words; nothing where
        each one is. A key more in an object does not count."""
        if new == old and not isinstance(new, Named | Items | Object | Union):
            return
        if isinstance(new, Union):
            for one in new.of:
                yield from self.misfits(one, old, place)
        elif isinstance(old, Anything) and new != NULL:
            return
        elif isinstance(new, Named) and (opened := self._members(new)) is not None:
            yield from self._enum(opened, new, old, place)
        elif isinstance(old, Union):
            yield from self._among(new, old, place)
        elif new == NULL:
            yield f"{_at(place)} may be null"
        else:
            yield from self._single(new, old, place)

    def _members(self, new: Named) -> Shape | None:
        return enum_of(new.name, self.new)

    def _enum(self, opened: Shape, new: Named, old: Shape, place: str) -> Iterator[str]:
        known = [enum_of(o.name, self.old) if isinstance(o, Named) else None for o in members(old)]
        if not any(known) and not any(isinstance(o, Const) for o in members(old)):
            if Scalar("String") not in members(old):
                yield self._was(new, old, place)
            return
        for member in members(opened):
            yield from self.misfits(member, old, place)

    def _among(self, new: Shape, old: Union, place: str) -> Iterator[str]:
        """A shape against several: it must fit one; else the only one of its kind says why."""
        tried = [list(self.misfits(new, one, place)) for one in old.of]
        if not all(tried):
            return
        if new == NULL:
            yield f"{_at(place)} may be null"
            return
        alike = [t for one, t in zip(old.of, tried, strict=True) if _kind(one) == _kind(new)]
        if len(alike) == 1 and not isinstance(new, Const):
            yield from alike[0]
        else:
            yield self._was(new, old, place)

    def _single(self, new: Shape, old: Shape, place: str) -> Iterator[str]:
        if isinstance(old, Named):
            opened = enum_of(old.name, self.old)
            if opened is not None:
                yield from self._of_enum(new, opened, old, place)
                return
        one, other = _expanded(new, self.new), _expanded(old, self.old)
        if isinstance(one, Object) and isinstance(other, Object):
            pair = (new, old)
            if pair not in self.within:
                deeper = replace(self, within=self.within | {pair})
                yield from deeper._object_misfits(one, other, place)
        elif isinstance(new, Items) and isinstance(old, Items):
            yield from self._items(new, old, place)
        elif not is_literal_of(new, old):
            yield self._was(new, old, place)

    def _of_enum(self, new: Shape, opened: Shape, old: Named, place: str) -> Iterator[str]:
        if isinstance(new, Const):
            if new not in members(opened):
                yield f"{_at(place)} may be {new.text}"
        else:
            yield self._was(new, old, place)

    def _items(self, new: Items, old: Items, place: str) -> Iterator[str]:
        if old.most is not None and (new.most is None or new.most > old.most):
            yield f"{_at(place)} may have {new.most or 'more'} items, previously {old.most}"
        if new.least < old.least:
            yield f"{_at(place)} may be empty"
        yield from self.misfits(new.of, old.of, f"{place}[]")

    def _object_misfits(self, new: Object, old: Object, place: str) -> Iterator[str]:
        has = {each.name: each for each in new.properties}
        for each in old.properties:
            where = f"{place}.{each.name}" if place else each.name
            found = has.get(each.name)
            if found is None:
                yield f"`{where}` {'must be there' if self.answers else 'is gone'}"
                continue
            if each.required and not found.required:
                yield f"`{where}` may be missing"
            yield from self.misfits(found.shape, each.shape, where)

    def _was(self, new: Shape, old: Shape, place: str) -> str:
        if self.answers:
            return f"{_at(place)} must be {described(old)}, previously {described(new)}"
        return f"{_at(place)} is {described(new)}, previously {described(old)}"


def _expanded(shape: Shape, names: TypeTable) -> Shape:
    if not isinstance(shape, Named):
        return shape
    return Object(declared_properties(shape, names))


def _kind(shape: Shape) -> str:
    match shape:
        case Named():
            return "object"
        case Object() | Items():
            return type(shape).__name__.lower()
        case Scalar():
            return shape.name
        case _:
            return ""


def _at(place: str) -> str:
    return f"`{place}`" if place else "it"


def described(shape: Shape) -> str:
    """A shape in a few words."""
    match shape:
        case Scalar() | Named():
            return "encrypted" if shape == SEALED else f"`{shape.name}`"
        case Const():
            return f"`{shape.text}`"
        case Union():
            return " or ".join(dict.fromkeys(map(described, shape.of)))
        case _:
            return _IN_WORDS[type(shape)]


_IN_WORDS: Mapping[type[Shape], str] = {
    Items: "a list",
    Object: "an object",
    Anything: "any JSON",
}
