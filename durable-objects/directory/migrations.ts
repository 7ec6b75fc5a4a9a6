export const DIRECTORY_MIGRATIONS = [
  `CREATE TABLE claims (
     kind TEXT NOT NULL,
     key TEXT NOT NULL,
     cell TEXT NOT NULL,
     owner TEXT NOT NULL,
     claimed_at_ms INTEGER NOT NULL,
     PRIMARY KEY (kind, key)
   ) WITHOUT ROWID`,
] as const;
