"""What each engine would do first, done once in the process that they are forked from: a third of
the CPU of a kill."""

from __future__ import annotations

import gc

from fql.settings.reading import read_settings
from fqlc import compile_text
from fqlc.project.cache import maker
from tests.kills.shop import SETTINGS, SOURCE

read_settings(SETTINGS, "warm")
compile_text(SOURCE)
maker("warm")
gc.collect()
gc.freeze()  # a fork copies no page only because it is looked at
