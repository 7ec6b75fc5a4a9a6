import type { Digest } from '#contracts/digest';
import type { RUNNER_REFUSAL_CODES, RunnerProblem } from '#contracts/runner';

export type RefusalCode = (typeof RUNNER_REFUSAL_CODES)[number];

const KINDS: Record<RefusalCode, { status: number; title: string }> = {
  bundle_missing: { status: 409, title: 'The bundle is not here' },
  layer_missing: { status: 409, title: 'A layer is not here' },
  at_capacity: { status: 429, title: 'No capacity right now' },
  draining: { status: 503, title: 'This runner takes no more runs' },
  unavailable: { status: 503, title: 'No sandbox could be had' },
  isolation_unavailable: { status: 503, title: 'This runner does not offer that isolation' },
  lease_lapsed: { status: 503, title: 'This runner was cut off since' },
  unknown_run: { status: 404, title: 'No such run' },
  run_id_reused: { status: 409, title: 'The run id was used for another run' },
  invalid_input: { status: 400, title: 'The request is not valid' },
  payload_too_large: { status: 413, title: 'Too large' },
  digest_mismatch: { status: 422, title: 'The digest does not match' },
  invalid_bundle: { status: 422, title: 'The bundle is not valid' },
  forbidden: { status: 403, title: 'Not for this caller' },
  not_found: { status: 404, title: 'Not found' },
  method_not_allowed: { status: 405, title: 'Method not allowed' },
  internal: { status: 500, title: 'Something went wrong in this runner' },
};

/** A request this runner does not fulfil, with a reason its cell can act on. */
export class Refusal extends Error {
  readonly code: RefusalCode;
  readonly retryAfterS: number | undefined;
  readonly #missing: readonly Digest[] | undefined;

  constructor(code: RefusalCode, detail: string, retryAfterS?: number, missing?: readonly Digest[]) {
    super(detail);
    this.name = 'Refusal';
    this.code = code;
    this.retryAfterS = retryAfterS;
    this.#missing = missing;
  }

  get problem(): RunnerProblem {
    const { status, title } = KINDS[this.code];
    const missing = this.#missing && { missing: [...this.#missing] };
    return { title, status, code: this.code, detail: this.message, ...missing };
  }
}

/** What a run needs and is not here. */
export function missingRefusal(bundle: Digest, missing: readonly Digest[]): Refusal {
  const code = missing.includes(bundle) ? 'bundle_missing' : 'layer_missing';
  return new Refusal(code, `${missing.join(', ')} not here; send it and try again`, undefined, missing);
}
