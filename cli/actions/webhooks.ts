import type { WebhookDelivery, WebhookWithSecret } from '#contracts/api/webhooks';
import * as webhooksApi from '#contracts/operations/webhooks';

import { collect } from '../collect.ts';
import { connect } from '../config.ts';
import type { Context, JsonFlag } from '../context.ts';
import { call } from '../http.ts';
import { findInstallation } from '../installation.ts';
import { note, printJson, printLine, printTable } from '../output.ts';

export interface AddFlags extends JsonFlag {
  readonly only?: string;
}

export interface RotateFlags extends JsonFlag {
  readonly overlapHours?: number;
}

export interface DeliveriesFlags extends JsonFlag {
  readonly state?: WebhookDelivery['state'];
  readonly limit: number;
}

export async function add(this: Context, flags: AddFlags, url: string): Promise<void> {
  const connection = await connect(this.process.env);
  const filter = flags.only === undefined ? {} : { installation: (await findInstallation(connection, flags.only)).id };
  showSecret(this, flags, await call(webhooksApi.create, { body: { url, ...filter } }, connection));
}

export async function rotate(this: Context, flags: RotateFlags, id: string): Promise<void> {
  const { overlapHours } = flags;
  const request = overlapHours === undefined ? {} : { overlapHours };
  showSecret(
    this,
    flags,
    await call(webhooksApi.rotate, { params: { id }, body: request }, await connect(this.process.env)),
  );
}

function showSecret(context: Context, { json }: JsonFlag, webhook: WebhookWithSecret): void {
  if (json) return printJson(context.process, webhook);
  printLine(context.process, webhook.secret);
  note(context.process, `The secret of ${webhook.url} (${webhook.id}). It is shown this once.`);
}

export async function list(this: Context, { json }: JsonFlag): Promise<void> {
  const { items } = await call(webhooksApi.list, {}, await connect(this.process.env));
  if (json) return printJson(this.process, items);
  printTable(
    this.process,
    ['url', 'events', 'only', 'state', 'id'],
    items.map((item) => [
      item.url,
      item.events.join(' '),
      item.installationId,
      item.enabled ? 'enabled' : `disabled: ${item.disabledReason}`,
      item.id,
    ]),
  );
}

export async function pause(this: Context, _flags: object, id: string): Promise<void> {
  const { url } = await call(
    webhooksApi.update,
    { params: { id }, body: { enabled: false } },
    await connect(this.process.env),
  );
  printLine(this.process, `Nothing is sent to ${url} until soma webhooks resume ${id}`);
}

export async function resume(this: Context, _flags: object, id: string): Promise<void> {
  const { url } = await call(
    webhooksApi.update,
    { params: { id }, body: { enabled: true } },
    await connect(this.process.env),
  );
  printLine(this.process, `Messages to ${url} go on.`);
}

export async function remove(this: Context, _flags: object, id: string): Promise<void> {
  await call(webhooksApi.remove, { params: { id } }, await connect(this.process.env));
  printLine(this.process, `${id} is removed.`);
}

export async function ping(this: Context, { json }: JsonFlag, id: string): Promise<void> {
  const delivery = await call(webhooksApi.ping, { params: { id } }, await connect(this.process.env));
  if (json) return printJson(this.process, delivery);
  printLine(this.process, `${delivery.id} is under way: soma webhooks deliveries ${id}`);
}

export async function deliveries(this: Context, flags: DeliveriesFlags, id: string): Promise<void> {
  const connection = await connect(this.process.env);
  const { state } = flags;
  const items = await collect(flags.limit, (ask) =>
    call(webhooksApi.deliveries, { params: { id }, query: { ...ask, state } }, connection),
  );
  if (flags.json) return printJson(this.process, items);
  printTable(
    this.process,
    ['created', 'event', 'run', 'state', 'cause', 'attempts', 'status', 'error', 'id'],
    items.map((item) => [
      item.createdAt,
      item.event,
      item.runId,
      item.state,
      item.deadCause,
      item.attempts,
      item.lastStatus,
      item.lastError,
      item.id,
    ]),
  );
}

export async function retry(this: Context, { json }: JsonFlag, id: string, delivery: string): Promise<void> {
  const again = await call(
    webhooksApi.retry,
    { params: { id, deliveryId: delivery } },
    await connect(this.process.env),
  );
  if (json) return printJson(this.process, again);
  printLine(this.process, `${again.id} is ${again.state === 'pending' ? 'under way' : again.state}.`);
}
