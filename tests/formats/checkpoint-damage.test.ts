// Checkpoints that are damaged, hostile, or of kinds that are not read: what the error says, and that nothing else comes.

import { readCheckpoint } from '../../src/formats/index.ts';
import { failure } from '../failure.ts';
import {
  checkpoint,
  dict,
  entriesOf,
  global,
  legacy,
  orderedDict,
  type Py,
  pickleOps,
  raw,
  type TensorSpec,
  tensor,
  tuple,
  zip,
} from './checkpoint-writer.ts';

const refusal = (bytes: Uint8Array) => failure(() => readCheckpoint(bytes, 'w.pth'));

const weight = tensor({ size: 4 });
const stateDict = orderedDict({ w: weight });
const storages = { '0': [1, 2, 3, 4] };
const whole = checkpoint(stateDict, storages);
const [data, stored, version] = entriesOf(stateDict, storages) as [Entry, Entry, Entry];
type Entry = ReturnType<typeof entriesOf>[number];
const of = (spec: Omit<TensorSpec, 'size'> & { size?: Py }, bytes: number[] = storages[0]) =>
  checkpoint(orderedDict({ w: tensor({ size: 4, ...spec }) }), { '0': bytes });
const called = (callable: Py, ...args: Py[]) => checkpoint(orderedDict({ w: { callable, args: tuple(...args) } }), storages);
const instance = (module: string, name: string): Py => ({ callable: global(module, name), args: tuple() });
const half = 2 ** 20;
const letters = (text: string) => Uint8Array.from(Buffer.from(text));

test.each<[string, Uint8Array, string, RegExp]>([
  // Other files.
  ['nothing', new Uint8Array(0), 'INVALID_FILE', /^w\.pth: not a checkpoint of PyTorch: it is empty$/],
  [
    'a web page',
    letters('<!DOCTYPE html><html>'),
    'INVALID_FILE',
    /^w\.pth: not a checkpoint of PyTorch: it starts with "<!DOCTYPE html><html>"$/,
  ],
  [
    'a tar archive',
    Uint8Array.from({ length: 1024 }, (_, i) => Buffer.from('ustar')[i - 257] ?? 0),
    'UNSUPPORTED',
    /before 0\.1\.10 \(a tar archive\): in Python, torch\.save\(torch\.load/,
  ],
  [
    'another zip archive',
    zip([{ name: 'arr_0.npy', data: letters('x') }]),
    'INVALID_FILE',
    /a zip archive, but no checkpoint of PyTorch: it has no data\.pkl$/,
  ],
  ['an empty zip archive', zip([]), 'INVALID_FILE', /a zip archive, but no checkpoint/],
  [
    'another pickle',
    Uint8Array.from(pickleOps(dict({ w: 1 })).flat()),
    'INVALID_FILE',
    /a pickle, but no checkpoint of PyTorch: it does not start with its number$/,
  ],
  [
    'TorchScript',
    zip([data, stored, { name: 'archive/constants.pkl', data: letters('x') }]),
    'UNSUPPORTED',
    /a TorchScript archive, which is a program: save its weights alone, in Python, torch\.save\(torch\.jit\.load/,
  ],
  ['TorchScript whose constants come first', zip([{ name: 'archive/constants.pkl', data: letters('x') }]), 'UNSUPPORTED', /TorchScript/],
  [
    'big-endian',
    checkpoint(stateDict, storages, { files: { byteorder: 'big' } }),
    'UNSUPPORTED',
    /its numbers are big-endian: on a little-endian machine, in Python, torch\.save/,
  ],
  ['big-endian before PyTorch 1.6', legacy(stateDict, storages, { machine: dict({ little_endian: false }) }), 'UNSUPPORTED', /big-endian/],
  [
    'a version that is no number',
    legacy(stateDict, storages, { version: raw(...new Array(9000).fill(0x5d), ...new Array(8999).fill(0x61)) }),
    'UNSUPPORTED',
    /of no version, where PyTorch writes 1001/,
  ],
  ['another version', legacy(stateDict, storages, { version: 1002 }), 'UNSUPPORTED', /of version 1002, where PyTorch writes 1001/],

  // What pickles ask for.
  [
    'a whole model',
    checkpoint(instance('torchvision.models.resnet', 'ResNet'), {}),
    'UNSUPPORTED',
    /^w\.pth: it holds a whole pickled object \('torchvision\.models\.resnet\.ResNet'\), and Lanewise runs no code of files: save its weights alone, torch\.save\(model\.state_dict\(\), 'weights\.pth'\)$/,
  ],
  [
    'a whole model before PyTorch 1.6',
    legacy({ id: tuple('module', global('__main__', 'Net'), 'net.py', 'class Net: ...') }),
    'UNSUPPORTED',
    /a whole pickled object \('__main__\.Net'\)/,
  ],
  ['a program', checkpoint({ callable: global('os', 'system'), args: tuple('echo') }), 'UNSUPPORTED', /'os\.system'/],
  [
    'a program as STACK_GLOBAL',
    checkpoint(orderedDict({ w: instance('builtins', 'eval') }), {}, { protocol: 4 }),
    'UNSUPPORTED',
    /the pickle uses 'builtins\.eval', which is no part of a state dict, and Lanewise runs no code of files: save the weights alone/,
  ],
  [
    'arguments of a training script',
    checkpoint(dict({ state_dict: stateDict, args: instance('argparse', 'Namespace') }), storages),
    'UNSUPPORTED',
    /'argparse\.Namespace'.*torch\.save\(checkpoint\['state_dict'\], 'weights\.pth'\)$/,
  ],
  ['a name that is clipped', checkpoint(orderedDict({ w: instance('a'.repeat(900), 'B') })), 'UNSUPPORTED', /^.{0,400}$/],
  [
    'a name without an end',
    checkpoint(orderedDict({ w: instance('a'.repeat(2000), 'B') })),
    'INVALID_FILE',
    /a global of over 1,024 letters/,
  ],
  ['names that objects have', called(global('torch', 'constructor')), 'UNSUPPORTED', /'torch\.constructor'/],
  [
    'another storage',
    of({ type: 'QInt8Storage' }),
    'UNSUPPORTED',
    /it has tensors of torch\.QInt8Storage, numbers of a type that Lanewise does not read/,
  ],
  [
    'an opcode that makes objects',
    checkpoint(orderedDict({ w: raw(0x29, 0x81) })),
    'UNSUPPORTED',
    /the pickle has the opcode NEWOBJ, which no state dict needs/,
  ],
  ['an opcode of protocol 0', checkpoint(orderedDict({ w: raw(...Buffer.from('I5\n')) })), 'UNSUPPORTED', /the opcode INT/],
  ['no opcode', checkpoint(orderedDict({ w: raw(0xff) })), 'INVALID_FILE', /the pickle is damaged: at byte \d+, 255 is no opcode/],
  ['a newer protocol', checkpoint(raw(0x80, 6)), 'UNSUPPORTED', /protocol 6/],
  ['an integer without bounds', checkpoint(orderedDict({ w: raw(0x8b, 0, 0, 1, 0) })), 'UNSUPPORTED', /an integer of 65536 bytes/],
  ['attributes of a list', checkpoint(orderedDict({ w: raw(0x5d, 0x4e, 0x62) })), 'UNSUPPORTED', /attributes to what is no dictionary/],

  // Pickles that are damaged.
  ['a pickle without an end', checkpoint(Uint8Array.of(0x80, 2, 0x7d)), 'TRUNCATED_FILE', /archive\/data\.pkl ends at byte 3/],
  ['a text longer than the file', checkpoint(raw(0x8d, 255, 255, 255, 255, 255, 255, 255, 255)), 'TRUNCATED_FILE', /ends at byte/],
  ['bytes longer than the file', checkpoint(raw(0x8e, 0, 0, 0, 0, 0, 0, 0, 1)), 'TRUNCATED_FILE', /ends at byte/],
  ['an empty stack', checkpoint(Uint8Array.of(0x80, 2, 0x2e)), 'INVALID_FILE', /takes from an empty stack/],
  ['no mark', checkpoint(raw(0x74)), 'INVALID_FILE', /there is no mark/],
  ['what lies before a mark', checkpoint(raw(0x4e, 0x28, 0x30)), 'INVALID_FILE', /takes from an empty stack/],
  ['what is not in the memo', checkpoint(raw(0x6a, 255, 255, 255, 255)), 'INVALID_FILE', /it recalls 4294967295, which it has not made/],
  ['a list as dictionary', checkpoint(raw(0x5d, 0x4e, 0x4e, 0x73)), 'INVALID_FILE', /sets items of what is no dictionary/],
  ['a key without its item', checkpoint(raw(0x7d, 0x28, 0x4e, 0x75)), 'INVALID_FILE', /sets items/],
  ['a dictionary as list', checkpoint(raw(0x7d, 0x4e, 0x61)), 'INVALID_FILE', /appends to what is no list/],
  ['a global whose name is a number', checkpoint(raw(0x4b, 1, 0x4b, 1, 0x93)), 'INVALID_FILE', /the name of a global is no text/],
  [
    'a call of a storage',
    called(global('torch', 'FloatStorage')),
    'INVALID_FILE',
    /it calls torch\.FloatStorage with arguments that PyTorch does not give it/,
  ],
  ['a call of a number', called(5, 1), 'INVALID_FILE', /it calls something else with arguments/],
  [
    'a tensor of nothing',
    called(global('torch._utils', '_rebuild_tensor_v2')),
    'INVALID_FILE',
    /it calls torch\._utils\._rebuild_tensor_v2 with arguments/,
  ],
  ['a parameter of a number', called(global('torch._utils', '_rebuild_parameter'), 1), 'INVALID_FILE', /_rebuild_parameter with arguments/],
  ['an ordered dictionary of numbers', called(global('collections', 'OrderedDict'), [1, 2]), 'INVALID_FILE', /OrderedDict with arguments/],
  [
    'a persistent object of another kind',
    checkpoint(orderedDict({ w: { id: tuple('module', 1) } })),
    'INVALID_FILE',
    /it refers to something that is no storage/,
  ],
  ['a persistent object that is a number', checkpoint({ id: 7 }), 'INVALID_FILE', /no storage/],
  ['a storage of a negative size', of({ size: -4 }), 'INVALID_FILE', /no storage/],
  [
    'a view beyond its storage',
    legacy(orderedDict({ w: tensor({ size: 4, view: tuple('1', 2, 3) }) }), storages),
    'INVALID_FILE',
    /no storage/,
  ],
  [
    'one storage of two types',
    checkpoint(orderedDict({ a: weight, b: tensor({ size: 4, type: 'IntStorage' }) }), storages),
    'INVALID_FILE',
    /no storage/,
  ],

  // Tensors.
  ['a negative stride', of({ strides: tuple(-1), offset: 3 }), 'INVALID_FILE', /_rebuild_tensor_v2 with arguments/],
  ['a negative dimension', of({ dims: tuple(-4) }), 'INVALID_FILE', /_rebuild_tensor_v2 with arguments/],
  ['a dimension that is no number', of({ dims: tuple('4') }), 'INVALID_FILE', /_rebuild_tensor_v2 with arguments/],
  ['half a dimension', of({ dims: tuple(1.5) }), 'INVALID_FILE', /_rebuild_tensor_v2 with arguments/],
  ['fewer strides than dimensions', of({ dims: tuple(2, 2), strides: tuple(1) }), 'INVALID_FILE', /_rebuild_tensor_v2 with arguments/],
  [
    'dimensions without end',
    of({ dims: { tuple: new Array(65).fill(1) }, strides: { tuple: new Array(65).fill(1) } }),
    'INVALID_FILE',
    /_rebuild_tensor_v2 with arguments/,
  ],
  [
    'a tensor past its storage',
    of({ offset: 1 }),
    'INVALID_FILE',
    /^w\.pth: the tensor 'w' is \[4\] with strides \[1\] from 1 on, which does not lie in the 4 numbers of its storage$/,
  ],
  ['strides past the storage', of({ dims: tuple(2, 2), strides: tuple(3, 1) }), 'INVALID_FILE', /does not lie in the 4 numbers/],
  [
    'strides that cannot be added',
    of({ dims: tuple(2 ** 31 - 1, 2), strides: tuple(2 ** 53 - 1, 2 ** 53 - 1) }),
    'INVALID_FILE',
    /does not lie in/,
  ],
  [
    'dimensions that cannot be multiplied',
    of({ dims: tuple(2 ** 31 - 1, 2 ** 31 - 1), strides: tuple(0, 0) }),
    'INVALID_FILE',
    /does not lie in/,
  ],
  ['an offset past an empty tensor', of({ dims: tuple(0), offset: 5 }), 'INVALID_FILE', /does not lie in/],
  [
    'one number many times',
    of({ dims: tuple(half), strides: tuple(0) }),
    'TOO_LARGE',
    /^w\.pth: tensors share memory so much that they take over 16 times the \d+ bytes of the file$/,
  ],
  [
    'one storage many times',
    checkpoint(orderedDict(Object.fromEntries(Array.from({ length: 200 }, (_, i) => [`t${i}`, tensor({ size: 4 * half })]))), {
      '0': new Float32Array(4 * half),
    }),
    'TOO_LARGE',
    /share memory/,
  ],
  ['a storage that is not there', checkpoint(stateDict), 'INVALID_FILE', /the storage '0' is not there: the file was damaged/],
  ['a storage with another name', of({ key: '../version' }), 'INVALID_FILE', /the storage '\.\.\/version' is not there/],
  ['a storage of another size', of({ size: 5 }), 'INVALID_FILE', /the storage '0' is 5 numbers of float32, but has 16 bytes/],

  // What the object is.
  [
    'a tensor alone',
    checkpoint(weight, storages),
    'UNSUPPORTED',
    /it holds a tensor, no state dict: save one, torch\.save\(model\.state_dict\(\), 'weights\.pth'\)/,
  ],
  ['a list', checkpoint([weight], storages), 'UNSUPPORTED', /it holds a list, no state dict/],
  ['None', checkpoint(null), 'UNSUPPORTED', /it holds None, no state dict/],
  [
    'no tensors by name',
    checkpoint(dict({ encoder: stateDict, steps: 5, list: [1] }), storages),
    'UNSUPPORTED',
    /it holds no tensors by name, but 'encoder' \(a dictionary\), 'steps' \(a number\), 'list' \(a list\): save the state dict alone$/,
  ],
  [
    'keys of other kinds',
    checkpoint({
      dict: [
        [tuple(1), 5],
        [{ dict: [] }, null],
        [true, 1n],
      ],
    }),
    'UNSUPPORTED',
    /it holds no tensors by name, but a list \(a number\), a dictionary \(None\), a boolean \(a number\): save/,
  ],
  [
    'a state dict inside itself',
    checkpoint(raw(0x7d, 0x71, 0, 0x55, 5, ...Buffer.from('model'), 0x68, 0, 0x73)),
    'INVALID_FILE',
    /its state dict is inside itself/,
  ],
  [
    'two in each other',
    checkpoint(raw(0x7d, 0x71, 0, 0x55, 5, ...Buffer.from('model'), 0x7d, 0x55, 10, ...Buffer.from('state_dict'), 0x68, 0, 0x73, 0x73)),
    'INVALID_FILE',
    /inside itself/,
  ],

  // Archives.
  [
    'a file that is cut off',
    whole.subarray(0, 400),
    'TRUNCATED_FILE',
    /the zip's directory, which comes last, is not there: the file was cut off or damaged/,
  ],
  [
    'a pickle that is compressed',
    zip([{ ...data, method: 8 }, stored]),
    'UNSUPPORTED',
    /the zip's entry 'archive\/data\.pkl' is compressed \(deflate\), as PyTorch never does: pack the files again without compression/,
  ],
  ['numbers that are compressed', zip([data, { ...stored, method: 8 }]), 'UNSUPPORTED', /'archive\/data\/0' is compressed \(deflate\)/],
  ['another compression', zip([data, { ...stored, method: 93 }]), 'UNSUPPORTED', /\(method 93\)/],
  ['encryption', zip([data, { ...stored, flags: 1 }]), 'UNSUPPORTED', /is encrypted/],
  ['two entries of one name', zip([data, stored, { ...stored }]), 'INVALID_FILE', /the zip has two entries 'archive\/data\/0'/],
  [
    'an entry inside another',
    zip([data, stored, { ...version, header: 70 }]),
    'INVALID_FILE',
    /'archive\/data\.pkl' goes into 'archive\/version'/,
  ],
  [
    'an entry longer than its place',
    zip([data, { ...stored, size: 500, packed: 500 }, version]),
    'INVALID_FILE',
    /'archive\/data\/0' goes into 'archive\/version'/,
  ],
  [
    'an entry longer than the file',
    zip([data, version, { ...stored, size: 2 ** 31, packed: 2 ** 31 }]),
    'INVALID_FILE',
    /goes into the directory/,
  ],
  [
    'an entry longer than any file',
    zip([data, version, { ...stored, size: 2 ** 52, packed: 2 ** 52 }], { zip64: true }),
    'INVALID_FILE',
    /goes into the directory/,
  ],
  ['sizes that differ', zip([data, { ...stored, packed: 8 }]), 'INVALID_FILE', /the zip's entry 'archive\/data\/0' is damaged/],
  ['an entry where none is', zip([{ ...data, header: 1 }, stored]), 'INVALID_FILE', /the zip's entry 'archive\/data\.pkl' is damaged/],
  ['an entry behind the file', zip([data, { ...stored, header: 2 ** 31 }]), 'INVALID_FILE', /goes into the directory/],
  [
    'more entries than there are',
    zip([data, stored], { count: 3 }),
    'INVALID_FILE',
    /the zip's directory is damaged: 2 of its 3 entries are there/,
  ],
  ['very many entries', zip([data, stored], { zip64: true, count: 2 ** 50 }), 'INVALID_FILE', /2 of its 1125899906842624 entries/],

  // Before PyTorch 1.6.
  [
    'keys that no tensor has',
    legacy(stateDict, storages, { keys: ['0', '1'] }),
    'INVALID_FILE',
    /the list of storages names others than the tensors have/,
  ],
  ['a key twice', legacy(stateDict, storages, { keys: ['0', '0'] }), 'INVALID_FILE', /names others/],
  ['no keys', legacy(stateDict, {}, { keys: 5 }), 'INVALID_FILE', /the storage '0' of 4 numbers is not there/],
  ['another size', legacy(stateDict, { '0': [1, 2, 3] }), 'INVALID_FILE', /the storage '0' of 4 numbers is not there/],
  [
    'a storage that is cut off',
    legacy(stateDict, storages).subarray(0, -1),
    'TRUNCATED_FILE',
    /the file ends at byte \d+: it was cut off or damaged/,
  ],
  ['a pickle that is cut off', legacy(stateDict, storages).subarray(0, 60), 'TRUNCATED_FILE', /ends at byte 60/],
])('%s', (_, bytes, code, message) => {
  const error = refusal(bytes);
  expect([error.code, error.message]).toEqual([code, expect.stringMatching(message)]);
});

test('the end of the directory is found behind a comment, and its zip64 record looked for', () => {
  const wide = zip([data, stored, version], { zip64: true, comment: 'x'.repeat(300) });
  expect(readCheckpoint(wide).tensors.size).toBe(1);
  const at = Buffer.from(wide).indexOf('PK\x06\x06', 0, 'latin1');
  expect(refusal(wide.with(at, 0)).message).toMatch("the zip's directory is damaged: its zip64 record is not where it should be");
});

test('every length of both forms is read or refused', () => {
  for (const bytes of [whole, legacy(stateDict, storages), checkpoint(stateDict, storages, { zip64: true, protocol: 4 })]) {
    for (let length = 0; length < bytes.length; length++) {
      expect(['INVALID_FILE', 'TRUNCATED_FILE']).toContain(refusal(bytes.subarray(0, length)).code);
    }
  }
});
