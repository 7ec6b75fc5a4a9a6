import { MANIFEST_PATH } from './bundle.ts';
import { DomainError, type Violation, violationsOf } from './errors.ts';
import { schemaFaults } from './json-schema/faults.ts';
import { LayerRuntime } from './layer.ts';
import { Manifest } from './manifest.ts';
import { formatNanos, MAX_BUDGET_NANOS } from './money.ts';
import { ceilingFor } from './pricing.ts';

/** Reading `capsule.json` out of a bundle: what the schema of a manifest says, and what only the whole bundle can tell. */
const MAX_BYTES = 256 * 2 ** 10;
const MAX_DEPTH = 64;

const EXTENSIONS: Readonly<Record<Manifest['runtime'], readonly string[]>> = {
  node24: ['.js', '.mjs', '.cjs'],
  'python3.11': ['.py'],
  wasm: ['.wasm'],
};

/** @throws DomainError `invalid_manifest` with all that is wrong with its shape, or else with its meaning: JSON Pointer, what is wrong, what would be right */
export function readManifest(files: ReadonlyMap<string, Uint8Array>): Manifest {
  const bytes = files.get(MANIFEST_PATH);
  if (!bytes)
    throw invalidManifest([{ path: '', message: 'the bundle has no capsule.json; expected one at its root' }]);
  const parsed = Manifest.safeParse(parseJson(bytes));
  if (!parsed.success) throw invalidManifest(violationsOf(parsed.error, Manifest));
  const manifest = parsed.data;
  const violations = [
    ...entrypointFaults(manifest, files),
    ...layerFaults(manifest),
    ...priceFaults(manifest),
    ...schemaFaults(manifest.input, '/input'),
    ...schemaFaults(manifest.output, '/output'),
  ];
  if (violations.length > 0) throw invalidManifest(violations);
  return manifest;
}

function entrypointFaults({ runtime, entrypoint }: Manifest, files: ReadonlyMap<string, Uint8Array>): Violation[] {
  const path = '/entrypoint';
  const faults: Violation[] = [];
  const extensions = EXTENSIONS[runtime];
  if (!extensions.some((extension) => entrypoint.endsWith(extension))) {
    faults.push({
      path,
      message: `${entrypoint} does not suit ${runtime}; expected a file ending in ${extensions.join(', ')}`,
    });
  }
  if (!files.has(entrypoint)) {
    faults.push({ path, message: `${entrypoint} is not in the bundle; expected the path of one of its files` });
  }
  return faults;
}

function layerFaults({ runtime, layers }: Manifest): Violation[] {
  const faults: Violation[] = [];
  if (layers.length > 0 && !LayerRuntime.safeParse(runtime).success) {
    faults.push({ path: '/layers', message: `${runtime} takes no layers; expected none` });
  }
  return faults;
}

/** What may cost more than any tenant can reserve never starts, and is beyond what amounts are written with. */
function priceFaults(manifest: Manifest): Violation[] {
  const { totalNanos } = ceilingFor(manifest);
  if (totalNanos <= MAX_BUDGET_NANOS) return [];
  const [most, may] = [formatNanos(MAX_BUDGET_NANOS), formatNanos(totalNanos)];
  return [
    {
      path: '/pricing',
      message: `a run with every limit used up costs ${may}; expected at most ${most}, as no budget is higher`,
    },
  ];
}

function parseJson(bytes: Uint8Array): unknown {
  if (bytes.length > MAX_BYTES) throw malformed(`it has ${bytes.length} bytes; expected at most ${MAX_BYTES}`);
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw malformed('it is not UTF-8; expected JSON in UTF-8');
  }
  // The parsers behind this recurse: they must not meet what overflows a stack.
  if (depthOf(text) > MAX_DEPTH) throw malformed(`it nests deeper than ${MAX_DEPTH} levels; expected fewer`);
  try {
    return JSON.parse(text);
  } catch (error) {
    throw malformed(`${error instanceof Error ? error.message : String(error)}; expected JSON`);
  }
}

function depthOf(json: string): number {
  let depth = 0;
  let deepest = 0;
  for (const [token] of json.matchAll(/"(?:[^"\\]|\\.)*"|[[\]{}]/gs)) {
    if (token === '[' || token === '{') deepest = Math.max(deepest, ++depth);
    else if (token === ']' || token === '}') depth -= 1;
  }
  return deepest;
}

function malformed(message: string): DomainError {
  return invalidManifest([{ path: '', message }]);
}

function invalidManifest(violations: readonly Violation[]): DomainError {
  const [first, ...others] = violations.map(({ path, message }) => (path === '' ? message : `${path}: ${message}`));
  const detail = others.length === 0 ? `: ${first}` : ` has ${violations.length} faults, such as ${first}`;
  return new DomainError('invalid_manifest', `capsule.json${detail}`, { violations });
}
