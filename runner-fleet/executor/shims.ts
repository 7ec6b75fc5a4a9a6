import { readFile, readlink } from 'node:fs/promises';

import { z } from 'zod';

import { ControlGroup } from './control-group.ts';
import { hostPids } from './host-pids.ts';

/** The kernel cuts the name of a process off after as many bytes. */
const NAME = 'containerd-shim';
/** A group of this container alone, called as the container is. */
const OWN_GROUP = /^\/.+\/[0-9a-f]{64}$/v;

/**
 * The process that containerd keeps for one container, in the folder of that container's bundle. It outlives containerd and the engine; one
 * whose engine was killed while it made or removed the container may be known to nobody, and with it what it holds: a control group, and a
 * process that was never told to start.
 */
export interface Shim {
  readonly pid: number;
  readonly sandboxId: string;
  /** Undefined where systemd makes the groups, which removes the empty ones. */
  readonly groupPath: string | undefined;
}

const Bundle = z.object({
  mounts: z.array(z.object({ source: z.string().optional() })),
  linux: z.object({ cgroupsPath: z.string() }),
});

/** Of the containers that see a folder in `sandboxDirectory`; none where this process may not look into them, as only root may. */
export async function shimsOf(sandboxDirectory: string): Promise<Shim[]> {
  const shims = await Promise.all((await hostPids()).map((pid) => shimAt(pid, sandboxDirectory)));
  return shims.filter((shim) => shim !== undefined);
}

/**
 * Kills it and what it holds; its containerd cleans up after it.
 * @throws where something does not die, or is still used
 */
export async function removeShim({ pid, sandboxId, groupPath }: Shim, sandboxDirectory: string): Promise<void> {
  // Its number may be another's by now.
  if ((await shimAt(pid, sandboxDirectory))?.sandboxId === sandboxId) process.kill(pid, 'SIGKILL');
  if (groupPath === undefined) return;
  const group = ControlGroup.at(groupPath);
  await group.kill();
  await group.remove();
}

async function shimAt(pid: number, sandboxDirectory: string): Promise<Shim | undefined> {
  if ((await read(`/proc/${pid}/comm`))?.trim() !== NAME || !(await isTrusted(pid))) return undefined;
  const bundle = await bundleOf(pid);
  const own = bundle?.mounts.find(({ source }) => source?.startsWith(`${sandboxDirectory}/`));
  const sandboxId = own?.source?.slice(sandboxDirectory.length + 1);
  if (bundle === undefined || sandboxId === undefined) return undefined;
  const { cgroupsPath } = bundle.linux;
  return { pid, sandboxId, groupPath: OWN_GROUP.test(cgroupsPath) ? cgroupsPath : undefined };
}

/** Anything may take that name and write such a file: a capsule, too, which is another user, and in a namespace of its own. */
async function isTrusted(pid: number): Promise<boolean> {
  const namespaces = [pid, 'self'].map((id) => readlink(`/proc/${id}/ns/pid`).catch(() => undefined));
  const [its, own] = await Promise.all(namespaces);
  const [, user] = /^Uid:\s+(\d+)\s/mv.exec((await read(`/proc/${pid}/status`)) ?? '') ?? [];
  return its !== undefined && its === own && user === String(process.getuid?.());
}

/** Undefined of what has gone, and of what is not this process's to read. */
async function read(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch {
    return undefined;
  }
}

/** Undefined where it works in the folder of no bundle. */
async function bundleOf(pid: number): Promise<z.infer<typeof Bundle> | undefined> {
  try {
    return Bundle.parse(JSON.parse(await readFile(`/proc/${pid}/cwd/config.json`, 'utf8')));
  } catch {
    return undefined;
  }
}
