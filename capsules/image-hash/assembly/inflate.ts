import { fail } from '../../../cli/templates/wasm/assembly/soma';

// RFC 1950 (zlib) around RFC 1951 (deflate). The caller knows the exact size of what comes out, so a bomb has no room.

// prettier-ignore
const LENGTH_BASE: StaticArray<u16> = [
  3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258,
];
const LENGTH_EXTRA: StaticArray<u8> = [
  0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0,
];
// prettier-ignore
const DISTANCE_BASE: StaticArray<u16> = [
  1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097, 6145,
  8193, 12289, 16385, 24577,
];
const DISTANCE_EXTRA: StaticArray<u8> = [
  0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13,
];
/** §3.2.7: the order in which the code lengths of the code-length alphabet come. */
const CODE_LENGTH_ORDER: StaticArray<u8> = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

const MAX_BITS = 15;

/** A canonical Huffman code: how many codes of each length, and the symbols in the order of their codes. */
class Huffman {
  readonly counts: StaticArray<u16> = new StaticArray<u16>(MAX_BITS + 1);
  readonly symbols: StaticArray<u16>;

  constructor(lengths: StaticArray<u8>, from: i32, size: i32) {
    this.symbols = new StaticArray<u16>(size);
    for (let i = 0; i < size; i++) this.counts[lengths[from + i]]++;
    this.counts[0] = 0;
    let room = 1;
    for (let bits = 1; bits <= MAX_BITS; bits++) {
      room = (room << 1) - <i32>this.counts[bits];
      if (room < 0) fail('damaged image: an over-full Huffman code');
    }
    const starts = new StaticArray<u16>(MAX_BITS + 2);
    for (let bits = 1; bits <= MAX_BITS; bits++) starts[bits + 1] = starts[bits] + this.counts[bits];
    for (let i = 0; i < size; i++) {
      const bits = lengths[from + i];
      if (bits != 0) this.symbols[starts[bits]++] = <u16>i;
    }
  }
}

class Inflater {
  private at: i32 = 2;
  private held: u32 = 0;
  private heldBits: i32 = 0;
  private length: i32 = 0;

  constructor(
    private readonly source: Uint8Array,
    private readonly out: Uint8Array,
  ) {}

  run(): void {
    let isLast = false;
    while (!isLast) {
      isLast = this.bits(1) == 1;
      const kind = this.bits(2);
      if (kind == 0) this.stored();
      else if (kind == 1) this.fixed();
      else if (kind == 2) this.dynamic();
      else fail('damaged image: unknown kind of deflate block');
    }
    if (this.length != this.out.length) fail('damaged image: fewer pixels than its header promises');
    this.checkAdler();
  }

  private byte(): u32 {
    if (this.at >= this.source.length) fail('damaged image: its data ends early');
    return this.source[this.at++];
  }

  private bits(count: i32): u32 {
    while (this.heldBits < count) {
      this.held |= this.byte() << this.heldBits;
      this.heldBits += 8;
    }
    const value = this.held & ((1 << count) - 1);
    this.held >>= count;
    this.heldBits -= count;
    return value;
  }

  private put(byte: u8): void {
    if (this.length >= this.out.length) fail('damaged image: more pixels than its header promises');
    this.out[this.length++] = byte;
  }

  private stored(): void {
    this.held = 0;
    this.heldBits = 0;
    const size = this.byte() | (this.byte() << 8);
    const complement = this.byte() | (this.byte() << 8);
    if ((size ^ complement) != 0xffff) fail('damaged image: a stored block contradicts its own length');
    for (let i: u32 = 0; i < size; i++) this.put(<u8>this.byte());
  }

  private fixed(): void {
    const lengths = new StaticArray<u8>(288 + 30);
    for (let i = 0; i < 288; i++) lengths[i] = i < 144 ? 8 : i < 256 ? 9 : i < 280 ? 7 : 8;
    for (let i = 288; i < 318; i++) lengths[i] = 5;
    this.codes(new Huffman(lengths, 0, 288), new Huffman(lengths, 288, 30));
  }

  private dynamic(): void {
    const literals = <i32>this.bits(5) + 257;
    const distances = <i32>this.bits(5) + 1;
    const given = <i32>this.bits(4) + 4;
    if (literals > 286 || distances > 30) fail('damaged image: too many Huffman codes');
    const lengths = new StaticArray<u8>(320);
    for (let i = 0; i < given; i++) lengths[CODE_LENGTH_ORDER[i]] = <u8>this.bits(3);
    const alphabet = new Huffman(lengths, 0, 19);
    for (let i = 0; i < 19; i++) lengths[i] = 0;
    let place = 0;
    while (place < literals + distances) {
      const symbol = this.symbol(alphabet);
      if (symbol < 16) {
        lengths[place++] = <u8>symbol;
        continue;
      }
      if (symbol == 16 && place == 0) fail('damaged image: nothing to repeat');
      const value: u8 = symbol == 16 ? lengths[place - 1] : 0;
      let times = symbol == 16 ? 3 + this.bits(2) : symbol == 17 ? 3 + this.bits(3) : 11 + this.bits(7);
      if (place + <i32>times > literals + distances) fail('damaged image: too many code lengths');
      while (times-- > 0) lengths[place++] = value;
    }
    this.codes(new Huffman(lengths, 0, literals), new Huffman(lengths, literals, distances));
  }

  private codes(literals: Huffman, distances: Huffman): void {
    while (true) {
      const symbol = this.symbol(literals);
      if (symbol < 256) {
        this.put(<u8>symbol);
        continue;
      }
      if (symbol == 256) return;
      if (symbol > 285) fail('damaged image: unknown length code');
      const length = <i32>LENGTH_BASE[symbol - 257] + <i32>this.bits(LENGTH_EXTRA[symbol - 257]);
      const code = this.symbol(distances);
      if (code > 29) fail('damaged image: unknown distance code');
      const distance = <i32>DISTANCE_BASE[code] + <i32>this.bits(DISTANCE_EXTRA[code]);
      if (distance > this.length) fail('damaged image: a distance before its beginning');
      for (let i = 0; i < length; i++) this.put(this.out[this.length - distance]);
    }
  }

  private symbol(huffman: Huffman): i32 {
    let code = 0;
    let first = 0;
    let index = 0;
    for (let bits = 1; bits <= MAX_BITS; bits++) {
      code |= <i32>this.bits(1);
      const count = <i32>huffman.counts[bits];
      if (code - first < count) return <i32>huffman.symbols[index + code - first];
      index += count;
      first = (first + count) << 1;
      code <<= 1;
    }
    fail('damaged image: a code nobody defined');
    return 0;
  }

  private checkAdler(): void {
    let a: u32 = 1;
    let b: u32 = 0;
    for (let i = 0; i < this.out.length; i++) {
      a = (a + this.out[i]) % 65521;
      b = (b + a) % 65521;
    }
    let stated: u32 = 0;
    for (let i = 0; i < 4; i++) stated = (stated << 8) | this.byte();
    if (stated != ((b << 16) | a)) fail('damaged image: its checksum is wrong');
  }
}

export function inflateZlib(source: Uint8Array, size: i32): Uint8Array {
  if (
    source.length < 6 ||
    (source[0] & 15) != 8 ||
    (((<u32>source[0]) << 8) | source[1]) % 31 != 0 ||
    (source[1] & 32) != 0
  )
    fail('damaged image: no zlib stream');
  const out = new Uint8Array(size);
  new Inflater(source, out).run();
  return out;
}
