export const FLEET_MIGRATIONS = [
  `CREATE TABLE runners (
     runner_id TEXT PRIMARY KEY,
     beat TEXT NOT NULL,
     last_seen_ms INTEGER NOT NULL
   ) WITHOUT ROWID;
   CREATE TABLE lost_runs (
     run_id TEXT PRIMARY KEY,
     runner_id TEXT NOT NULL,
     reported_at_ms INTEGER NOT NULL
   ) WITHOUT ROWID`,
] as const;
