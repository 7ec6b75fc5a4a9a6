import { Installation } from '#contracts/api/installations';
import type { ManifestInput } from '#contracts/manifest';

import { Person } from './people.ts';
import type { Publisher } from './publisher.ts';

const BUDGET = { limitNanos: '100000000000' };

/** A tenant of its own that has installed a capsule of its own. */
export interface InstalledTool {
  readonly tenant: Person;
  readonly capsule: string;
  readonly slug: string;
  readonly installation: string;
}

interface Made {
  readonly manifest?: Partial<ManifestInput>;
  /** What the installation asks for beside the capsule. */
  readonly installation?: object;
  /** Without one, every run is refused before anything starts. */
  readonly hasBudget?: boolean;
}

let tools = 0;

/** Published by `publisher` where it is at home, under a name that no other has. */
export async function installTool(
  publisher: Publisher,
  { manifest = {}, installation = {}, hasBudget = true }: Made = {},
): Promise<InstalledTool> {
  tools += 1;
  const slug = `tool-${tools}`;
  const capsule = `${publisher.handle}/${slug}`;
  const published = await publisher.publish({ name: capsule, ...manifest }, {}, slug);
  if (published.status !== 201) throw new Error(JSON.stringify(published.body));
  const { person: tenant } = await Person.withTenant(publisher.owner.url, publisher.cell);
  if (hasBudget) await tenant.ask('/v1/budget', { method: 'PUT', json: BUDGET });
  const installed = await tenant.ask('/v1/installations', { json: { capsule, ...installation } });
  return { tenant, capsule, slug, installation: Installation.parse(installed.body).id };
}
