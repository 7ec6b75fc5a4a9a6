import type { AuditRecord } from '#contracts/audit';
import type { StoredKind } from '#contracts/stored-object';

import { counted, whole } from './format.ts';

export const usage = {
  title: 'Usage and budget',
  period: (month: string) => `${month}, in UTC`,
  spent: 'Spent',
  reserved: 'Reserved by running runs',
  available: 'Available',
  limit: 'Monthly limit',
  ofLimit: (limit: string) => `of ${limit}`,
  noBudget: 'No budget is set, so every run is refused before it starts. Set a monthly limit.',
  totals: 'This month',
  runs: 'Runs',
  stored: { artifact: 'Files kept', dataset: 'Rows kept', state: 'State kept' } satisfies Record<StoredKind, string>,
  gigabyteMonths: (amount: string) => `${amount} GB-months`,
  meters: 'Meters of capsules',
  ledger: (flushed: number, seq: number) => {
    if (seq === 0) return 'Nothing has been charged yet.';
    return flushed === seq
      ? `All ${counted(seq, 'ledger entry', 'ledger entries')} are confirmed by the analytics store.`
      : `${whole(flushed)} of ${counted(seq, 'ledger entry', 'ledger entries')} are confirmed by the analytics store; the rest follow within seconds.`;
  },
  setBudget: 'Set the monthly limit',
  amount: 'Dollars a month',
  amountWrong: 'An amount such as 25 or 0.50, at most 1,000,000.',
  amountHint: 'A run whose ceiling does not fit is refused before it starts.',
  save: 'Save limit',
  saving: 'Saving…',
  saved: 'The limit is set.',
};

export const audit = {
  title: 'Audit log',
  lead: 'Every change and every refusal, in a chain that cannot be altered unseen.',
  none: 'Nothing has happened in this tenant yet.',
  onlyRefused: 'Refusals only',
  noneRefused: 'Nothing was refused.',
  pending: 'pending',
  pendingHint: 'Committed with its change, and about to be chained.',
  actor: {
    user: 'person',
    'api-key': 'key',
    schedule: 'schedule',
    external: 'external',
    operator: 'operator',
    runner: 'runner',
    system: 'system',
  } satisfies Record<AuditRecord['actor']['type'], string>,
  success: 'done',
  refused: 'refused',
  details: 'Details',
  checkpoint: {
    title: 'Checkpoint',
    lead: 'Signed by your cell. Keep one, and later entries can be checked against it.',
    size: 'Entries',
    pending: 'Pending',
    root: 'Root hash',
    key: 'Signing key',
    download: 'Download checkpoint',
  },
  verify: {
    action: 'Verify in this browser',
    working: (done: number, size: number) => `Checked ${whole(done)} of ${whole(size)}…`,
    ok: (size: number) => `${counted(size, 'entry', 'entries')} verified: complete, in order, unaltered.`,
    since: (size: number) => `The first ${whole(size)} are those this browser verified before.`,
    empty: 'The chain is empty: there is nothing to verify yet.',
    bad: 'The chain does not verify. Keep the checkpoint and an export, and tell us.',
    hint: 'Or offline:',
  },
};
