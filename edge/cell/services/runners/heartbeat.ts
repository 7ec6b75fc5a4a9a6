import { eq } from 'drizzle-orm';

import { DomainError } from '#contracts/errors';
import type { RunnerId } from '#contracts/ids';
import { Heartbeat } from '#contracts/runner';
import { runners } from '#db/postgres/schema/index';

import type { Platform, Verb } from '../../context.ts';
import { fleet } from '../../objects.ts';

/** Ids whose owner this isolate has seen: a heartbeat comes every few seconds, its binding never changes. */
const ownerOf = new Map<RunnerId, string>();
const MOST_REMEMBERED = 10_000;

export interface ReportedBeat {
  /** Of the certificate that the beat came with. */
  readonly spiffeId: string;
  readonly beat: Heartbeat;
}

/**
 * Takes a runner's sign of life. An id belongs to the workload whose certificate it first came with, so that no runner can
 * speak for another.
 * @throws forbidden another cell's runner, or another workload's id
 */
export async function recordHeartbeat({ ctx, input }: Verb<ReportedBeat, Platform>): Promise<void> {
  const { spiffeId } = input;
  const beat = Heartbeat.parse(input.beat);
  if (beat.cell !== ctx.cell) throw new DomainError('forbidden', `only runners of ${ctx.cell} report here`);
  const owner = ownerOf.get(beat.runnerId) ?? (await bind(ctx, beat.runnerId, spiffeId));
  if (owner !== spiffeId) throw new DomainError('forbidden', `${beat.runnerId} belongs to another workload`);
  await fleet(ctx).heartbeat(beat);
}

async function bind({ db }: Platform, id: RunnerId, spiffeId: string): Promise<string> {
  await db.insert(runners).values({ id, spiffeId }).onConflictDoNothing();
  const [row] = await db.select({ spiffeId: runners.spiffeId }).from(runners).where(eq(runners.id, id));
  if (!row) throw new Error(`${id} was neither there nor could it be written`);
  if (ownerOf.size >= MOST_REMEMBERED) ownerOf.clear();
  ownerOf.set(id, row.spiffeId);
  return row.spiffeId;
}
