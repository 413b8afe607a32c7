"""What is said to PostgreSQL, each a statement and a transaction of its own; `{s}` is the schema.

It runs nothing. That a version is what was read, and a lock is whose it was, stands in each WHERE.
"""

from __future__ import annotations

TABLES = (
    "CREATE SCHEMA IF NOT EXISTS {s}",
    "CREATE SEQUENCE IF NOT EXISTS {s}.serials",
    """CREATE TABLE IF NOT EXISTS {s}.documents (state text, name text, content bytea NOT NULL, serial bigint NOT NULL,
    written_at timestamptz NOT NULL, PRIMARY KEY (state, name))""",
    """CREATE TABLE IF NOT EXISTS {s}.locks (state text PRIMARY KEY, id text NOT NULL, run text NOT NULL,
    host text NOT NULL, link text NOT NULL, since text NOT NULL, ttl_s double precision NOT NULL,
    pid integer NOT NULL, renewed_at timestamptz NOT NULL)""",
)

READ = "SELECT content, serial FROM {s}.documents WHERE state = %s AND name = %s"
NAMES = """
SELECT name FROM {s}.documents WHERE state = %s AND starts_with(name, %s) ORDER BY name COLLATE "C"
"""
CREATE = """
INSERT INTO {s}.documents (state, name, content, serial, written_at)
VALUES (%s, %s, %s, nextval('{s}.serials'), clock_timestamp()) ON CONFLICT DO NOTHING RETURNING serial
"""
# A serial is never given twice, so a version that was deleted does not come back either.
REPLACE = """
UPDATE {s}.documents SET content = %s, serial = nextval('{s}.serials'), written_at = clock_timestamp()
WHERE state = %s AND name = %s AND serial = %s RETURNING serial
"""
DELETE = "DELETE FROM {s}.documents WHERE state = %s AND name = %s AND serial = %s RETURNING serial"
PEEK = """
SELECT id, run, host, link, since, ttl_s, (extract(epoch FROM renewed_at) + ttl_s)::float8, pid FROM {s}.locks
WHERE state = %s
"""
CLAIM = """
WITH got AS MATERIALIZED (SELECT pg_try_advisory_lock(%s::bigint) AS lock)
INSERT INTO {s}.locks AS mine (state, id, run, host, link, since, ttl_s, pid, renewed_at)
SELECT %s, %s, %s, %s, %s, %s, %s, pg_backend_pid(), clock_timestamp() FROM got WHERE lock
ON CONFLICT (state) DO UPDATE SET pid = excluded.pid, ttl_s = excluded.ttl_s, renewed_at = excluded.renewed_at
WHERE mine.id = excluded.id RETURNING 1
"""
RECLAIM = """
WITH got AS MATERIALIZED (SELECT pg_try_advisory_lock(%s::bigint) AS lock)
UPDATE {s}.locks SET pid = pg_backend_pid(), ttl_s = %s, renewed_at = clock_timestamp() FROM got
WHERE lock AND state = %s AND id = %s RETURNING 1
"""
RENEW = """
UPDATE {s}.locks SET ttl_s = %s, renewed_at = clock_timestamp()
WHERE state = %s AND id = %s AND pid = pg_backend_pid() RETURNING 1
"""
RELEASE = "DELETE FROM {s}.locks WHERE state = %s AND id = %s"
REMOVE = """
DELETE FROM {s}.locks
WHERE state = %s AND id = %s AND (extract(epoch FROM renewed_at) + ttl_s)::float8 = %s RETURNING pid
"""
END = """
SELECT pg_terminate_backend(pid, 2000) FROM pg_locks
WHERE locktype = 'advisory' AND objsubid = 1 AND granted AND pid = %s
AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
AND (classid::bigint << 32 | objid::bigint) = %s::bigint
"""
UNLOCK = "SELECT pg_advisory_unlock_all()"
