/** `record` is the canonical text that was hashed, byte for byte; `tree` is the one row a writer must remember to append. */
export const AUDIT_LOG_MIGRATIONS = [
  `CREATE TABLE entries (
     seq INTEGER PRIMARY KEY,
     record_id TEXT NOT NULL UNIQUE,
     leaf_hash TEXT NOT NULL,
     record TEXT NOT NULL
   );
   CREATE TABLE tree (
     id INTEGER PRIMARY KEY CHECK (id = 1),
     size INTEGER NOT NULL,
     peaks TEXT NOT NULL
   );
   INSERT INTO tree VALUES (1, 0, '[]')`,
] as const;
