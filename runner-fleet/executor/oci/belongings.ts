import { randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';

import { type OnFault, orReport } from '../../fault.ts';
import { childGroups, ControlGroup, makeParentGroup, removeEmptyGroup } from '../control-group.ts';
import { removeEach } from '../remove-each.ts';
import { type FolderOptions, SandboxFolders } from '../sandbox-folders.ts';
import type { SandboxMounts } from '../sandbox-spec.ts';
import { HostIds } from './host-ids.ts';
import type { KeptSandbox } from './kept-sandbox.ts';

export interface BelongingsOptions extends FolderOptions {
  readonly bundles: string;
  /** The control group above those of all runners. */
  readonly cgroupParent: string;
  readonly runnerId: string;
  readonly onFault: OnFault;
}

/** What is there of one sandbox. */
export interface Belonging {
  readonly id: string;
  readonly mounts: SandboxMounts;
  readonly bundleDirectory: string;
  readonly groupPath: string;
  readonly group: ControlGroup;
  firstHostId: number | undefined;
  kept: KeptSandbox | undefined;
  /** From its making until it is taken down, or could not be. */
  isInUse: boolean;
}

/**
 * What the machine holds of this runner's sandboxes: processes under their keepers, control groups, folders, bundles, host ids.
 * Invariant: nothing of a sandbox is given to another before all of it is gone.
 */
export class Belongings {
  readonly #options: BelongingsOptions;
  readonly #folders: SandboxFolders;
  readonly #groupParent: string;
  readonly #hostIds = new HostIds();
  readonly #known = new Map<string, Belonging>();
  readonly #takingDown = new Set<Promise<void>>();

  /** Folders of an earlier process go at once; what else it left is for `reap`. */
  constructor(options: BelongingsOptions) {
    this.#options = options;
    this.#folders = new SandboxFolders(options);
    this.#groupParent = `${options.cgroupParent}/${options.runnerId}`;
    rmSync(options.bundles, { recursive: true, force: true });
    mkdirSync(options.bundles, { recursive: true, mode: 0o700 });
    makeParentGroup(this.#groupParent);
  }

  make(): Belonging {
    const id = randomBytes(8).toString('hex');
    const groupPath = `${this.#groupParent}/${id}`;
    const belonging: Belonging = {
      id,
      mounts: this.#folders.make(id),
      bundleDirectory: join(this.#options.bundles, id),
      groupPath,
      group: ControlGroup.at(groupPath),
      firstHostId: undefined,
      kept: undefined,
      isInUse: true,
    };
    this.#known.set(id, belonging);
    return belonging;
  }

  async takeHostIds(belonging: Belonging): Promise<number> {
    belonging.firstHostId = await this.#hostIds.take();
    return belonging.firstHostId;
  }

  /** Ends a sandbox and removes what is there of it, within bounds. Never rejects: what does not succeed is left to `reap`. */
  async takeDown(belonging: Belonging, graceMs: number): Promise<void> {
    const { onFault } = this.#options;
    const removal = orReport(onFault, 'a sandbox could not be taken down', () => this.#remove(belonging.id, graceMs));
    this.#takingDown.add(removal);
    await removal;
    this.#takingDown.delete(removal);
    belonging.isInUse = false;
  }

  /** Removes what nobody uses; returns how many sandboxes that was. */
  async reap(): Promise<number> {
    const seen = [...childGroups(this.#groupParent), ...readdirSync(this.#options.bundles), ...this.#folders.ids()];
    const orphans = new Set([...seen, ...this.#known.keys()].filter((id) => !this.#known.get(id)?.isInUse));
    const remove = (id: string) => this.#remove(id, 0).then(() => true);
    return removeEach([...orphans], remove, this.#options.onFault);
  }

  /** Nothing is in use any more, whatever was. */
  async close(): Promise<void> {
    await Promise.all(this.#takingDown);
    for (const belonging of this.#known.values()) belonging.isInUse = false;
    await this.reap();
    this.#hostIds.close();
    this.#folders.removeAll();
    rmSync(this.#options.bundles, { recursive: true, force: true });
    removeEmptyGroup(this.#groupParent);
    removeEmptyGroup(this.#options.cgroupParent);
  }

  async #remove(id: string, graceMs: number): Promise<void> {
    const { kept, firstHostId } = this.#known.get(id) ?? {};
    const group = ControlGroup.at(`${this.#groupParent}/${id}`);
    await kept?.end(graceMs);
    // A keeper that was killed itself, or an earlier process's, has left its processes behind.
    await group.kill();
    await Promise.all([
      group.remove(),
      this.#folders.remove(id),
      rm(join(this.#options.bundles, id), { recursive: true, force: true }),
    ]);
    // Whoever else removes it finds it gone by now: its ids come back once.
    const wasKnown = this.#known.delete(id);
    if (wasKnown && firstHostId !== undefined) this.#hostIds.giveBack(firstHostId);
  }
}
