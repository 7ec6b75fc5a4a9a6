import { createPrivateKey, X509Certificate } from 'node:crypto';
import { type FSWatcher, watch } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import type { IdentitySource, X509Svid } from '#contracts/identity';
import { certificatesOf, verifySvid } from '#contracts/x509';

/** Identity from files that an agent keeps fresh: `svid.pem` (leaf first), `svid.key`, `bundle.pem`. */
const POLL_MS = 1_000;
const FIRST_LOAD_MS = 30_000;
const FIRST_LOAD_POLL_MS = 50;

/**
 * Waits for a first valid identity, then follows the directory: by its events, and by looking once a second, because
 * events get lost where a directory is replaced or lies on a network. Key and certificate are served only as a pair
 * that fits and that the bundle vouches for.
 */
export async function fileIdentitySource(directory: string): Promise<IdentitySource> {
  let current = await loadFirst(directory);
  const listeners = new Set<(svid: X509Svid) => void>();
  let isClosed = false;
  let loading: Promise<void> | undefined;
  let isStale = false;

  const reload = async (): Promise<void> => {
    while (isStale) {
      isStale = false;
      const files = await read(directory).catch(() => undefined);
      // To verify a chain costs many milliseconds, and nearly every look finds what is held already.
      if (files === undefined || isSame(files, current)) continue;
      const next = await verify(files).catch(() => undefined);
      // What cannot be used now is half-written or gone; the next look finds it whole, and `current` holds until then.
      if (isClosed || next === undefined) continue;
      current = next;
      for (const listener of listeners) tell(listener, next);
    }
    loading = undefined;
  };
  const look = (): void => {
    isStale = !isClosed;
    loading ??= reload();
  };

  const timer = setInterval(look, POLL_MS).unref();
  const watcher = tryWatch(directory, look);
  return {
    current: () => current,
    onRotate(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    close() {
      isClosed = true;
      clearInterval(timer);
      watcher?.close();
      listeners.clear();
    },
  };
}

async function loadFirst(directory: string): Promise<X509Svid> {
  const deadline = Date.now() + FIRST_LOAD_MS;
  for (;;) {
    try {
      return await verify(await read(directory));
    } catch (error) {
      if (Date.now() > deadline) throw new Error(`no valid identity in ${directory}`, { cause: error });
    }
    await sleep(FIRST_LOAD_POLL_MS);
  }
}

type Files = Pick<X509Svid, 'certificateChainPem' | 'privateKeyPem' | 'trustBundlePem'>;

async function read(directory: string): Promise<Files> {
  const [certificateChainPem, privateKeyPem, trustBundlePem] = await Promise.all(
    ['svid.pem', 'svid.key', 'bundle.pem'].map((name) => readFile(join(directory, name), 'utf8')),
  );
  if (!certificateChainPem || !privateKeyPem || !trustBundlePem) throw new Error('a file is empty');
  return { certificateChainPem, privateKeyPem, trustBundlePem };
}

async function verify(files: Files): Promise<X509Svid> {
  const { certificateChainPem, privateKeyPem, trustBundlePem } = files;
  const chain = certificatesOf(certificateChainPem);
  if (!new X509Certificate(chain[0] ?? '').checkPrivateKey(createPrivateKey(privateKeyPem))) {
    throw new Error('the key is not that of the certificate');
  }
  const { spiffeId, notAfterMs } = await verifySvid({ chain, trustBundlePem, atMs: Date.now() });
  return { ...files, spiffeId, notAfterMs };
}

function isSame(a: Files, b: Files): boolean {
  return a.certificateChainPem === b.certificateChainPem && a.trustBundlePem === b.trustBundlePem;
}

function tell(listener: (svid: X509Svid) => void, svid: X509Svid): void {
  try {
    listener(svid);
  } catch (error) {
    console.error('a listener failed to take up a rotated identity', error);
  }
}

/** Events only hasten what looking finds anyway. */
function tryWatch(directory: string, onChange: () => void): FSWatcher | undefined {
  try {
    const watcher = watch(directory, { persistent: false }, onChange);
    watcher.on('error', () => watcher.close());
    return watcher;
  } catch {
    return undefined;
  }
}
