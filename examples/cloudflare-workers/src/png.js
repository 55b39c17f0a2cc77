// PNGs of 8 bits a sample, without a palette and not interlaced, as cameras' and canvases' are. The platform's own DecompressionStream inflates
// them, which takes a third of the time of libraries in JavaScript and leaves less to the garbage collector.

const CHANNELS = { 0: 1, 2: 3, 6: 4 };

/** @returns {Promise<{ width: number, height: number, channels: number, data: Uint8Array }>} */
export async function decodePng(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 33 || view.getUint32(0) !== 0x89504e47) throw new Error('this is no PNG');
  const [width, height, depth, kind, interlaced] = [view.getUint32(16), view.getUint32(20), bytes[24], bytes[25], bytes[28]];
  const channels = CHANNELS[kind];
  if (depth !== 8 || !channels || interlaced) throw new Error('the PNG needs 8 bits a sample, no palette and no interlacing');
  const parts = [];
  for (let at = 8; at + 12 <= bytes.length; at += 12 + view.getUint32(at)) {
    if (view.getUint32(at + 4) === 0x49444154) parts.push(bytes.subarray(at + 8, at + 8 + view.getUint32(at)));
  }
  const inflated = new Blob(parts).stream().pipeThrough(new DecompressionStream('deflate'));
  return unfilter(new Uint8Array(await new Response(inflated).arrayBuffer()), width, height, channels);
}

/** Takes back the filters (PNG specification, section 9), one for each row, named in the byte before it. */
export function unfilter(rows, width, height, channels) {
  const stride = width * channels;
  if (rows.length < (stride + 1) * height) throw new Error('the PNG is cut off');
  const data = new Uint8Array(stride * height);
  const nothing = new Uint8Array(stride);
  for (let y = 0; y < height; y++) {
    const from = y * (stride + 1);
    const row = data.subarray(y * stride, (y + 1) * stride);
    const above = y > 0 ? data.subarray((y - 1) * stride, y * stride) : nothing;
    row.set(rows.subarray(from + 1, from + 1 + stride));
    const filter = rows[from];
    if (filter === 1) for (let i = channels; i < stride; i++) row[i] += row[i - channels];
    else if (filter === 2) for (let i = 0; i < stride; i++) row[i] += above[i];
    else if (filter === 3) for (let i = 0; i < stride; i++) row[i] += ((i < channels ? 0 : row[i - channels]) + above[i]) >> 1;
    else if (filter === 4) paeth(row, above, channels);
  }
  return { width, height, channels, data };
}

function paeth(row, above, channels) {
  for (let i = 0; i < channels; i++) row[i] += above[i];
  for (let i = channels; i < row.length; i++) {
    const a = row[i - channels];
    const b = above[i];
    const c = above[i - channels];
    const pa = Math.abs(b - c);
    const pb = Math.abs(a - c);
    const pc = Math.abs(a + b - 2 * c);
    row[i] += pa <= pb && pa <= pc ? a : pb <= pc ? b : c;
  }
}
