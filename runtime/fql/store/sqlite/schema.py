"""The tables of an SQLite store. Names start with `fql_`, except for the dead letters, whose table
people query by the name they gave it."""

from __future__ import annotations

from fql.store.eviction import OVERHEAD
from fql.store.records import LetterRow

FORMAT = 5
"""Kept as `version` in `fql_meta`; see `fql.store.sqlite.format`."""

TABLES = """
CREATE TABLE IF NOT EXISTS fql_meta(name TEXT PRIMARY KEY, value) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS fql_session(
  id INTEGER PRIMARY KEY, holder TEXT NOT NULL, cycle INTEGER NOT NULL, state TEXT NOT NULL,
  numbered INTEGER NOT NULL DEFAULT 0);
CREATE TABLE IF NOT EXISTS fql_event(
  id INTEGER PRIMARY KEY, source TEXT, position TEXT, entity TEXT, kind TEXT, event_id TEXT,
  timestamp TEXT, received INTEGER, payload TEXT, context TEXT);
CREATE INDEX IF NOT EXISTS fql_event_event_id ON fql_event(event_id);
CREATE TABLE IF NOT EXISTS fql_run(
  id INTEGER PRIMARY KEY, event INTEGER, plan TEXT, observer TEXT, key TEXT, state TEXT,
  due INTEGER, lane TEXT, order_key TEXT, started INTEGER, ended INTEGER, works TEXT,
  held INTEGER NOT NULL DEFAULT 0, shard INTEGER NOT NULL DEFAULT 0,
  number INTEGER NOT NULL DEFAULT 0, row_key TEXT NOT NULL DEFAULT '');
CREATE INDEX IF NOT EXISTS fql_run_event ON fql_run(event);
CREATE INDEX IF NOT EXISTS fql_run_due ON fql_run(lane, due) WHERE due IS NOT NULL;
CREATE INDEX IF NOT EXISTS fql_run_order ON fql_run(order_key, number)
  WHERE order_key IS NOT NULL;
CREATE INDEX IF NOT EXISTS fql_run_started ON fql_run(started, number);
CREATE INDEX IF NOT EXISTS fql_run_ended ON fql_run(ended)
  WHERE ended IS NOT NULL AND order_key IS NULL;
CREATE INDEX IF NOT EXISTS fql_run_held ON fql_run(id) WHERE held = 1;
CREATE INDEX IF NOT EXISTS fql_run_state ON fql_run(state, started, number, observer)
  WHERE state <> 'done';
CREATE INDEX IF NOT EXISTS fql_run_observer ON fql_run(observer, started, number);
CREATE INDEX IF NOT EXISTS fql_run_row ON fql_run(row_key, started, number) WHERE row_key <> '';
CREATE TABLE IF NOT EXISTS fql_batch(
  id INTEGER PRIMARY KEY, key TEXT, plan TEXT, observer TEXT, node TEXT, members TEXT,
  sealed INTEGER, due INTEGER, lane TEXT, ended INTEGER, work TEXT,
  shard INTEGER NOT NULL DEFAULT 0);
CREATE INDEX IF NOT EXISTS fql_batch_open ON fql_batch(id) WHERE ended IS NULL;
CREATE INDEX IF NOT EXISTS fql_batch_ended ON fql_batch(ended) WHERE ended IS NOT NULL;
CREATE TABLE IF NOT EXISTS fql_attempt(
  owner INTEGER, node TEXT, number INTEGER, at INTEGER, status INTEGER, failure TEXT, error TEXT,
  duration_ms INTEGER, response_start TEXT, PRIMARY KEY(owner, node, number)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS {letters}(
  dlq_id TEXT PRIMARY KEY, run INTEGER, node TEXT, observer TEXT, action TEXT, entity TEXT,
  event TEXT, event_id TEXT, class TEXT, reason TEXT, failed_at INTEGER, state TEXT,
  handled INTEGER, request TEXT, plan_digest TEXT, key TEXT, batch INTEGER, source TEXT,
  payload BLOB, shard INTEGER NOT NULL DEFAULT 0, number INTEGER NOT NULL DEFAULT 0,
  row_key TEXT NOT NULL DEFAULT '') WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS {letters}_at ON {letters}(failed_at);
CREATE INDEX IF NOT EXISTS {letters}_run ON {letters}(run);
CREATE INDEX IF NOT EXISTS {letters}_observer ON {letters}(observer, failed_at, dlq_id);
CREATE INDEX IF NOT EXISTS {letters}_group ON {letters}(observer, action, class, failed_at);
CREATE INDEX IF NOT EXISTS {letters}_event ON {letters}(event_id);
CREATE INDEX IF NOT EXISTS {letters}_state ON {letters}(state);
CREATE INDEX IF NOT EXISTS {letters}_row ON {letters}(row_key, failed_at, dlq_id)
  WHERE row_key <> '';
CREATE TABLE IF NOT EXISTS fql_copy(
  number INTEGER PRIMARY KEY AUTOINCREMENT, dlq_id TEXT, change TEXT, letter TEXT, payload BLOB);
CREATE TABLE IF NOT EXISTS fql_limit(
  endpoint TEXT PRIMARY KEY, tokens REAL, at INTEGER, blocked_until INTEGER) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS fql_remembered(
  high INTEGER, low INTEGER, event INTEGER, at INTEGER, payload INTEGER,
  PRIMARY KEY(high, low)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS fql_remembered_at ON fql_remembered(at);
CREATE TABLE IF NOT EXISTS fql_position(source TEXT PRIMARY KEY, last INTEGER) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS fql_taken(
  id BLOB PRIMARY KEY, outbox TEXT, number INTEGER) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS fql_pause(name TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS fql_inbox(
  id INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT, body BLOB, at INTEGER,
  by TEXT NOT NULL DEFAULT '', shard INTEGER NOT NULL DEFAULT 0);
CREATE TABLE IF NOT EXISTS fql_plan(
  short TEXT PRIMARY KEY, digest TEXT, blob BLOB, at INTEGER) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS fql_unmatched(
  id INTEGER PRIMARY KEY, at INTEGER, source TEXT, entity TEXT, kind TEXT, event_id TEXT,
  result TEXT, reason TEXT, row_key TEXT, plan TEXT, payload TEXT);
CREATE INDEX IF NOT EXISTS fql_unmatched_at ON fql_unmatched(at, id);
CREATE INDEX IF NOT EXISTS fql_unmatched_event ON fql_unmatched(event_id) WHERE event_id <> '';
CREATE INDEX IF NOT EXISTS fql_unmatched_row ON fql_unmatched(row_key, at, id)
  WHERE row_key <> '';
CREATE TABLE IF NOT EXISTS fql_minute(
  span INTEGER, at INTEGER, kind TEXT, name TEXT, session INTEGER, numbers TEXT,
  PRIMARY KEY(span, at, kind, name, session)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS fql_pulse(
  session INTEGER PRIMARY KEY, at INTEGER, holder TEXT, body TEXT);
CREATE TABLE IF NOT EXISTS fql_bulk(
  id INTEGER PRIMARY KEY, at INTEGER, by TEXT, asked TEXT, total INTEGER, cursor_at INTEGER,
  cursor_id TEXT, state TEXT, marked INTEGER, resolved INTEGER, dead INTEGER, other INTEGER);
"""


BYTES_OF = "bytes of {letters}"
"""The name in `fql_meta` of what the dead letters of a table count for, in bytes. Triggers keep
it, whoever changes them."""
_SIZE = f"(coalesce(length(%s.request), 0) + coalesce(length(%s.payload), 0) + {OVERHEAD})"
_NEW, _OLD = (_SIZE.replace("%s", row) for row in ("new", "old"))
_COUNT = f"UPDATE fql_meta SET value = value %s WHERE name = '{BYTES_OF}'"  # noqa: S608
_TRIGGER = "CREATE TRIGGER IF NOT EXISTS {letters}_%s AFTER %s ON {letters} BEGIN %s; END"
COUNTING = (
    f"INSERT OR IGNORE INTO fql_meta SELECT '{BYTES_OF}',"  # noqa: S608
    f" coalesce(sum({_SIZE.replace('%s', 'l')}), 0) FROM {{letters}} l",
    _TRIGGER % ("new", "INSERT", _COUNT % f"+ {_NEW}"),
    _TRIGGER % ("gone", "DELETE", _COUNT % f"- {_OLD}"),
    _TRIGGER % ("other", "UPDATE OF request, payload", _COUNT % f"+ {_NEW} - {_OLD}"),
)

LAST_SESSION = "SELECT id, numbered FROM fql_session ORDER BY id DESC LIMIT 1"
NEW_SESSION = (
    "INSERT INTO fql_session(id, holder, cycle, state, numbered) VALUES(?, ?, 0, 'live', ?)"
)
OLD_SESSIONS = (
    "DELETE FROM fql_session WHERE id NOT IN (SELECT id FROM fql_session ORDER BY id DESC LIMIT 20)"
)
LIVE = "id = ? AND state = 'live' AND id = (SELECT max(id) FROM fql_session)"
COUNTED = f"SELECT cycle, numbered FROM fql_session WHERE {LIVE}"  # noqa: S608
COUNT_COMMIT = f"UPDATE fql_session SET cycle = ?, numbered = ? WHERE {LIVE} AND cycle = ?"  # noqa: S608

# `{rows}` stands for VALUES with as many rows as a commit has (`fql.store.sqlite.write`).
INSERT_EVENTS = "INSERT INTO fql_event {rows}"
INSERT_RUNS = "INSERT INTO fql_run {rows}"
PATCH_RUNS = """UPDATE fql_run SET state = j.column1, due = j.column2, lane = j.column3,
  order_key = j.column4, ended = j.column5, works = j.column6, held = j.column7
  FROM ({rows}) j WHERE fql_run.id = j.column8"""
PUT_ATTEMPTS = "INSERT OR REPLACE INTO fql_attempt {rows}"
PUT_REMEMBERED = "INSERT OR IGNORE INTO fql_remembered {rows}"
FIND_REMEMBERED = """SELECT f.high, f.low, f.event, f.at, f.payload FROM json_each(?) j
  CROSS JOIN fql_remembered f ON f.high = j.value ->> 0 AND f.low = j.value ->> 1"""
HALTED = "SELECT id FROM fql_run WHERE order_key IS NOT NULL AND ended IS NOT NULL"
LAST_COMMAND = "SELECT seq FROM sqlite_sequence WHERE name = 'fql_inbox'"
MINT_IDENTITY = "INSERT OR IGNORE INTO fql_meta VALUES('identity', lower(hex(randomblob(16))))"
PUT_TAKEN = "INSERT OR IGNORE INTO fql_taken {rows}"
FORGET_TAKEN = "DELETE FROM fql_taken WHERE id IN ({rows})"
FETCH_COMMANDS = """SELECT id, kind, body, at, by, shard FROM fql_inbox
  WHERE id NOT IN (SELECT value FROM json_each(?)) ORDER BY id LIMIT ?"""
DELETE_COMMANDS = "DELETE FROM fql_inbox WHERE id IN (SELECT value FROM json_each(?))"
DROP_EVENT = """DELETE FROM fql_event WHERE id = ?1
  AND NOT EXISTS (SELECT 1 FROM fql_run WHERE event = ?1)"""
NEXT_FINISHED = """SELECT r.ended, r.id, EXISTS (SELECT 1 FROM {letters} l WHERE l.run = r.id)
  FROM (SELECT * FROM
      (SELECT ended, id FROM fql_run WHERE ended = ?1 AND order_key IS NULL AND id > ?2
       AND ended < ?3 ORDER BY id LIMIT ?4)
    UNION ALL SELECT * FROM
      (SELECT ended, id FROM fql_run WHERE ended > ?1 AND order_key IS NULL AND ended < ?3
       ORDER BY ended, id LIMIT ?4) LIMIT ?4) r"""
"""Along the index, after a time and id; together in one WHERE they would not be looked up
there."""
FORGET_KEYS = """DELETE FROM fql_remembered WHERE (high, low) IN
  (SELECT high, low FROM fql_remembered WHERE at < ? ORDER BY at LIMIT ?)"""
IDLE_PLANS = """SELECT short FROM fql_plan WHERE short IS NOT
  (SELECT value FROM fql_meta WHERE name = 'active')
  AND NOT EXISTS (SELECT 1 FROM {letters} l WHERE l.plan_digest = fql_plan.digest)"""
PUT_BATCH = "INSERT OR REPLACE INTO fql_batch VALUES(?,?,?,?,?,?,?,?,?,?,?,?)"
_LETTER = LetterRow._fields[1:]
_DLQ = {"id": "dlq_id", "error_class": "class", "plan": "plan_digest"}
PUT_LETTER = (
    "INSERT INTO {letters} VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?) ON CONFLICT(dlq_id)"
    " DO UPDATE SET "
    + ", ".join(f"{name} = excluded.{name}" for name in (_DLQ.get(one, one) for one in _LETTER))
)
NUMBER_OF_RUN = "SELECT number FROM fql_run WHERE id = ?"
PUT_LIMIT = "INSERT OR REPLACE INTO fql_limit VALUES(?,?,?,?)"
PUT_POSITION = "INSERT OR REPLACE INTO fql_position VALUES(?,?)"
PUT_PLAN = "INSERT OR IGNORE INTO fql_plan VALUES(?,?,?,?)"

RUN = (
    "r.id, r.event, r.plan, r.observer, r.key, r.state, r.due, r.lane, r.order_key, r.started,"
    " r.ended, r.works, r.held, r.shard, r.number, r.row_key"
)
EVENT = (
    "e.id, e.source, e.position, e.entity, e.kind, e.event_id, e.timestamp, e.received,"
    " e.payload, e.context"
)
LOADED = f"SELECT {RUN}, {EVENT} FROM fql_run r JOIN fql_event e ON e.id = r.event "  # noqa: S608
AMONG = "WHERE r.id IN (SELECT value FROM json_each(?)) "
RUNS_BY_ID = LOADED + AMONG + "ORDER BY r.id"
_IN_LANE = "FROM fql_run WHERE lane = ? AND id NOT IN (SELECT value FROM json_each(?)) "
READY_IN_LANE = f"SELECT id, due, started {_IN_LANE} AND due = 0 ORDER BY id LIMIT ?"
TIMED_IN_LANE = f"SELECT id, due, due {_IN_LANE} AND due > 0 ORDER BY due, id LIMIT ?"
QUEUES = """SELECT order_key, id FROM fql_run WHERE order_key IS NOT NULL
  ORDER BY ended IS NOT NULL OR due IS NULL, number"""
HELD = LOADED + "WHERE r.held = 1 ORDER BY r.id"
