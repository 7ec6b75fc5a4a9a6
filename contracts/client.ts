import { z } from 'zod';

import type { Operation } from './operation.ts';

/**
 * The one client of the HTTP API, derived from its operations: what an operation does not take or answer does not compile, and what a server
 * answers otherwise is noticed at the border. How a request gets there is for the program to say (`Send`).
 */
export interface Client<Target> {
  /** Sends, and parses what comes back by the schema that the operation states. */
  readonly call: <O extends Operation>(operation: O, ask: Ask<NoInfer<O>>, target: Target) => Promise<Answered<O>>;
  /** For answers that are read as they come: events and bytes. */
  readonly open: <O extends Operation>(operation: O, ask: Ask<NoInfer<O>>, target: Target) => Promise<Response>;
}

/** Sends one request, and throws where the answer is no success. */
export type Send<Target> = (request: ClientRequest, target: Target) => Promise<Response>;

export interface ClientRequest {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | FormData | undefined;
}

/** The server speaks another version of the API, or is no server of it. */
export class UnexpectedAnswer extends Error {
  override readonly name = 'UnexpectedAnswer';
  readonly status: number;

  constructor(request: ClientRequest, status: number, why: string) {
    super(`${request.method} ${request.path} answered ${status} in a shape that is not known here: ${why}`);
    this.status = status;
  }
}

// What a call takes: each part where the operation states it, and optional where nothing in it is needed.

export type Ask<O extends Operation> = Part<'params', Stated<O, 'params'>> &
  Part<'query', Stated<O, 'query'>> &
  Part<'headers', Stated<O, 'headers'>> &
  Part<'body', Body<O>> &
  Part<'form', Form<O>>;

type Part<Name extends string, Shape> = [Shape] extends [never]
  ? { readonly [K in Name]?: never }
  : object extends Shape
    ? { readonly [K in Name]?: Shape }
    : { readonly [K in Name]: Shape };

type Stated<O extends Operation, Name extends 'params' | 'query' | 'headers'> = O extends {
  readonly request: { readonly [K in Name]: infer S extends z.ZodObject };
}
  ? Texts<z.input<S>, z.output<S>>
  : never;

/** Parts that travel as text are coerced, and coercion takes `unknown`: what it makes of that says what belongs there. */
type Texts<Input, Output> = {
  readonly [K in keyof Input]: TextOf<K, Input, Output> | (object extends Pick<Input, K> ? undefined : never);
};
type TextOf<K extends keyof Input, Input, Output> = unknown extends Input[K]
  ? K extends keyof Output
    ? Output[K]
    : never
  : Input[K];

type Body<O extends Operation> = O extends {
  readonly request: {
    readonly body: {
      readonly content: { readonly 'application/json': { readonly schema: infer S extends z.ZodType } };
    };
  };
}
  ? z.input<S>
  : never;
type Form<O extends Operation> = O extends {
  readonly request: {
    readonly body: {
      readonly content: { readonly 'multipart/form-data': { readonly schema: { readonly properties: infer P } } };
    };
  };
}
  ? { readonly [K in keyof P]: File }
  : never;

// What a call answers: by the successes that are stated.

type Successes = 200 | 201 | 202 | 204;
export type Answered<O extends Operation> = {
  [Status in keyof O['responses']]: Status extends Successes ? Content<O['responses'][Status]> : never;
}[keyof O['responses']];

type Content<A> = A extends { readonly content: infer C }
  ? C extends { readonly 'application/json': { readonly schema: infer S extends z.ZodType } }
    ? z.output<S>
    : C extends { readonly 'text/event-stream': unknown }
      ? never
      : C extends Readonly<Record<string, { readonly schema: z.ZodString }>>
        ? string
        : never
  : undefined;

export function clientOf<Target>(send: Send<Target>): Client<Target> {
  function call<O extends Operation>(operation: O, ask: Ask<NoInfer<O>>, target: Target): Promise<Answered<O>>;
  async function call(operation: Operation, ask: Parts, target: Target): Promise<unknown> {
    const request = requestOf(operation, ask, (mediaType) => mediaType === JSON_TYPE);
    return readAnswer(operation, request, await send(request, target));
  }
  return {
    call,
    open: (operation, ask, target) =>
      send(
        requestOf(operation, ask, (mediaType) => mediaType !== JSON_TYPE),
        target,
      ),
  };
}

const JSON_TYPE = 'application/json';

type Scalars = Readonly<Record<string, unknown>>;

interface Parts {
  readonly params?: Scalars | undefined;
  readonly query?: Scalars | undefined;
  readonly headers?: Scalars | undefined;
  readonly body?: unknown;
  readonly form?: Scalars | undefined;
}

function requestOf(
  { method, path, responses }: Operation,
  ask: Parts,
  isWanted: (mediaType: string) => boolean,
): ClientRequest {
  const stated = Object.values(responses).flatMap(({ content = {} }) => Object.keys(content));
  const headers: Record<string, string> = { accept: stated.filter(isWanted).join(', ') || stated.join(', ') || '*/*' };
  for (const [name, value] of textsOf(ask.headers)) headers[name] = value;
  if (ask.body !== undefined) headers['content-type'] = JSON_TYPE;
  const params = new Map(textsOf(ask.params));
  const filled = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(params.get(name) ?? ''));
  const query = new URLSearchParams(textsOf(ask.query)).toString();
  return {
    method: method.toUpperCase(),
    path: query === '' ? filled : `${filled}?${query}`,
    headers,
    body: ask.form ? formOf(ask.form) : ask.body === undefined ? undefined : JSON.stringify(ask.body),
  };
}

/** What is set; an empty text asks for nothing. */
function textsOf(parts: Scalars = {}): [name: string, value: string][] {
  return Object.entries(parts).flatMap(([name, value]) => {
    const text = typeof value === 'string' ? value : value === undefined ? '' : JSON.stringify(value);
    return text === '' ? [] : [[name, text]];
  });
}

function formOf(parts: Scalars): FormData {
  const form = new FormData();
  for (const [name, part] of Object.entries(parts)) if (part instanceof File) form.set(name, part);
  return form;
}

async function readAnswer(operation: Operation, request: ClientRequest, response: Response): Promise<unknown> {
  const stated = operation.responses[response.status];
  if (!stated) throw new UnexpectedAnswer(request, response.status, 'a status that the operation does not have');
  if (!stated.content) {
    await response.body?.cancel();
    return undefined;
  }
  const schema = stated.content[JSON_TYPE]?.schema;
  if (!(schema instanceof z.ZodType)) return response.text();
  const body: unknown = await response.json().catch((error: unknown) => {
    if (error instanceof SyntaxError) throw new UnexpectedAnswer(request, response.status, 'no JSON');
    throw error;
  });
  const parsed = schema.safeParse(body);
  if (!parsed.success) throw new UnexpectedAnswer(request, response.status, z.prettifyError(parsed.error));
  return parsed.data;
}
