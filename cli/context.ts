import type { CommandContext } from '@stricli/core';

import type { Env } from './config.ts';
import type { Terminal } from './output.ts';

/** What a command needs of the process it runs in. */
export interface Host extends Terminal {
  readonly stdin: AsyncIterable<unknown> & { readonly isTTY?: boolean };
  readonly env: Env;
  exitCode: number | string | null;
  onceInterrupted(listener: () => void): void;
}

export interface Context extends CommandContext {
  readonly process: Host;
}

export interface JsonFlag {
  readonly json: boolean;
}

/** Whether a person sits there who can be asked. */
export function isInteractive({ process }: Context): boolean {
  return process.stdin.isTTY === true && process.stderr.isTTY === true && !process.env['CI'];
}

export async function readStdin({ process }: Context): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(Buffer.isBuffer(chunk) ? chunk : Buffer.from(String(chunk)));
  return Buffer.concat(chunks).toString('utf8');
}
