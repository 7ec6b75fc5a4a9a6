import type { JsonValue } from '../json.ts';
import { SchemaDocument } from './compile.ts';
import { CannotJudge, type Check, Judging, type SchemaViolation } from './judging.ts';

/**
 * Judges values by publishers' schemas, in the dialect that `schemaFaults` allows. Both come from strangers, so the work is bounded whatever
 * they are: patterns match in linear time, equality is by hash, and everything else is counted against a budget.
 */
export interface CompiledSchema {
  readonly check: Check;
  readonly document: SchemaDocument;
}

export function compileSchema(schema: JsonValue): CompiledSchema {
  const document = new SchemaDocument(schema);
  return { check: document.check(schema), document };
}

/** What is wrong with `value`, as JSON Pointers below `at`, up to twenty; empty where nothing is. */
export function judge({ check, document }: CompiledSchema, value: JsonValue, at: string): SchemaViolation[] {
  const judging = new Judging(at);
  try {
    check(value, undefined, judging, document.unseen());
    return judging.violations;
  } catch (error) {
    if (!(error instanceof CannotJudge)) throw error;
    const message = `the capsule's schema cannot judge this input: ${error.message}`;
    return [{ path: at, keyword: 'schema', message }];
  }
}
