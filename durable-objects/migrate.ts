/** Whether this object was ever written to. */
export function isFresh(storage: DurableObjectStorage): boolean {
  return storage.sql.exec("SELECT 1 FROM sqlite_master WHERE name = 'schema_version'").toArray().length === 0;
}

/**
 * Brings an object's tables up to date. Call it in the constructor: it is synchronous, and no event is delivered before the
 * constructor has returned. `steps` is append-only: step n turns version n into n + 1, and objects of every version are asleep out there.
 * `whole` is what all of them come to, for an object that was never written to.
 */
export function migrate(storage: DurableObjectStorage, steps: readonly string[], whole = steps): void {
  storage.transactionSync(() => {
    const { sql } = storage;
    sql.exec('CREATE TABLE IF NOT EXISTS schema_version (version INTEGER NOT NULL)');
    const version = sql.exec<{ version: number }>('SELECT version FROM schema_version').toArray()[0]?.version;
    if (version === steps.length) return;
    if (version === undefined) sql.exec('INSERT INTO schema_version VALUES (0)');
    if (version !== undefined && version > steps.length)
      throw new Error(`stored schema ${version} is newer than this code's ${steps.length}`);
    for (const step of version === undefined ? whole : steps.slice(version)) sql.exec(step);
    sql.exec('UPDATE schema_version SET version = ?', steps.length);
  });
}
