import { withPlatform } from './bench-platform.ts';
import { benchRunStart } from './run-start.ts';
import { soakPlatform } from './soak-platform.ts';

/**
 * `npm run bench`: everything in one run, the results into docs/benchmarks.md.
 * `-- --soak N` runs N runs through the whole platform and looks for what leaks.
 */
const soakAt = process.argv.indexOf('--soak');
await (soakAt === -1
  ? withPlatform(({ publicUrl }) => benchRunStart(publicUrl))
  : soakPlatform(Number(process.argv[soakAt + 1] ?? 10_000)));
