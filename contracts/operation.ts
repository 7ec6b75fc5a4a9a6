import type { z } from 'zod';

/**
 * One operation of the HTTP API, stated once: the cell mounts it as a route, the OpenAPI document describes it, and clients derive their
 * calls from it (`client.ts`).
 */
export interface Operation {
  readonly method: 'get' | 'post' | 'put' | 'patch' | 'delete';
  /** As OpenAPI writes it: `/v1/runs/{id}`. */
  readonly path: `/${string}`;
  readonly tags: string[];
  readonly summary: string;
  readonly description?: string;
  readonly access: Access;
  readonly audit: AuditDeclaration;
  /** 1 MiB where not said. */
  readonly maxBodyBytes?: number;
  /** For the whole request to arrive, and then to the first byte of the answer; 30 s where not said. */
  readonly timeoutMs?: number;
  readonly request?: {
    readonly params?: z.ZodObject;
    readonly query?: z.ZodObject;
    readonly headers?: z.ZodObject;
    readonly body?: { readonly required: true; readonly content: Content };
  };
  readonly responses: Readonly<Record<number, Answer>>;
}

export interface Answer {
  readonly description: string;
  readonly content?: Content;
}

/** What is sent by media type; bytes and forms are described as OpenAPI does, everything else by its schema. */
export type Content = Readonly<Record<string, { readonly schema: z.ZodType | DescribedSchema }>>;

export interface DescribedSchema {
  readonly type: 'string' | 'object';
  readonly format?: 'binary';
  readonly contentMediaType?: string;
  readonly required?: string[];
  readonly properties?: Record<string, DescribedSchema>;
}

/**
 * Who may call an operation:
 * tenant  any credential that acts for a tenant
 * person  a session, tenant or not
 * caller  any credential, tenant or not
 * peer    another cell, by its signed token
 * runner  a runner of this cell, by its client certificate
 * operator  who operates the platform, by a client certificate
 * public  anyone
 */
export type Access = 'tenant' | 'person' | 'caller' | 'peer' | 'runner' | 'operator' | 'public';

/** The audit action an operation's writes leave, or why it leaves none: `none: read`. */
export type AuditDeclaration = `${string}.${string}` | `none: ${string}`;

/** States an operation, and keeps its exact type. */
export function operation<const O extends Operation>(stated: O): O {
  return stated;
}
