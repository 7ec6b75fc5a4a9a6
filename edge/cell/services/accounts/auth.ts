import type { BetterAuthOptions } from '@better-auth/core';
import { drizzleAdapter } from 'better-auth/adapters/drizzle';
import { betterAuth } from 'better-auth/minimal';
import { bearer } from 'better-auth/plugins/bearer';
import { deviceAuthorization } from 'better-auth/plugins/device-authorization';
import { jwt } from 'better-auth/plugins/jwt';
import { organization } from 'better-auth/plugins/organization';
import { base64url } from 'jose';

import { codeOf } from '#contracts/cells';
import { ACCESS_TOKEN_AUDIENCE, cookiePrefix } from '#contracts/identity';
import { newId, type TenantId, type UserId } from '#contracts/ids';
import type { Database, Transaction } from '#db/postgres/client';
import { credentials, deviceCodes, members, sessions, signingKeys, tenants, users } from '#db/postgres/schema/accounts';

import type { Platform } from '../../context.ts';
import { accessControl, roles } from './access.ts';
import { hashedSessions } from './hashed-sessions.ts';
import { keepSigningKey } from './keep-signing-key.ts';

export const CLI_CLIENT_ID = 'soma-cli';
/** Of one tenant. */
export const MOST_MEMBERS = 100;

export interface AccountsOptions {
  /** Ids that are claimed in the global directory before the row exists. */
  readonly userId?: UserId;
  readonly tenantId?: TenantId;
  /** Hears of what better-auth logs and answers with an error of its own for, such as the database's. */
  readonly onSwallowed?: (error: Error) => void;
}

const DAY_S = 86_400;
export const SESSION_LIFETIME_S = 30 * DAY_S;
const tables = { users, sessions, credentials, deviceCodes, signingKeys, tenants, members };

/**
 * better-auth over one database handle. Over a transaction everything it writes commits or vanishes as one, together with
 * the audit entry of the verb that called it; that is why there is one instance a transaction and none for all.
 */
export function accounts(platform: Platform, db: Database | Transaction, options: AccountsOptions = {}) {
  const { env, cell } = platform;
  return betterAuth({
    secret: env.AUTH_SECRET,
    baseURL: env.PUBLIC_URL,
    basePath: '/v1/auth',
    database: (authOptions: BetterAuthOptions) =>
      hashedSessions(drizzleAdapter(db, { provider: 'pg', schema: tables, transaction: false })(authOptions)),
    emailAndPassword: { enabled: true, minPasswordLength: 10, maxPasswordLength: 128 },
    user: { modelName: 'users' },
    session: {
      modelName: 'sessions',
      fields: { token: 'tokenSha256' },
      expiresIn: SESSION_LIFETIME_S,
      disableSessionRefresh: true,
    },
    account: { modelName: 'credentials' },
    advanced: {
      cookiePrefix: cookiePrefix(cell),
      useSecureCookies: env.PUBLIC_URL.startsWith('https:'),
      database: { generateId: ({ model }) => idFor(model, options), validateSchema: false },
    },
    // Its log lines hold e-mail addresses: none is written.
    logger: {
      level: 'error',
      log: (_level, _message, ...details: unknown[]) => {
        for (const detail of details) if (detail instanceof Error) options.onSwallowed?.(detail);
      },
    },
    telemetry: { enabled: false },
    rateLimit: { enabled: false },
    plugins: [
      organization({
        ac: accessControl,
        roles,
        creatorRole: 'owner',
        membershipLimit: MOST_MEMBERS,
        schema: {
          organization: {
            modelName: 'tenants',
            fields: { slug: 'handle' },
            additionalFields: {
              cell: { type: 'string', required: true },
              residency: { type: 'string', required: true },
            },
          },
          member: { modelName: 'members', fields: { organizationId: 'tenantId' } },
        },
      }),
      bearer(),
      deviceAuthorization({
        expiresIn: '10m',
        interval: '5s',
        verificationUri: '/device',
        validateClient: (clientId) => clientId === CLI_CLIENT_ID,
        generateDeviceCode: () => `soma_dev_${codeOf(cell)}_${randomText(32)}`,
        schema: { deviceCode: { modelName: 'deviceCodes' } },
      }),
      jwt({
        jwks: { keyPairConfig: { alg: 'ES256' }, rotationInterval: 30 * DAY_S, gracePeriod: DAY_S },
        jwt: { issuer: env.PUBLIC_URL, audience: ACCESS_TOKEN_AUDIENCE, expirationTime: '15m' },
        disableSettingJwtHeader: true,
        schema: { jwks: { modelName: 'signingKeys' } },
        adapter: { createJwk: (made) => keepSigningKey(platform, randomText(16), made) },
      }),
    ],
  });
}

function idFor(model: string, { userId, tenantId }: AccountsOptions): string {
  switch (model) {
    case 'user':
    case 'users':
      return userId ?? newId('usr');
    case 'organization':
    case 'tenants':
      return tenantId ?? newId('ten');
    case 'member':
    case 'members':
      return newId('mem');
    default:
      return randomText(16);
  }
}

/** `bytes` of randomness as base64url. */
export function randomText(bytes: number): string {
  return base64url.encode(crypto.getRandomValues(new Uint8Array(bytes)));
}
