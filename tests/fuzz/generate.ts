// Random graphs over all operators: one operator is chosen by how much of it there is to see, others stand around it.

import { addOperators } from '../../src/compiler/operators.ts';
import { Builder } from './build.ts';
import type { Draw } from './draw.ts';
import { elementwise } from './elementwise.ts';
import type { FuzzGraph } from './graph.ts';
import { moves } from './moves.ts';
import { chooser, keysOf, type Maker, type Target } from './operator.ts';
import { reductions } from './reductions.ts';
import { windows } from './windows.ts';

const operators = addOperators();

export const makers: ReadonlyMap<string, Maker> = new Map(
  Object.entries({ ...elementwise, ...windows, ...moves, ...reductions }).sort(([a], [b]) => (a < b ? -1 : 1)),
);

/** The opsets that graphs have. */
const OPSETS = [7, 26] as const;

/** Everything that a long run must meet. */
export const expectedKeys: readonly string[] = [...makers].flatMap(([op, maker]) => keysOf(op, maker));

const names = [...makers.keys()];
const lastOf = (op: string): number => Math.min(OPSETS[1], operators.get(op)?.until ?? OPSETS[1]);
const firstOf = (op: string): number => Math.max(OPSETS[0], operators.get(op)?.since ?? 0, makers.get(op)?.since[0] ?? 0);

/** Each revision is as frequent as any other; that of a target is. */
function anyOpset(op: string, draw: Draw, { revision, least = 0 }: { revision?: number; least?: number }): number {
  const since = makers.get(op)?.since ?? [];
  const i = revision === undefined ? draw.int(0, since.length - 1) : since.indexOf(revision);
  const from = Math.max(firstOf(op), since[i] ?? 0, least);
  const to = i + 1 < since.length ? (since[i + 1] as number) - 1 : lastOf(op);
  return draw.int(from, Math.max(from, to));
}

interface Aim {
  readonly op: string;
  readonly revision?: number;
  readonly least?: number;
  readonly target?: Target;
}

/** A key of `keysOf`, as what a graph is to have in it. */
function aimOf(key: string): Aim {
  const [, op = '', mark, rest = ''] = /^(\w+)([@.]?)(.*)$/.exec(key) ?? [];
  if (mark === '@') return { op, revision: Number(rest) };
  const [attribute = '', value] = rest.split('=');
  const { choices = {}, given = [] } = makers.get(op) as Maker;
  const since = [...Object.keys(choices), ...given].find((name) => name.split('@')[0] === attribute)?.split('@')[1];
  return { op, ...(since !== undefined && { least: Number(since) }), ...(value !== undefined && { target: { attribute, value } }) };
}

/** Rare because other attributes, few opsets or little else stand with them: so often do graphs aim at each. */
const rare: readonly (readonly [RegExp, number])[] = [
  [/^(TopK@10|(BatchNormalization|Dropout)@7|BatchNormalization@14|(Div|Sub|Add|Relu|Reshape)@13|(PRelu|Less|Greater)@7|Equal@19)$/, 12],
  [/^((Slice|Flatten|Constant|Squeeze)@1|Flatten@9|(Size|Unsqueeze|Squeeze)@21|Pow@12|NonMaxSuppression@10|Cast\.to=16)$|keep_aspect/, 12],
  [
    /^Identity@|^CastLike@|^DequantizeLinear@|^Swish\.|^(Max|Min|Mean|Sum)@|wrap|^ConstantOfShape@20|^(Mul|Pow)@13|^Clip@11|Upsample|^Slice@10|^AveragePool\.dilations|^Dropout@10|noop_with|^Size@|^Constant@(9|11)|^Clip@|^Flatten@21|^(Transpose|ConstantOfShape|Shape|IsNaN)@/,
    12,
  ],
  [
    /^Gelu\.|^(Max|Min|Mean|Sum)@6|^Relu@13|^Identity@|wrap|^AveragePool\.dilations|num_outputs|@(11|12|13|20|21)$|^Pow@12|^Slice@10|^MatMul@1$|^Mish@|^Greater@7|^Size@|^GroupNormalization\.stash/,
    8,
  ],
  [/noop_with|@|fmod=0|=cubic|allowzero|value_floats/, 5],
  [/keep_aspect|antialias|exclude_outside|Cast\.to=|Upsample|linear|stash_type|LpPool|output_shape|Dropout\.seed/, 3],
];

/** What graphs aim at: revisions and values; operators by themselves are frequent enough. */
const aims = expectedKeys
  .filter((key) => /[@.]/.test(key))
  .flatMap((key) => new Array<Aim>(rare.find(([pattern]) => pattern.test(key))?.[1] ?? 2).fill(aimOf(key)));

/** Which revision of an operator an opset has. */
export const revisionOf = (op: string, opset: number): number => makers.get(op)?.since.findLast((since) => since <= opset) ?? 0;

export interface Generated {
  readonly graph: FuzzGraph;
  /** What occurs in it, as `expectedKeys` names it. */
  readonly seen: readonly string[];
}

export function generate(draw: Draw, only?: string): Generated {
  const count = draw.chance(65) ? draw.int(2, 7) : 1;
  const aim: Aim = only === undefined ? (draw.chance(95) ? draw.of(aims) : { op: draw.of(names) }) : { op: only };
  const opset = anyOpset(aim.op, draw, aim);
  const special = count === 1 && draw.chance(6) ? (aim.op in elementwise ? 'extreme' : 'special') : undefined;
  const b = new Builder(draw, opset, special);
  const fits = ({ op, least = 0 }: Aim) => firstOf(op) <= opset && lastOf(op) >= opset && least <= opset;
  const isThere = ({ op, revision }: Aim) => revision === undefined || revision === revisionOf(op, opset);
  const others = aims.filter((other) => fits(other) && isThere(other));
  const plain = names.filter((op) => fits({ op }));
  const at = draw.int(0, count - 1);
  for (let i = 0; i < count && !b.open; i++) {
    const { op, target }: Aim = i === at ? aim : draw.chance(90) ? draw.of(others) : { op: draw.of(plain) };
    const maker = makers.get(op) as Maker;
    maker.make(b, chooser(b, maker, target));
  }
  const revisions = b.seen.filter((key) => makers.has(key)).map((name) => `${name}@${revisionOf(name, opset)}`);
  return { graph: b.build(), seen: [...b.seen, ...revisions] };
}
