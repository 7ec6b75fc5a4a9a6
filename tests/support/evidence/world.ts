import { z } from 'zod';

import { Me, StartedDevice } from '#contracts/api/accounts';
import { CapsuleVersion } from '#contracts/api/capsules';
import { Installation } from '#contracts/api/installations';
import { Schedule } from '#contracts/api/schedules';
import { WebhookDelivery, WebhookDeliveryPage, WebhookWithSecret } from '#contracts/api/webhooks';
import type { AuditRecord } from '#contracts/audit';
import type { Cell } from '#contracts/cells';
import { operatorSpiffeId, runnerSpiffeId } from '#contracts/identity';
import { Run } from '#contracts/run';

import { CellDoor } from '../cell-door.ts';
import { TRUST_DOMAIN } from '../edge-view.ts';
import { type Edge, startEdge } from '../edge.ts';
import { type Answer, ask, type Asking, bearer, cookieOf, PASSWORD, Person } from '../people.ts';
import { Publisher } from '../publisher.ts';
import { Receiver } from '../receiver.ts';
import { peerSigner } from '../trusted-key.ts';
import { until } from '../until.ts';

const CELL: Cell = 'eu-west-1';
const PEER: Cell = 'us-west-2';
const OPERATOR = operatorSpiffeId(TRUST_DOMAIN, 'ada');

/** One tenant that publishes and runs, and everybody else who calls a cell: an operator, a runner, another cell. */
export class EvidenceWorld {
  readonly cell = CELL;
  readonly peer = PEER;
  readonly operator = OPERATOR;
  readonly publisher: Publisher;
  readonly ownerId: string;
  readonly receiver: Receiver;
  readonly #edge: Edge;
  readonly #door: CellDoor;
  readonly #signAsPeer: () => Promise<string>;
  #numbers = 0;

  private constructor(parts: {
    edge: Edge;
    door: CellDoor;
    publisher: Publisher;
    ownerId: string;
    receiver: Receiver;
    signAsPeer: () => Promise<string>;
  }) {
    this.#edge = parts.edge;
    this.#door = parts.door;
    this.publisher = parts.publisher;
    this.ownerId = parts.ownerId;
    this.receiver = parts.receiver;
    this.#signAsPeer = parts.signAsPeer;
  }

  static async create(): Promise<EvidenceWorld> {
    const edge = await startEdge();
    const signAsPeer = await peerSigner(edge, PEER, CELL);
    const door = await CellDoor.open(edge, CELL, [OPERATOR, runnerSpiffeId(TRUST_DOMAIN, CELL, 'r-1')]);
    const publisher = await Publisher.create(edge.url, CELL);
    const { account } = Me.parse((await publisher.owner.ask('/v1/me')).body);
    if (!account) throw new Error('an owner is a person');
    const receiver = await Receiver.start();
    return new EvidenceWorld({ edge, door, publisher, ownerId: account.id, receiver, signAsPeer });
  }

  async close(): Promise<void> {
    await this.receiver.close();
    await this.#door.close();
    await this.#edge.close();
  }

  get url(): string {
    return this.#edge.url;
  }

  get owner(): Person {
    return this.publisher.owner;
  }

  get tenantId(): string {
    return this.publisher.tenantId;
  }

  /** Everything that one request left, in whosever log. */
  async entriesOf({ headers }: Answer): Promise<AuditRecord[]> {
    const { rows } = await this.#edge.databases[CELL].query<{ record: AuditRecord }>(
      `select record from audit_entries where record ->> 'requestId' = $1 order by id`,
      [headers.get('x-request-id')],
    );
    return rows.map(({ record }) => record);
  }

  async make<T>(schema: z.ZodType<T>, path: string, asking: Asking): Promise<T> {
    const answer = await this.owner.ask(path, asking);
    if (answer.status >= 300) throw new Error(`${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
    return schema.parse(answer.body);
  }

  newNumber(): number {
    this.#numbers += 1;
    return this.#numbers;
  }

  newSlug(): string {
    return `echo-${this.newNumber()}`;
  }

  /** A capsule of the tenant's own that nothing else has to do with. */
  async publishes(): Promise<CapsuleVersion> {
    const slug = this.newSlug();
    const answer = await this.publisher.publish({ name: `${this.publisher.handle}/${slug}` }, {}, slug);
    if (answer.status !== 201) throw new Error(`not published: ${JSON.stringify(answer.body)}`);
    return CapsuleVersion.parse(answer.body);
  }

  async installs(): Promise<Installation> {
    const { capsule } = await this.publishes();
    return this.make(Installation, '/v1/installations', { json: { capsule } });
  }

  /** A run that waits for a runner, for there is none. */
  async starts(): Promise<Run> {
    await this.budgets();
    const { id: installation } = await this.installs();
    return this.make(Run, '/v1/runs', { json: { installation, input: { word: 'hi' } } });
  }

  async budgets(): Promise<void> {
    await this.make(z.unknown(), '/v1/budget', { method: 'PUT', json: { limitNanos: '100000000000' } });
  }

  /** An installation of which a run has pushed a row; rows come with the end of a run, and here none ends. */
  async pushes(name: string): Promise<Installation> {
    const { installationId } = await this.starts();
    await this.#edge.databases[CELL].query(
      `insert into dataset_parts (run_id, name, tenant_id, installation_id, rows, size_bytes, sha256, state, created_at)
       select id, $1, tenant_id, installation_id, 1, 10, $2, 'available', now() from runs where installation_id = $3`,
      [name, '0'.repeat(64), installationId],
    );
    return this.make(Installation, `/v1/installations/${installationId}`, {});
  }

  async schedules(): Promise<Schedule> {
    const { id: installation } = await this.installs();
    const json = { name: this.newSlug(), installation, cron: '30 2 * * *', input: { word: 'hi' } };
    return this.make(Schedule, '/v1/schedules', { json });
  }

  async hooks(): Promise<WebhookWithSecret> {
    return this.make(WebhookWithSecret, '/v1/webhooks', { json: { url: `${this.receiver.url}/${this.newSlug()}` } });
  }

  /** A message that has been taken already. */
  async delivers(): Promise<{ readonly id: string; readonly deliveryId: string }> {
    const { id } = await this.hooks();
    await this.make(WebhookDelivery, `/v1/webhooks/${id}/ping`, { method: 'POST' });
    const deliveryId = await until('the delivery', async () => {
      const { items } = await this.make(WebhookDeliveryPage, `/v1/webhooks/${id}/deliveries`, {});
      return items.find(({ event, state }) => event === 'ping' && state === 'delivered')?.id;
    });
    return { id, deliveryId };
  }

  /** The cookie of another session of the owner's. */
  async signsIn(): Promise<string> {
    const json = { email: this.owner.email, password: PASSWORD };
    return cookieOf(await ask(this.url, '/v1/auth/sign-in', { json }));
  }

  async startsDevice(): Promise<StartedDevice> {
    const json = { client_id: 'soma-cli', email: this.owner.email };
    return StartedDevice.parse((await ask(this.url, '/v1/auth/device', { json })).body);
  }

  /** Somebody who does not belong to the tenant yet. */
  async stranger(): Promise<Person> {
    return Person.signUp(this.url, CELL);
  }

  readonly asNobody = (path: string, asking: Asking): Promise<Answer> => ask(this.url, path, asking);

  readonly asOperator = (path: string, asking: Asking): Promise<Answer> => this.#door.ask(path, asking, OPERATOR);

  readonly asRunner = (path: string, asking: Asking): Promise<Answer> =>
    this.#door.ask(path, asking, runnerSpiffeId(TRUST_DOMAIN, CELL, 'r-1'));

  readonly asPeer = async (path: string, asking: Asking): Promise<Answer> =>
    ask(this.#edge.cellUrls[CELL], path, { ...asking, headers: bearer(await this.#signAsPeer()) });
}
