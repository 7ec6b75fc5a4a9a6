import { openSync, writeSync } from 'node:fs';

/** `fill-disk.ts FILE`: takes all room there is, says so, and takes what comes free from then on, until it is killed. */
const STEPS_BYTES = [2 ** 20, 4_096, 1];

const fd = openSync(process.argv[2] ?? '', 'a');
const steps = STEPS_BYTES.map((bytes) => Buffer.alloc(bytes));
takeAll();
writeSync(process.stdout.fd, 'full\n');
for (;;) takeAll();

function takeAll(): void {
  for (const step of steps) {
    try {
      while (writeSync(fd, step) > 0);
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'ENOSPC')) throw error;
    }
  }
}
