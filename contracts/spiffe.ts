import { Cell } from './cells.ts';
import { cellSpiffeId, operatorSpiffeId, runnerSpiffeId } from './identity.ts';

/** SPIFFE IDs as this house reads them: SPIFFE-ID §2, the two kinds of workload that a cell has, and who operates them. */
const SPIFFE_ID = /^spiffe:\/\/([a-z0-9._-]{1,255})((?:\/(?!\.{1,2}(?:\/|$))[A-Za-z0-9._-]+)*)$/;
const MAX_LENGTH = 2_048;

export interface SpiffeId {
  readonly trustDomain: string;
  /** Empty, or `/` and segments. */
  readonly path: string;
}

export function parseSpiffeId(text: string): SpiffeId | undefined {
  const match = text.length <= MAX_LENGTH ? SPIFFE_ID.exec(text) : null;
  return match?.[1] === undefined ? undefined : { trustDomain: match[1], path: match[2] ?? '' };
}

export type Workload =
  | { readonly kind: 'cell'; readonly trustDomain: string; readonly cell: Cell }
  | { readonly kind: 'runner'; readonly trustDomain: string; readonly cell: Cell; readonly runner: string }
  | { readonly kind: 'operator'; readonly trustDomain: string; readonly operator: string };

/** Undefined for every ID that the functions of `identity.ts` would not have written. */
export function workloadOf(spiffeId: string): Workload | undefined {
  const { trustDomain, path } = parseSpiffeId(spiffeId) ?? { trustDomain: '', path: '' };
  const [, root, cellName = '', branch, runner] = path.split('/');
  if (root === 'operator' && cellName !== '' && spiffeId === operatorSpiffeId(trustDomain, cellName)) {
    return { kind: 'operator', trustDomain, operator: cellName };
  }
  const cell = Cell.safeParse(cellName);
  if (root !== 'cell' || !cell.success) return undefined;
  if (spiffeId === cellSpiffeId(trustDomain, cell.data)) return { kind: 'cell', trustDomain, cell: cell.data };
  if (branch !== 'runner' || !runner || spiffeId !== runnerSpiffeId(trustDomain, cell.data, runner)) return undefined;
  return { kind: 'runner', trustDomain, cell: cell.data, runner };
}
