import { z } from 'zod';

/** What the host asks of the guest, and what the guest answers: JSON on a disk that both know, padded with zeros. */
export const MAILBOX_BYTES = 8 * 2 ** 20;

const Suite = z.strictObject({
  name: z.string(),
  files: z.array(z.string()),
  environment: z.record(z.string(), z.string()),
  /** Of the tests' full names; without it, all of them. */
  pattern: z.string().optional(),
});
export type Suite = z.infer<typeof Suite>;

export const Request = z.strictObject({ suites: z.array(Suite) });
export type Request = z.infer<typeof Request>;

const TestResult = z.object({
  /** Of the test's file, from the project's root. */
  file: z.string(),
  name: z.string(),
  status: z.enum(['passed', 'failed', 'skipped']),
  /** On the guest's clock. */
  durationMs: z.number(),
  failures: z.array(z.string()),
});
export type TestResult = z.infer<typeof TestResult>;

const SuiteResult = z.object({
  name: z.string(),
  exitCode: z.int(),
  guestSeconds: z.number(),
  tests: z.array(TestResult),
});
export type SuiteResult = z.infer<typeof SuiteResult>;

export const Answer = z.object({
  isFinished: z.boolean(),
  /** Of a guest that died on the way: what it was at. */
  underWay: z.string().optional(),
  failure: z.string().optional(),
  system: z
    .object({ kernel: z.string(), cgroupVersion: z.string(), controllers: z.string(), engine: z.string() })
    .optional(),
  suites: z.array(SuiteResult),
});
export type Answer = z.infer<typeof Answer>;

export function toMailbox(message: Request | Answer): Buffer {
  const bytes = Buffer.from(JSON.stringify(message));
  if (bytes.length >= MAILBOX_BYTES) throw new Error(`a message of ${bytes.length} bytes does not fit the mailbox`);
  return Buffer.concat([bytes, Buffer.alloc(MAILBOX_BYTES - bytes.length)]);
}

export function fromMailbox(bytes: Buffer): unknown {
  const end = bytes.indexOf(0);
  return JSON.parse(bytes.toString('utf8', 0, end === -1 ? bytes.length : end));
}
