import { Download, ShieldAlert, ShieldCheck } from 'lucide-react';

import type { EgressTotals } from '#contracts/egress';

import { download } from '../features/download.ts';
import { claimsOf } from '../features/receipt.ts';
import type { ReceiptVerdict } from '../features/verify-receipt.ts';
import { m } from '../messages/index.ts';
import { CommandLine } from './command-line.tsx';
import { Code, Fact, Facts } from './facts.tsx';
import { FailureNote } from './failure-note.tsx';

/** What the runner states about a run, to keep and to check. */
export function ReceiptPanel({
  runId,
  receipt,
  isWorking,
  verdict,
  error,
  onVerify,
}: {
  runId: string;
  receipt: string | null | undefined;
  isWorking: boolean;
  verdict: ReceiptVerdict | undefined;
  error: Error | null;
  onVerify: (receipt: string) => void;
}) {
  const words = m.run.receipt;
  if (!receipt) return <p className="text-sm text-ink-3">{words.none}</p>;
  const file = `${runId}.jws`;
  return (
    <section className="space-y-3">
      <h2 className="text-base">{words.title}</h2>
      <p className="text-sm text-ink-2">{words.lead}</p>
      <Claims receipt={receipt} />
      <div className="flex flex-wrap gap-2.5">
        <button type="button" className="button" disabled={isWorking} onClick={() => onVerify(receipt)}>
          <ShieldCheck aria-hidden className="size-4" />
          {words.check}
        </button>
        <button type="button" className="button" onClick={() => download(file, receipt, 'application/jose')}>
          <Download aria-hidden className="size-4" />
          {words.download}
        </button>
      </div>
      <div aria-live="polite" className="text-sm">
        {verdict && <VerdictNote verdict={verdict} />}
      </div>
      {error && <FailureNote error={error} />}
      <p className="text-sm text-ink-2">{words.verify}</p>
      <CommandLine>
        {`soma receipt trust-bundle > authorities.pem\nsoma receipt verify \\\n  ${file} \\\n  --trust-bundle authorities.pem`}
      </CommandLine>
    </section>
  );
}

function Claims({ receipt }: { receipt: string }) {
  const claims = claimsOf(receipt);
  const words = m.run.receipt;
  if (!claims) return null;
  return (
    <Facts>
      <Fact term={words.runner}>
        <Code>{claims.iss}</Code>
      </Fact>
      <Fact term={words.region}>{claims.cell}</Fact>
      <Fact term={words.inputDigest}>
        <Code>{claims.inputSha256}</Code>
      </Fact>
      <Fact term={words.outputDigest}>
        <Code>{claims.outputSha256 ?? words.noOutput}</Code>
      </Fact>
      {claims.egress && (
        <Fact term={words.spokeTo}>
          <SpokeTo egress={claims.egress} />
        </Fact>
      )}
    </Facts>
  );
}

function SpokeTo({ egress: { targets, other } }: { egress: EgressTotals }) {
  const words = m.run.receipt;
  if (targets.length === 0) return words.nobody;
  return (
    <ul className="space-y-1">
      {targets.map(({ target, ...counts }) => (
        <li key={target}>
          <Code>{target}</Code> <span className="text-ink-3">{words.spoke(counts)}</span>
        </li>
      ))}
      {other && (
        <li>
          {words.others} <span className="text-ink-3">{words.spoke(other)}</span>
        </li>
      )}
    </ul>
  );
}

function VerdictNote({ verdict }: { verdict: ReceiptVerdict }) {
  if (verdict.kind === 'genuine')
    return (
      <p className="flex items-start gap-2 rounded-md bg-accent-soft p-3.5 text-accent">
        <ShieldCheck aria-hidden className="mt-0.5 size-4 flex-none" />
        {m.run.receipt.genuine}
      </p>
    );
  return (
    <p role="alert" className="flex items-start gap-2 rounded-md bg-danger-soft p-3.5 wrap-anywhere text-danger">
      <ShieldAlert aria-hidden className="mt-0.5 size-4 flex-none" />
      {verdict.reason}
    </p>
  );
}
