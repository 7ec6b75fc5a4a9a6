import { uuidv7 } from 'uuidv7';
import { z } from 'zod';

import { type Brand, mintText } from './brand.ts';

/**
 * Ids are opaque, sort by creation time (UUIDv7, RFC 9562 §5.7) and say what they name:
 * a three-letter prefix, `_`, 32 lower-case hex digits.
 */
export type IdPrefix =
  | 'ten' // tenant
  | 'usr' // user
  | 'mem' // membership
  | 'key' // API key
  | 'pky' // publisher signing key
  | 'cap' // capsule
  | 'ver' // version
  | 'lay' // layer
  | 'ins' // installation
  | 'run' // run
  | 'sch' // schedule
  | 'whk' // webhook
  | 'dlv' // delivery to a webhook
  | 'aud' // audit entry
  | 'out' // outbox row
  | 'req' // request
  | 'rnr'; // runner

export type Id<P extends IdPrefix> = Brand<string, P>;

export type TenantId = Id<'ten'>;
export type UserId = Id<'usr'>;
export type ApiKeyId = Id<'key'>;
export type PublisherKeyId = Id<'pky'>;
export type CapsuleId = Id<'cap'>;
export type VersionId = Id<'ver'>;
export type InstallationId = Id<'ins'>;
export type RunId = Id<'run'>;
export type ScheduleId = Id<'sch'>;
export type WebhookId = Id<'whk'>;
export type DeliveryId = Id<'dlv'>;
export type RequestId = Id<'req'>;
export type RunnerId = Id<'rnr'>;

/** Parses an id of one kind at the border: `idOf('run').parse(text)`. */
export function idOf<P extends IdPrefix>(prefix: P) {
  return z
    .string()
    .regex(new RegExp(`^${prefix}_[0-9a-f]{32}$`), `expected an id like ${prefix}_ followed by 32 hex digits`)
    .transform((text) => mintText<Id<P>>(text));
}

export function newId<P extends IdPrefix>(prefix: P): Id<P> {
  return mintText<Id<P>>(`${prefix}_${uuidv7().replaceAll('-', '')}`);
}
