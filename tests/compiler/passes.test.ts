import { random } from '../reference/index.ts';
import { add, bn, type Case, conv, depthwise, dropout, identity, relu, simplified } from './simplified.ts';

describe('removeIdentity', () => {
  test('Identity and Dropout give way, in chains and at outputs', () => {
    expect(simplified({ nodes: [identity('x', 'a'), relu('a', 'b1'), dropout('b1', 'c'), identity('c', 'e'), relu('e', 'f')] })).toEqual([
      'Relu(x)',
      'Relu(b1)',
    ]);
    expect(simplified({ nodes: [relu('x', 'a'), identity('a', 'y'), dropout('y', 'z')], outputs: ['z', 'y'] })).toEqual(['Relu(x)']);
  });

  test('one from an input to an output leaves the input as the output', () => {
    expect(simplified({ nodes: [identity('x', 'y')] })).toEqual([]);
    expect(simplified({ nodes: [identity('x', 'y'), relu('y', 'z')], outputs: ['y', 'z'] })).toEqual(['Relu(x)']);
    expect(simplified({ nodes: [identity('x', 'y'), relu('y', 'z')] })).toEqual(['Relu(x)']);
  });

  test('other passes see through it', () => {
    expect(simplified({ nodes: [conv('x', 'c'), dropout('c', 'e'), bn('e', 'n'), identity('n', 'm'), relu('m', 'y')] })).toEqual([
      'Conv(x) clamp',
    ]);
  });
});

describe('foldAffine', () => {
  test.each<[string, Case]>([
    ['with bias', { nodes: [conv('x', 'c'), bn('c', 'y')] }],
    ['without bias', { nodes: [conv('x', 'c', {}, ['w']), bn('c', 'y')] }],
    ['depthwise', { nodes: [depthwise('x', 'c'), bn('c', 'y')] }],
    ['grouped', { nodes: [{ ...conv('x', 'c', { attributes: { group: 4 } }, ['d']) }, bn('c', 'y')] }],
    ['twice', { nodes: [conv('x', 'c'), bn('c', 'n'), bn('n', 'y', ['scale2', 'mean', 'shift', 'variance'])] }],
  ])('%s', (_, config) => expect(simplified(config)).toEqual(['Conv(x)']));

  test('Relu after it still fuses', () => {
    expect(simplified({ nodes: [conv('x', 'c'), bn('c', 'n'), relu('n', 'y')] })).toEqual(['Conv(x) clamp']);
  });

  test.each<[string, Case, string[]]>([
    [
      'a value with another reader',
      { nodes: [conv('x', 'c'), bn('c', 'n'), relu('c', 'r')], outputs: ['n', 'r'] },
      ['Conv(x)', 'BatchNormalization(c)', 'Relu(c)'],
    ],
    ['a value that is an output', { nodes: [conv('x', 'c'), bn('c', 'n')], outputs: ['n', 'c'] }, ['Conv(x)', 'BatchNormalization(c)']],
    ['weights that are fed', { nodes: [conv('x', 'c'), bn('c', 'n')], fed: ['w'] }, ['Conv(x, w)', 'BatchNormalization(c)']],
    ['a bias that is fed', { nodes: [conv('x', 'c'), bn('c', 'n')], fed: ['b'] }, ['Conv(x, b)', 'BatchNormalization(c)']],
    ['statistics that are fed', { nodes: [conv('x', 'c'), bn('c', 'n')], fed: ['variance'] }, ['Conv(x)', 'BatchNormalization(c)']],
    ['no convolution before', { nodes: [relu('x', 'r'), bn('r', 'n')] }, ['Relu(x)', 'BatchNormalization(r)']],
    ['an input', { nodes: [bn('x', 'n'), relu('n', 'r')] }, ['BatchNormalization(x) clamp']],
  ])('not: %s', (_, config, nodes) => expect(simplified(config)).toEqual(nodes));

  test('not into a convolution that clamps or has a residual already', () => {
    expect(simplified({ nodes: [conv('x', 'c'), relu('c', 'r'), bn('r', 'n')] }, 2)).toEqual(['Conv(x) clamp', 'BatchNormalization(r)']);
    expect(simplified({ nodes: [conv('x', 'c'), add('c', 'x', 's'), bn('s', 'n')] }, 2)).toEqual(['Conv(x, x)', 'BatchNormalization(s)']);
  });

  test('two convolutions with the same weights keep their own normalisation, whatever the nodes are called', () => {
    const nodes = [
      conv('x', 'c1'),
      conv('x', 'c2'),
      bn('c1', 'y1', undefined, 'norm'),
      bn('c2', 'y2', ['scale2', 'mean', 'shift', 'variance'], 'norm'),
    ];
    expect(simplified({ nodes, outputs: ['y1', 'y2'] })).toEqual(['Conv(x)', 'Conv(x)']);
  });
});

describe('fuseResidual', () => {
  test('a shortcut, on either side', () => {
    expect(simplified({ nodes: [conv('x', 'c'), add('c', 'x', 'y')] })).toEqual(['Conv(x, x)']);
    expect(simplified({ nodes: [conv('x', 'c'), add('x', 'c', 'y')] })).toEqual(['Conv(x, x)']);
    expect(simplified({ nodes: [conv('x', 'c'), add('c', 'x', 's'), relu('s', 'y')] })).toEqual(['Conv(x, x) clamp']);
    expect(simplified({ nodes: [conv('x', 'c'), add('c', 'whole', 'y')] })).toEqual(['Conv(x, whole)']);
    expect(simplified({ nodes: [conv('x', 'c'), add('c', 'x', 'y')], fed: ['w'] })).toEqual(['Conv(x, w, x)']);
  });

  test('of two convolutions the later one takes the earlier', () => {
    for (const [a, b] of [
      ['c', 'e'],
      ['e', 'c'],
    ] as const) {
      expect(simplified({ nodes: [conv('x', 'c'), conv('x', 'e', {}, ['u']), add(a, b, 'y')] })).toEqual(['Conv(x)', 'Conv(x, c)']);
    }
  });

  test('a chain of blocks', () => {
    const block = (from: string, to: string) => [
      conv(from, `${to}1`),
      relu(`${to}1`, `${to}2`),
      conv(`${to}2`, `${to}3`, {}, ['u']),
      bn(`${to}3`, `${to}4`),
      add(`${to}4`, from, `${to}5`),
      relu(`${to}5`, to),
    ];
    expect(simplified({ nodes: [...block('x', 'p'), ...block('p', 'q')] })).toEqual([
      'Conv(x) clamp',
      'Conv(p2, x) clamp',
      'Conv(p) clamp',
      'Conv(q2, p) clamp',
    ]);
  });

  test.each<[string, Case, string[]]>([
    ['depthwise', { nodes: [depthwise('x', 'c'), add('c', 'x', 'y')] }, ['Conv(x)', 'Add(c, x)']],
    [
      'a broadcast',
      { nodes: [conv('x', 'c'), add('c', 'perRow', 'y')], more: { perRow: random([5, 1], 1) } },
      ['Conv(x)', 'Add(c, perRow)'],
    ],
    ['a value added to itself', { nodes: [conv('x', 'c'), add('c', 'c', 'y')] }, ['Conv(x)', 'Add(c, c)']],
    [
      'a value with another reader',
      { nodes: [conv('x', 'c'), add('c', 'x', 's'), add('s', 'c', 'y')] },
      ['Conv(x)', 'Add(c, x)', 'Add(s, c)'],
    ],
    ['a value that is an output', { nodes: [conv('x', 'c'), add('c', 'x', 'y')], outputs: ['c', 'y'] }, ['Conv(x)', 'Add(c, x)']],
    ['no convolution', { nodes: [relu('x', 'r'), add('r', 'x', 'y')] }, ['Relu(x)', 'Add(r, x)']],
    ['a clamp between', { nodes: [conv('x', 'c'), relu('c', 'r'), add('r', 'x', 'y')] }, ['Conv(x) clamp', 'Add(r, x)']],
  ])('not: %s', (_, config, nodes) => expect(simplified(config, 2)).toEqual(nodes));

  test('one residual is all that a convolution takes', () => {
    expect(simplified({ nodes: [conv('x', 'c'), add('c', 'x', 's'), add('s', 'whole', 'y')] }, 2)).toEqual(['Conv(x, x)', 'Add(s, whole)']);
  });
});

describe('fuseClamp', () => {
  test('into convolutions, depthwise ones too, sums and normalisations', () => {
    expect(simplified({ nodes: [conv('x', 'c'), relu('c', 'y')] })).toEqual(['Conv(x) clamp']);
    expect(simplified({ nodes: [depthwise('x', 'c'), relu('c', 'y')] })).toEqual(['Conv(x) clamp']);
    expect(simplified({ nodes: [add('x', 'perChannel', 's'), relu('s', 'y')] })).toEqual(['Add(x, perChannel) clamp']);
    expect(simplified({ nodes: [bn('x', 'n'), relu('n', 'y')] })).toEqual(['BatchNormalization(x) clamp']);
    expect(simplified({ nodes: [conv('x', 'c'), relu('c', 'y')], fed: ['w'] })).toEqual(['Conv(x, w) clamp']);
  });

  test.each<[string, Case, string[]]>([
    ['a value with another reader', { nodes: [conv('x', 'c'), relu('c', 'r'), add('r', 'c', 'y')] }, ['Conv(x)', 'Relu(c)', 'Add(r, c)']],
    ['a value that is an output', { nodes: [conv('x', 'c'), relu('c', 'y')], outputs: ['y', 'c'] }, ['Conv(x)', 'Relu(c)']],
    ['two of them', { nodes: [conv('x', 'c'), relu('c', 'r'), relu('c', 'y')], outputs: ['r', 'y'] }, ['Conv(x)', 'Relu(c)', 'Relu(c)']],
    ['an input', { nodes: [relu('x', 'y')] }, ['Relu(x)']],
  ])('not: %s', (_, config, nodes) => expect(simplified(config)).toEqual(nodes));

  test('a convolution that clamps already keeps its clamp', () => {
    expect(simplified({ nodes: [conv('x', 'c'), relu('c', 'r'), relu('r', 'y')] }, 2)).toEqual(['Conv(x) clamp', 'Relu(r)']);
  });
});
