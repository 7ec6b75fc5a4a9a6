/** The paths that one archive brings. */
export interface Sheet<T> {
  readonly of: T;
  readonly paths: readonly string[];
}

/**
 * Which archive each path of the whole comes from, where the later ones lie over the earlier ones. A path that is a file above and a
 * folder below, or the other way round, is what it is above: the result is always a tree.
 */
export function overlay<T>(sheets: readonly Sheet<T>[]): ReadonlyMap<string, T> {
  const sources = new Map<string, T>();
  const folders = new Set<string>();
  for (const { of, paths } of sheets.toReversed()) {
    const visible = paths.filter(
      (path) => !sources.has(path) && !folders.has(path) && !foldersOf(path).some((folder) => sources.has(folder)),
    );
    for (const path of visible) {
      sources.set(path, of);
      for (const folder of foldersOf(path)) folders.add(folder);
    }
  }
  return sources;
}

/** `a/b/c` lies in `a` and `a/b`. */
export function foldersOf(path: string): string[] {
  const parts = path.split('/');
  return parts.slice(1).map((_, index) => parts.slice(0, index + 1).join('/'));
}
