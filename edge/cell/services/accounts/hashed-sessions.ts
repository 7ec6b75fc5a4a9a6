import type { DBAdapter, DBTransactionAdapter, Where } from '@better-auth/core/db/adapter';

import { secretHash } from '../secret-hash.ts';

interface Create<T> {
  readonly model: string;
  readonly data: Omit<T, 'id'>;
  readonly select?: string[] | undefined;
  readonly forceAllowId?: boolean | undefined;
}

/**
 * better-auth keeps the token of a session as it is, and whoever reads the table could act as anyone in it. Behind this adapter only the SHA-256
 * of a token is written and searched for, and whoever asks with a token gets it back: better-auth itself notices nothing.
 */
export function hashedSessions(adapter: DBAdapter): DBAdapter {
  return {
    ...hashed(adapter),
    transaction: (work) => adapter.transaction((inner) => work(hashed(inner))),
  };
}

function hashed(adapter: DBTransactionAdapter): DBTransactionAdapter {
  return {
    ...adapter,
    async create<T extends Record<string, unknown>, R = T>(call: Create<T>): Promise<R> {
      const token = call.model === 'session' ? tokenIn(call.data) : undefined;
      if (token === undefined) return adapter.create<T, R>(call);
      const created = await adapter.create<T, R>({ ...call, data: { ...call.data, token: await secretHash(token) } });
      return withToken(created, token);
    },
    async findOne<T>(call: Parameters<DBAdapter['findOne']>[0]): Promise<T | null> {
      const token = call.model === 'session' ? tokenOf(call.where) : undefined;
      const found = await adapter.findOne<T>(await searched(call));
      return found === null || token === undefined ? found : withToken(found, token);
    },
    findMany: async (call) => adapter.findMany(await searched(call)),
    count: async (call) => adapter.count(await searched(call)),
    update: async (call) => adapter.update(await searched(call)),
    updateMany: async (call) => adapter.updateMany(await searched(call)),
    delete: async (call) => adapter.delete(await searched(call)),
    deleteMany: async (call) => adapter.deleteMany(await searched(call)),
    consumeOne: async (call) => adapter.consumeOne(await searched(call)),
    incrementOne: async (call) => adapter.incrementOne(await searched(call)),
  };
}

async function searched<C extends { model: string; where?: Where[] | undefined }>(call: C): Promise<C> {
  if (call.model !== 'session' || call.where === undefined) return call;
  return { ...call, where: await Promise.all(call.where.map(hashedWhere)) };
}

async function hashedWhere(where: Where): Promise<Where> {
  const { field, value } = where;
  if (field !== 'token') return where;
  if (typeof value === 'string') return { ...where, value: await secretHash(value) };
  if (!Array.isArray(value)) return where;
  return { ...where, value: await Promise.all(value.map((token) => secretHash(String(token)))) };
}

function tokenIn(data: object): string | undefined {
  return 'token' in data && typeof data.token === 'string' ? data.token : undefined;
}

function tokenOf(where: readonly Where[]): string | undefined {
  const value = where.find(({ field }) => field === 'token')?.value;
  return typeof value === 'string' ? value : undefined;
}

function withToken<R>(row: R, token: string): R {
  return typeof row === 'object' && row !== null ? Object.assign(row, { token }) : row;
}
