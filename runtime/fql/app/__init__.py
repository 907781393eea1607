"""The composition root: the one room in which engine and adapters are joined."""

from __future__ import annotations

from fql.app.runtime import Runtime

__all__ = ["Runtime"]
