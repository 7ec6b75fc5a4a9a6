import { withPlatform } from './bench-platform.ts';
import { benchRunStart } from './run-start.ts';

/** `npm run bench`: everything in one run, the results into docs/benchmarks.md. */
await withPlatform(({ publicUrl }) => benchRunStart(publicUrl));
