import type { JsonValue } from '../json.ts';

export type JsonObject = { [key: string]: JsonValue };

export function isObject(value: JsonValue | undefined): value is JsonObject;
export function isObject(value: unknown): value is Record<string, unknown>;
export function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Arguments are known to be of their kind (`schemaFaults`); what were not would hold for nothing. */
export function textIn(argument: JsonValue): string {
  return typeof argument === 'string' ? argument : JSON.stringify(argument);
}

export function numberIn(argument: JsonValue): number {
  return typeof argument === 'number' ? argument : Number.NaN;
}

export function namesIn(argument: JsonValue): string[] {
  return Array.isArray(argument) ? argument.filter((name) => typeof name === 'string') : [];
}

export function schemasIn(argument: JsonValue | undefined): [name: string, schema: JsonValue][] {
  return isObject(argument) ? Object.entries(argument) : [];
}
