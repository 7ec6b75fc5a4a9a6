import type { ErrorCode } from '#contracts/errors';

import type { Answer, Asking } from '../people.ts';
import type { EvidenceWorld } from './world.ts';

/** One request to an operation, and whose log it belongs in. */
export interface Call {
  /** What stands in the braces of the operation's path. */
  readonly params?: Readonly<Record<string, string>>;
  readonly asking?: Asking;
  /** By the owner of the world's tenant where not said. */
  readonly send?: (path: string, asking: Asking) => Promise<Answer>;
  /** Who the log says it was: the owner where not said. */
  readonly actor?: { readonly type: string; readonly id: string };
  /** Whose log has the entry: the world's tenant where not said; nobody's where undefined is told. */
  readonly logOf?: (answer: Answer) => string | undefined;
}

export interface RefusedCall extends Call {
  readonly reason: ErrorCode;
}

/** How one operation is seen to leave its evidence. */
export interface EvidenceRow {
  /** A request that changes something. */
  readonly done: (world: EvidenceWorld) => Call | Promise<Call>;
  /** One that is refused by what the operation itself does, to somebody who may call it. */
  readonly refused: (world: EvidenceWorld) => RefusedCall | Promise<RefusedCall>;
}

export type EvidenceTable = Readonly<Record<string, EvidenceRow>>;

export const NOBODYS_LOG = { logOf: () => undefined } satisfies Call;
