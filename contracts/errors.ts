import { z } from 'zod';

/** Every refusal has a stable code; `problem.ts` gives each its HTTP status, and only there. */
export const ERROR_CODES = [
  'invalid_input',
  'unauthenticated',
  'forbidden',
  'not_found',
  'method_not_allowed',
  'conflict',
  'idempotency_key_reused',
  'payload_too_large',
  'request_timeout',
  'unsupported_media_type',
  'approval_required',
  'gone',
  'budget_exhausted',
  'residency_violation',
  'signature_invalid',
  'digest_mismatch',
  'invalid_bundle',
  'invalid_manifest',
  'version_not_increasing',
  'rate_limited',
  'concurrency_limit',
  'at_capacity',
  'unavailable',
  'internal',
] as const;
export type ErrorCode = (typeof ERROR_CODES)[number];

/** One thing that is wrong: where (JSON Pointer, RFC 6901), what, and what would be right. */
export const Violation = z.object({ path: z.string(), message: z.string() });
export type Violation = z.infer<typeof Violation>;

/** A refusal a caller can do something about. `detail` says what was wrong and what would be right; it holds no secret. */
export class DomainError extends Error {
  readonly code: ErrorCode;
  readonly extra: Readonly<Record<string, unknown>>;

  constructor(code: ErrorCode, detail: string, extra: Readonly<Record<string, unknown>> = {}, options?: ErrorOptions) {
    super(detail, options);
    this.name = 'DomainError';
    this.code = code;
    this.extra = extra;
  }
}

export class InvalidInput extends DomainError {
  constructor(detail: string, violations: readonly Violation[] = []) {
    super('invalid_input', detail, { violations });
  }
}

export class NotFound extends DomainError {
  constructor(what: string) {
    super('not_found', `no such ${what}`);
  }
}

export class Forbidden extends DomainError {
  constructor(permission: string) {
    super('forbidden', `this needs the permission ${permission}`, { permission });
  }
}

export class Conflict extends DomainError {
  constructor(detail: string, extra: Readonly<Record<string, unknown>> = {}) {
    super('conflict', detail, extra);
  }
}

export class ApprovalRequired extends DomainError {
  constructor(missing: readonly string[]) {
    super('approval_required', `not approved: ${missing.join(', ')}`, { missing });
  }
}

export class Unavailable extends DomainError {
  constructor(detail: string, options?: ErrorOptions) {
    super('unavailable', detail, {}, options);
  }
}

/** Turns a zod failure into violations with JSON Pointers. Given the `schema` that refused, a key it does not know is told what it knows. */
export function violationsOf(error: z.ZodError, schema?: z.ZodType): Violation[] {
  return error.issues.flatMap((issue) => {
    if (issue.code !== 'unrecognized_keys') return { path: pointerOf(issue.path), message: issue.message };
    const known = schema ? knownKeys(schema, issue.path) : [];
    const right = known.length > 0 ? `expected one of ${known.join(', ')}` : 'expected no such key';
    return issue.keys.map((key) => ({ path: pointerOf([...issue.path, key]), message: `unknown key; ${right}` }));
  });
}

function pointerOf(path: readonly PropertyKey[]): string {
  return path.map((key) => `/${String(key).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}

/** What an object at `path` may have, as far as the schema says it plainly. */
function knownKeys(schema: z.ZodType, path: readonly PropertyKey[]): string[] {
  let at: z.core.JSONSchema.BaseSchema | undefined = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
  for (const key of path) {
    const next: z.core.JSONSchema._JSONSchema | undefined =
      typeof key === 'number' ? [at?.items].flat()[0] : (at?.properties?.[String(key)] ?? at?.additionalProperties);
    at = typeof next === 'object' ? next : undefined;
  }
  return Object.keys(at?.properties ?? {});
}

/** RFC 9457 problem details, as every error answer of the API is shaped. */
export const Problem = z.looseObject({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  code: z.enum(ERROR_CODES),
  detail: z.string(),
  requestId: z.string(),
  violations: z.array(Violation).optional(),
});
export type Problem = z.infer<typeof Problem>;
