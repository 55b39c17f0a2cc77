/** A ZIP of stored, empty files. */
export function zip(...names: string[]): Uint8Array {
  const entry = (mark: string, size: number, lengthAt: number, name: string) => {
    const head = Buffer.alloc(size);
    head.write(mark, 'latin1');
    head.writeUInt16LE(name.length, lengthAt);
    return Buffer.concat([head, Buffer.from(name)]);
  };
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06', 'latin1');
  const locals = names.map((name) => entry('PK\x03\x04', 30, 26, name));
  return Uint8Array.from(Buffer.concat([...locals, ...names.map((name) => entry('PK\x01\x02', 46, 28, name)), end]));
}
