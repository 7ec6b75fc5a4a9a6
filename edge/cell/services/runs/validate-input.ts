import { BoundedMap } from '#contracts/bounded-map';
import { InvalidInput, type Violation } from '#contracts/errors';
import type { VersionId } from '#contracts/ids';
import type { JsonValue } from '#contracts/json';
import { type CompiledSchema, compileSchema, judge } from '#contracts/json-schema/judge';

import type { Release } from '../catalogue/load-release.ts';

/** A row of a run's object holds 2 MB with all that is beside the input, and JSON that is written again may have grown: `1e20` does. */
const MAX_BYTES = 2 ** 20;

const compiled = new BoundedMap<VersionId, CompiledSchema>(200);

/** Judges a run's input by the schema of the version that would run it. @throws InvalidInput with what is wrong, where */
export function validateInput(release: Release, input: JsonValue): void {
  const violations = inputFaults(release, input);
  if (violations.length === 0) return;
  const { name, version } = release.manifest;
  throw new InvalidInput(`the input does not match what ${name} ${version} takes`, violations);
}

/** What is wrong with a run's input, and where; empty where nothing is. */
export function inputFaults(release: Release, input: JsonValue): Violation[] {
  const bytes = new TextEncoder().encode(JSON.stringify(input)).length;
  if (bytes > MAX_BYTES) {
    const message = `it has ${bytes} bytes as JSON without spaces; expected at most ${MAX_BYTES} bytes`;
    return [{ path: '/input', message }];
  }
  return judge(schemaOf(release), input, '/input').map(({ path, message }) => ({ path, message }));
}

function schemaOf({ id, manifest }: Release): CompiledSchema {
  const known = compiled.get(id);
  if (known) return known;
  const schema = compileSchema(manifest.input);
  compiled.set(id, schema);
  return schema;
}
