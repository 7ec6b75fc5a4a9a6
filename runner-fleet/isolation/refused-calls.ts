import type { Architecture } from './seccomp-profile.ts';

/** A system call for the probe to try. */
export interface TriedCall {
  readonly name: string;
  readonly number: number;
  readonly arguments: readonly number[];
}

type Entry = Readonly<Record<Architecture, number>> & Pick<TriedCall, 'arguments'>;

/**
 * Calls that our filter refuses, and among them those that Docker's own lets through: it shows by them which of the two is in
 * force. With these arguments a kernel that gets to see a call answers with something else than a filter does.
 */
const CALLS: Readonly<Record<string, Entry>> = {
  io_uring_setup: { x64: 425, arm64: 425, arguments: [0, 0] },
  memfd_secret: { x64: 447, arm64: 447, arguments: [0xffff] },
  // Of the kind that needs no privileges, with a flag that is none.
  userfaultfd: { x64: 323, arm64: 282, arguments: [3] },
  keyctl: { x64: 250, arm64: 219, arguments: [-1] },
  inotify_init1: { x64: 294, arm64: 26, arguments: [-1] },
  shmget: { x64: 29, arm64: 194, arguments: [0, 0, 0] },
  msgget: { x64: 68, arm64: 186, arguments: [1, 0] },
  process_vm_readv: { x64: 310, arm64: 270, arguments: [0, 0, 0, 0, 0, 1] },
  perf_event_open: { x64: 298, arm64: 241, arguments: [0, 0, 0, 0, -1] },
};

/** What a filter answers. */
export const FILTERS_ANSWERS: readonly string[] = ['EPERM', 'ENOSYS'];

export function refusedCalls(architecture: Architecture): TriedCall[] {
  return Object.entries(CALLS).map(([name, entry]) => ({
    name,
    number: entry[architecture],
    arguments: entry.arguments,
  }));
}
