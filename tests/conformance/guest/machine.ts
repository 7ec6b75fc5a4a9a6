import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

import { Answer, fromMailbox, type Request, toMailbox } from './protocol.ts';
import type { BaseSystem } from './rootfs.ts';

const MEMORY_MIB = 2_560;
/**
 * The guest's clock counts instructions, 2^SHIFT ns each: time passes more slowly in there than outside, in step with the
 * emulated processor, so that time limits mean to a test what they mean on a real machine. One processor: with two, QEMU's
 * counted clock makes the kernel's boot hang.
 */
const ICOUNT_SHIFT = 0;

/** A guest that says nothing for so long hangs. */
const SILENT_MS = 15 * 60_000;

export interface BootDisks {
  readonly system: Pick<BaseSystem, 'kernel' | 'initramfs'>;
  /** What a guest writes to it is gone with the guest. */
  readonly disk: string;
  readonly projectDisk: string;
}

export interface Boot extends BootDisks {
  readonly request: Request;
  readonly withinMs: number;
  readonly onLine: (line: string) => void;
}

/** Boots a machine, lets it do what is asked, and returns its answer. It dies with the thread that calls this. @throws when it did not answer */
export async function bootGuest({ request, withinMs, onLine, ...boot }: Boot): Promise<Answer> {
  const directory = await mkdtemp(join(tmpdir(), 'soma-guest-'));
  try {
    const mailbox = join(directory, 'mailbox');
    await writeFile(mailbox, toMailbox(request));
    const ended = await runMachine(argumentsOf(boot, mailbox), { withinMs, onLine });
    const parsed = Answer.safeParse(fromMailbox(await readFile(mailbox)));
    if (!parsed.success)
      throw new Error(`the guest did not answer (${ended.how}); its last words:\n${ended.lastWords}`);
    return parsed.data.isFinished || parsed.data.failure !== undefined
      ? parsed.data
      : { ...parsed.data, failure: `the guest ended (${ended.how}); its last words:\n${ended.lastWords}` };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

function argumentsOf({ system, disk, projectDisk }: BootDisks, mailbox: string): string[] {
  const drive = (file: string, mode: string) => ['-drive', `file=${file},if=virtio,format=raw,cache=unsafe,${mode}`];
  const machine = `-machine q35 -accel tcg -icount shift=${ICOUNT_SHIFT} -rtc clock=vm -cpu max -smp 1 -m ${MEMORY_MIB}`;
  const bare = '-nodefaults -no-user-config -display none -no-reboot -serial stdio';
  return [
    ...`${machine} ${bare}`.split(' '),
    '-kernel',
    system.kernel,
    '-initrd',
    system.initramfs,
    '-append',
    'console=ttyS0 quiet mitigations=off panic=-1 rdinit=/init',
    ...drive(disk, 'snapshot=on'),
    ...drive(projectDisk, 'readonly=on'),
    ...drive(mailbox, 'snapshot=off'),
  ];
}

async function runMachine(
  args: readonly string[],
  { withinMs, onLine }: Pick<Boot, 'withinMs' | 'onLine'>,
): Promise<{ how: string; lastWords: string }> {
  // The kernel ends the machine when its parent dies, however that dies.
  const child = spawn('setpriv', ['--pdeathsig', 'KILL', 'nice', '-n', '19', 'qemu-system-x86_64', ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: withinMs,
    killSignal: 'SIGKILL',
  });
  const silence = setTimeout(() => child.kill('SIGKILL'), SILENT_MS);
  const words: string[] = [];
  const hear = (line: string) => {
    silence.refresh();
    onLine(line);
    words.push(line);
    if (words.length > 40) words.shift();
  };
  createInterface({ input: child.stdout }).on('line', hear);
  createInterface({ input: child.stderr }).on('line', hear);
  const [code, signal] = await once(child, 'close');
  clearTimeout(silence);
  const how =
    signal === 'SIGKILL'
      ? `killed: silent for ${SILENT_MS / 1_000} s, or not done within ${withinMs / 1_000} s`
      : `exit code ${String(code)}`;
  return { how, lastWords: words.join('\n') };
}
