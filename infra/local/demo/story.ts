import { randomBytes } from 'node:crypto';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';

import { z } from 'zod';

import { buildCapsule, CAPSULE_SLUGS, type CapsuleSlug } from '#capsules/build';
import { CostPreview } from '#contracts/api/installations';
import type { Cell } from '#contracts/cells';
import { Manifest } from '#contracts/manifest';
import { formatNanos, nanos } from '#contracts/money';
import { Run } from '#contracts/run';

import { type Person, signUp } from './person.ts';
import { compareUsage, verifyAudit, verifyReceipts } from './proofs.ts';
import { check, type Script, until } from './script.ts';
import { Shell } from './shell.ts';

const REGION: Cell = 'eu-west-1';
const CAPSULES = resolve(import.meta.dirname, '../../../capsules');
const DEADLINE_MS = 20_000;

/** Who acts, and where they keep what they know. */
interface Member {
  readonly person: Person;
  readonly shell: Shell;
  readonly handle: string;
}

/** Where the story happens. */
export interface Stage {
  readonly origin: string;
  /** For what the story's people keep; emptied first. */
  readonly directory: string;
  /** Vouches for a publisher, as only an operator of the platform can. */
  readonly verifyPublisher: (cell: Cell, handle: string) => Promise<unknown>;
}

export interface Told {
  readonly customer: Member;
  readonly runs: readonly Run[];
}

/** The main job, once through, on the real files the capsules ship with; throws at the first thing that is not as it must be. */
export async function tellStory(script: Script, { origin, directory, verifyPublisher }: Stage): Promise<Told> {
  await rm(directory, { recursive: true, force: true });
  await mkdir(directory, { recursive: true });
  const suffix = randomBytes(3).toString('hex');

  const publisherHandle = `studio-${suffix}`;
  // Compiling takes longest, and waits for nobody.
  const folders = buildAll(join(directory, 'capsules'), publisherHandle);
  folders.catch(() => {});

  script.chapter('People');
  const publisher = await arrive(script, origin, directory, publisherHandle);
  const customer = await arrive(script, origin, directory, `clinic-${suffix}`);
  await script.step(`an operator verifies ${publisherHandle}`, () => verifyPublisher(REGION, publisherHandle));

  script.chapter('Publish');
  const manifests = await publishAll(script, publisher, folders);

  script.chapter('Install');
  await installAll(script, publisher, customer);

  script.chapter('Run');
  await refuseWithoutBudget(script, publisher, customer);
  const runs = await runAll(script, publisher, customer);
  await replay(script, publisher, customer);
  await keepApart(script, publisher, runs);

  script.chapter('Prove');
  const receipts = await verifyReceipts(script, customer.shell, directory, REGION);
  await compareUsage(script, customer.shell, manifests, receipts);
  await verifyAudit(script, customer.shell, directory);
  return { customer, runs };
}

async function arrive(script: Script, origin: string, directory: string, handle: string): Promise<Member> {
  const person = await script.step(`${handle} signs up in ${REGION}`, () => signUp(origin, handle, REGION));
  const shell = new Shell(origin, join(directory, handle));
  await script.step('soma login: the code is confirmed in the browser', async () => {
    let approval: Promise<void> | undefined;
    await shell.soma(['login', '--email', person.email], (said) => {
      const code = /confirm the code\s+(\S+)/.exec(said)?.[1];
      if (code !== undefined) approval ??= person.approveDevice(code);
    });
    await approval;
  });
  await script.step(`soma tenants create ${handle}`, async () => {
    const tenant = await shell.json(z.object({ cell: z.string(), residency: z.string() }), [
      'tenants',
      'create',
      handle,
    ]);
    check(
      tenant.cell === REGION && tenant.residency === 'pinned',
      `the tenant is ${tenant.residency} in ${tenant.cell}`,
    );
  });
  return { person, shell, handle };
}

const PublishedVersion = z.object({ digest: z.string(), capsule: z.string(), wasThere: z.boolean() });

type Folders = Readonly<Record<CapsuleSlug, string>>;

async function buildAll(directory: string, handle: string): Promise<Folders> {
  const build = (slug: CapsuleSlug) => buildCapsule(slug, directory, handle);
  const [markdown, csv, image] = await Promise.all([build('markdown-html'), build('csv-profile'), build('image-hash')]);
  return { 'markdown-html': markdown, 'csv-profile': csv, 'image-hash': image };
}

async function publishAll(
  script: Script,
  { shell }: Member,
  building: Promise<Folders>,
): Promise<Map<string, Manifest>> {
  await script.step('soma keys create, soma keys register', async () => {
    await shell.soma(['keys', 'create']);
    await shell.soma(['keys', 'register']);
  });
  const folders = await script.step('the three capsules are built from source', () => building);
  const manifests = new Map<string, Manifest>();
  for (const slug of CAPSULE_SLUGS) {
    await script.step(`soma publish ${slug}`, async () => {
      const published = await shell.json(PublishedVersion, ['publish', folders[slug]]);
      check(!published.wasThere, 'it was published before');
      manifests.set(published.capsule, await manifestOf(shell, published.capsule));
    });
  }
  await script.step('publishing the same bytes again changes nothing', async () => {
    const again = await shell.json(PublishedVersion, ['publish', folders['csv-profile']]);
    check(again.wasThere, 'it was taken for something new');
  });
  await script.step('other bytes under a published version are refused', async () => {
    const folder = folders['csv-profile'];
    await writeFile(join(folder, 'README.md'), 'Something else.\n');
    const { exitCode, stderr } = await shell.attempt(['publish', folder]);
    check(exitCode === 1 && stderr.includes('conflict'), `it ended with ${exitCode}: ${stderr}`);
  });
  return manifests;
}

async function manifestOf(shell: Shell, capsule: string): Promise<Manifest> {
  const shown = await shell.json(z.object({ latest: z.object({ manifest: z.unknown() }) }), ['show', capsule]);
  return Manifest.parse(shown.latest.manifest);
}

async function installAll(script: Script, publisher: Member, { shell }: Member): Promise<void> {
  await script.step('soma search finds all three', () =>
    until('the catalogue lists them', DEADLINE_MS, async () => {
      const found = await shell.json(z.array(z.object({ publisher: z.string() })), [
        'search',
        '--limit',
        '100',
        publisher.handle,
      ]);
      return found.filter((item) => item.publisher === publisher.handle).length === CAPSULE_SLUGS.length
        ? true
        : undefined;
    }),
  );
  for (const slug of CAPSULE_SLUGS) {
    await script.step(`soma install ${slug}`, () => shell.soma(['install', `${publisher.handle}/${slug}`]));
  }
  for (const slug of CAPSULE_SLUGS) {
    const preview = await script.step(`soma cost ${slug}`, () =>
      shell.json(CostPreview, ['cost', `${publisher.handle}/${slug}`]),
    );
    script.aside(`at most ${formatNanos(nanos(BigInt(preview.ceilingNanos)))} a run`);
  }
}

const OPTIONS: Record<CapsuleSlug, readonly string[]> = {
  'markdown-html': ['--file', `markdown=${join(CAPSULES, 'markdown-html/samples/field-notes.md')}`],
  'csv-profile': ['--file', `csv=${join(CAPSULES, 'csv-profile/samples/time-zones.csv')}`],
  'image-hash': [
    '--file',
    `png=${join(CAPSULES, 'image-hash/samples/spheres.png')}`,
    '--file',
    `other=${join(CAPSULES, 'image-hash/samples/spheres-small.png')}`,
  ],
};

async function refuseWithoutBudget(script: Script, publisher: Member, { shell }: Member): Promise<void> {
  await script.step('without a budget a run is refused before it starts', async () => {
    const spoken = await shell.attempt(['run', `${publisher.handle}/csv-profile`, ...OPTIONS['csv-profile'], '--json']);
    const run = Run.parse(JSON.parse(spoken.stdout));
    check(spoken.exitCode === 1, `it ended with ${spoken.exitCode}`);
    check(run.state === 'refused' && run.cause === 'budget_exhausted', `it is ${run.state} (${run.cause})`);
  });
  await script.step('soma budget set 5', () => shell.soma(['budget', 'set', '5']));
}

/** What each capsule must have found in its sample. */
const RESULTS: Record<CapsuleSlug, { readonly schema: z.ZodType; readonly says: (output: unknown) => string }> = {
  'markdown-html': {
    schema: z.object({
      html: z.string().includes('<table>').includes('<details open>'),
      title: z.literal('Field notes: time zones'),
      removed: z.array(z.unknown()).min(7),
    }),
    says: (output) =>
      `${Html.parse(output).html.length} characters of HTML, ${Html.parse(output).removed.length} kinds of things taken out`,
  },
  'csv-profile': {
    schema: z.object({ rows: z.literal(312), columns: z.array(z.unknown()).length(7) }),
    says: () => '312 rows, 7 columns described',
  },
  'image-hash': {
    schema: z.object({ comparison: z.object({ looksAlike: z.literal(true) }) }),
    says: () => 'no byte in common, and the same picture',
  },
};
const Html = z.object({ html: z.string(), removed: z.array(z.unknown()) });

async function runAll(script: Script, publisher: Member, { shell }: Member): Promise<Run[]> {
  const runs: Run[] = [];
  for (const slug of CAPSULE_SLUGS) {
    const run = await script.step(`soma run ${slug}`, async () => {
      const spoken = await shell.soma(['run', `${publisher.handle}/${slug}`, ...OPTIONS[slug]], (text) =>
        script.aside(text),
      );
      RESULTS[slug].schema.parse(JSON.parse(spoken.stdout));
      const id = /run_[0-9a-f]{32}/.exec(spoken.stderr)?.[0] ?? '';
      // The row follows the stream's end by the time the outcome is recorded.
      const recorded = await until('the run is recorded', DEADLINE_MS, async () => {
        const row = await shell.json(Run, ['show-run', id]);
        return row.endedAt === null ? undefined : row;
      });
      check(recorded.state === 'succeeded' && recorded.cell === REGION, `it ${recorded.state} in ${recorded.cell}`);
      check(recorded.isolation === 'standard', `the publisher is verified, and the run was ${recorded.isolation}`);
      return recorded;
    });
    script.aside(`${RESULTS[slug].says(run.output)} · charged ${formatNanos(nanos(BigInt(run.amountNanos ?? '0')))}`);
    runs.push(run);
  }
  return runs;
}

async function replay(script: Script, publisher: Member, { shell }: Member): Promise<void> {
  const key = randomBytes(12).toString('hex');
  const start = (csv: string) => [
    'run',
    `${publisher.handle}/csv-profile`,
    '--detach',
    '--idempotency-key',
    key,
    '--input',
    JSON.stringify({ csv }),
  ];
  await script.step('the same idempotency key starts one run, however often it is sent', async () => {
    const [first, second] = [await shell.json(Run, start('a\n1\n')), await shell.json(Run, start('a\n1\n'))];
    check(first.id === second.id, `there are two: ${first.id} and ${second.id}`);
    await shell.soma(['logs', first.id, '--follow']);
  });
  await script.step('the same key with another input is refused', async () => {
    const { exitCode, stderr } = await shell.attempt(start('a\n2\n'));
    check(exitCode === 1 && stderr.includes('idempotency_key_reused'), `it ended with ${exitCode}: ${stderr}`);
  });
}

async function keepApart(script: Script, { shell }: Member, runs: readonly Run[]): Promise<void> {
  await script.step("another tenant's run is not found", async () => {
    const { exitCode, stderr } = await shell.attempt(['show-run', runs[0]?.id ?? '']);
    check(exitCode === 1 && stderr.includes('not_found'), `it ended with ${exitCode}: ${stderr}`);
  });
}
