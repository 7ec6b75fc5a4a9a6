import { withPlatform } from './bench-platform.ts';
import { benchRunStart } from './run-start.ts';
import { soakPlatform } from './soak-platform.ts';
import { benchStart } from './start.ts';

/**
 * `npm run bench`: from nothing to a platform, and from a request to its first byte, into docs/benchmarks.md.
 * `-- --soak N` runs N runs through the whole platform and looks for what leaks.
 */
const soakAt = process.argv.indexOf('--soak');
if (soakAt === -1) {
  await benchStart();
  await withPlatform(({ publicUrl }) => benchRunStart(publicUrl));
} else await soakPlatform(Number(process.argv[soakAt + 1] ?? 10_000));
