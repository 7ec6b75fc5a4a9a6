import { z } from 'zod';

import { Pricing, Resources } from '#contracts/manifest';
import { type BeginRun, Budget } from '#contracts/objects';
import { StartRun } from '#contracts/runner';
import { SealedText } from '#contracts/sealed-text';

import { parseCall } from '../parse.ts';

/** What a run was begun with, as it is kept: money as text, secrets sealed. */
const StoredRequest = z.object({
  start: StartRun.omit({ secrets: true, lease: true }),
  secrets: z.record(z.string(), SealedText),
  priced: z.object({ pricing: Pricing, resources: Resources }),
  budget: Budget,
  isIdempotent: z.boolean().default(false),
});
export type RunRequest = z.infer<typeof StoredRequest>;

export function encodeRequest({ start, secrets, priced, budget, isIdempotent }: BeginRun): string {
  const { perRunNanos, meters } = priced.pricing;
  const pricing = {
    ...(perRunNanos === undefined ? {} : { perRunNanos: perRunNanos.toString() }),
    meters: Object.fromEntries(
      Object.entries(meters).map(([name, price]) => [name, { ...price, unitNanos: price.unitNanos.toString() }]),
    ),
  };
  return JSON.stringify({ start, secrets, priced: { pricing, resources: priced.resources }, budget, isIdempotent });
}

/** @throws TypeError where it is not a run that could be kept */
export function parseRequest(request: BeginRun): RunRequest {
  return parseCall(StoredRequest, JSON.parse(encodeRequest(request)));
}

export function decodeRequest(text: string): RunRequest {
  return StoredRequest.parse(JSON.parse(text));
}

/** Once a runner has the run for good, its secrets have no more business here. */
export function withoutSecrets(request: RunRequest): RunRequest {
  return { ...request, secrets: {} };
}

/** Nobody runs it any more: what stays is small, however much the run was given. */
export function withoutInput(request: RunRequest): RunRequest {
  const { state: _state, ...start } = request.start;
  return { ...request, start: { ...start, input: null } };
}
