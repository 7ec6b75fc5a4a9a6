import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import type { Frame } from '#contracts/frames';

const ticker = (last = '') => `import { existsSync, writeFileSync } from 'node:fs';
export default async (input) => {
  let lines = 0;
  const isOver = () => (input === null ? existsSync('/capsule/go') : lines === input.lines);
  while (!isOver()) {
    console.log('line ' + ++lines);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  ${last}
  return { lines };
};
`;

/** Prints a numbered line every 50 ms: `input.lines` of them or, where the input is null, until it is let go. */
export const TICKER = ticker();
/** Leaves a file, too. */
export const LEAVING_TICKER = ticker("writeFileSync('/out/lines', String(lines));");

/** Lets every run go that waits for it in a sandbox of this runner. */
export function letGoIn(dataDirectory: string): void {
  const sandboxes = join(dataDirectory, 'sandboxes');
  for (const name of readdirSync(sandboxes)) {
    if (existsSync(join(sandboxes, name, 'main.js'))) touch(join(sandboxes, name, 'go'));
  }
}

/** A run that ends by itself meanwhile takes its folder along. */
function touch(path: string): void {
  try {
    writeFileSync(path, '');
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
  }
}

export function linesOf(frames: readonly Frame[]): string[] {
  const text = frames.map((frame) => (frame.kind === 'stdout' ? frame.text : '')).join('');
  return text.split('\n').filter((line) => line !== '');
}

/** What so many lines say. */
export function numbered(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `line ${index + 1}`);
}
