/** A path within this app, or the way home: what stands in a link may lead nowhere else. */
export function localPath(path: string | undefined): string {
  if (path === undefined) return '/';
  const url = new URL(path, location.origin);
  return path.startsWith('/') && url.origin === location.origin ? url.pathname + url.search + url.hash : '/';
}
