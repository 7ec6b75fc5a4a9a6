import { fail, log, progress, readInput, result, usage } from '../../../cli/templates/wasm/assembly/soma';
import { decodeBase64 } from './base64';
import { StringObject } from './json';
import { differenceHash, frequencyHash } from './perceptual';
import { decodePng, Image } from './png';
import { hex32, sha256Hex } from './sha256';

const INPUT_LIMIT = 12 << 20;

class Hashed {
  constructor(
    readonly image: Image,
    readonly difference: u64,
    readonly frequency: u64,
    readonly json: string,
  ) {}
}

// oxlint-disable-next-line no-underscore-dangle -- the name WASI starts a command by
export function _start(): void {
  const input = new StringObject(readInput(INPUT_LIMIT));
  const first = hash(input, 'png');
  if (first == null) return fail('the input names no image: expected "png"');
  const other = hash(input, 'other');
  if (other == null) return result('{"image":' + first.json + '}');
  const comparison = compare(first, other);
  result('{"image":' + first.json + ',"other":' + other.json + ',"comparison":' + comparison + '}');
}

function hash(input: StringObject, name: string): Hashed | null {
  const text = input.get(name);
  if (text == null) return null;
  const file = decodeBase64(text);
  const image = decodePng(file);
  log(
    name + ': ' + image.width.toString() + ' × ' + image.height.toString() + ', ' + file.length.toString() + ' bytes',
  );
  progress(0.5, name + ' decoded');
  const difference = differenceHash(image);
  const frequency = frequencyHash(image);
  usage('kilopixels', (image.width * image.height + 999) / 1000);
  const json =
    '{"width":' +
    image.width.toString() +
    ',"height":' +
    image.height.toString() +
    ',"bitDepth":' +
    image.bitDepth.toString() +
    ',"colourType":"' +
    colourName(image.colourType) +
    '","isInterlaced":' +
    (image.isInterlaced ? 'true' : 'false') +
    ',"bytes":' +
    file.length.toString() +
    ',"sha256":"' +
    sha256Hex(file) +
    '","pixelsSha256":"' +
    sha256Hex(image.rgba) +
    '","dhash":"' +
    hex64(difference) +
    '","phash":"' +
    hex64(frequency) +
    '"}';
  return new Hashed(image, difference, frequency, json);
}

/** Of 64 bits, unrelated images differ in about 32; up to 10 is the usual bound for "the same picture". */
function compare(a: Hashed, b: Hashed): string {
  const difference = popcnt<u64>(a.difference ^ b.difference);
  const frequency = popcnt<u64>(a.frequency ^ b.frequency);
  const looksAlike = difference <= 10 && frequency <= 10;
  return (
    '{"dhashDistance":' +
    difference.toString() +
    ',"phashDistance":' +
    frequency.toString() +
    ',"looksAlike":' +
    (looksAlike ? 'true' : 'false') +
    '}'
  );
}

function colourName(colourType: i32): string {
  if (colourType == 0) return 'grey';
  if (colourType == 2) return 'rgb';
  if (colourType == 3) return 'palette';
  return colourType == 4 ? 'grey-alpha' : 'rgba';
}

function hex64(value: u64): string {
  return hex32(<u32>(value >> 32)) + hex32(<u32>value);
}
