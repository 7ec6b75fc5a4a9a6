import { reasonOf } from '../log.ts';
import type { Supply } from '../pool/warm-pool.ts';
import type { Proof } from './proofs.ts';

/** `pending`: worth waiting for. `none`: it may never be. */
export type Offer =
  | { readonly kind: 'offered' }
  | { readonly kind: 'pending'; readonly because: string }
  | { readonly kind: 'none'; readonly because: string };

/** Whether a runner takes runs of a class now: it is proven, and sandboxes of it come up. */
export function offerOf(proof: Proof | undefined, supply: Supply): Offer {
  if (proof === undefined) return { kind: 'none', because: 'this runner cannot make it' };
  if (proof.kind === 'failed') return { kind: 'none', because: reasonOf(proof.reason) };
  if (proof.kind === 'under-way') return { kind: 'pending', because: 'it is being proven' };
  if (supply === 'starting') return { kind: 'pending', because: 'its first sandboxes boot' };
  if (supply === 'failing') return { kind: 'pending', because: 'its sandboxes do not come up' };
  return { kind: 'offered' };
}
