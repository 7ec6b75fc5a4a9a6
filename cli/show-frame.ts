import { z } from 'zod';

import type { Frame } from '#contracts/frames';

import { note, printable, type Terminal } from './output.ts';

const Progress = z.object({ fraction: z.number().min(0).max(1), message: z.string().optional() });

/** What a capsule says, as it says it: its own text as it is, events as one line each. Its result and its usage are shown at the end. */
export function showFrame(terminal: Terminal, frame: Frame): void {
  switch (frame.kind) {
    case 'stdout':
    case 'stderr':
      terminal.stderr.write(printable(textOf(frame)));
      return;
    case 'event':
      note(terminal, `● ${describeEvent(frame.name, frame.data)}`);
      return;
    case 'attempt':
      note(terminal, `↻ attempt ${String(frame.attempt)}: ${frame.detail}`);
      return;
    case 'result':
    case 'usage':
    case 'egress':
    case 'row':
    case 'state':
    case 'end':
  }
}

export function textOf({ text, encoding }: { text: string; encoding: 'utf8' | 'base64' }): string {
  return encoding === 'utf8' ? text : Buffer.from(text, 'base64').toString('utf8');
}

function describeEvent(name: string, data: unknown): string {
  const progress = name === 'progress' ? Progress.safeParse(data) : undefined;
  if (!progress?.success) return `${name} ${JSON.stringify(data)}`;
  const { fraction, message } = progress.data;
  return `${String(Math.round(fraction * 100)).padStart(3)} %${message ? `  ${message}` : ''}`;
}
