import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { AddressRules, isPublicAddress } from './addresses.ts';

type Range = readonly [base: string, prefix: number];

const FORBIDDEN_V4: readonly Range[] = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
];
const FORBIDDEN_V6: readonly Range[] = [
  ['0:0:0:0:0:0:0:0', 3], // unspecified, loopback, IPv4-mapped, NAT64 and all that is not assigned yet
  ['2001:0:0:0:0:0:0:0', 23],
  ['2001:db8:0:0:0:0:0:0', 32],
  ['2002:0:0:0:0:0:0:0', 16],
  ['3fff:0:0:0:0:0:0:0', 20],
  ['4000:0:0:0:0:0:0:0', 2],
  ['8000:0:0:0:0:0:0:0', 1], // unique local, link-local, site-local, multicast
];

/** The address of `range` whose host bits are those of `bits`: arithmetic of its own, beside the list under test. */
function addressIn([base, prefix]: Range, bits: bigint): string {
  const isV4 = base.includes('.');
  const [width, group, radix] = isV4 ? [32n, 8n, 10] : [128n, 16n, 16];
  const parts = base.split(isV4 ? '.' : ':');
  const start = parts.reduce((value, part) => (value << group) | BigInt(Number.parseInt(part, radix)), 0n);
  const hostBits = width - BigInt(prefix);
  const value = start | (bits & ((1n << hostBits) - 1n));
  const groups = parts.map((_, index) => (value >> (width - group * BigInt(index + 1))) & ((1n << group) - 1n));
  return groups.map((part) => part.toString(radix)).join(isV4 ? '.' : ':');
}

const bits = fc.bigInt({ min: 0n, max: (1n << 128n) - 1n });
const allOnes = (1n << 128n) - 1n;

describe.each([...FORBIDDEN_V4, ...FORBIDDEN_V6])('%s/%i', (...range) => {
  test('is not public, from its first address to its last', () => {
    expect([0n, allOnes].map((edge) => isPublicAddress(addressIn(range, edge)))).toEqual([false, false]);
    fc.assert(fc.property(bits, (drawn) => !isPublicAddress(addressIn(range, drawn))));
  });
});

test('an IPv4 address in no special range is public', () => {
  fc.assert(
    fc.property(fc.ipV4(), (address) => {
      const isIn = ([base, prefix]: Range) => {
        const value = (text: string) => text.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
        return Math.floor(value(address) / 2 ** (32 - prefix)) === Math.floor(value(base) / 2 ** (32 - prefix));
      };
      const rare = /^192\.(31\.196|52\.193|88\.99|175\.48)\./.test(address);
      expect(isPublicAddress(address)).toBe(!rare && !FORBIDDEN_V4.some(isIn));
    }),
  );
});

test('an IPv4 address is never public in the disguise of an IPv6 one', () => {
  const disguises = (v4: string) => {
    const [a = 0, b = 0, c = 0, d = 0] = v4.split('.').map(Number);
    const hex = `${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}`;
    return [
      `::ffff:${v4}`,
      `::ffff:${hex}`,
      `64:ff9b::${hex}`,
      `64:ff9b:1::${hex}`,
      `2002:${hex}::1`,
      `2001:0:${hex}::`,
    ];
  };
  const open = new AddressRules(['0.0.0.0/0', '::/0']);
  fc.assert(
    fc.property(fc.ipV4(), (address) => {
      expect(disguises(address).filter((disguise) => open.isAllowed(disguise))).toEqual([]);
      expect(isPublicAddress(`::${address}`)).toBe(false);
    }),
  );
});

test.each(['1.1.1.1', '8.8.8.8', '100.63.255.255', '172.32.0.1', '2606:4700::1111', '2a00:1450:4001::1'])(
  '%s is public',
  (address) => {
    expect(isPublicAddress(address)).toBe(true);
  },
);

test.each(['', 'example.com', '127.1', '0x7f.1', '2130706433', '1.1.1.1:80', 'fe80::1%eth0', '2606:4700::1%eth0'])(
  '%j is no address',
  (text) => {
    expect([isPublicAddress(text), new AddressRules(['0.0.0.0/0', '::/0']).isAllowed(text)]).toEqual([false, false]);
  },
);

describe('an address of the machine itself', () => {
  const own = () => ['127.0.0.1', '93.184.215.14', '2a01:4f8::2'];

  test('is not for capsules though it is public, for no firewall sees who comes from within', () => {
    const rules = new AddressRules([], own);
    const asked = ['93.184.215.14', '2a01:4f8::2', '2a01:4f8:0:0:0:0:0:2', '93.184.215.15', '2a01:4f8::3'];
    expect(asked.map((address) => rules.isAllowed(address))).toEqual([false, false, false, true, true]);
  });

  test('is any, where the machine cannot tell which it has', () => {
    const rules = new AddressRules(['127.0.0.0/8'], () => {
      throw new Error('there are too many open files');
    });
    expect(['93.184.215.15', '127.0.0.1'].map((address) => rules.isAllowed(address))).toEqual([false, true]);
  });

  test('is open where its operator says so', () => {
    const rules = new AddressRules(['93.184.215.14'], own);
    expect(own().map((address) => rules.isAllowed(address))).toEqual([false, true, false]);
  });
});

describe('exceptions of an operator', () => {
  const rules = new AddressRules(['127.0.0.1', '10.1.0.0/16', 'fd12::/16']);

  test('open what they name and nothing beside it', () => {
    const asked = ['127.0.0.1', '127.0.0.2', '10.1.255.255', '10.2.0.0', 'fd12::1', 'fd13::1', '1.1.1.1'];
    expect(asked.map((address) => rules.isAllowed(address))).toEqual([true, false, true, false, true, false, true]);
  });

  const everything = new AddressRules(['0.0.0.0/0', '::/0']);

  test.each([
    ['most clouds', '169.254.169.254'],
    ['tasks of AWS', '169.254.170.2'],
    ["Azure's WireServer", '168.63.129.16'],
    ['Alibaba Cloud', '100.100.100.200'],
    ['Oracle Cloud, as it was', '192.0.0.192'],
    ['AWS', 'fd00:ec2::254'],
    ['pods of AWS', 'fd00:ec2::23'],
    ['Google Cloud', 'fd20:ce::254'],
    ['Oracle Cloud', 'fd00:c1::a9fe:a9fe'],
    ['Scaleway', 'fd00:42::42'],
  ])('never open the metadata service of %s, however it is named', (_, address) => {
    expect(new AddressRules([]).isAllowed(address)).toBe(false);
    expect(new AddressRules([address]).isAllowed(address)).toBe(false);
    expect(everything.isAllowed(address)).toBe(false);
  });

  test('never open link-local addresses, multicast and the unspecified', () => {
    const asked = ['fe80::1', '224.0.0.1', 'ff02::1', '0.0.0.0', '::', '255.255.255.255'];
    expect(asked.filter((address) => everything.isAllowed(address))).toEqual([]);
    expect(everything.isAllowed('192.168.1.1')).toBe(true);
  });

  test('and what is next to a metadata service in public space is public', () => {
    expect(['168.63.129.15', '168.63.129.17'].map((address) => new AddressRules([]).isAllowed(address))).toEqual([
      true,
      true,
    ]);
  });

  test.each(['10.0.0.0/33', '10.0.0.0/', '10.0.0', 'localhost', '::/129', '10.0.0.0/-1'])(
    '%j is refused at the start',
    (exception) => {
      expect(() => new AddressRules([exception])).toThrow(RangeError);
    },
  );
});
