import type { EgressCounts } from '#contracts/egress';
import type { RunState } from '#contracts/run';

import { bytes, counted, whole } from './format.ts';

export const installations = {
  title: 'Installed capsules',
  none: 'Nothing is installed yet. Choose a capsule and approve what it may touch.',
  browse: 'Browse capsules',
  run: 'Run',
  runNamed: (capsule: string) => `Run ${capsule}`,
  remove: 'Remove',
  removeNamed: (capsule: string) => `Remove ${capsule}`,
  confirmTitle: (capsule: string) => `Remove ${capsule}?`,
  confirm:
    'Nothing starts from it any more: its schedules stop, its secrets and its state are deleted at once, its rows in 30 days. Past runs, their files, receipts and bills stay.',
};

const STATES: Record<RunState, string> = {
  queued: 'Queued',
  running: 'Running',
  succeeded: 'Succeeded',
  failed: 'Failed',
  timed_out: 'Timed out',
  out_of_memory: 'Out of memory',
  limit_exceeded: 'Limit exceeded',
  cancelled: 'Cancelled',
  refused: 'Refused',
  lost: 'Lost',
};

export const run = {
  title: (capsule: string) => `Run of ${capsule}`,
  start: 'Start run',
  starting: 'Starting…',
  cancel: 'Cancel run',
  files: { title: 'Files', pending: 'on its way', lost: 'lost with its runner' },
  cancelling: 'Cancelling…',
  section: 'Run',
  notStarted: 'Not started',
  connecting: 'Connecting',
  interrupted: 'Connection lost, resuming',
  state: (state: RunState) => STATES[state],
  follow: 'Follow',
  empty: 'Output appears here as the capsule writes it.',
  quiet: 'The capsule wrote nothing.',
  attempt: (attempt: number, why: string) => `attempt ${attempt}: ${why}`,
  attempts: (count: number) => `${count} attempts`,
  lines: (n: number) => counted(n, 'line', 'lines'),
  output: (n: number) => `Output, ${counted(n, 'line', 'lines')}`,
  progress: 'Progress',
  result: 'Result',
  noResult: 'It gave no result.',
  retryAfter: (seconds: number) => `Try again in ${counted(seconds, 'second', 'seconds')}.`,
  usage: 'Usage',
  usageFacts: {
    cpu: 'Processor',
    wall: 'Time',
    memory: 'Memory, peak',
    input: 'Input',
    output: 'Output',
    egress: 'Sent out',
    cost: 'Cost',
    pendingCost: 'being settled',
  },
  exit: (code: number) => `exit code ${code}`,
  receipt: {
    title: 'Receipt',
    lead: 'Signed by the runner: what ran, on which input, what it used, how it ended.',
    none: 'This run has no receipt: it never reached a runner, or was lost.',
    check: 'Verify in this browser',
    genuine: 'Genuine: signed by a runner of this region, about this run, unaltered.',
    download: 'Download receipt',
    verify: 'Verify it offline:',
    runner: 'Runner',
    region: 'Region',
    inputDigest: 'Input',
    outputDigest: 'Output',
    noOutput: 'none',
    spokeTo: 'Spoke to',
    nobody: 'nobody',
    others: 'all others',
    spoke: ({ connections, refused, sentBytes, receivedBytes }: EgressCounts) =>
      [
        counted(connections, 'connection', 'connections'),
        ...(refused > 0 ? [`${whole(refused)} refused`] : []),
        `${bytes(sentBytes)} out`,
        `${bytes(receivedBytes)} in`,
      ].join(', '),
  },
  facts: { id: 'Run', version: 'Version', digest: 'Digest', created: 'Created', took: 'Took' },
  again: 'Run again',
  rerun: {
    lead: (version: string) => `Starts another run of ${version} with this input.`,
    input: 'Input',
    current: 'Use the version the installation takes now',
    submit: 'Start run',
    working: 'Starting…',
    of: 'run again from',
    bySchedule: 'started by schedule',
  },
  ceiling: (amount: string) => `Costs at most ${amount}; that much is reserved while it runs.`,
  input: 'Input',
  form: 'Form',
  json: 'JSON',
};

export const runs = {
  title: 'Runs',
  none: 'No run yet. Install a capsule and start one.',
  noneMatching: 'No run matches. Widen the filter.',
  columns: { run: 'Run', capsule: 'Capsule', state: 'State', created: 'Created', took: 'Took', cost: 'Cost' },
  filterState: 'State',
  filterCapsule: 'Capsule',
  allCapsules: 'Any capsule',
  allStates: 'Any state',
};

/** What the judge of inputs says: where below the field, by which keyword, and a phrase. */
interface FieldProblem {
  readonly within: string;
  readonly keyword: string;
  readonly message: string;
}

interface FieldLimits {
  readonly format?: string | undefined;
  readonly minimum?: number | undefined;
  readonly maximum?: number | undefined;
  readonly minLength?: number | undefined;
  readonly maxLength?: number | undefined;
  readonly pattern?: string | undefined;
}

export const form = {
  required: 'required',
  onePerLine: 'One on each line',
  choose: 'Choose…',
  fromFile: 'Fill from a file',
  fileTooLarge: (limit: string) => `Files up to ${limit} fit into an input.`,
  badJson: 'This is not JSON yet.',
  /** Says what would be right, not what was wrong; of what is further in, also where. */
  problem: (
    { keyword, within, message }: FieldProblem,
    { format, minimum, maximum, minLength, maxLength, pattern }: FieldLimits,
  ): string => {
    if (within !== '') return `${within}: ${message}.`;
    if (keyword === 'required') return 'Needed to start.';
    if ((keyword === 'minimum' || keyword === 'maximum') && minimum !== undefined && maximum !== undefined)
      return `A number from ${minimum} to ${maximum}.`;
    if (keyword === 'minLength') return `At least ${counted(minLength ?? 1, 'character', 'characters')}.`;
    if (keyword === 'maxLength') return `At most ${whole(maxLength ?? 0)} characters.`;
    if (keyword === 'pattern') return `Text that matches ${pattern ?? 'the pattern'}.`;
    if (keyword === 'format' && format === 'uri') return 'A full address, such as https://example.com.';
    return `${message.charAt(0).toUpperCase()}${message.slice(1)}.`;
  },
};
