import { request } from 'node:http';
import { json as readJson } from 'node:stream/consumers';
import { crc32, deflateRawSync, gzipSync } from 'node:zlib';

import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { CapsuleDetail, CapsuleVersion } from '#contracts/api/capsules';
import { UPLOAD_MAX_BYTES } from '#contracts/bundle';
import { generateKeyPair, importPrivateKey } from '#contracts/ecdsa';
import { Problem } from '#contracts/errors';
import { signBundle } from '#contracts/signature';
import type { EdgeView } from '#support/edge-view';
import { ask, type Person, refusalOf } from '#support/people';
import { bundleOf, Publisher, registerKey } from '#support/publisher';
import { sharedEdge } from '#support/shared-edge';

let edge: EdgeView;
let acme: Publisher;
beforeAll(async () => {
  edge = await sharedEdge();
  acme = await Publisher.create(edge.url, 'eu-west-1');
});
afterAll(async () => {
  await edge.close();
});

async function versionsOf(publisher: Publisher, slug = 'echo'): Promise<string[]> {
  const answer = await ask(edge.cellUrls[publisher.cell], `/v1/capsules/${publisher.handle}/${slug}`);
  return answer.status === 404 ? [] : CapsuleDetail.parse(answer.body).versions.map(({ version }) => version);
}

/** What the tenant's log says was refused, newest first. */
async function refusalsOf(person: Person): Promise<string[]> {
  const { rows } = await edge.databases['eu-west-1'].query<{ reason: string }>(
    `select record ->> 'reason' as reason from audit_entries
     where tenant_id = $1 and record ->> 'outcome' = 'refused' order by id desc`,
    [person.tenantId],
  );
  return rows.map(({ reason }) => reason);
}

describe('publishing', () => {
  test('makes a version that anyone can read, verify and download byte for byte', async () => {
    const bundle = bundleOf(acme.manifest());
    const answer = await acme.upload(bundle);
    expect(answer.status).toBe(201);
    const published = CapsuleVersion.parse(answer.body);
    expect(published).toMatchObject({
      capsule: `${acme.handle}/echo`,
      version: '1.0.0',
      status: 'active',
      sizeBytes: bundle.length,
      permissions: [],
      publicKeyPem: acme.key.publicKey.pem,
    });

    const home = edge.cellUrls['eu-west-1'];
    const path = `/v1/capsules/${acme.handle}/echo/versions/1.0.0`;
    expect((await ask(home, path)).body).toEqual(answer.body);
    const download = await fetch(`${home}${path}/bundle`);
    expect(download.headers.get('content-type')).toBe('application/vnd.soma.capsule.v1+tar');
    expect(new Uint8Array(await download.arrayBuffer())).toEqual(bundle);
  });

  test('the same bytes again change nothing, other bytes under the same version are a conflict', async () => {
    const publisher = await Publisher.create(edge.url, 'us-west-2');
    const first = await publisher.publishes();
    const again = await publisher.publish();
    expect(again.status).toBe(200);
    expect(again.body).toEqual(first);
    const other = await publisher.publish({}, { 'main.js': 'export default () => 1;\n' });
    expect([other.status, refusalOf(other)]).toEqual([409, 'conflict']);
    expect(await versionsOf(publisher)).toEqual(['1.0.0']);
  });

  test('ten uploads of the same version at once make one version', async () => {
    const publisher = await Publisher.create(edge.url, 'us-west-2');
    const answers = await Promise.all(Array.from({ length: 10 }, () => publisher.publish()));
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(9);
  });

  test('a version must be the greatest of its major line', async () => {
    const publisher = await Publisher.create(edge.url, 'eu-west-1');
    await publisher.publishes({ version: '1.4.0' });
    await publisher.publishes({ version: '2.0.0' });
    await publisher.publishes({ version: '1.4.1' });
    for (const version of ['1.4.0-rc.1', '1.3.9', '2.0.0-beta.1']) {
      const refused = await publisher.publish({ version });
      expect([version, refused.status, refusalOf(refused)]).toEqual([version, 409, 'version_not_increasing']);
    }
    expect(await versionsOf(publisher)).toEqual(['2.0.0', '1.4.1', '1.4.0']);
  });

  test('under another handle is forbidden', async () => {
    const other = await Publisher.create(edge.url, 'eu-west-1');
    const bundle = bundleOf(acme.manifest({ version: '9.0.0' }));
    const form = new FormData();
    form.set('bundle', new Blob([new Uint8Array(bundle)]), 'bundle.tar');
    form.set('signature', JSON.stringify(await signBundle(other.key, bundle)));
    const answer = await other.owner.ask(`/v1/capsules/${acme.handle}/echo/versions`, { form });
    expect([answer.status, refusalOf(answer)]).toEqual([403, 'forbidden']);
    expect(await refusalsOf(other.owner)).toEqual(['forbidden']);
  });
});

describe('a signature', () => {
  test('of other bytes, by an unknown key or of no known shape is refused and stores nothing', async () => {
    const publisher = await Publisher.create(edge.url, 'eu-west-1');
    const bundle = bundleOf(publisher.manifest());
    const stranger = await importPrivateKey((await generateKeyPair()).privateKeyPem);
    const tampered = await signBundle(publisher.key, bundle);
    tampered.messageSignature.signature = (await signBundle(stranger, bundle)).messageSignature.signature;
    const wrong: readonly (readonly [string, string])[] = [
      ['digest_mismatch', JSON.stringify(await signBundle(publisher.key, bundleOf(acme.manifest())))],
      ['signature_invalid', JSON.stringify(await signBundle(stranger, bundle))],
      ['signature_invalid', JSON.stringify(tampered)],
      ['signature_invalid', '{}'],
      ['signature_invalid', 'not json'],
      ['signature_invalid', '['.repeat(10_000)],
    ];
    for (const [code, signature] of wrong) {
      const answer = await publisher.upload(bundle, { signature });
      expect([answer.status, refusalOf(answer)]).toEqual([422, code]);
    }
    expect(await versionsOf(publisher)).toEqual([]);
    expect(await refusalsOf(publisher.owner)).toEqual(wrong.map(([code]) => code).toReversed());
  });

  test('by a revoked key is refused, and a revoked key does not come back', async () => {
    const publisher = await Publisher.create(edge.url, 'eu-west-1');
    await publisher.publishes();
    const revoke = () => publisher.owner.ask(`/v1/publisher-keys/${publisher.keyId}`, { method: 'DELETE' });
    expect([(await revoke()).status, (await revoke()).status]).toEqual([204, 204]);
    const refused = await publisher.publish({ version: '1.1.0' });
    expect([refused.status, refusalOf(refused)]).toEqual([422, 'signature_invalid']);
    expect(refused.body).toMatchObject({ detail: expect.stringContaining('revoked') });

    const back = await publisher.owner.ask('/v1/publisher-keys', {
      json: { name: 'again', publicKeyPem: publisher.key.publicKey.pem },
    });
    expect([back.status, refusalOf(back)]).toEqual([409, 'conflict']);
    expect(await versionsOf(publisher)).toEqual(['1.0.0']);
  });
});

describe('publisher keys', () => {
  test('are registered once, listed, and known to no other tenant', async () => {
    const other = await Publisher.create(edge.url, 'eu-west-1');
    const pair = await generateKeyPair();
    const first = await registerKey(other.owner, pair);
    expect(await registerKey(other.owner, pair)).toEqual(first);
    const list = await other.owner.ask('/v1/publisher-keys');
    expect(list.body).toMatchObject({ items: [{ id: first.id }, { id: other.keyId }] });
    const foreign = await acme.owner.ask(`/v1/publisher-keys/${first.id}`, { method: 'DELETE' });
    expect([foreign.status, refusalOf(foreign)]).toEqual([404, 'not_found']);
  });

  test.each([
    ['no PEM', 'hello'],
    [
      'a key of another kind',
      '-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n-----END PUBLIC KEY-----\n',
    ],
    ['two megabytes', 'x'.repeat(2 * 2 ** 20)],
    ['a number', 5],
  ])('%s is a typed refusal', async (_, publicKeyPem) => {
    const answer = await acme.owner.ask('/v1/publisher-keys', { json: { name: 'bad', publicKeyPem } });
    expect(['invalid_input', 'payload_too_large']).toContain(refusalOf(answer));
  });
});

/** 64 MiB that pack into some 64 KiB: nobody may unpack it to find out. */
const BOMB = Buffer.alloc(64 * 2 ** 20);

/** One deflated file (APPNOTE.TXT 6.3.10, §4.3): local header, contents, central directory, its end. */
function zipOf(name: string, content: Uint8Array): Uint8Array {
  const packed = deflateRawSync(content);
  const numbers = (...fields: readonly (readonly [bytes: 2 | 4, value: number])[]) =>
    Buffer.concat(
      fields.map(([bytes, value]) => {
        const field = Buffer.alloc(bytes);
        field.writeUIntLE(value, 0, bytes);
        return field;
      }),
    );
  const DEFLATE = 8;
  const described = [
    [2, 20],
    [2, 0],
    [2, DEFLATE],
    [4, 0],
    [4, crc32(content)],
    [4, packed.length],
    [4, content.length],
    [2, name.length],
  ] as const;
  const local = Buffer.concat([numbers([4, 0x04034b50], ...described, [2, 0]), Buffer.from(name), packed]);
  const entry = numbers([4, 0x02014b50], [2, 20], ...described, [2, 0], [2, 0], [2, 0], [2, 0], [4, 0], [4, 0]);
  const central = Buffer.concat([entry, Buffer.from(name)]);
  const end = numbers([4, 0x06054b50], [2, 0], [2, 0], [2, 1], [2, 1], [4, central.length], [4, local.length], [2, 0]);
  return Buffer.concat([local, central, end]);
}

describe('a bad upload', () => {
  const entry = (path: string, change: (header: Uint8Array) => void = () => undefined) => {
    const bundle = bundleOf(acme.manifest({ version: '5.0.0' }), { [path]: 'x' });
    const at = bundle.findIndex((_, index) => index % 512 === 0 && textAt(bundle, index) === path);
    change(bundle.subarray(at, at + 512));
    rechecksum(bundle.subarray(at, at + 512));
    return bundle;
  };
  const renamed = (path: string) =>
    entry('zz.txt', (header) => {
      header.fill(0, 0, 100);
      header.set(new TextEncoder().encode(path));
    });
  const bombed = () => entry('zz.txt', (header) => header.set(new TextEncoder().encode('77777777777\0'), 124));

  test.each([
    ['a path that climbs', () => renamed('../../etc/passwd')],
    ['an absolute path', () => renamed('/etc/passwd')],
    ['an unsorted entry', () => renamed('a.txt')],
    ['a duplicate entry', () => renamed('main.js')],
    ['a symbolic link', () => entry('zz.txt', (header) => header.set([0x32], 156))],
    ['a file that claims eight gigabytes', bombed],
    ['a gzip bomb', () => gzipSync(BOMB)],
    ['a zip bomb', () => zipOf('capsule.json', BOMB)],
    ['a truncated archive', () => bundleOf(acme.manifest()).subarray(0, 700)],
    ['no archive at all', () => new TextEncoder().encode('hello')],
    ['nothing', () => new Uint8Array()],
  ])('%s is an invalid bundle', async (_, make) => {
    const answer = await acme.upload(make());
    expect([answer.status, refusalOf(answer)]).toEqual([422, 'invalid_bundle']);
    expect(await versionsOf(acme)).not.toContain('5.0.0');
  });

  test('a credential in the bundle is found before anyone else finds it', async () => {
    const answer = await acme.publish({ version: '5.0.0' }, { '.env': `TOKEN=ghp_${'xY'.repeat(18)}\n` });
    expect([answer.status, refusalOf(answer)]).toEqual([422, 'invalid_bundle']);
    expect(JSON.stringify(answer.body)).not.toContain('xYxY');
  });

  test.each([
    ['another name', { name: 'someone/else' }],
    ['a version that is none', { version: '1.2' }],
    ['a two megabyte title', { title: 'x'.repeat(2 * 2 ** 20) }],
    ['an unprintable title', { title: 'a\u0000b' }],
    ['half a surrogate pair', { description: 'ten characters \ud800' }],
    ['a schema that is none', { input: { type: 'strin' } }],
    ['a negative price', { pricing: { perRunNanos: '-1' } }],
  ])('a manifest with %s is invalid', async (_, change) => {
    const answer = await acme.publish({ version: '5.0.0', ...change });
    expect([answer.status, refusalOf(answer)]).toEqual([422, 'invalid_manifest']);
  });

  test('parts that are missing or of the wrong kind are invalid input', async () => {
    const path = `/v1/capsules/${acme.handle}/echo/versions`;
    const form = (parts: Record<string, string | Blob>) => {
      const data = new FormData();
      for (const [name, part] of Object.entries(parts)) data.set(name, part);
      return data;
    };
    for (const parts of [{}, { bundle: 'text', signature: '{}' }, { bundle: new Blob(['x']) }]) {
      expect(refusalOf(await acme.owner.ask(path, { form: form(parts) }))).toBe('invalid_input');
    }
    const json = await acme.owner.ask(path, { json: {} });
    expect([json.status, refusalOf(json)]).toEqual([415, 'unsupported_media_type']);
    const cut = await acme.owner.ask(path, {
      body: '--x\r\ncontent-disposition: form-da',
      headers: { 'content-type': 'multipart/form-data; boundary=x' },
    });
    expect([cut.status, refusalOf(cut)]).toEqual([400, 'invalid_input']);
  });

  test('a gigabyte that is declared is refused before it is sent', async () => {
    const answer = await announce(2 ** 30);
    expect(answer).toEqual({ status: 413, code: 'payload_too_large' });
    expect((await refusalsOf(acme.owner))[0]).toBe('payload_too_large');
  });

  test('what just comes, and does not say how much it is, is refused at the limit', async () => {
    // What comes after the limit is read for some seconds only: more than a slow machine sends in that time would be cut off.
    const mostBytes = 4 * UPLOAD_MAX_BYTES;
    let sentBytes = 0;
    const megabyte = new Uint8Array(2 ** 20);
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        if (sentBytes >= mostBytes) return controller.close();
        sentBytes += megabyte.length;
        controller.enqueue(megabyte);
      },
    });
    const upload: RequestInit & { duplex: 'half' } = {
      method: 'POST',
      headers: { cookie: acme.owner.cookie, origin: edge.url, 'content-type': 'multipart/form-data; boundary=x' },
      body,
      duplex: 'half',
    };
    const before = (await refusalsOf(acme.owner)).length;
    // Who is still sending when the answer comes may see the connection close instead of it.
    const status = await fetch(`${edge.url}/v1/capsules/${acme.handle}/echo/versions`, upload).then(
      (response) => response.status,
      () => 'closed',
    );
    expect([413, 'closed']).toContain(status);
    const refusals = await refusalsOf(acme.owner);
    expect(refusals.slice(0, refusals.length - before)).toEqual(['payload_too_large']);
  });

  /** A POST that says how long it will be, and waits. */
  function announce(contentLength: number): Promise<{ status: number | undefined; code: unknown }> {
    return new Promise((resolve, reject) => {
      const upload = request(`${edge.url}/v1/capsules/${acme.handle}/echo/versions`, {
        method: 'POST',
        headers: {
          cookie: acme.owner.cookie,
          origin: edge.url,
          'content-type': 'multipart/form-data; boundary=x',
          'content-length': contentLength,
        },
      });
      upload.on('error', reject);
      upload.on('response', (response) => {
        readJson(response).then(
          (problem) => resolve({ status: response.statusCode, code: Problem.parse(problem).code }),
          reject,
        );
      });
      upload.flushHeaders();
    });
  }
});

function textAt(bytes: Uint8Array, offset: number): string {
  const end = bytes.indexOf(0, offset);
  return new TextDecoder().decode(bytes.subarray(offset, end));
}

/** POSIX ustar: the sum of the header's bytes, with the checksum field itself as spaces. */
function rechecksum(header: Uint8Array): void {
  header.fill(0x20, 148, 156);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.set(new TextEncoder().encode(`${sum.toString(8).padStart(6, '0')}\0 `), 148);
}
