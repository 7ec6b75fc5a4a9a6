import type { Role } from '#contracts/permissions';

import { m } from '../messages/index.ts';

export type Lacking = keyof typeof m.lacking.deeds;

/** Why somebody sees a thing and cannot change it. */
export function RoleNote({ role, lacks }: { role: Role | null; lacks: Lacking }) {
  const title = role === null ? undefined : m.members.roles[role].title;
  return <p className="text-sm text-ink-3">{m.lacking.because(title, m.lacking.deeds[lacks])}</p>;
}
