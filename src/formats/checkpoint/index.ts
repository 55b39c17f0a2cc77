import { shown } from '../../arguments.ts';
import { LanewiseError } from '../../errors.ts';
import { product } from '../../graph/dims.ts';
import type { Constant } from '../../graph/graph.ts';
import { type Bytes, bytesPerElement, checkedBytes, inMemory, partOf, startOf, widened } from '../bytes.ts';
import { isDict, type Pickled, unpickle } from './pickle.ts';
import { Reader } from './reader.ts';
import { constantOf, kindOfPickled, namedTensors, StateDictHost, type Storage, type StoredTensor } from './tensors.ts';
import { contentsOf, type Fail, readZip } from './zip.ts';

/** The object in a file's pickle, and where its storages are. */
interface Contents {
  readonly root: Pickled;
  /** @throws LanewiseError if the storage is missing or incomplete */
  bytesOf(storage: Storage): Bytes;
}

/**
 * The tensors of a PyTorch checkpoint (`.pth`, `.pt`, `pytorch_model.bin`), as `torch.save` writes a state dict, by name.
 *
 * Both of its forms are read: the zip archive of PyTorch 1.6 and later (pytorch.org/docs/stable/notes/serialization.html),
 * and the older one of several pickles (`_legacy_save` in torch/serialization.py). The state dict may lie under
 * `state_dict`, `model_state_dict` or `model`, with anything plain beside it; `module.` in front of all names, from
 * DataParallel, is removed. Nothing of the file is ever run: a pickle that needs more than dictionaries, numbers, texts and
 * tensors is refused.
 *
 * Constants are views on `file`, decoded by `read()`, of the shapes and strides that were saved; float16 and bfloat16 come
 * as float32. Checksums are not compared.
 * @param file its bytes
 * @param what names the file in errors
 * @throws LanewiseError INVALID_FILE for bytes that are no checkpoint or are damaged, TRUNCATED_FILE where the file ends
 *   early, UNSUPPORTED for whole models, TorchScript, other objects, element types and big-endian files, TOO_LARGE where
 *   tensors that share memory take over 16 times what the file does, INVALID_INPUT for no bytes at all
 * @example
 * import { readFileSync } from 'node:fs';
 * import { readCheckpoint } from 'lanewise/formats';
 *
 * const { tensors } = readCheckpoint(readFileSync('resnet18-f37072fd.pth'), 'resnet18-f37072fd.pth');
 * tensors.get('conv1.weight'); // { type: 'float32', dims: [64, 3, 7, 7], read(): Float32Array, ... }
 */
export function readCheckpoint(file: Uint8Array, what = 'the file'): { tensors: Map<string, Constant> } {
  return openCheckpoint(file, what);
}

/** How many times its own size a file's tensors may take: widened halves take twice, and tied weights once for each name. */
const MOST_SHARED = 16;
/** Bytes that the tensors of any file may take, because small files may share more. */
const SMALL = 2 ** 20;

/** As `readCheckpoint`, but reads only what describes the tensors. */
export function openCheckpoint(file: Bytes, what: string): { tensors: Map<string, Constant> } {
  const fail: Fail = (message, code = 'INVALID_FILE') => new LanewiseError(code, `${what}: ${message}`);
  const bytes = checkedBytes(file, what);
  const host = new StateDictHost(bytes.length, fail);
  const start = inMemory(partOf(bytes, 0, 512));
  let contents: Contents;
  if (start[0] === 0x50 && start[1] === 0x4b) contents = openArchive(bytes, host, fail);
  else if (start[0] === PROTO) contents = openLegacy(bytes, host, fail);
  else if (String.fromCharCode(...start.subarray(257, 262)) === 'ustar') {
    throw fail(`a checkpoint of PyTorch before 0.1.10 (a tar archive): ${SAVE_AGAIN}`, 'UNSUPPORTED');
  } else throw fail(`not a checkpoint of PyTorch: ${startOf(start)}`);

  const tensors = new Map<string, Constant>();
  let total = 0;
  for (const [name, tensor] of stateDict(contents.root, fail)) {
    const constant = constantOf(name, tensor, contents.bytesOf(tensor.storage), fail);
    total += product(constant.dims) * bytesPerElement(widened(tensor.storage.stored));
    if (total > MOST_SHARED * bytes.length + SMALL) {
      throw fail(
        `tensors share memory so much that they take over ${MOST_SHARED} times the ${bytes.length} bytes of the file`,
        'TOO_LARGE',
      );
    }
    tensors.set(name, constant);
  }
  return { tensors };
}

/** The advice for files of a kind that is not read. */
const SAVE_AGAIN = "in Python, torch.save(torch.load('old.pth'), 'new.pth') writes one that Lanewise reads";

/** PyTorch 1.6 and later: a zip archive of `NAME/data.pkl` and the storages, each in a file `NAME/data/KEY`. */
function openArchive(bytes: Bytes, host: StateDictHost, fail: Fail): Contents {
  const entries = readZip(bytes, fail);
  const [first = ''] = entries.keys();
  const folder = first.slice(0, first.indexOf('/') + 1);
  const pickle = entries.get(`${folder}data.pkl`);
  if (entries.has(`${folder}constants.pkl`)) {
    const step = "in Python, torch.save(torch.jit.load('model.pt').state_dict(), 'weights.pth')";
    throw fail(`a TorchScript archive, which is a program: save its weights alone, ${step}`, 'UNSUPPORTED');
  }
  if (!pickle) throw fail(`a zip archive, but no checkpoint of PyTorch: it has no ${folder}data.pkl`);
  const order = entries.get(`${folder}byteorder`);
  if (order && order.size < 100 && String.fromCharCode(...inMemory(contentsOf(bytes, order, fail))).trim() === 'big') throw bigEndian(fail);
  const root = unpickle(new Reader(contentsOf(bytes, pickle, fail), pickle.name, fail), host, fail);
  return {
    root,
    bytesOf({ key, stored, size }) {
      const entry = entries.get(`${folder}data/${key}`);
      if (!entry) throw fail(`the storage '${key}' is not there: the file was damaged`);
      const length = size * bytesPerElement(stored);
      if (entry.size !== length) throw fail(`the storage '${key}' is ${size} numbers of ${stored}, but has ${entry.size} bytes`);
      return contentsOf(bytes, entry, fail);
    },
  };
}

const PROTO = 0x80;
const MAGIC = 0x1950a86a20f9469cfc6cn;
const PROTOCOL = 1001;

/**
 * Before PyTorch 1.6: the pickles of a magic number, of a version, of the machine, of the object and of the storages' keys,
 * then in their order each storage's size and numbers.
 */
function openLegacy(bytes: Bytes, host: StateDictHost, fail: Fail): Contents {
  const reader = new Reader(bytes, 'the file', fail);
  const next = () => unpickle(reader, host, fail);
  if (next() !== MAGIC) throw fail('a pickle, but no checkpoint of PyTorch: it does not start with its number');
  const version = next();
  if (version !== PROTOCOL)
    throw fail(
      `of ${typeof version === 'number' ? `version ${version}` : 'no version'}, where PyTorch writes ${PROTOCOL}: ${SAVE_AGAIN}`,
      'UNSUPPORTED',
    );
  const machine = next();
  if (isDict(machine) && machine.get('little_endian') === false) throw bigEndian(fail);
  const root = next();
  const keys = next();
  const places = new Map<Pickled, { size: number; from: number }>();
  for (const key of Array.isArray(keys) ? keys : []) {
    const storage = host.storages.get(key);
    if (!storage || places.has(key)) throw fail('the list of storages names others than the tensors have: the file was damaged');
    const size = reader.uint(8);
    places.set(key, { size, from: reader.pos });
    reader.skip(size * bytesPerElement(storage.stored));
  }
  return {
    root,
    bytesOf({ key, stored, size }) {
      const place = places.get(key);
      if (place?.size !== size) throw fail(`the storage '${key}' of ${size} numbers is not there: the file was damaged`);
      return partOf(bytes, place.from, place.from + size * bytesPerElement(stored));
    },
  };
}

const bigEndian = (fail: Fail) => fail(`its numbers are big-endian: on a little-endian machine, ${SAVE_AGAIN}`, 'UNSUPPORTED');

/** Keys under which training scripts keep the state dict beside other things. */
const NESTED = ['state_dict', 'model_state_dict', 'model'];
/** The prefix that DataParallel and DistributedDataParallel put before every name. */
const PARALLEL = 'module.';
/** Errors list no more names than somebody would read. */
const MOST_NAMES = 8;

/** The tensors by name, wherever they are in the file's object. */
function stateDict(root: Pickled, fail: Fail): Map<string, StoredTensor> {
  const seen = new Set<Pickled>();
  let dict = root;
  for (;;) {
    if (!isDict(dict)) {
      throw fail(`it holds ${kindOfPickled(dict)}, no state dict: save one, torch.save(model.state_dict(), 'weights.pth')`, 'UNSUPPORTED');
    }
    // An object may contain itself.
    if (seen.has(dict)) throw fail('its state dict is inside itself');
    seen.add(dict);
    const around: ReadonlyMap<Pickled, Pickled> = dict;
    const inner = NESTED.map((name) => around.get(name)).find(isDict);
    if (!inner) break;
    dict = inner;
  }
  const tensors = namedTensors(dict);
  if (tensors.size === 0 && dict.size > 0) {
    // String() would recurse into a key that is a deep list.
    const names = [...dict]
      .slice(0, MOST_NAMES)
      .map(([name, value]) => `${typeof name === 'string' ? shown(name) : kindOfPickled(name)} (${kindOfPickled(value)})`);
    throw fail(
      `it holds no tensors by name, but ${names.join(', ')}${dict.size > MOST_NAMES ? ', ...' : ''}: save the state dict alone`,
      'UNSUPPORTED',
    );
  }
  const names = [...tensors.keys()];
  if (!names.every((name) => name.startsWith(PARALLEL))) return tensors;
  return new Map([...tensors].map(([name, tensor]) => [name.slice(PARALLEL.length), tensor]));
}
