"""Random programs, as text."""

from __future__ import annotations

from hypothesis import strategies as st

_NAMES = st.sampled_from(
    ["a", "total", "on", "when", "flow", "entity", "type", "status", "batch", "each_one", "_new"]
)
_BLANKS = st.sampled_from([" ", "  ", "\n", "\n\n\n", " # note\n", "\n# note\n  ", "\t"])
_BINARY = st.sampled_from(
    ["||", "&&", "==", "!=", "<", ">=", "in", "not in", "??", "+", "-", "*", "%", "AND", "OR"]
)
_ATOMS = st.sampled_from(
    ["1", "1_000.50", "5s", "10KB", "true", "null", '"x {{ a }}"', "'it\"s'", "a", "b.old",
     "f(a, 2)", "j['k']", "x?.y.z()", '"${HOME}"', '"""\n   one\n     two\n   """', "[]", "{}"]
)  # fmt: skip


def _wrapped(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Expressions made of smaller ones; comparisons always stand in parentheses."""
    return st.one_of(
        st.builds(lambda a, s, o, b: f"({a}){s}{o} ({b})", inner, _BLANKS, _BINARY, inner),
        st.builds(lambda a: f"!({a})", inner),
        st.builds(lambda a: f"-({a})", inner),
        st.builds(lambda a, s: f"[{s}({a}), {s}1]", inner, _BLANKS),
        st.builds(lambda a, n, s: f'{{{s}{n}: ({a}){s}, "q k": 1{s}}}', inner, _NAMES, _BLANKS),
        st.builds(lambda a: f"each {{ k: ({a}), total }}", inner),
    )


EXPRESSIONS = st.recursive(_ATOMS, _wrapped, max_leaves=8)
_ENTRY = st.builds(lambda k, s, v: f"{k}:{s}{v}", _NAMES, _BLANKS, EXPRESSIONS)
_DOCS = st.sampled_from(["", '"""One."""\n', '"""One.\n      Two."""\n'])


def _blocks(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.builds(
        lambda d, k, n, s, items: f"{d}{k} {n} {{{s}{s.join(items)}{s}}}",
        _DOCS, st.sampled_from(["webhook", "call", "publish"]), _NAMES, _BLANKS,
        st.lists(st.one_of(_ENTRY, inner), max_size=4),
    )  # fmt: skip


_FLOWS = st.sampled_from(
    ["flow { a -> [b, c -> d] -> e }", "flow {\n a\n # c\n b else c -> d }", "flow {}"]
)
_BLOCKS = st.builds(
    lambda block, flow: block[:-1] + f"{flow} }}",
    _blocks(_blocks(_ENTRY)),
    st.one_of(_FLOWS, st.just("")),
)
_FIELDS = st.builds(
    lambda d, n, t, a: f"{d}{n}: {t}{a}", _DOCS, _NAMES,
    st.sampled_from(["ID", "[String?]?", "Int?"]),
    st.sampled_from(["", " @key", " @column('n') @sensitive"]),
)  # fmt: skip
_DECLARATIONS = st.one_of(
    _BLOCKS,
    st.builds(lambda n, e: f"let {n} = {e}", _NAMES, EXPRESSIONS),
    st.builds(lambda s: f"import 'a.fql'{s}", _BLANKS),
    st.builds(lambda n, s, ms: f"enum {n} {{{s}{s.join(ms)}{s}}}", _NAMES, _BLANKS,
              st.lists(st.sampled_from(["x", "y,", "z"]), max_size=4)),
    st.builds(lambda n, s, fs: f"entity {n} from 't' {{{s}{s.join(fs)}{s}}}", _NAMES, _BLANKS,
              st.lists(_FIELDS, max_size=4)),
)  # fmt: skip
PROGRAMS = st.builds(
    lambda parts, s: f"{s}\n".join(parts), st.lists(_DECLARATIONS, max_size=5), _BLANKS
)
