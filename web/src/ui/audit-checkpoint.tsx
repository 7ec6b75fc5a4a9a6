import { Download, ShieldAlert, ShieldCheck } from 'lucide-react';

import type { AuditCheckpoint } from '#contracts/api/audit';

import { download } from '../features/download.ts';
import type { Verdict } from '../features/verify-audit.ts';
import { whole } from '../messages/format.ts';
import { m } from '../messages/index.ts';
import { CommandLine } from './command-line.tsx';
import { Code, Fact, Facts } from './facts.tsx';
import { FailureNote } from './failure-note.tsx';

/** The signed head of the chain, and the proof that the chain is what it says. */
export function AuditCheckpointPanel({
  checkpoint,
  progress,
  isWorking,
  verdict,
  error,
  onVerify,
}: {
  checkpoint: AuditCheckpoint;
  progress: { readonly done: number; readonly size: number } | undefined;
  isWorking: boolean;
  verdict: Verdict | undefined;
  error: Error | null;
  onVerify: () => void;
}) {
  const words = m.audit.checkpoint;
  const [, size = '0', root = ''] = checkpoint.note.split('\n');
  return (
    <section className="panel space-y-4 self-start p-5">
      <div>
        <h2 className="text-base">{words.title}</h2>
        <p className="mt-1 text-sm text-ink-2">{words.lead}</p>
      </div>
      <Facts>
        <Fact term={words.size}>
          <span className="figures">{whole(Number(size))}</span>
        </Fact>
        <Fact term={words.pending}>
          <span className="figures">{whole(checkpoint.pending)}</span>
        </Fact>
        <Fact term={words.root}>
          <Code>{root}</Code>
        </Fact>
        <Fact term={words.key}>
          <Code>{checkpoint.keyId}</Code>
        </Fact>
      </Facts>
      <div className="grid gap-2.5">
        <button type="button" className="button button-primary" disabled={isWorking} onClick={onVerify}>
          <ShieldCheck aria-hidden className="size-4" />
          {m.audit.verify.action}
        </button>
        <button
          type="button"
          className="button"
          onClick={() => download('checkpoint.json', `${JSON.stringify(checkpoint, null, 2)}\n`, 'application/json')}
        >
          <Download aria-hidden className="size-4" />
          {words.download}
        </button>
      </div>
      <div aria-live="polite" className="text-sm">
        {progress && <p className="text-ink-2">{m.audit.verify.working(progress.done, progress.size)}</p>}
        {!isWorking && verdict && <VerdictNote verdict={verdict} />}
      </div>
      {error && <FailureNote error={error} />}
      <div className="space-y-2">
        <p className="text-sm text-ink-2">{m.audit.verify.hint}</p>
        <CommandLine>{'soma audit export --out audit.jsonl\nsoma audit verify --file audit.jsonl'}</CommandLine>
      </div>
    </section>
  );
}

function VerdictNote({ verdict }: { verdict: Verdict }) {
  if (verdict.kind === 'altered')
    return (
      <div role="alert" className="space-y-1 rounded-md bg-danger-soft p-3.5 text-danger">
        <p className="flex items-center gap-2 font-medium">
          <ShieldAlert aria-hidden className="size-4 flex-none" />
          {m.audit.verify.bad}
        </p>
        <p className="wrap-anywhere">{verdict.reason}</p>
      </div>
    );
  return (
    <div className="flex items-start gap-2 rounded-md bg-accent-soft p-3.5 text-accent">
      <ShieldCheck aria-hidden className="mt-0.5 size-4 flex-none" />
      <div>
        <p>{verdict.size === 0 ? m.audit.verify.empty : m.audit.verify.ok(verdict.size)}</p>
        {verdict.sinceSize !== undefined && verdict.sinceSize > 0 && <p>{m.audit.verify.since(verdict.sinceSize)}</p>}
      </div>
    </div>
  );
}
