/** Standard base64 with padding (RFC 4648 §4), in exactly one spelling. */
export function toBase64(bytes: Uint8Array): string {
  let binary = '';
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary);
}

/** @throws RangeError where the text is not canonical base64 */
export function fromBase64(text: string): Uint8Array {
  const bytes = /^[A-Za-z0-9+/]*={0,2}$/.test(text) && text.length % 4 === 0 ? decode(text) : undefined;
  if (!bytes || toBase64(bytes) !== text) throw new RangeError('expected base64 with padding');
  return bytes;
}

function decode(text: string): Uint8Array | undefined {
  try {
    return Uint8Array.from(atob(text), (char) => char.charCodeAt(0));
  } catch {
    return undefined;
  }
}
