import { dereference, type OutputUnit, validate } from '@cfworker/json-schema';

import { InvalidInput, type Violation } from '#contracts/errors';
import type { VersionId } from '#contracts/ids';
import type { JsonValue } from '#contracts/json';

import { BoundedMap } from '../bounded-map.ts';
import type { Release } from '../catalogue/load-release.ts';

/** Above this an input is only told its first fault: collecting all of them costs more than the input is worth. */
const ALL_FAULTS_MAX_CHARS = 64 * 2 ** 10;
const MAX_VIOLATIONS = 20;
/**
 * A schema that refers to itself can ask for exponential work on a deep input. Whatever is honest follows a few references for each
 * value, and a value is at least two characters.
 */
const MIN_REFERENCES = 20_000;
const REFERENCES_PER_CHAR = 4;

type Schema = Release['manifest']['input'];
interface Compiled {
  readonly schema: Schema;
  readonly lookup: ReturnType<typeof dereference>;
}
const compiled = new BoundedMap<VersionId, Compiled>(200);

/** Judges a run's input by the schema of the version that would run it. @throws InvalidInput with what is wrong, where */
export function validateInput(release: Release, input: JsonValue, inputChars: number): void {
  const violations = faultsOf(release, input, inputChars);
  if (violations.length === 0) return;
  const { name, version } = release.manifest;
  throw new InvalidInput(`the input does not match what ${name} ${version} takes`, violations);
}

function faultsOf(release: Release, input: JsonValue, inputChars: number): Violation[] {
  const { schema, lookup } = compile(release);
  const errorsOf = (isFirstEnough: boolean) =>
    validate(input, schema, '2020-12', rationed(lookup, inputChars), isFirstEnough).errors;
  try {
    const first = errorsOf(true);
    if (first.length === 0) return [];
    return violationsOf(inputChars > ALL_FAULTS_MAX_CHARS ? first : errorsOf(false));
  } catch (error) {
    // A publisher's schema may ask for what no validator can do; that is a fault of the pair, and nothing starts.
    const reason = error instanceof Error ? error.message : String(error);
    return [{ path: '/input', message: `the capsule's schema cannot judge this input: ${reason}` }];
  }
}

function compile({ id, manifest }: Release): Compiled {
  const known = compiled.get(id);
  if (known) return known;
  // The validator marks what it walks, so it gets a copy.
  const schema = structuredClone(manifest.input);
  const entry = { schema, lookup: dereference(schema) };
  compiled.set(id, entry);
  return entry;
}

/** The same look-up of references, until they were followed too often. */
function rationed(lookup: Compiled['lookup'], inputChars: number): Compiled['lookup'] {
  let left = MIN_REFERENCES + REFERENCES_PER_CHAR * inputChars;
  return new Proxy(lookup, {
    get(target, uri: string) {
      left -= 1;
      if (left < 0) throw new RangeError('it refers to itself too often for an input of this shape');
      return target[uri];
    },
  });
}

/** Every keyword on the way down reports too, right before what it found; only the last of such a row says what is wrong. */
function violationsOf(errors: readonly OutputUnit[]): Violation[] {
  const violations: Violation[] = [];
  for (const [index, { keyword, keywordLocation, instanceLocation, error }] of errors.entries()) {
    const next = errors[index + 1];
    const isExplained = next && (next.keyword === 'false' || next.keywordLocation.startsWith(`${keywordLocation}/`));
    if (isExplained) continue;
    const message = keyword === 'false' ? 'expected nothing here: the schema does not allow it' : error;
    violations.push({ path: `/input${instanceLocation.slice(1)}`, message });
    if (violations.length === MAX_VIOLATIONS) break;
  }
  return violations;
}
