/**
 * The bytes of a binary that scripts/binaries.mjs wrote as a string: printable ASCII, which no bundler escapes and gzip
 * shortens about as well as the binary itself. A byte is 88 * page + digit, less 5, and with 0x48 to 0x4f in the place of
 * 0x68 to 0x6f: that brings what is frequent to page 0. '}' and '~' before a digit say pages 1 and 2, and '{' stands for the
 * backslash.
 * @internal
 */
export function decodeBinary(text: string): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(text.length);
  let length = 0;
  let page = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code > 124) page = code - 124;
    else {
      const byte = (code === 123 ? 92 : code) - 40 + 88 * page;
      bytes[length++] = (byte & 0xd8) === 0x48 ? byte ^ 0x20 : byte;
      page = 0;
    }
  }
  return bytes.slice(0, length);
}
