import { fail } from '../../../cli/templates/wasm/assembly/soma';

/** Reads an object whose values are all strings (RFC 8259), and gives back their UTF-8 bytes by name. */
export class StringObject {
  private at: i32 = 0;
  private readonly names: string[] = [];
  private readonly values: Uint8Array[] = [];

  constructor(private readonly text: Uint8Array) {
    this.members();
  }

  private members(): void {
    this.expect(0x7b, 'an object');
    if (this.peek() == 0x7d) return;
    while (true) {
      const name = this.string();
      this.expect(0x3a, 'a colon');
      this.names.push(String.UTF8.decodeUnsafe(name.dataStart, name.length));
      this.values.push(this.string());
      const next = this.next();
      if (next == 0x7d) return;
      if (next != 0x2c) fail('the input is not an object of strings: expected a comma at byte ' + this.at.toString());
    }
  }

  get(name: string): Uint8Array | null {
    const place = this.names.indexOf(name);
    return place < 0 ? null : this.values[place];
  }

  private peek(): u8 {
    while (this.at < this.text.length) {
      const byte = this.text[this.at];
      if (byte != 0x20 && byte != 0x09 && byte != 0x0a && byte != 0x0d) return byte;
      this.at++;
    }
    return 0;
  }

  private next(): u8 {
    const byte = this.peek();
    this.at++;
    return byte;
  }

  private expect(byte: u8, what: string): void {
    if (this.next() != byte)
      fail('the input is not an object of strings: expected ' + what + ' at byte ' + (this.at - 1).toString());
  }

  private string(): Uint8Array {
    this.expect(0x22, 'a string');
    const out = new Uint8Array(this.stringLength());
    let length = 0;
    while (this.text[this.at] != 0x22) {
      const byte = this.text[this.at++];
      if (byte == 0x5c) length = this.escape(out, length);
      else out[length++] = byte;
    }
    this.at++;
    return out.subarray(0, length);
  }

  /** Bytes up to the closing quote: no unescaped string is longer than its source. */
  private stringLength(): i32 {
    let end = this.at;
    while (end < this.text.length && this.text[end] != 0x22) end += this.text[end] == 0x5c ? 2 : 1;
    if (end >= this.text.length) fail('the input ends inside a string');
    return end - this.at;
  }

  private escape(out: Uint8Array, length: i32): i32 {
    const kind = this.text[this.at++];
    if (kind == 0x75) {
      const unit = this.hex4();
      // Names and base64 need no character beyond Latin; whatever else is escaped becomes a replacement mark.
      out[length] = unit < 0x80 ? <u8>unit : 0x3f;
    } else if (kind == 0x6e) out[length] = 0x0a;
    else if (kind == 0x74) out[length] = 0x09;
    else if (kind == 0x72) out[length] = 0x0d;
    else if (kind == 0x62) out[length] = 0x08;
    else if (kind == 0x66) out[length] = 0x0c;
    else if (kind == 0x22 || kind == 0x5c || kind == 0x2f) out[length] = kind;
    else fail('unknown escape in the input at byte ' + this.at.toString());
    return length + 1;
  }

  private hex4(): u32 {
    let unit: u32 = 0;
    for (let i = 0; i < 4; i++) {
      const byte = this.text[this.at++];
      const lower = byte | 0x20;
      if (byte >= 0x30 && byte <= 0x39) unit = unit * 16 + (byte - 0x30);
      else if (lower >= 0x61 && lower <= 0x66) unit = unit * 16 + (lower - 0x57);
      else fail('unknown escape in the input at byte ' + this.at.toString());
    }
    return unit;
  }
}
