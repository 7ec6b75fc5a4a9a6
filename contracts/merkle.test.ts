import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { fromHex } from './digest.ts';
import {
  appendLeaf,
  consistencyProof,
  EMPTY_RANGE,
  EMPTY_ROOT,
  hashLeaf,
  inclusionProof,
  rootOf,
  rootOfLeaves,
  verifyConsistency,
  verifyInclusion,
} from './merkle.ts';

/** The leaves and roots that the reference implementation of RFC 6962 is tested with. */
const LEAVES = ['', '00', '10', '2021', '3031', '40414243', '5051525354555657', '606162636465666768696a6b6c6d6e6f'].map(
  (hex) => hashLeaf(fromHex(hex)),
);
const ROOTS = [
  'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
  '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
  'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
  'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
  'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
  '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
  'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
  '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
];

describe('known answers of RFC 6962', () => {
  test.each(ROOTS.map((root, size) => ({ root, size })))('the root of $size leaves', ({ root, size }) => {
    const leaves = LEAVES.slice(0, size);
    expect(rootOfLeaves(leaves)).toBe(root);
    expect(rootOf(leaves.reduce(appendLeaf, EMPTY_RANGE))).toBe(root);
  });

  test('the inclusion path of the first leaf of eight', () => {
    expect(inclusionProof(LEAVES, 0)).toEqual([
      '96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7',
      '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e',
      '6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4',
    ]);
  });

  test('the consistency of six leaves with eight', () => {
    expect(consistencyProof(LEAVES, 6)).toEqual([
      '0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a',
      'ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0',
      'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
    ]);
  });
});

const leavesUpTo = (max: number) =>
  fc.integer({ min: 1, max }).map((size) => Array.from({ length: size }, (_, index) => hashLeaf(Uint8Array.of(index))));

test('every leaf proves that it is in, and nowhere else', () => {
  fc.assert(
    fc.property(leavesUpTo(70), fc.nat(), fc.nat(), (leaves, a, b) => {
      const size = leaves.length;
      const index = a % size;
      const other = b % size;
      const claim = {
        leafHash: leaves[index] ?? '',
        index,
        size,
        proof: inclusionProof(leaves, index),
        root: rootOfLeaves(leaves),
      };
      expect(verifyInclusion(claim)).toBe(true);
      expect(verifyInclusion({ ...claim, index: other })).toBe(other === index);
      expect(verifyInclusion({ ...claim, leafHash: leaves[other] ?? '' })).toBe(other === index);
      expect(verifyInclusion({ ...claim, proof: [...claim.proof, EMPTY_ROOT] })).toBe(false);
      expect(verifyInclusion({ ...claim, root: EMPTY_ROOT })).toBe(false);
      expect(verifyInclusion({ ...claim, index: size })).toBe(false);
    }),
  );
});

test('every prefix of a log is consistent with it, and no other history is', () => {
  fc.assert(
    fc.property(leavesUpTo(70), fc.nat(), (leaves, a) => {
      const firstSize = a % (leaves.length + 1);
      const claim = {
        firstSize,
        firstRoot: rootOfLeaves(leaves.slice(0, firstSize)),
        secondSize: leaves.length,
        secondRoot: rootOfLeaves(leaves),
        proof: consistencyProof(leaves, firstSize),
      };
      expect(verifyConsistency(claim)).toBe(true);
      const forged = hashLeaf(Uint8Array.of(255, 255));
      expect(verifyConsistency({ ...claim, firstRoot: forged })).toBe(false);
      expect(verifyConsistency({ ...claim, proof: [...claim.proof, forged] })).toBe(false);
      expect(verifyConsistency({ ...claim, secondRoot: forged })).toBe(firstSize === 0);
      expect(verifyConsistency({ ...claim, proof: claim.proof.slice(1) })).toBe(claim.proof.length === 0);
      expect(verifyConsistency({ ...claim, firstSize: leaves.length + 1 })).toBe(false);
    }),
  );
});

test('a proof that is not made of hashes is refused, not thrown on', () => {
  const [leafHash = ''] = LEAVES;
  expect(verifyInclusion({ leafHash, index: 0, size: 2, proof: ['zz'], root: ROOTS[2] ?? '' })).toBe(false);
  expect(verifyInclusion({ leafHash, index: -1, size: 2, proof: [], root: ROOTS[2] ?? '' })).toBe(false);
  expect(verifyInclusion({ leafHash, index: 0.5, size: 2, proof: [], root: ROOTS[2] ?? '' })).toBe(false);
});

test('a leaf that does not exist has no proof to ask for', () => {
  expect(() => inclusionProof(LEAVES, 8)).toThrow(RangeError);
  expect(() => consistencyProof(LEAVES, 9)).toThrow(RangeError);
});
