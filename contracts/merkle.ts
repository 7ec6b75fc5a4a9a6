import { sha256 } from '@noble/hashes/sha2.js';

import { fromHex, toHex } from './digest.ts';

/**
 * Merkle trees of transparency logs: RFC 6962 §2.1 and RFC 9162 §2.1 (hashes, inclusion and consistency proofs).
 *
 * Pure and synchronous, so that a Durable Object can append inside one synchronous transaction.
 * A hash is 64 lower-case hex digits everywhere outside this file's hashing.
 */
const LEAF = Uint8Array.of(0);
const NODE = Uint8Array.of(1);

export const EMPTY_ROOT = toHex(sha256(new Uint8Array()));

export function hashLeaf(leaf: Uint8Array): string {
  return toHex(sha256.create().update(LEAF).update(leaf).digest());
}

export function hashNode(left: string, right: string): string {
  return toHex(sha256.create().update(NODE).update(fromHex(left)).update(fromHex(right)).digest());
}

/**
 * All that a writer must remember of a tree: the roots of its perfect subtrees, largest first.
 * Invariant: `peaks.length` is the number of one-bits of `size`.
 */
export interface CompactRange {
  readonly size: number;
  readonly peaks: readonly string[];
}

export const EMPTY_RANGE: CompactRange = { size: 0, peaks: [] };

export function appendLeaf(range: CompactRange, leafHash: string): CompactRange {
  const peaks = [...range.peaks];
  let node = leafHash;
  for (let rest = range.size; rest % 2 === 1; rest = Math.floor(rest / 2)) {
    node = hashNode(pop(peaks), node);
  }
  peaks.push(node);
  return { size: range.size + 1, peaks };
}

export function rootOf({ peaks }: CompactRange): string {
  if (peaks.length === 0) return EMPTY_ROOT;
  return peaks.reduceRight((right, left) => hashNode(left, right));
}

/** MTH(D[n]) of RFC 6962 §2.1, from the leaf hashes. */
export function rootOfLeaves(leafHashes: Iterable<string>): string {
  const peaks: string[] = [];
  let size = 0;
  for (let node of leafHashes) {
    for (let rest = size; rest % 2 === 1; rest = Math.floor(rest / 2)) node = hashNode(pop(peaks), node);
    peaks.push(node);
    size += 1;
  }
  return rootOf({ size, peaks });
}

/** PATH(m, D[n]) of RFC 6962 §2.1.1: the siblings on the way from leaf `index` to the root, lowest first. */
export function inclusionProof(leafHashes: readonly string[], index: number): string[] {
  const size = leafHashes.length;
  if (!Number.isSafeInteger(index) || index < 0 || index >= size) {
    throw new RangeError(`leaf ${index} is not in a tree of ${size}`);
  }
  if (size === 1) return [];
  const split = splitOf(size);
  const left = leafHashes.slice(0, split);
  const right = leafHashes.slice(split);
  return index < split
    ? [...inclusionProof(left, index), rootOfLeaves(right)]
    : [...inclusionProof(right, index - split), rootOfLeaves(left)];
}

/** PROOF(m, D[n]) of RFC 6962 §2.1.2: that the tree of the first `firstSize` leaves is a prefix of the whole. */
export function consistencyProof(leafHashes: readonly string[], firstSize: number): string[] {
  const size = leafHashes.length;
  if (!Number.isSafeInteger(firstSize) || firstSize < 0 || firstSize > size) {
    throw new RangeError(`a tree of ${size} has no prefix of ${firstSize}`);
  }
  return firstSize === 0 ? [] : subProof(leafHashes, firstSize, true);
}

function subProof(leafHashes: readonly string[], firstSize: number, isOldTree: boolean): string[] {
  const size = leafHashes.length;
  if (firstSize === size) return isOldTree ? [] : [rootOfLeaves(leafHashes)];
  const split = splitOf(size);
  const left = leafHashes.slice(0, split);
  const right = leafHashes.slice(split);
  return firstSize <= split
    ? [...subProof(left, firstSize, isOldTree), rootOfLeaves(right)]
    : [...subProof(right, firstSize - split, false), rootOfLeaves(left)];
}

export interface InclusionClaim {
  readonly leafHash: string;
  readonly index: number;
  readonly size: number;
  readonly proof: readonly string[];
  readonly root: string;
}

/** RFC 9162 §2.1.3.2. */
export function verifyInclusion({ leafHash, index, size, proof, root }: InclusionClaim): boolean {
  if (!areSizes(index, size) || index >= size || !areHashes(leafHash, root, ...proof)) return false;
  let position = index;
  let last = size - 1;
  let node = leafHash;
  for (const sibling of proof) {
    if (last === 0) return false;
    if (position % 2 === 1 || position === last) {
      node = hashNode(sibling, node);
      while (position % 2 === 0 && position !== 0) [position, last] = [half(position), half(last)];
    } else {
      node = hashNode(node, sibling);
    }
    [position, last] = [half(position), half(last)];
  }
  return last === 0 && node === root;
}

export interface ConsistencyClaim {
  readonly firstSize: number;
  readonly firstRoot: string;
  readonly secondSize: number;
  readonly secondRoot: string;
  readonly proof: readonly string[];
}

/** RFC 9162 §2.1.4.2. The empty tree is a prefix of every tree, by an empty proof. */
export function verifyConsistency(claim: ConsistencyClaim): boolean {
  const { firstSize, firstRoot, secondSize, secondRoot, proof } = claim;
  if (!areSizes(firstSize, secondSize) || firstSize > secondSize) return false;
  if (!areHashes(firstRoot, secondRoot, ...proof)) return false;
  if (firstSize === secondSize) return proof.length === 0 && firstRoot === secondRoot;
  if (firstSize === 0) return proof.length === 0 && firstRoot === EMPTY_ROOT;

  let position = firstSize - 1;
  let last = secondSize - 1;
  while (position % 2 === 1) [position, last] = [half(position), half(last)];

  // A first size that is a power of two is itself a node of the second tree: its root opens the path.
  const path = position === 0 ? [firstRoot, ...proof] : [...proof];
  const seed = path.shift();
  if (seed === undefined) return false;
  let first = seed;
  let second = seed;
  for (const sibling of path) {
    if (last === 0) return false;
    if (position % 2 === 1 || position === last) {
      first = hashNode(sibling, first);
      second = hashNode(sibling, second);
      while (position % 2 === 0 && position !== 0) [position, last] = [half(position), half(last)];
    } else {
      second = hashNode(second, sibling);
    }
    [position, last] = [half(position), half(last)];
  }
  return last === 0 && first === firstRoot && second === secondRoot;
}

/** The largest power of two below `size`. */
function splitOf(size: number): number {
  let split = 1;
  while (split * 2 < size) split *= 2;
  return split;
}

function half(size: number): number {
  return Math.floor(size / 2);
}

function areSizes(...sizes: readonly number[]): boolean {
  return sizes.every((size) => Number.isSafeInteger(size) && size >= 0);
}

function areHashes(...hashes: readonly string[]): boolean {
  return hashes.every((hash) => /^[0-9a-f]{64}$/.test(hash));
}

function pop(peaks: string[]): string {
  const peak = peaks.pop();
  if (peak === undefined) throw new RangeError('the range has fewer peaks than its size demands');
  return peak;
}
