import type { Artifact } from '#contracts/artifact';
import type { DatasetPart } from '#contracts/dataset';
import type { Outcome, Usage } from '#contracts/run';

/** What the end of a run is, before it has a number of its own. */
export interface Judgement {
  readonly outcome: Outcome;
  readonly usage: Usage;
  readonly amountNanos: string;
  /** Only verified usage is billed. */
  readonly isBillable: boolean;
  readonly receipt: string | null;
  /** Whether the last result counts as the run's output. */
  readonly hasOutput: boolean;
  readonly startedAtMs: number | null;
  readonly endedAtMs: number;
  /** What the receipt says the run left behind; absent where that is nothing. */
  readonly left?: Left | undefined;
}

export interface Left {
  readonly artifacts: readonly Artifact[];
  readonly datasets: readonly DatasetPart[];
  /** Whether what the run did to its installation's state counts. */
  readonly hasStateChanges: boolean;
}

/** How the run ended, as its tenant is told, and what follows from it. */
export interface Conclusion extends Judgement {
  /** The number of our `end` frame, and of the runner's by its own count; the latter is null where none came. */
  readonly endSeq: number;
  readonly runnerEndSeq: number | null;
}
