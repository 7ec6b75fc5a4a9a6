import { randomUUID } from 'node:crypto';

import { z } from 'zod';

import { CreatedApiKey } from '#contracts/api/api-keys';
import { TenantMembership } from '#contracts/api/tenants';
import type { Cell } from '#contracts/cells';
import { Problem } from '#contracts/errors';
import type { Permission } from '#contracts/permissions';

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: unknown;
}

export interface Asking {
  readonly method?: string;
  readonly json?: unknown;
  readonly body?: string;
  readonly form?: FormData;
  readonly headers?: Readonly<Record<string, string>>;
}

/** One request, as any HTTP client would send it. */
export async function ask(
  url: string,
  path: string,
  { method, json, body, form, headers }: Asking = {},
): Promise<Answer> {
  const content = form ?? (json === undefined ? body : JSON.stringify(json));
  const response = await fetch(new URL(path, url), {
    method: method ?? (content === undefined ? 'GET' : 'POST'),
    headers: { ...(json === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
    ...(content === undefined ? {} : { body: content }),
    redirect: 'manual',
  });
  const received = await response.text();
  return { status: response.status, headers: response.headers, body: parsed(received) };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** The code of a refusal, once it has been seen to be a proper problem document of that status. */
export function refusalOf({ status, headers, body }: Answer): string {
  const problem = Problem.parse(body);
  if (problem.status !== status) throw new Error(`the body says ${problem.status}, the answer ${status}`);
  if (!headers.get('content-type')?.startsWith('application/problem+json')) throw new Error('not problem+json');
  if (problem.requestId !== headers.get('x-request-id')) throw new Error('the request ids differ');
  return problem.code;
}

export const PASSWORD = 'correct horse battery';

/** A person with a browser: keeps its cookie and says which site it is on. */
export class Person {
  readonly url: string;
  readonly email: string;
  cookie: string;
  tenantId: string | undefined;

  private constructor(url: string, email: string, cookie: string) {
    this.url = url;
    this.email = email;
    this.cookie = cookie;
  }

  static async signUp(url: string, region: Cell, email = newEmail()): Promise<Person> {
    const answer = await ask(url, '/v1/auth/sign-up', { json: { email, password: PASSWORD, name: 'Ada', region } });
    if (answer.status !== 201) throw new Error(`sign-up answered ${answer.status} ${JSON.stringify(answer.body)}`);
    return new Person(url, email, cookieOf(answer));
  }

  static async withTenant(url: string, region: Cell = 'eu-west-1') {
    const person = await Person.signUp(url, region);
    return { person, tenant: await person.createTenant() };
  }

  async ask(path: string, asking: Asking = {}): Promise<Answer> {
    const headers = {
      cookie: this.cookie,
      origin: this.url,
      ...(this.tenantId === undefined ? {} : { 'soma-tenant': this.tenantId }),
      ...asking.headers,
    };
    return ask(this.url, path, { ...asking, headers });
  }

  async createTenant(handle = newHandle()): Promise<z.infer<typeof TenantMembership>> {
    const answer = await this.ask('/v1/tenants', { json: { name: 'Analytical Engines', handle } });
    if (answer.status !== 201) throw new Error(`no tenant: ${answer.status} ${JSON.stringify(answer.body)}`);
    const tenant = TenantMembership.parse(answer.body);
    this.tenantId = tenant.id;
    return tenant;
  }

  async createApiKey(scopes: readonly Permission[]): Promise<z.infer<typeof CreatedApiKey>> {
    const answer = await this.ask('/v1/api-keys', { json: { name: randomUUID(), scopes } });
    if (answer.status !== 201) throw new Error(`no key: ${answer.status} ${JSON.stringify(answer.body)}`);
    return CreatedApiKey.parse(answer.body);
  }
}

export function cookieOf({ headers }: Answer): string {
  return headers
    .getSetCookie()
    .map((cookie) => cookie.split(';')[0])
    .join('; ');
}

export function newEmail(): string {
  return `ada-${randomUUID()}@example.com`;
}

export function newHandle(): string {
  return `t${randomUUID().replaceAll('-', '').slice(0, 20)}`;
}

export function bearer(credential: string): Record<string, string> {
  return { authorization: `Bearer ${credential}` };
}
