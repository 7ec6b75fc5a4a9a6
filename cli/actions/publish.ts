import { cp, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';

import { Handle } from '#contracts/api/tenants';
import { permissionsOf } from '#contracts/manifest';
import * as accountsApi from '#contracts/operations/accounts';

import { packFolder } from '../bundle-folder.ts';
import { connect, connectAnonymously } from '../config.ts';
import { type Context, isInteractive, type JsonFlag } from '../context.ts';
import { Failure, UsageError } from '../failure.ts';
import { call } from '../http.ts';
import { bundleSize, note, printFields, printJson, printLine } from '../output.ts';
import { publishFolder, signFolder } from '../publish.ts';
import { listKeys, readKey } from '../signing-keys.ts';

export interface KeyFlag {
  readonly key?: string;
}

export async function publish(this: Context, flags: KeyFlag & JsonFlag, folder = '.'): Promise<void> {
  const connection = await connect(this.process.env);
  const key = await readKey(this.process.env, flags.key);
  const { version, wasThere, bundle, files } = await publishFolder(connection, folder, key);
  if (flags.json) return printJson(this.process, { ...version, wasThere });
  printLine(
    this.process,
    wasThere
      ? `${version.capsule} ${version.version} was there already, with these very bytes.`
      : `Published ${version.capsule} ${version.version}.`,
  );
  printFields(this.process, {
    digest: version.digest,
    size: bundleSize(bundle.length, files),
    'signed by': `${key.name} (${key.signer.publicKey.fingerprint})`,
    touches: version.permissions.join(', ') || 'nothing',
    at: `${connection.origin}/capsules/${version.capsule}`,
  });
}

export async function pack(
  this: Context,
  flags: KeyFlag & JsonFlag & { readonly out?: string; readonly unsigned: boolean },
  folder = '.',
): Promise<void> {
  const out = flags.out ?? '.';
  await mkdir(out, { recursive: true });
  const key = flags.unsigned ? undefined : await readKey(this.process.env, flags.key);
  const signed = key ? await signFolder(folder, key) : { ...(await packFolder(folder)), signature: undefined };
  const { manifest, bundle, digest, signature, files } = signed;
  const tar = join(out, `${manifest.name.replace('/', '-')}-${manifest.version}.capsule.tar`);
  await writeFile(tar, bundle);
  const sigstore = tar.replace(/\.capsule\.tar$/, '.sigstore.json');
  if (signature) await writeFile(sigstore, `${JSON.stringify(signature)}\n`);
  const paths = { bundle: tar, signature: signature ? sigstore : null };
  if (flags.json)
    return printJson(this.process, {
      name: manifest.name,
      version: manifest.version,
      digest,
      files,
      sizeBytes: bundle.length,
      ...paths,
    });
  printFields(this.process, {
    capsule: `${manifest.name} ${manifest.version}`,
    digest,
    size: bundleSize(bundle.length, files),
    touches: permissionsOf(manifest).join(', ') || 'nothing',
    ...paths,
  });
  if (key) {
    note(
      this.process,
      `\nCheck it with  cosign verify-blob --key ${key.path.replace(/\.pem$/, '.pub.pem')} --bundle ${sigstore} --insecure-ignore-tlog ${tar}`,
    );
  }
}

export const TEMPLATES = ['node', 'python', 'wasm'] as const;
export type Template = (typeof TEMPLATES)[number];

export interface InitFlags {
  readonly template?: Template;
  readonly publisher?: string;
}

export async function init(this: Context, flags: InitFlags, folder = '.'): Promise<void> {
  const named = handleIn(flags);
  const target = resolve(folder);
  await mkdir(target, { recursive: true });
  if ((await readdir(target)).some((entry) => !entry.startsWith('.')))
    throw new Failure(`${target} is not empty: name a new folder`);
  const template = flags.template ?? (await askTemplate(this));
  const publisher = named ?? (await ownHandle(this)) ?? 'your-handle';
  const slug = slugOf(basename(target));
  await cp(join(import.meta.dirname, '../templates', template), target, { recursive: true });
  for (const file of ['capsule.json', 'README.md']) {
    const path = join(target, file);
    await writeFile(path, (await readFile(path, 'utf8')).replaceAll('publisher/slug', `${publisher}/${slug}`));
  }
  printLine(this.process, `${publisher}/${slug}, a ${template} capsule, is in ${target}.`);
  const [where, sample] = [shellWord(folder), shellWord(join(folder, 'sample.json'))];
  const hasKey = (await listKeys(this.process.env)).length > 0;
  const steps = [
    ...(template === 'wasm' ? [`(cd ${where} && npm install && npm run build)`] : []),
    ...(hasKey ? [] : ['soma keys create && soma keys register']),
    `soma publish ${where}`,
    `soma install ${publisher}/${slug}`,
    `soma run ${publisher}/${slug} --input ${sample}`,
  ];
  note(this.process, `\nNext:\n${steps.map((step) => `  ${step}`).join('\n')}`);
}

/** @throws UsageError it is none */
function handleIn({ publisher }: InitFlags): string | undefined {
  const handle = Handle.optional().safeParse(publisher);
  if (handle.success) return handle.data;
  throw new UsageError(`--publisher ${publisher}: ${handle.error.issues[0]?.message}`);
}

/** As a shell takes it for one word. */
function shellWord(path: string): string {
  return /^[\w./+-]+$/.test(path) ? path : `'${path.replaceAll("'", String.raw`'\''`)}'`;
}

async function askTemplate(context: Context): Promise<Template> {
  if (!isInteractive(context)) throw new UsageError(`say which: --template ${TEMPLATES.join(', --template ')}`);
  const { isCancel, select } = await import('@clack/prompts');
  const template = await select({
    message: 'In which language?',
    options: [
      { value: 'node' as const, label: 'JavaScript', hint: 'Node 24' },
      { value: 'python' as const, label: 'Python', hint: '3.11' },
      { value: 'wasm' as const, label: 'WebAssembly', hint: 'AssemblyScript, WASI preview 1' },
    ],
    output: process.stderr,
  });
  if (isCancel(template)) throw new Failure('nothing was made');
  return template;
}

/** The handle to publish under, where the login knows it; a folder can be made without a network. */
async function ownHandle(context: Context): Promise<string | undefined> {
  const connection = await connectAnonymously(context.process.env);
  if (!connection.credential) return undefined;
  const me = await call(accountsApi.me, {}, connection).catch(() => undefined);
  return (me?.tenants.find(({ id }) => id === connection.tenant) ?? me?.tenants[0])?.handle;
}

function slugOf(name: string): string {
  const slug = name
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^[^a-z]+|-+$/g, '')
    .slice(0, 39);
  return slug.length >= 2 ? slug : 'my-capsule';
}
