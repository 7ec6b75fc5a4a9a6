/**
 * Money is TEXT: SQLite's integers reach JavaScript as doubles. `closed_runs` is what makes settling and releasing happen once, for good;
 * a row of `ledger` lives only until ClickHouse is known to hold it.
 */
export const USAGE_METER_MIGRATIONS = [
  `CREATE TABLE budget (
     id INTEGER PRIMARY KEY CHECK (id = 1),
     limit_nanos TEXT NOT NULL,
     revision INTEGER NOT NULL
   );
   CREATE TABLE periods (
     period TEXT PRIMARY KEY,
     settled_nanos TEXT NOT NULL,
     reserved_nanos TEXT NOT NULL,
     runs INTEGER NOT NULL,
     totals TEXT NOT NULL
   ) WITHOUT ROWID;
   CREATE TABLE reservations (
     run_id TEXT PRIMARY KEY,
     period TEXT NOT NULL,
     amount_nanos TEXT NOT NULL,
     reserved_at_ms INTEGER NOT NULL
   ) WITHOUT ROWID;
   CREATE INDEX reservations_by_age ON reservations (reserved_at_ms);
   CREATE TABLE closed_runs (
     run_id TEXT PRIMARY KEY,
     reserved_nanos TEXT NOT NULL,
     seq INTEGER
   ) WITHOUT ROWID;
   CREATE TABLE ledger (
     seq INTEGER PRIMARY KEY,
     row TEXT NOT NULL
   );
   CREATE TABLE flush (
     id INTEGER PRIMARY KEY CHECK (id = 1),
     ledger_seq INTEGER NOT NULL,
     flushed_seq INTEGER NOT NULL,
     batch_last_seq INTEGER,
     mismatches INTEGER NOT NULL,
     failures INTEGER NOT NULL
   );
   INSERT INTO flush VALUES (1, 0, 0, NULL, 0, 0)`,
] as const;
