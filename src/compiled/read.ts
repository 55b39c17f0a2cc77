import { Op, PROGRAM_VERSION, STATIC_BYTES, WidenArg } from '../../assembly/opcodes.ts';
import { checkAborted } from '../abort.ts';
import { bytesOf } from '../arguments.ts';
import { LanewiseError } from '../errors.ts';
import { type Bytes, inMemory, isInMemory, partOf } from '../formats/bytes.ts';
import type { TypedArray } from '../graph/tensor.ts';
import { wordsOf } from '../plan/instructions.ts';
import { packOf } from '../plan/packs.ts';
import type { Args, Buffer, Pointer } from '../plan/place.ts';
import type { Instruction, LoadStep, Plan, Port } from '../plan/plan.ts';
import { type Binary, Model } from '../runtime/model.ts';
import { type RuntimeOptions, withPack } from '../runtime/options.ts';
import type { PlanSource } from '../runtime/ports.ts';
import { makesSense } from './check.ts';
import { xxh32 } from './checksum.ts';
import { Header, isCompiled, type Meta, type PortMeta, textOf } from './format.ts';

/** The model for the result of `readCompiled`. */
export async function createCompiled<N extends string = string>(
  plans: PlanSource,
  options: RuntimeOptions,
  compiling: Promise<Binary>,
): Promise<Model<N>> {
  const dims = shapesOf(plans);
  const binary = await withPack(compiling, packOf(plans.plan(dims, new Map()).steps), options);
  checkAborted(options.signal);
  return new Model(plans, binary, dims);
}

/** The shapes of a compiled model's inputs, all known. */
export const shapesOf = ({ inputs }: PlanSource) => new Map(inputs.map(({ name, dims }) => [name, dims as readonly number[]]));

/**
 * Reads a compiled model, as `compileModel` writes it: it has one plan. The body is read when the plan is put into memory. The
 * chunk of a pack is fetched if the program is of that.
 * @param what names the file in errors
 * @throws LanewiseError INVALID_FILE, TRUNCATED_FILE, or UNSUPPORTED if it is of another program version
 */
export async function readCompiled(bytes: Bytes, what: string): Promise<PlanSource> {
  const damaged = (why: string) => new LanewiseError('INVALID_FILE', `${what} is damaged: ${why}`);
  if (!isCompiled(bytes)) throw new LanewiseError('INVALID_FILE', `${what} is no compiled model`);
  const header = headerOf(inMemory(partOf(bytes, 0, Math.min(bytes.length, Header.Bytes))), what);
  const bodyAt = Header.Bytes + header.metaBytes + header.programBytes;
  const expected = bodyAt + header.bodyBytes;
  if (bytes.length < expected) {
    throw new LanewiseError('TRUNCATED_FILE', `${what} has ${bytes.length} of its ${expected} bytes: it was cut off or damaged`);
  }
  if (bytes.length > expected) throw damaged(`it has ${bytes.length} bytes where its header says ${expected}`);
  // A copy, so that its words are aligned.
  const head = new Uint8Array(bodyAt - Header.Bytes);
  copy(bytes, Header.Bytes, head);
  if ((header.metaBytes | header.programBytes) % 16) throw damaged('it makes no sense');
  if (xxh32(head) !== header.headSum) throw damaged('the checksum of its program is another');
  const { meta, steps } = await programOf(head, header, damaged);

  const [weightBytes, constantBytes, arenaBytes, workspaceBytes] = meta.memory;
  const weights: Buffer = { region: 'weights', bytes: weightBytes, offset: 0 };
  const constants: Buffer = { region: 'plan', bytes: constantBytes, offset: 0 };
  const at = (address: number): Pointer => ({ buffer: weights, offset: address - STATIC_BYTES });
  const port = ({ name, type, dims, address = 0 }: PortMeta): Port => ({ name, type, dims, pointer: at(address) });

  function* load(): Generator<LoadStep> {
    let from = bodyAt;
    for (const [address, length, sum, half, ...words] of meta.segments) {
      const start = from;
      const to = at(half ? address + length : address);
      const fill = (target: TypedArray) => copy(bytes, start, target as Uint8Array);
      const verify = (found: number | undefined, target: Uint8Array) => {
        if ((found ?? xxh32(target)) >>> 0 !== sum) throw damaged('the checksum of its weights is another');
      };
      yield { copies: [{ type: 'uint8', length, to, fill, verify }] };
      if (half) yield loading(Op.Widen, { [WidenArg.Data]: address, [WidenArg.Count]: length / 2 });
      if (words[0] !== undefined) yield loading(words[0], words);
      from += length;
    }
  }

  const plan: Plan = {
    inputs: meta.inputs.filter(({ address }) => address !== undefined).map(port),
    outputs: meta.outputs.map(port),
    // Reading the first part brings the other's content too.
    residents: [
      { key: 'compiled', buffer: weights, load },
      { key: 'constants', buffer: constants, load: () => [] },
    ],
    steps,
    arenaBytes,
    workspaceBytes,
    relayouts: meta.relayouts,
  };
  return {
    inputs: meta.inputs.map(shownPort),
    outputs: meta.outputs.map(shownPort),
    narrow: [...meta.inputs, ...meta.outputs].some(({ face }) => face === 'float64'),
    shapingInputs: new Set(),
    unreadInputs: new Set(meta.inputs.filter(({ unread }) => unread).map(({ name }) => name)),
    // The program is as it is, and makes all outputs.
    plan: (_, __, wanted) => (wanted ? { ...plan, outputs: plan.outputs.filter(({ name }) => wanted.has(name)) } : plan),
  };
}

const shownPort = ({ name, type, face, dims }: PortMeta) => ({ name, type: face ?? type, dims });

function headerOf(bytes: Uint8Array, what: string) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const cutOff = () => new LanewiseError('TRUNCATED_FILE', `${what} ends inside its header: it was cut off`);
  if (bytes.length < Header.Version + 4) throw cutOff();
  const version = view.getUint32(Header.Version, true);
  if (version !== PROGRAM_VERSION) {
    throw new LanewiseError(
      'UNSUPPORTED',
      `${what} was compiled for program version ${version} and this version of Lanewise runs ${PROGRAM_VERSION}: compile the model again`,
    );
  }
  if (bytes.length < Header.Bytes) throw cutOff();
  const word = (at: Header) => view.getUint32(at, true);
  return {
    metaBytes: word(Header.MetaBytes),
    programBytes: word(Header.ProgramBytes),
    headSum: word(Header.HeadSum),
    bodyBytes: Number(view.getBigUint64(Header.BodyBytes, true)),
  };
}

/** Copies from a file straight to where the bytes are wanted. */
function copy(bytes: Bytes, from: number, target: Uint8Array): void {
  if (isInMemory(bytes)) target.set(bytesOf(bytes, 'the model').subarray(from, from + target.length));
  else bytes.read(target, from);
}

const loading = (op: Op, args: Args): LoadStep => ({ copies: [], instruction: { op, args, node: 'weights', macs: 0 } });

/** @param damaged makes the error for content that makes no sense, whatever its checksum */
async function programOf(head: Uint8Array<ArrayBuffer>, header: ReturnType<typeof headerOf>, damaged: (why: string) => LanewiseError) {
  try {
    const meta = JSON.parse(textOf(head.subarray(0, header.metaBytes))) as Meta;
    if (meta.pack === 'quantized') await fetchQuantized();
    const steps = stepsOf(meta, new Int32Array(head.buffer, header.metaBytes));
    if (steps && makesSense(meta, steps, header)) return { meta, steps };
  } catch {
    // Some part has the wrong kind.
  }
  throw damaged('it makes no sense');
}

const fetchQuantized = async (): Promise<void> => (await import('../quantized/compiled.ts')).addCompiled();

/** The instructions, whose words are plain numbers; undefined if their number differs from the meta's. */
function stepsOf({ steps }: Meta, words: Int32Array): Instruction[] | undefined {
  let at = 0;
  const instructions = steps.map(([node, macs]): Instruction => {
    const op = words[at] as Op;
    const args = words.subarray(at, at + wordsOf(op));
    at += args.length || words.length + 1;
    return { op, args, node, macs };
  });
  return at <= words.length ? instructions : undefined;
}
