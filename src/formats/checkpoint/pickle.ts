import type { Reader } from './reader.ts';
import type { Fail } from './zip.ts';

/**
 * What a pickle holds: Python's None, booleans, integers, floats, strings and bytes; lists and tuples are arrays,
 * dictionaries Maps; the rest is what `PickleHost` made.
 */
export type Pickled = null | boolean | number | bigint | string | Uint8Array | Pickled[] | Map<Pickled, Pickled> | Made;

/** An object that the host made, and what it is, for errors. */
export interface Made {
  readonly made: string;
}

/**
 * Gives the meaning of Python's functions, classes and persistent objects. Nothing of a file is ever run: what the host does
 * not know it refuses.
 */
export interface PickleHost {
  /** @param stack the values made so far and not yet used */
  global(module: string, name: string, stack: readonly unknown[]): Made;
  call(callable: Pickled, args: Pickled): Pickled;
  persistent(id: Pickled): Pickled;
}

/** Opcodes of Python's pickle (Lib/pickletools.py) that a state dict does not need. */
const refused: Readonly<Record<number, string>> = {
  70: 'FLOAT',
  73: 'INT',
  76: 'LONG',
  80: 'PERSID',
  83: 'STRING',
  86: 'UNICODE',
  103: 'GET',
  105: 'INST',
  111: 'OBJ',
  112: 'PUT',
  129: 'NEWOBJ',
  130: 'EXT1',
  131: 'EXT2',
  132: 'EXT4',
  143: 'EMPTY_SET',
  144: 'ADDITEMS',
  145: 'FROZENSET',
  146: 'NEWOBJ_EX',
  150: 'BYTEARRAY8',
  151: 'NEXT_BUFFER',
  152: 'READONLY_BUFFER',
};

/** The newest protocol, from Python 3.8. */
const NEWEST = 5;
const MOST_LONG = 255;

export const isDict = (value: unknown): value is Map<Pickled, Pickled> => value instanceof Map;

/** The stack machine of one pickle. */
class Machine {
  readonly stack: Pickled[] = [];
  readonly #memo = new Map<number, Pickled>();
  /** The stack positions of the open marks. */
  readonly #marks: number[] = [];
  readonly #fail: Fail;

  constructor(fail: Fail) {
    this.#fail = fail;
  }

  damaged(what: string) {
    return this.#fail(`the pickle is damaged: ${what}`);
  }

  push(value: Pickled): void {
    this.stack.push(value);
  }

  mark(): void {
    this.#marks.push(this.stack.length);
  }

  pop(): Pickled {
    const value = this.stack.length > (this.#marks.at(-1) ?? 0) ? this.stack.pop() : undefined;
    if (value === undefined) throw this.damaged('it takes from an empty stack');
    return value;
  }

  /** The last `count` values. */
  last(count: number): Pickled[] {
    const values: Pickled[] = [];
    for (let i = 0; i < count; i++) values.push(this.pop());
    return values.reverse();
  }

  /** The values above the last mark. */
  marked(): Pickled[] {
    const from = this.#marks.pop();
    if (from === undefined) throw this.damaged('there is no mark');
    return this.stack.splice(from);
  }

  top(): Pickled {
    const value = this.pop();
    this.stack.push(value);
    return value;
  }

  put(index: number): void {
    this.#memo.set(index, this.top());
  }

  memoize(): void {
    this.put(this.#memo.size);
  }

  get(index: number): void {
    const value = this.#memo.get(index);
    if (value === undefined) throw this.damaged(`it recalls ${index}, which it has not made`);
    this.stack.push(value);
  }

  append(values: readonly Pickled[]): void {
    const list = this.top();
    if (!Array.isArray(list)) throw this.damaged('it appends to what is no list');
    for (const value of values) list.push(value);
  }

  setItems(values: readonly Pickled[]): void {
    const dict = this.top();
    if (!isDict(dict) || values.length % 2) throw this.damaged('it sets items of what is no dictionary');
    for (let i = 0; i < values.length; i += 2) dict.set(values[i] as Pickled, values[i + 1] as Pickled);
  }
}

type Operations = Readonly<Record<number, () => void>>;

/** What each opcode does to a machine. */
function operationsOf(machine: Machine, reader: Reader, host: PickleHost, fail: Fail): Operations {
  const { stack } = machine;
  const push = (value: Pickled) => machine.push(value);
  const long = (size: number) => {
    if (size > MOST_LONG) throw fail(`the pickle has an integer of ${size} bytes`, 'UNSUPPORTED');
    push(size === 0 ? 0 : reader.int(size));
  };
  const dict = (values: Pickled[]) => {
    push(new Map());
    machine.setItems(values);
  };
  return {
    // PROTO, FRAME
    128: () => {
      const version = reader.byte();
      if (version > NEWEST) throw fail(`the pickle is of protocol ${version}, newer than Lanewise reads`, 'UNSUPPORTED');
    },
    149: () => void reader.take(8),
    // MARK, POP, POP_MARK, DUP
    40: () => machine.mark(),
    48: () => void machine.pop(),
    49: () => void machine.marked(),
    50: () => push(machine.top()),
    // NONE, NEWTRUE, NEWFALSE
    78: () => push(null),
    136: () => push(true),
    137: () => push(false),
    // BININT, BININT1, BININT2, LONG1, LONG4, BINFLOAT
    74: () => push(reader.int(4)),
    75: () => push(reader.byte()),
    77: () => push(reader.uint(2)),
    138: () => long(reader.byte()),
    139: () => long(reader.uint(4)),
    71: () => push(reader.float()),
    // SHORT_BINUNICODE, BINUNICODE, BINUNICODE8; SHORT_BINSTRING and BINSTRING, Python 2's texts
    140: () => push(reader.text(reader.byte())),
    88: () => push(reader.text(reader.uint(4))),
    141: () => push(reader.text(reader.uint(8))),
    85: () => push(reader.text(reader.byte())),
    84: () => push(reader.text(reader.uint(4))),
    // SHORT_BINBYTES, BINBYTES, BINBYTES8
    67: () => push(reader.take(reader.byte()).slice()),
    66: () => push(reader.take(reader.uint(4)).slice()),
    142: () => push(reader.take(reader.uint(8)).slice()),
    // EMPTY_LIST, APPEND, APPENDS, LIST
    93: () => push([]),
    97: () => machine.append([machine.pop()]),
    101: () => machine.append(machine.marked()),
    108: () => push(machine.marked()),
    // EMPTY_TUPLE, TUPLE1, TUPLE2, TUPLE3, TUPLE
    41: () => push([]),
    133: () => push(machine.last(1)),
    134: () => push(machine.last(2)),
    135: () => push(machine.last(3)),
    116: () => push(machine.marked()),
    // EMPTY_DICT, SETITEM, SETITEMS, DICT
    125: () => push(new Map()),
    115: () => machine.setItems(machine.last(2)),
    117: () => machine.setItems(machine.marked()),
    100: () => dict(machine.marked()),
    // BINPUT, LONG_BINPUT, MEMOIZE, BINGET, LONG_BINGET
    113: () => machine.put(reader.byte()),
    114: () => machine.put(reader.uint(4)),
    148: () => machine.memoize(),
    104: () => machine.get(reader.byte()),
    106: () => machine.get(reader.uint(4)),
    // GLOBAL, STACK_GLOBAL, BINPERSID, REDUCE
    99: () => push(host.global(reader.line(), reader.line(), stack)),
    147: () => {
      const [module, name] = machine.last(2);
      if (typeof module !== 'string' || typeof name !== 'string') throw machine.damaged('the name of a global is no text');
      push(host.global(module, name, stack));
    },
    81: () => push(host.persistent(machine.pop())),
    82: () => {
      const [callable, args] = machine.last(2) as [Pickled, Pickled];
      push(host.call(callable, args));
    },
    // BUILD sets attributes of a dictionary (a state dict's `_metadata`), which are ignored here.
    98: () => {
      machine.pop();
      if (!isDict(machine.top())) throw fail('the pickle gives attributes to what is no dictionary (BUILD)', 'UNSUPPORTED');
    },
  };
}

/**
 * Reads a pickle up to its end: the binary opcodes of protocols 2 to 5 (PEP 307, PEP 3154; Lib/pickletools.py of Python
 * describes each) that make plain values, and those that ask the host. There is no recursion, so values may be nested deeply
 * or contain themselves.
 * @throws LanewiseError UNSUPPORTED for other opcodes, INVALID_FILE, TRUNCATED_FILE; the host's errors
 */
export function unpickle(reader: Reader, host: PickleHost, fail: Fail): Pickled {
  const machine = new Machine(fail);
  const operations = operationsOf(machine, reader, host, fail);
  for (;;) {
    const at = reader.pos;
    const opcode = reader.byte();
    if (opcode === STOP) return machine.pop();
    const operation = operations[opcode];
    if (operation) {
      operation();
      continue;
    }
    const name = refused[opcode];
    if (name) throw fail(`the pickle has the opcode ${name}, which no state dict needs and Lanewise does not follow`, 'UNSUPPORTED');
    throw machine.damaged(`at byte ${at}, ${opcode} is no opcode`);
  }
}

const STOP = 46;
