import { Tensor } from '../../src/graph/tensor.ts';
import { labelsFromConfig, labelsFromText, softmax, topK } from '../../src/vision/index.ts';
import { cifar10Labels, cifar100Labels, fashionMnistLabels, imagenetLabels, mnistLabels } from '../../src/vision/labels/index.ts';
import { invalid } from './pictures.ts';

test('labels come in the order of their numbers', () => {
  expect(labelsFromConfig({ id2label: { 2: 'c', 0: 'a', 1: 'b' } })).toEqual(['a', 'b', 'c']);
  expect(labelsFromConfig({ id2label: ['a', 'b'] })).toEqual(['a', 'b']);
});

test('labels that are missing or not texts are refused', () => {
  for (const config of [null, 3, {}, { id2label: null }, { id2label: 'cat' }]) {
    expect(() => labelsFromConfig(config, 'net/config.json')).toThrow(invalid(/^net\/config\.json has no "id2label"/, 'INVALID_FILE'));
  }
  expect(() => labelsFromConfig({ id2label: { 0: 'a', 2: 'c' } })).toThrow(invalid(/got undefined for 1/, 'INVALID_FILE'));
  expect(() => labelsFromConfig({ id2label: { 0: 7 } })).toThrow(invalid(/got 7 for 0/, 'INVALID_FILE'));
});

test('labels from a text, one a line', () => {
  expect(labelsFromText('cat\r\n polar bear\ndog\n\n')).toEqual(['cat', 'polar bear', 'dog']);
  expect(() => labelsFromText('a\n\nb', 'names.txt')).toThrow(invalid(/^names\.txt .*line 2 is empty/, 'INVALID_FILE'));
  expect(() => labelsFromText(' \n')).toThrow(invalid(/line 1 is empty/, 'INVALID_FILE'));
  expect(() => labelsFromText(undefined as never)).toThrow(invalid(/is a text, got undefined/, 'INVALID_FILE'));
});

test('label lists have as many names as classes, each once', () => {
  const counts = [
    [imagenetLabels, 1000],
    [cifar10Labels, 10],
    [cifar100Labels, 100],
    [mnistLabels, 10],
    [fashionMnistLabels, 10],
  ] as const;
  for (const [labels, count] of counts) {
    expect(labels).toHaveLength(count);
    expect(new Set(labels).size).toBe(count);
    for (const label of labels) expect(label).toMatch(/^\S(.*\S)?$/);
  }
  // Known places: the first, two that every example shows, the last.
  expect([0, 281, 207, 999].map((i) => imagenetLabels[i])).toEqual(['tench', 'tabby', 'golden retriever', 'toilet tissue']);
  expect(cifar100Labels).toEqual(cifar100Labels.toSorted());
});

test('topK: largest first, equal values by index, NaN last', () => {
  const values = Float32Array.of(1, Number.NaN, 3, Infinity, 3, -Infinity, Infinity, Number.NaN);
  expect(topK(values, 4)).toEqual([
    { index: 3, value: Infinity },
    { index: 6, value: Infinity },
    { index: 2, value: 3 },
    { index: 4, value: 3 },
  ]);
  expect(topK(values, 99).map(({ index }) => index)).toEqual([3, 6, 2, 4, 0, 5, 1, 7]);
  expect(topK(values, 0)).toEqual([]);
  for (const k of [-1, 1.5, Number.NaN]) expect(() => topK(values, k)).toThrow(invalid(/whole number/));
});

test('softmax: shares of 1 that survive large scores', () => {
  const shares = softmax(Float32Array.of(1000, 1000 + Math.log(3), -1000));
  expect(shares[0]).toBeCloseTo(0.25, 4);
  expect(shares[1]).toBeCloseTo(0.75, 4);
  expect(shares[2]).toBe(0);
  expect([...softmax([5])]).toEqual([1]);
  expect([...softmax([])]).toEqual([]);
  expect([...softmax([1, Number.NaN])]).toEqual([Number.NaN, Number.NaN]);
});

test('scores that are no list are refused, a tensor too', () => {
  for (const wrong of [undefined, null, 3, '123', {}, new Tensor('float32', [1, 2])] as never[]) {
    expect(() => topK(wrong, 1)).toThrow(invalid(/^scores are a list of numbers.*, got \S/));
    expect(() => softmax(wrong)).toThrow(invalid(/^scores are a list of numbers.*, got \S/));
  }
});
