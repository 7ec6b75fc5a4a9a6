import { BoundedMap } from '#contracts/bounded-map';
import { InvalidInput, type Violation } from '#contracts/errors';
import type { VersionId } from '#contracts/ids';
import type { JsonValue } from '#contracts/json';
import { type CompiledSchema, compileSchema, judge } from '#contracts/json-schema/judge';

import type { Release } from '../catalogue/load-release.ts';

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
  return judge(schemaOf(release), input, '/input').map(({ path, message }) => ({ path, message }));
}

function schemaOf({ id, manifest }: Release): CompiledSchema {
  const known = compiled.get(id);
  if (known) return known;
  const schema = compileSchema(manifest.input);
  compiled.set(id, schema);
  return schema;
}
