import { fail } from '../../../cli/templates/wasm/assembly/soma';
import { inflateZlib } from './inflate';

// PNG, W3C Third Edition: every colour type, bit depth and filter, and Adam7.

const MAX_PIXELS: u64 = 16 << 20;

const GREY = 0;
const RGB = 2;
const PALETTE = 3;
const GREY_ALPHA = 4;
const RGBA = 6;

const IHDR: u32 = 0x49484452;
const PLTE: u32 = 0x504c5445;
const TRNS: u32 = 0x74524e53;
const IDAT: u32 = 0x49444154;
const IEND: u32 = 0x49454e44;
/** A lower-case first letter: a reader may skip the chunk. */
const ANCILLARY: u32 = 0x20000000;

const ADAM7_X: StaticArray<u8> = [0, 4, 0, 2, 0, 1, 0];
const ADAM7_Y: StaticArray<u8> = [0, 0, 4, 0, 2, 0, 1];
const ADAM7_DX: StaticArray<u8> = [8, 8, 4, 4, 2, 2, 1];
const ADAM7_DY: StaticArray<u8> = [8, 8, 8, 4, 4, 2, 2];

export class Image {
  width: i32 = 0;
  height: i32 = 0;
  bitDepth: i32 = 0;
  colourType: i32 = 0;
  isInterlaced: bool = false;
  /** Four bytes a pixel; of 16-bit samples the upper half. */
  rgba: Uint8Array = new Uint8Array(0);
}

export function decodePng(file: Uint8Array): Image {
  return new Decoder(file).decode();
}

class Decoder {
  private readonly image: Image = new Image();
  private palette: Uint8Array = new Uint8Array(0);
  private transparency: Uint8Array = new Uint8Array(0);
  private readonly data: Uint8Array;
  private dataLength: i32 = 0;
  private bitsPerPixel: i32 = 0;

  constructor(private readonly file: Uint8Array) {
    this.data = new Uint8Array(file.length);
  }

  decode(): Image {
    if (this.file.length < 45 || this.u32(0) != 0x89504e47 || this.u32(4) != 0x0d0a1a0a) fail('not a PNG file');
    this.chunks();
    const image = this.image;
    const raw = inflateZlib(this.data.subarray(0, this.dataLength), this.rawSize());
    image.rgba = new Uint8Array(image.width * image.height * 4);
    if (!image.isInterlaced) this.pass(raw, 0, 0, 0, 1, 1);
    else {
      let offset = 0;
      for (let n = 0; n < 7; n++) offset = this.pass(raw, offset, ADAM7_X[n], ADAM7_Y[n], ADAM7_DX[n], ADAM7_DY[n]);
    }
    return image;
  }

  private u32(at: i32): u32 {
    return bswap<u32>(load<u32>(this.file.dataStart + at));
  }

  private chunks(): void {
    let at = 8;
    while (true) {
      if (at + 12 > this.file.length) fail('damaged image: it ends without its end chunk');
      const length = this.u32(at);
      const kind = this.u32(at + 4);
      if (length > <u32>(this.file.length - at - 12)) fail('damaged image: a chunk is longer than the file');
      const size = <i32>length;
      if (this.u32(at + 8 + size) != crc32(this.file, at + 4, size + 4))
        fail('damaged image: a chunk has the wrong checksum');
      if ((at == 8) != (kind == IHDR)) fail('damaged image: its header is not its first chunk');
      const body = this.file.subarray(at + 8, at + 8 + size);
      if (kind == IHDR) this.header(body);
      else if (kind == PLTE) this.palette = body;
      else if (kind == TRNS) this.transparency = body;
      else if (kind == IDAT) {
        this.data.set(body, this.dataLength);
        this.dataLength += size;
      } else if (kind == IEND) return;
      else if ((kind & ANCILLARY) == 0) fail('an image with an unknown critical chunk');
      at += size + 12;
    }
  }

  private header(body: Uint8Array): void {
    if (body.length != 13) fail('damaged image: its header has the wrong length');
    const width = bswap<u32>(load<u32>(body.dataStart));
    const height = bswap<u32>(load<u32>(body.dataStart, 4));
    if (width == 0 || height == 0) fail('damaged image: it has no pixels');
    if (<u64>width * <u64>height > MAX_PIXELS) fail('the image has more than 16,777,216 pixels');
    const image = this.image;
    image.width = <i32>width;
    image.height = <i32>height;
    image.bitDepth = body[8];
    image.colourType = body[9];
    if (body[10] != 0 || body[11] != 0 || body[12] > 1)
      fail('damaged image: unknown compression, filter or interlace method');
    image.isInterlaced = body[12] == 1;
    if (!isAllowed(image.colourType, image.bitDepth))
      fail('damaged image: that colour type does not come in that bit depth');
    this.bitsPerPixel = channelsOf(image.colourType) * image.bitDepth;
  }

  private rowBytes(width: i32): i32 {
    return (width * this.bitsPerPixel + 7) >> 3;
  }

  private rawSize(): i32 {
    const width = this.image.width;
    const height = this.image.height;
    if (!this.image.isInterlaced) return (this.rowBytes(width) + 1) * height;
    let size = 0;
    for (let n = 0; n < 7; n++) {
      const columns = across(width, ADAM7_X[n], ADAM7_DX[n]);
      if (columns > 0) size += (this.rowBytes(columns) + 1) * across(height, ADAM7_Y[n], ADAM7_DY[n]);
    }
    return size;
  }

  /** Undoes the filters of one pass in place and sets its pixels; returns where the next pass begins. */
  private pass(raw: Uint8Array, start: i32, x0: i32, y0: i32, dx: i32, dy: i32): i32 {
    const columns = across(this.image.width, x0, dx);
    const rows = across(this.image.height, y0, dy);
    if (columns == 0) return start;
    const size = this.rowBytes(columns);
    const step = max(1, this.bitsPerPixel >> 3);
    let at = start;
    for (let row = 0; row < rows; row++) {
      unfilter(raw, at, size, step, row == 0);
      for (let column = 0; column < columns; column++) {
        this.pixel(raw, at + 1, column, ((y0 + row * dy) * this.image.width + x0 + column * dx) * 4);
      }
      at += size + 1;
    }
    return at;
  }

  private pixel(raw: Uint8Array, row: i32, column: i32, target: i32): void {
    const kind = this.image.colourType;
    const depth = this.image.bitDepth;
    if (depth == 16) return this.pixel16(raw, row + column * channelsOf(kind) * 2, target);
    if (depth < 8) {
      const bit = column * depth;
      const highest = (1 << depth) - 1;
      const value = (<i32>raw[row + (bit >> 3)] >> (8 - depth - (bit & 7))) & highest;
      if (kind == PALETTE) return this.colour(<u8>value, target);
      const grey = <u8>((value * 255) / highest);
      return this.set(target, grey, grey, grey, this.isTransparent(value, value, value) ? 0 : 255);
    }
    const at = row + column * channelsOf(kind);
    const first = raw[at];
    if (kind == PALETTE) this.colour(first, target);
    else if (kind == GREY) this.set(target, first, first, first, this.isTransparent(first, first, first) ? 0 : 255);
    else if (kind == GREY_ALPHA) this.set(target, first, first, first, raw[at + 1]);
    else if (kind == RGBA) this.set(target, first, raw[at + 1], raw[at + 2], raw[at + 3]);
    else
      this.set(target, first, raw[at + 1], raw[at + 2], this.isTransparent(first, raw[at + 1], raw[at + 2]) ? 0 : 255);
  }

  private pixel16(raw: Uint8Array, at: i32, target: i32): void {
    const kind = this.image.colourType;
    const first = sample16(raw, at);
    if (kind == GREY || kind == GREY_ALPHA) {
      const alpha: u8 = kind == GREY_ALPHA ? raw[at + 2] : this.isTransparent(first, first, first) ? 0 : 255;
      return this.set(target, raw[at], raw[at], raw[at], alpha);
    }
    const isClear = kind == RGB && this.isTransparent(first, sample16(raw, at + 2), sample16(raw, at + 4));
    this.set(target, raw[at], raw[at + 2], raw[at + 4], kind == RGBA ? raw[at + 6] : isClear ? 0 : 255);
  }

  /** tRNS of a grey or RGB image names the one sample value that is transparent. */
  private isTransparent(r: u32, g: u32, b: u32): bool {
    const clear = this.transparency;
    if (this.image.colourType == GREY) return clear.length == 2 && sample16(clear, 0) == r;
    return clear.length == 6 && sample16(clear, 0) == r && sample16(clear, 2) == g && sample16(clear, 4) == b;
  }

  private colour(index: u8, target: i32): void {
    const at = <i32>index * 3;
    if (at + 2 >= this.palette.length) fail('damaged image: a pixel outside its palette');
    const alpha: u8 = <i32>index < this.transparency.length ? this.transparency[index] : 255;
    this.set(target, this.palette[at], this.palette[at + 1], this.palette[at + 2], alpha);
  }

  private set(target: i32, r: u8, g: u8, b: u8, a: u8): void {
    const rgba = this.image.rgba;
    rgba[target] = r;
    rgba[target + 1] = g;
    rgba[target + 2] = b;
    rgba[target + 3] = a;
  }
}

function sample16(bytes: Uint8Array, at: i32): u32 {
  return ((<u32>bytes[at]) << 8) | bytes[at + 1];
}

function across(size: i32, from: i32, step: i32): i32 {
  return size <= from ? 0 : (size - from + step - 1) / step;
}

function channelsOf(colourType: i32): i32 {
  if (colourType == RGB) return 3;
  if (colourType == RGBA) return 4;
  return colourType == GREY_ALPHA ? 2 : 1;
}

function isAllowed(colourType: i32, depth: i32): bool {
  if (colourType == GREY) return depth == 1 || depth == 2 || depth == 4 || depth == 8 || depth == 16;
  if (colourType == PALETTE) return depth == 1 || depth == 2 || depth == 4 || depth == 8;
  return (colourType == RGB || colourType == GREY_ALPHA || colourType == RGBA) && (depth == 8 || depth == 16);
}

/** §9.2. `at` is the filter byte; `step` the distance to the pixel on the left. */
function unfilter(raw: Uint8Array, at: i32, size: i32, step: i32, isFirst: bool): void {
  const filter = raw[at];
  if (filter == 0) return;
  if (filter > 4) fail('damaged image: unknown filter');
  for (let i = 0; i < size; i++) {
    const here = at + 1 + i;
    const left: i32 = i >= step ? raw[here - step] : 0;
    const up: i32 = isFirst ? 0 : raw[here - size - 1];
    const corner: i32 = isFirst || i < step ? 0 : raw[here - size - 1 - step];
    const guess = filter == 1 ? left : filter == 2 ? up : filter == 3 ? (left + up) >> 1 : paeth(left, up, corner);
    raw[here] = <u8>(<i32>raw[here] + guess);
  }
}

function paeth(left: i32, up: i32, corner: i32): i32 {
  const estimate = left + up - corner;
  const toLeft = abs(estimate - left);
  const toUp = abs(estimate - up);
  const toCorner = abs(estimate - corner);
  if (toLeft <= toUp && toLeft <= toCorner) return left;
  return toUp <= toCorner ? up : corner;
}

const CRC_TABLE: StaticArray<u32> = crcTable();

function crcTable(): StaticArray<u32> {
  const table = new StaticArray<u32>(256);
  for (let n: u32 = 0; n < 256; n++) {
    let c = n;
    for (let k = 0; k < 8; k++) c = c & 1 ? 0xedb88320 ^ (c >> 1) : c >> 1;
    table[n] = c;
  }
  return table;
}

function crc32(bytes: Uint8Array, from: i32, length: i32): u32 {
  let crc: u32 = 0xffffffff;
  for (let i = 0; i < length; i++) crc = CRC_TABLE[(crc ^ bytes[from + i]) & 255] ^ (crc >> 8);
  return crc ^ 0xffffffff;
}
