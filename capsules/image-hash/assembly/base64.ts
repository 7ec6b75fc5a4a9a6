import { fail } from '../../../cli/templates/wasm/assembly/soma';

/** RFC 4648 §4, white space between groups allowed. */
export function decodeBase64(text: Uint8Array): Uint8Array {
  const out = new Uint8Array((text.length / 4) * 3 + 3);
  let length = 0;
  let bits: u32 = 0;
  let held = 0;
  let padding = 0;
  for (let i = 0; i < text.length; i++) {
    const byte = text[i];
    if (byte == 0x20 || byte == 0x0a || byte == 0x0d || byte == 0x09) continue;
    if (byte == 0x3d) {
      padding++;
      continue;
    }
    const value = sextet(byte);
    if (value < 0 || padding > 0) fail('not base64 at character ' + i.toString());
    bits = (bits << 6) | <u32>value;
    held += 6;
    if (held >= 8) {
      held -= 8;
      out[length++] = <u8>(bits >> held);
    }
  }
  if (held >= 6 || padding > 2) fail('not base64: it ends inside a group');
  return out.subarray(0, length);
}

function sextet(byte: u8): i32 {
  if (byte >= 0x41 && byte <= 0x5a) return byte - 0x41;
  if (byte >= 0x61 && byte <= 0x7a) return byte - 0x47;
  if (byte >= 0x30 && byte <= 0x39) return byte + 4;
  if (byte == 0x2b) return 62;
  if (byte == 0x2f) return 63;
  return -1;
}
