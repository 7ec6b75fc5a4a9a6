/** `run` is one row: what is known of this run so far. Each step of its life is a column that is filled once. */
export const RUN_MIGRATIONS = [
  `CREATE TABLE run (
     id INTEGER PRIMARY KEY CHECK (id = 1),
     request TEXT,
     begun_at_ms INTEGER,
     is_cancel_requested INTEGER NOT NULL DEFAULT 0,
     lost_detail TEXT,
     runner_id TEXT,
     endpoint TEXT,
     accepted_at_ms INTEGER,
     conclusion TEXT,
     is_settled INTEGER NOT NULL DEFAULT 0,
     is_recorded INTEGER NOT NULL DEFAULT 0,
     is_forgotten INTEGER NOT NULL DEFAULT 0,
     failures INTEGER NOT NULL DEFAULT 0
   );
   INSERT INTO run (id) VALUES (1);
   CREATE TABLE frames (
     seq INTEGER PRIMARY KEY,
     kind TEXT NOT NULL,
     body TEXT NOT NULL
   );
   CREATE INDEX results ON frames (seq) WHERE kind = 'result'`,
  `ALTER TABLE run ADD COLUMN is_held INTEGER NOT NULL DEFAULT 1;
   ALTER TABLE run ADD COLUMN attempt INTEGER NOT NULL DEFAULT 1;
   ALTER TABLE run ADD COLUMN seq_offset INTEGER NOT NULL DEFAULT 0;
   ALTER TABLE run ADD COLUMN former TEXT`,
  `CREATE INDEX egress ON frames (seq) WHERE kind = 'egress'`,
  `ALTER TABLE run ADD COLUMN is_collected INTEGER NOT NULL DEFAULT 0;
   DROP INDEX results;
   DROP INDEX egress;
   CREATE INDEX frames_to_find ON frames (kind, seq) WHERE kind IN ('result', 'egress', 'row', 'state')`,
  `ALTER TABLE run ADD COLUMN is_expired INTEGER NOT NULL DEFAULT 0`,
] as const;

/** What all of them come to, and sooner: each run has an object of its own, and waits for its tables. */
export const RUN_TABLES = [
  `CREATE TABLE run (
     id INTEGER PRIMARY KEY CHECK (id = 1),
     request TEXT,
     begun_at_ms INTEGER,
     is_cancel_requested INTEGER NOT NULL DEFAULT 0,
     lost_detail TEXT,
     runner_id TEXT,
     endpoint TEXT,
     accepted_at_ms INTEGER,
     conclusion TEXT,
     is_settled INTEGER NOT NULL DEFAULT 0,
     is_recorded INTEGER NOT NULL DEFAULT 0,
     is_forgotten INTEGER NOT NULL DEFAULT 0,
     failures INTEGER NOT NULL DEFAULT 0,
     is_held INTEGER NOT NULL DEFAULT 1,
     attempt INTEGER NOT NULL DEFAULT 1,
     seq_offset INTEGER NOT NULL DEFAULT 0,
     former TEXT,
     is_collected INTEGER NOT NULL DEFAULT 0,
     is_expired INTEGER NOT NULL DEFAULT 0
   );
   INSERT INTO run (id) VALUES (1);
   CREATE TABLE frames (
     seq INTEGER PRIMARY KEY,
     kind TEXT NOT NULL,
     body TEXT NOT NULL
   );
   CREATE INDEX frames_to_find ON frames (kind, seq) WHERE kind IN ('result', 'egress', 'row', 'state')`,
] as const;
