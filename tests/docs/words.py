"""Wording that a native reader stumbles over: each pattern with what to write instead.

A pattern is searched for in prose alone: pages (without code), docstrings, comments and the texts
of messages. `tests/docs/test_words.py` walks them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Wording:
    """A pattern, why it is wrong, what to write, and a sentence in which it must be found."""

    pattern: re.Pattern[str]
    why: str
    better: str
    planted: str


def _wording(pattern: str, why: str, better: str, planted: str) -> Wording:
    return Wording(re.compile(pattern), why, better, planted)


WORDINGS = (
    _wording(
        r"expected .* behind ", "what comes later in a text is after, not behind",
        "expected `:` after `word`", "expected `:` behind `word`",
    ),
    _wording(
        r"\b(?:waits?|sent|goes on|comes?|follows|continues|stands?) (?:directly )?behind\b",
        "order in time or text is not a place behind something", "waits after it",
        "what waits behind it is cancelled",
    ),
    _wording(
        r"\bstands (?:in|at|on|within|inside|between|before|directly|there|here|first|under)\b",
        "texts, keys and values do not stand", "is in, is written in",
        "a text of several lines stands between quotes",
    ),
    _wording(
        r"\b(?:may|can|cannot|must not|never) stand (?:in|at|on|by|there|here|inside)\b",
        "texts, keys and values do not stand", "may be in, is allowed in",
        "`each` cannot stand inside another `each`",
    ),
    _wording(
        r"\bstands? (?:alone )?in quotes\b", "an obligation is said with must",
        "must be quoted", "a url stands in quotes",
    ),
    _wording(
        r"(?i)(?<!there )\b(?:is|was) no (?!(?:longer|more|less|matter|way|one)\b)",
        "a noun is denied with not", "is not a member of", "`x` is no member of `Color`",
    ),
    _wording(
        r"\bat the begin\b", "begin is a verb", "at the start", "the blanks at the begin of a line",
    ),
    _wording(r"(?i)\banew\b", "bookish", "again", "the state is loaded anew"),
    _wording(
        r"\b(?:is|are) said(?! to be)\b", "calque of the German passive", "is reported",
        "nothing else is said of that",
    ),
    _wording(
        r"(?i)\b(?:inside|outside) of (?!each)", "no `of` after inside and outside", "outside",
        "a file outside of the project",
    ),
    _wording(
        r"\b(?:plan|state|endpoints?|engine|settings|numbers|policies|one) of (?:now|then)\b",
        "`of now` and `of then` are not English", "the active plan, the plan the run started on",
        "Render with the plan of now, or of then.",
    ),
    _wording(
        r"\ball the same\b", "means `of no importance` to many readers", "anyway, still",
        "its addresses are judged all the same",
    ),
    _wording(
        r"\b(?:has|have) to be\b", "an obligation is said with must", "must be",
        "the argument has to be a literal",
    ),
    _wording(
        r"\bbelongs? into\b", "things belong in a place", "belongs in",
        "a secret does not belong into a source",
    ),
    _wording(
        r"\bWhat passes cannot\b", "the subject is missing",
        "A program that passes the check cannot fail with an evaluation error at run time.",
        "What passes cannot raise later.",
    ),
    _wording(
        r"\baddress(?:es)? (?:is|are) vetted when (?:it is|they are) dialled\b", "unusual words",
        "Every address is checked at connection time.",
        "Each address is vetted when it is dialled.",
    ),
    _wording(
        r"\bas it has to be\b|\bis as it must be\b", "calque",
        "Check the environment: settings, secrets, store, receivers.",
        "Examine whether everything around fql is as it has to be.",
    ),
    _wording(
        r"\bthe one style\b", "calque", "Format sources. The style is fixed.",
        "Bring sources into the one style; there are no options.",
    ),
    _wording(
        r"\bbefore its time\b", "calque", "Dead letters are kept for the retention period.",
        "Nothing is thrown away before its time.",
    ),
    _wording(
        r"\b(?:[Oo]ne|[Aa]n)(?: JSON)?(?: (?:object|envelope|event|entry|problem))? a line\b",
        "a rate is said with per", "one JSON object per line",
        "For people, or one JSON object a line.",
    ),
    _wording(
        r"\b[Aa]t most so many\b", "calque", "at most this many",
        "At most so many, the newest first.",
    ),
    _wording(
        r"\b(?:takes none|looks? for no)\b", "a verb is denied with not",
        "does not look for a file", "Without settings it looks for no file.",
    ),
    _wording(
        r"[Ww]hatever is remembered\b", "calque", "Compile without the cache.",
        "Compile anew, whatever is remembered.",
    ),
    _wording(
        r"\b(?:calls|replays|requests|events|deliveries|attempts|CPU|microseconds|rows)"
        r" an? (?:second|minute|hour|day|delivery|event|transaction)\b",
        "a rate is said with per", "10 replays per second", "`rate` is replays a second.",
    ),
    _wording(
        r", but for (?!ever)", "`but for` is bookish", ", except for", "Never raises, but for X.",
    ),
    _wording(
        r"\bsome (?:seconds|microseconds)\b", "a small number is `a few`",
        "for a few seconds", "kept for some seconds",
    ),
    _wording(
        r"\bover (?:all )?(?:attempts|crashes|restarts)\b", "a key stays the same through them",
        "the same through all attempts", "a pause holds over restarts",
    ),
    _wording(r"\bfor want of\b", "bookish", "because no room is left", "left out for want of room"),
    _wording(
        r"\bcome in another order\b", "calque", "are in a different order",
        "the fields come in another order",
    ),
    _wording(
        r"\bis (?:a )?Boolean, and\b|\bcan be \w+, and `x` is\b", "a contrast is said with but",
        "a condition must be Boolean, but `x` is `Int`", "a condition is Boolean, and `x` is `Int`",
    ),
    _wording(
        r"(?i)\bsimilar (?:name|word) exists\b|\bwith a similar name\b", "one form everywhere",
        "did you mean `total`?", "a field with a similar name exists: `total`",
    ),
    _wording(
        r"\b(?:for|to|of|by|from|with) who (?:reads|takes|knows|needs|has|may|wants|writes|asks)\b",
        "a relative clause without its noun needs whoever or those who", "for whoever reads it",
        "an address for who knows one of its tokens",
    ),
    _wording(
        r"[.:;,] (?:so )?[Ww]ho (?:reads|takes|knows|finds|wants|may|starts|emits|searched)\b"
        r"[^.?;]{0,60}\b(?:checks|puts|knows|fences|imports|waits|takes|sees|is told)\b",
        "the same at the start of a sentence", "Whoever reads one checks its digest.",
        "The whole artefact. Who reads one checks its digest first.",
    ),
    _wording(
        r"(?:[;:,] )come again\b|\bworth to\b", "advice for a caller, not for a guest",
        "the process is ending; try again", "this process ends; come again",
    ),
    _wording(
        r"(?i)\bone (?:(?!in\b)\w+ )?a (?:file|minute|second|hour)\b", "a rate is said with per",
        "one rule per file", "the rules, one a file",
    ),
    _wording(
        r"\b(?:[Ee]verything|[Aa]ll of (?:it|them)) lies? in\b|\btakes? no \w+(?: \w+)? along\b",
        "calque", "everything is in the schema", "Everything lies in the schema `x`.",
    ),
    _wording(
        r"(?i)\ban own\b", "`own` needs its owner", "a launcher of our own", "An own launcher",
    ),
    _wording(
        r"\b(?:a|an|the) [\w` ]{1,20} that is none\b", "what it is not must be named",
        "for an invalid url", "Raises SettingsError for a url that is none.",
    ),
    _wording(
        r"\b(?:row|reason|event) (?:is|was) told\b|\btold (?:once|twice) for\b",
        "people are told, facts are reported", "every row is written", "every row is told",
    ),
    _wording(
        r"\b(?:settings|keys|tokens) (?:are |were )?taken up\b",
        "calque", "settings applied: store.keep_runs", "settings taken up: store.keep_runs",
    ),
    _wording(
        r"\bgo(?:es)? by the (?:plan|server|clock)\b", "calque",
        "are read by the plan they were captured for",
        "rows of an older plan go by the plan they were captured for",
    ),
    _wording(
        r"\d · Who (?:only )?(?:reads|looks|takes)\b", "the same in a title",
        "0085 · Whoever reads a plan reads the model", "0085 · Who reads a plan reads the model",
    ),
    _wording(
        r"\bwhat is in the way\b", "calque", "what prevents it",
        "the SQL that would run, and what is in the way",
    ),
)  # fmt: skip
