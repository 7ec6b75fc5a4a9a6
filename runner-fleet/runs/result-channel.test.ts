import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { LineCutter, MAX_LINE_BYTES, parseLine } from './result-channel.ts';
import { SecretMasker } from './secret-masker.ts';

const NO_SECRETS = new SecretMasker({});

function parse(text: string) {
  return parseLine(Buffer.from(text), NO_SECRETS);
}

describe('a line of the result channel', () => {
  test('is a result, an event, usage or the adapter’s complaint', () => {
    expect(parse('{"result":{"a":1}}')).toEqual({ kind: 'result', data: { a: 1 } });
    expect(parse('{"event":"found","data":[1]}')).toEqual({ kind: 'event', name: 'found', data: [1] });
    expect(parse('{"event":"found"}')).toEqual({ kind: 'event', name: 'found', data: null });
    expect(parse('{"usage":{"tokens":3}}')).toEqual({ kind: 'usage', amounts: { tokens: 3 } });
    expect(parse('{"error":{"cause":"uncaught","message":"boom"}}')).toEqual({
      kind: 'complained',
      cause: 'uncaught',
      message: 'boom',
    });
  });

  test.each([
    ['nothing JSON', 'hello'],
    ['another shape', '[1]'],
    ['a key too many', '{"result":1,"event":"x"}'],
    ['a negative amount', '{"usage":{"tokens":-1}}'],
    ['half a unit', '{"usage":{"tokens":0.5}}'],
    ['a number beyond all bounds', '{"result":1e400}'],
    ['U+0000', '{"result":"\\u0000"}'],
    ['a lone surrogate', '{"result":"\\ud800"}'],
    ['a nesting too deep', `{"result":${'['.repeat(100_000)}${']'.repeat(100_000)}}`],
    ['a value that grows when it is written again', `{"result":[${'1e20,'.repeat(150_000)}1]}`],
    ['an event name with a control character', '{"event":"a\\nb"}'],
  ])('is refused with %s', (_, text) => {
    expect(parse(text).kind).toBe('invalid');
  });

  test('is refused where it is not UTF-8', () => {
    expect(parseLine(Buffer.from([0x22, 0xff, 0x22]), NO_SECRETS).kind).toBe('invalid');
  });
});

describe('cutting', () => {
  test('gives the same lines wherever the chunks end', () => {
    const line = fc.json().map((json) => `{"result":${json}}`);
    fc.assert(
      fc.property(fc.array(line), fc.array(fc.nat()), (lines, cuts) => {
        const bytes = Buffer.from(lines.join('\n'));
        const positions = cuts.map((cut) => cut % (bytes.length + 1)).toSorted((a, b) => a - b);
        const cutter = new LineCutter(NO_SECRETS);
        const found = [0, ...positions].flatMap((from, index) =>
          cutter.push(bytes.subarray(from, positions[index] ?? bytes.length)),
        );
        expect([...found, ...cutter.flush()]).toEqual(lines.map(parse));
      }),
    );
  });

  test('gives up on a line without end, and holds no more than its limit', () => {
    const cutter = new LineCutter(NO_SECRETS);
    const chunk = Buffer.alloc(64 * 1_024, 'a');
    const found = Array.from({ length: Math.ceil(MAX_LINE_BYTES / chunk.length) + 1 }, () => cutter.push(chunk)).flat();
    expect(found[0]).toMatchObject({ kind: 'invalid' });
  });
});
