import { z } from 'zod';

export type JsonValue = z.core.util.JSONType;

/** Deeper nesting than this is refused at every border: parsers further in may recurse without fear. */
export const JSON_MAX_DEPTH = 64;

/**
 * Any JSON value of bounded depth. Checked without recursion, so that a hostile nesting is a violation and not a stack overflow;
 * not `z.json()`, whose lazy self-reference the OpenAPI generator cannot follow.
 */
export const Json = z.unknown().transform((value, context): JsonValue => {
  if (isJsonValue(value)) return value;
  context.addIssue({ code: 'custom', message: `expected a JSON value, nested at most ${JSON_MAX_DEPTH} levels deep` });
  return z.NEVER;
});

export function isJsonValue(value: unknown): value is JsonValue {
  const pending: { value: unknown; depth: number }[] = [{ value, depth: 0 }];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    if (isJsonScalar(next.value)) continue;
    if (typeof next.value !== 'object' || next.value === null || next.depth >= JSON_MAX_DEPTH) return false;
    const depth = next.depth + 1;
    for (const child of Object.values(next.value)) pending.push({ value: child, depth });
  }
  return true;
}

function isJsonScalar(value: unknown): boolean {
  return value === null || typeof value === 'string' || typeof value === 'boolean' || Number.isFinite(value);
}

/** Whether a store that keeps text as Unicode scalar values can hold every string in `value`: no U+0000, no lone surrogate. */
export function isStorable(value: JsonValue): boolean {
  const pending: JsonValue[] = [value];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    if (typeof next === 'string' && !isStorableText(next)) return false;
    if (typeof next !== 'object' || next === null) continue;
    if (!Object.keys(next).every(isStorableText)) return false;
    for (const child of Object.values(next)) pending.push(child);
  }
  return true;
}

export function isStorableText(text: string): boolean {
  return !text.includes('\u0000') && text.isWellFormed();
}

/** Text of unknown origin, such as a capsule's own words: what no store can hold is replaced (U+FFFD). */
export function storable(text: string): string {
  return text.toWellFormed().replaceAll('\u0000', '\ufffd');
}
