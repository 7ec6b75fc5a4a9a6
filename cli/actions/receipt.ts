import { readFile } from 'node:fs/promises';

import { decodeJwt } from 'jose';

import type { EgressTotals } from '#contracts/egress';
import * as runsApi from '#contracts/operations/runs';
import * as wellKnownApi from '#contracts/operations/well-known';
import { ReceiptClaims } from '#contracts/receipt';
import { type ExpectedReceipt, verifyReceipt } from '#contracts/verify-receipt';

import { connect, connectAnonymously } from '../config.ts';
import { type Context, type JsonFlag, readStdin } from '../context.ts';
import { Failure, UsageError } from '../failure.ts';
import { call } from '../http.ts';
import { bytes, duration, note, printFields, printJson, printLine, printTable, type Terminal } from '../output.ts';

const RUN_ID = /^run_[0-9a-f]{32}$/;
const COMPACT_JWS = /^[\w-]+\.[\w-]+\.[\w-]+$/;

export async function show(this: Context, flags: JsonFlag & { readonly raw: boolean }, source: string): Promise<void> {
  const jws = await readReceipt(this, source);
  if (flags.raw) return printLine(this.process, jws);
  const claims = ReceiptClaims.safeParse(decode(jws));
  if (!claims.success) throw new Failure(`${source} holds a JWS, but not of a receipt`);
  if (flags.json) return printJson(this.process, claims.data);
  showClaims(this, claims.data);
  note(this.process, '\nNot verified: soma receipt verify');
}

export interface ReceiptFlags extends JsonFlag {
  readonly trustBundle?: string;
  readonly trustDomain?: string;
}

/** With a file and a trust bundle of one's own, no one is asked. */
export async function verify(this: Context, flags: ReceiptFlags, source: string): Promise<void> {
  const jws = await readReceipt(this, source);
  const trustBundlePem =
    flags.trustBundle === undefined
      ? await call(wellKnownApi.trustBundle, {}, await connectAnonymously(this.process.env))
      : await readFile(flags.trustBundle, 'utf8').catch((error: NodeJS.ErrnoException) => {
          throw new UsageError(`${flags.trustBundle} cannot be read (${error.code})`);
        });
  const expected: ExpectedReceipt = {
    ...(flags.trustDomain === undefined ? {} : { trustDomain: flags.trustDomain }),
    ...(RUN_ID.test(source) ? { runId: ReceiptClaims.shape.runId.parse(source) } : {}),
  };
  if (!trustBundlePem.includes('-----BEGIN CERTIFICATE-----'))
    throw new Failure(`${flags.trustBundle} is no trust bundle: expected what soma receipt trust-bundle writes`);
  const claims = await verifyReceipt({ jws, trustBundlePem, expected });
  if (flags.json) return printJson(this.process, { verified: true, claims });
  showClaims(this, claims);
  note(
    this.process,
    `\n✓ Signed by ${claims.iss}, vouched for by ${flags.trustBundle ?? 'the trust bundle the platform publishes'}.`,
  );
}

export async function trustBundle(this: Context): Promise<void> {
  this.process.stdout.write(await call(wellKnownApi.trustBundle, {}, await connectAnonymously(this.process.env)));
}

/** A run's receipt; or one from a file or stdin: the JWS alone, or JSON with it as `receipt`. */
async function readReceipt(context: Context, source: string): Promise<string> {
  if (RUN_ID.test(source))
    return (await call(runsApi.receipt, { params: { id: source } }, await connect(context.process.env))).receipt;
  const text = (source === '-' ? await readStdin(context) : await readText(source)).trim();
  if (COMPACT_JWS.test(text)) return text;
  const found = receiptIn(text);
  if (found === undefined)
    throw new Failure(`${source} holds no receipt: expected a compact JWS, or JSON with one as "receipt"`);
  return found;
}

function receiptIn(text: string): string | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null || !('receipt' in value)) return undefined;
    return typeof value.receipt === 'string' ? value.receipt : undefined;
  } catch {
    return undefined;
  }
}

async function readText(path: string): Promise<string> {
  return readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new UsageError(`${path} is no run and cannot be read as a file (${error.code})`);
  });
}

function decode(jws: string): unknown {
  try {
    return decodeJwt(jws);
  } catch (error) {
    throw new Failure(`that is no JWS: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function showClaims({ process }: Context, claims: ReceiptClaims): void {
  const { usage, outcome } = claims;
  printFields(process, {
    run: claims.runId,
    tenant: claims.tenantId,
    capsule: `${claims.capsule} ${claims.version}`,
    digest: claims.digest,
    input: `sha256:${claims.inputSha256}`,
    output: claims.outputSha256 === null ? 'none' : `sha256:${claims.outputSha256}`,
    ran: `in ${claims.cell}, by ${claims.iss}`,
    started: new Date(claims.startedAtMs).toISOString(),
    ended: new Date(claims.endedAtMs).toISOString(),
    outcome: `${outcome.state} (${outcome.cause})`,
    'exit code': outcome.exitCode,
    CPU: duration(usage.cpuUs / 1_000),
    wall: duration(usage.wallUs / 1_000),
    memory: bytes(usage.memoryPeakBytes),
    'bytes out': usage.outputBytes,
    ...Object.fromEntries(Object.entries(usage.meters).map(([name, amount]) => [`meter ${name}`, amount])),
    egress: bytes(usage.egressBytes),
  });
  if (claims.egress) showEgress(process, claims.egress);
}

function showEgress(terminal: Terminal, { targets, other }: EgressTotals): void {
  if (targets.length === 0) return printLine(terminal, '\nIt spoke to nobody.');
  const rows = other ? [...targets, { target: 'all others', ...other }] : targets;
  printLine(terminal, '');
  printTable(
    terminal,
    ['spoke to', 'connections', 'refused', 'sent', 'received'],
    rows.map((row) => [row.target, row.connections, row.refused, bytes(row.sentBytes), bytes(row.receivedBytes)]),
  );
}
