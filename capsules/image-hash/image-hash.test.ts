import { createHash } from 'node:crypto';
import { closeSync, openSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { WASI } from 'node:wasi';

import fc from 'fast-check';
import { PNG } from 'pngjs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';

import { buildCapsule } from '../build.ts';
import { chunk, type Drawing, writePng } from './png-writer.ts';

const Hashes = z.object({
  width: z.int(),
  height: z.int(),
  colourType: z.string(),
  isInterlaced: z.boolean(),
  bytes: z.int(),
  sha256: z.string(),
  pixelsSha256: z.string(),
  dhash: z.string(),
  phash: z.string(),
});
const Output = z.object({
  image: Hashes,
  other: Hashes.optional(),
  comparison: z.object({ dhashDistance: z.int(), phashDistance: z.int(), looksAlike: z.boolean() }).optional(),
});
const Line = z.object({
  result: Output.optional(),
  event: z.string().optional(),
  usage: z.record(z.string(), z.int()).optional(),
});

let folder: string;
let program: WebAssembly.Module;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'image-hash-'));
  const bytes = await readFile(join(await buildCapsule('image-hash', folder, 'soma'), 'main.wasm'));
  // The Workers' types describe a runtime that compiles nothing; Node does.
  program = Reflect.construct(WebAssembly.Module, [bytes]);
}, 60_000);
afterAll(() => rm(folder, { recursive: true }));

/** Runs the program as a runner does: input on stdin, JSON lines on stdout. */
async function run(input: unknown) {
  const paths = ['stdin', 'stdout', 'stderr'].map((name) => join(folder, name));
  const [stdin = '', stdout = '', stderr = ''] = paths;
  await writeFile(stdin, typeof input === 'string' ? input : JSON.stringify(input));
  const files = [openSync(stdin, 'r'), openSync(stdout, 'w'), openSync(stderr, 'w')];
  const wasi = new WASI({
    version: 'preview1',
    stdin: files[0] ?? 0,
    stdout: files[1] ?? 1,
    stderr: files[2] ?? 2,
    returnOnExit: true,
  });
  const instance = new WebAssembly.Instance(program, { wasi_snapshot_preview1: wasi.wasiImport });
  const exitCode = wasi.start(instance);
  files.forEach((file) => closeSync(file));
  const lines = (await readFile(stdout, 'utf8'))
    .split('\n')
    .filter(Boolean)
    .map((line) => Line.parse(JSON.parse(line)));
  return {
    exitCode,
    lines,
    output: lines.findLast((line) => line.result)?.result,
    stderr: await readFile(stderr, 'utf8'),
  };
}

async function hash(png: Buffer) {
  const { output, stderr } = await run({ png: png.toString('base64') });
  if (!output) throw new Error(stderr);
  return output.image;
}

const sample = (name: string) => readFile(join(import.meta.dirname, 'samples', name));
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

/** Any drawing of up to 40 × 40 pixels in any of the fifteen kinds of PNG. */
const drawing: fc.Arbitrary<Drawing> = fc
  .record({
    kind: fc.constantFrom<[0 | 2 | 3 | 4 | 6, 1 | 2 | 4 | 8 | 16]>(
      [0, 1],
      [0, 2],
      [0, 4],
      [0, 8],
      [0, 16],
      [2, 8],
      [2, 16],
      [3, 1],
      [3, 2],
      [3, 4],
      [3, 8],
      [4, 8],
      [4, 16],
      [6, 8],
      [6, 16],
    ),
    width: fc.integer({ min: 1, max: 40 }),
    height: fc.integer({ min: 1, max: 40 }),
    isInterlaced: fc.boolean(),
    filters: fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 1, maxLength: 5 }),
    level: fc.constantFrom(0, 1, 9),
    seed: fc.integer({ min: 1, max: 65_535 }),
  })
  .map(({ kind: [colourType, bitDepth], seed, ...rest }) => ({
    ...rest,
    colourType,
    bitDepth,
    // Of 16-bit samples both halves are equal, so that a reader may round or cut.
    sample: (x, y, channel) => {
      const byte = (x * 7 + y * 13 + channel * 31 + ((x * y * seed) >> 4)) & 255;
      return bitDepth === 16 ? byte * 257 : byte;
    },
    ...(colourType === 3
      ? { palette: Uint8Array.from({ length: 768 >> (8 - bitDepth) }, (_, i) => (i * seed) & 255) }
      : {}),
    ...(colourType === 3 ? { transparency: Uint8Array.of(seed & 255) } : {}),
  }));

describe('decoding', () => {
  test('agrees with pngjs on the pixels of every kind of PNG', async () => {
    await fc.assert(
      fc.asyncProperty(drawing, async (kind) => {
        const file = writePng(kind);
        const image = await hash(file);
        expect(image).toMatchObject({
          width: kind.width,
          height: kind.height,
          bytes: file.length,
          sha256: sha256(file),
        });
        expect(image.pixelsSha256).toBe(sha256(PNG.sync.read(file).data));
      }),
      { numRuns: 150 },
    );
  });

  test('knows the one transparent sample of grey and RGB images', async () => {
    const base = { width: 5, height: 3, isInterlaced: false, filters: [0], level: 9, bitDepth: 8 } as const;
    const grey = writePng({ ...base, colourType: 0, sample: (x) => x, transparency: Uint8Array.of(0, 3) });
    const rgb = writePng({ ...base, colourType: 2, sample: (x) => x, transparency: Uint8Array.of(0, 2, 0, 2, 0, 2) });
    expect((await hash(grey)).pixelsSha256).toBe(sha256(greyRamp(3)));
    expect((await hash(rgb)).pixelsSha256).toBe(sha256(greyRamp(2)));
  });

  test('the same pixels in another encoding have the same pixel digest', async () => {
    const original = await sample('spheres.png');
    const again = PNG.sync.write(PNG.sync.read(original), { deflateLevel: 1 });
    const [a, b] = [await hash(original), await hash(again)];
    expect(a.sha256).not.toBe(b.sha256);
    expect(a.pixelsSha256).toBe(b.pixelsSha256);
  });
});

describe('perceptual hashes', () => {
  test('a difference hash reads off which cell is darker', async () => {
    expect((await hash(ramp(1))).dhash).toBe('f'.repeat(16));
    expect((await hash(ramp(-1))).dhash).toBe('0'.repeat(16));
  });

  test.each(['spheres.png', 'spheres-small.png', 'mandelbrot.png'])(
    '%s has the hashes that a plain computation gives',
    async (name) => {
      const file = await sample(name);
      const image = await hash(file);
      const { width, height, data } = PNG.sync.read(file);
      expect(image.dhash).toBe(plainDifferenceHash(data, width, height));
      expect(image.phash).toBe(plainFrequencyHash(data, width, height));
    },
  );

  test('a smaller, brighter, greyer copy looks alike; another picture does not', async () => {
    const [spheres, small, mandelbrot] = await Promise.all(
      ['spheres.png', 'spheres-small.png', 'mandelbrot.png'].map(sample),
    );
    const compare = async (other?: Buffer) =>
      (await run({ png: spheres?.toString('base64'), other: other?.toString('base64') })).output?.comparison;
    expect(await compare(small)).toMatchObject({ looksAlike: true });
    expect(await compare(mandelbrot)).toMatchObject({ looksAlike: false });
    expect(await compare(spheres)).toEqual({ dhashDistance: 0, phashDistance: 0, looksAlike: true });
  });

  test('reports its pixels as usage', async () => {
    const { lines } = await run({ png: (await sample('spheres.png')).toString('base64') });
    expect(lines.flatMap((line) => (line.usage ? [line.usage] : []))).toEqual([{ kilopixels: 77 }]);
  });
});

describe('refusals', () => {
  const healthy = writePng({
    width: 9,
    height: 9,
    colourType: 2,
    bitDepth: 8,
    isInterlaced: false,
    filters: [4],
    level: 9,
    sample: (x, y) => x * y,
  });
  const header = (width: number, height: number) => {
    const body = Buffer.from([0, 0, 0, 0, 0, 0, 0, 0, 8, 2, 0, 0, 0]);
    body.writeUInt32BE(width, 0);
    body.writeUInt32BE(height, 4);
    return Buffer.concat([healthy.subarray(0, 8), chunk('IHDR', body), healthy.subarray(33)]);
  };

  test.each([
    ['something else', Buffer.from('GIF89a'.padEnd(60)), 'not a PNG file'],
    ['a file cut short', healthy.subarray(0, -20), /damaged/],
    ['a header that promises more', header(10, 9), 'fewer pixels'],
    ['a header that promises less', header(9, 8), 'more pixels'],
    ['a bomb', header(65_535, 65_535), 'more than 16,777,216'],
    ['an image without pixels', header(0, 9), 'no pixels'],
  ])('%s ends with a sentence and exit code 1', async (_, png, sentence) => {
    const { exitCode, output, stderr } = await run({ png: png.toString('base64') });
    expect(exitCode).toBe(1);
    expect(output).toBeUndefined();
    expect(stderr).toMatch(sentence);
  });

  test.each(['', '[]', '{"png":1}', '{"png":"a', '{"png":"?"}', '{}', '{"png":"\\x"}'])(
    'the input %s is refused',
    async (text) => {
      expect((await run(text)).exitCode).toBe(1);
    },
  );

  test('no damaged byte makes it crash or answer differently from a healthy one unseen', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(healthy.length - 1), fc.integer({ min: 1, max: 255 }), async (at, flip) => {
        const damaged = Buffer.from(healthy);
        damaged[at] = (damaged[at] ?? 0) ^ flip;
        expect(await run({ png: damaged.toString('base64') })).toMatchObject({ exitCode: 1 });
      }),
      { numRuns: 150 },
    );
  });
});

/** RGBA of three rows of five greys, one of them transparent. */
function greyRamp(clear: number): Uint8Array {
  const row = [0, 1, 2, 3, 4].flatMap((x) => [x, x, x, x === clear ? 0 : 255]);
  return Uint8Array.from([...row, ...row, ...row]);
}

/** A picture that grows lighter, or darker, from left to right. */
function ramp(sign: 1 | -1): Buffer {
  const shade = (x: number) => 128 + sign * (x - 45);
  return writePng({
    width: 90,
    height: 80,
    colourType: 0,
    bitDepth: 8,
    isInterlaced: false,
    filters: [0],
    level: 9,
    sample: shade,
  });
}

/** How much of pixel `i` lies in a cell. */
function overlap(i: number, cell: number, size: number, cells: number): number {
  return Math.max(0, Math.min(i + 1, ((cell + 1) * size) / cells) - Math.max(i, (cell * size) / cells));
}

function shrink(rgba: Uint8Array, width: number, height: number, columns: number, rows: number): number[] {
  return Array.from({ length: columns * rows }, (_, index) => {
    let [sum, area] = [0, 0];
    for (let y = 0; y < height; y++) {
      const tall = overlap(y, Math.floor(index / columns), height, rows);
      if (tall === 0) continue;
      for (let x = 0; x < width; x++) {
        const share = tall * overlap(x, index % columns, width, columns);
        if (share === 0) continue;
        const [r = 0, g = 0, b = 0, a = 0] = rgba.subarray((y * width + x) * 4);
        sum += share * ((0.299 * r + 0.587 * g + 0.114 * b) * (a / 255) + 255 - a);
        area += share;
      }
    }
    return sum / area;
  });
}

function plainDifferenceHash(rgba: Uint8Array, width: number, height: number): string {
  const cells = shrink(rgba, width, height, 9, 8);
  const bits = Array.from({ length: 64 }, (_, i) => {
    const at = (i >> 3) * 9 + (i & 7);
    return Math.round(cells[at + 1] ?? 0) > Math.round(cells[at] ?? 0);
  });
  return hexOf(bits);
}

function plainFrequencyHash(rgba: Uint8Array, width: number, height: number): string {
  const cells = shrink(rgba, width, height, 32, 32);
  const low = Array.from({ length: 64 }, (_, i) => {
    let sum = 0;
    cells.forEach((cell, at) => {
      const cosines =
        Math.cos((Math.PI / 32) * ((at & 31) + 0.5) * (i & 7)) *
        Math.cos((Math.PI / 32) * ((at >> 5) + 0.5) * (i >> 3));
      sum += cell * cosines;
    });
    return sum;
  });
  const sorted = low.toSorted((a, b) => a - b);
  const median = ((sorted[31] ?? 0) + (sorted[32] ?? 0)) / 2;
  return hexOf(low.map((value) => value > median));
}

function hexOf(bits: readonly boolean[]): string {
  return bits
    .reduce((word, bit) => (word << 1n) | BigInt(bit), 0n)
    .toString(16)
    .padStart(16, '0');
}
