import { AccessToken, Me, type StartedDevice } from '#contracts/api/accounts';
import { CreatedApiKey } from '#contracts/api/api-keys';
import { Member, TenantMembership } from '#contracts/api/tenants';
import { newId } from '#contracts/ids';

import { bearer, newEmail, newHandle, PASSWORD } from '../people.ts';
import { type EvidenceTable, NOBODYS_LOG } from './row.ts';
import type { EvidenceWorld } from './world.ts';

const signUp = (email: string) => ({ json: { email, password: PASSWORD, name: 'Ada', region: 'eu-west-1' } });
const poll = ({ device_code }: StartedDevice) => ({
  json: { grant_type: 'urn:ietf:params:oauth:grant-type:device_code', device_code, client_id: 'soma-cli' },
});
const decide = ({ user_code }: StartedDevice, approve = true) => ({ json: { user_code, approve } });

async function addsMember(world: EvidenceWorld): Promise<Member> {
  const { email } = await world.stranger();
  return world.make(Member, '/v1/members', { json: { email, role: 'viewer' } });
}

/** Who may act: people, their devices, members, keys and tokens. */
export const ACCOUNTS: EvidenceTable = {
  'POST /v1/auth/sign-up': {
    done: (world) => ({ asking: signUp(newEmail()), send: world.asNobody }),
    refused: (world) => ({
      reason: 'conflict',
      asking: signUp(world.owner.email),
      send: world.asNobody,
      ...NOBODYS_LOG,
    }),
  },
  'POST /v1/auth/sign-in': {
    done: ({ asNobody: send, owner: { email } }) => ({ asking: { json: { email, password: PASSWORD } }, send }),
    refused: ({ asNobody: send, owner: { email } }) => ({
      reason: 'unauthenticated',
      asking: { json: { email, password: 'not this one' } },
      send,
    }),
  },
  'POST /v1/auth/sign-out': {
    done: async (world) => ({ asking: { headers: { cookie: await world.signsIn() } } }),
    refused: () => ({ reason: 'forbidden', asking: { headers: { origin: 'https://elsewhere.example' } } }),
  },
  'POST /v1/auth/device': {
    done: (world) => ({
      asking: { json: { client_id: 'soma-cli', email: world.owner.email } },
      send: world.asNobody,
    }),
    refused: (world) => ({
      reason: 'invalid_input',
      asking: { json: { client_id: 'soma-cli' } },
      send: world.asNobody,
      ...NOBODYS_LOG,
    }),
  },
  'POST /v1/auth/device/token': {
    done: async (world) => {
      const device = await world.startsDevice();
      await world.owner.ask('/v1/auth/device/decision', decide(device));
      return { asking: poll(device), send: world.asNobody };
    },
    // Before a person has approved it, a device is nobody's.
    refused: async (world) => ({
      reason: 'invalid_input',
      asking: poll(await world.startsDevice()),
      send: world.asNobody,
      ...NOBODYS_LOG,
    }),
  },
  'POST /v1/auth/device/decision': {
    done: async (world) => ({ asking: decide(await world.startsDevice(), false) }),
    refused: () => ({ reason: 'invalid_input', asking: { json: { user_code: 'WXYZ-WXYZ', approve: true } } }),
  },
  'POST /v1/tenants': {
    done: async (world) => {
      const person = await world.stranger();
      const { account } = Me.parse((await person.ask('/v1/me')).body);
      return {
        asking: { json: { name: 'Difference Engines', handle: newHandle() } },
        send: (path, asking) => person.ask(path, asking),
        actor: { type: 'user', id: account?.id ?? 'nobody' },
        logOf: ({ body }) => TenantMembership.parse(body).id,
      };
    },
    refused: () => ({ reason: 'conflict', asking: { json: { name: 'Admins', handle: 'admin' } } }),
  },
  'POST /v1/members': {
    done: async (world) => ({ asking: { json: { email: (await world.stranger()).email, role: 'viewer' } } }),
    refused: () => ({ reason: 'not_found', asking: { json: { email: newEmail(), role: 'viewer' } } }),
  },
  'PATCH /v1/members/{id}': {
    done: async (world) => ({
      params: { id: (await addsMember(world)).id },
      asking: { json: { role: 'developer' } },
    }),
    refused: () => ({ reason: 'not_found', params: { id: newId('mem') }, asking: { json: { role: 'developer' } } }),
  },
  'DELETE /v1/members/{id}': {
    done: async (world) => ({ params: { id: (await addsMember(world)).id } }),
    refused: () => ({ reason: 'not_found', params: { id: newId('mem') } }),
  },
  'POST /v1/api-keys': {
    done: (world) => ({ asking: { json: { name: world.newSlug(), scopes: ['runs:read'] } } }),
    refused: async (world) => {
      const json = { name: world.newSlug(), scopes: ['runs:read'] };
      await world.make(CreatedApiKey, '/v1/api-keys', { json });
      return { reason: 'conflict', asking: { json } };
    },
  },
  'DELETE /v1/api-keys/{id}': {
    done: async ({ owner }) => ({ params: { id: (await owner.createApiKey(['runs:read'])).id } }),
    refused: () => ({ reason: 'not_found', params: { id: newId('key') } }),
  },
  'POST /v1/tokens': {
    done: () => ({}),
    refused: async (world) => {
      const { token } = await world.make(AccessToken, '/v1/tokens', { method: 'POST' });
      return { reason: 'forbidden', asking: { headers: bearer(token) }, send: world.asNobody };
    },
  },
};
