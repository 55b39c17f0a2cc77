// What the page shows.

import { LanewiseError, type Tensor, toFloat32 } from 'lanewise';
import { type Picture, topK } from 'lanewise/vision';
import { classesOf, isOpen, type Network, namesOf, takes, valuesOf } from './network.ts';

export const element = <T extends HTMLElement = HTMLElement>(id: string): T => document.getElementById(id) as T;
export const main = document.querySelector('main') as HTMLElement;

const formatMs = (ms: number): string => `${ms.toFixed(ms < 100 ? 1 : 0)} ms`;
const formatBytes = (bytes: number): string =>
  bytes < 1024 ** 2 ? `${(bytes / 1024).toFixed(0)} KiB` : `${(bytes / 1024 ** 2).toFixed(2)} MiB`;

function make(tag: string, className = '', text = ''): HTMLElement {
  return Object.assign(document.createElement(tag), { className, textContent: text });
}

/** Shows the picture as a file has it; the size it has. */
export function showPicture(blob: Blob, name: string, { width, height }: Picture, seen: Picture): void {
  const image = element<HTMLImageElement>('picture');
  URL.revokeObjectURL(image.src);
  image.src = URL.createObjectURL(blob);
  image.alt = name;
  image.hidden = false;
  element('name').textContent = name;
  element('size').textContent = `${width} × ${height} pixels; the network sees the middle as ${seen.width} × ${seen.height}`;
}

/** Shows the pixels that the network gets. */
export function showSeen({ data, width, height }: Picture): void {
  const rgba = new Uint8ClampedArray(width * height * 4).fill(255);
  for (let i = 0; i < width * height; i++) rgba.set(data.subarray(i * 3, i * 3 + 3), i * 4);
  const canvas = element<HTMLCanvasElement>('seen');
  Object.assign(canvas, { width, height });
  canvas.setAttribute('aria-label', `The picture as the network sees it, ${width} by ${height} pixels`);
  canvas.getContext('2d')?.putImageData(new ImageData(rgba, width, height), 0, 0);
}

const withArticle = (noun: string): string => `${/^[aeiou]/i.test(noun) ? 'an' : 'a'} `;

/** The text of the live region, written only when it changes, because it is read out. */
let winner = '';

/** The best five classes. */
export function showClasses(shares: Float32Array, labels: readonly string[] | undefined): void {
  const best = topK(shares, 5).map(({ index, value }) => ({ label: labels?.[index] ?? `class ${index}`, share: value }));
  const first = best[0]?.label ?? 'nothing';
  if (winner !== first) {
    winner = first;
    element('verdict').replaceChildren(`This looks like ${labels ? withArticle(first) : ''}`, make('strong', '', first));
  }
  element('classes').replaceChildren(
    ...best.map(({ label, share }) => {
      const bar = make('div', 'bar');
      bar.style.width = `${share * 100}%`;
      const track = make('div', 'track');
      track.append(bar);
      const row = make('li');
      row.append(make('span', 'label', label), make('span', 'percent', `${(share * 100).toFixed(1)} %`), track);
      return row;
    }),
  );
}

/** Outputs that are no scores of classes: their shapes and ranges. */
export function showOutputs(outputs: Readonly<Record<string, Tensor>>): void {
  const rows = Object.entries(outputs);
  showVerdict(rows.length === 1 ? 'The model gives one output' : `The model gives ${rows.length} outputs`);
  element('classes').replaceChildren(
    ...rows.map(([name, tensor]) => {
      const { data } = toFloat32(tensor);
      const least = data.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
      const most = data.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
      const row = make('li');
      const range = data.length > 0 ? `${least.toPrecision(4)} to ${most.toPrecision(4)}` : 'empty';
      row.append(
        make('span', 'label', name),
        make('span', 'percent', `${tensor.type} [${tensor.dims.join(', ')}]`),
        make('span', 'hint', range),
      );
      return row;
    }),
  );
}

export function showVerdict(text: string): void {
  if (winner !== text) element('verdict').textContent = text;
  winner = text;
}

export interface Numbers {
  readonly firstMs: number;
  readonly warmMs: number;
  readonly runs: number;
  /** Of the outputs; undefined where the browser hashes nothing. */
  readonly sha256: string | undefined;
}

export function showNumbers({ model, loadMs }: Network, { firstMs, warmMs, runs, sha256 }: Numbers): void {
  const { weights, activations, total } = model.memory;
  element('load').textContent = formatMs(loadMs);
  element('first').textContent = formatMs(firstMs);
  element('warm').textContent = formatMs(warmMs);
  element('runs').textContent = String(runs);
  element('threads').textContent = model.threads === 1 ? 'one thread' : `${model.threads} threads`;
  element('memory').textContent = formatBytes(total);
  element('memory-parts').textContent = `weights ${formatBytes(weights)}, activations ${formatBytes(activations)}`;
  const fingerprint = element('fingerprint');
  fingerprint.textContent = sha256?.slice(0, 12) ?? 'needs HTTPS';
  fingerprint.title = fingerprint.dataset.sha256 = sha256 ?? '';
}

const option = (value: string, text = value): HTMLOptionElement => new Option(text, value);

/** Shows what may be chosen for a network, with what is likely chosen already. */
export function showNetwork(network: Network, likely: string, bundled: boolean): void {
  const { name, model } = network;
  const count = classesOf(model);
  element('model-name').textContent = name;
  element('model-takes').textContent = `takes ${takes(network)}${count ? `; gives ${count} scores` : ''}`;
  const values = element<HTMLSelectElement>('values');
  values.replaceChildren(...Object.entries(valuesOf).map(([value, { text }]) => option(value, text)));
  values.value = likely;
  showNames(count);
  element('side-field').hidden = !isOpen(network);
  element('bundled').hidden = bundled;
  for (const warning of model.warnings) showNote(`${warning}.`);
}

let named: number | undefined;

/** Offers the names that so many classes may have. */
export function showNames(count: number | undefined): void {
  if (named === count) return;
  named = count;
  const lists = Object.keys(namesOf.get(count ?? 0) ?? {});
  const names = element<HTMLSelectElement>('names');
  names.replaceChildren(...lists.map((name) => option(name)), option('', 'numbers'));
  names.disabled = lists.length === 0;
}

/** The chosen names. */
export function labelsOf(count: number): readonly string[] | undefined {
  showNames(count);
  return namesOf.get(count)?.[element<HTMLSelectElement>('names').value];
}

/** What the bundled network knows; other networks keep it to themselves. */
export function showKnown(labels: readonly string[] | undefined): void {
  element('known').textContent = labels
    ? `The network, a ResNet-20, knows ${labels.length} things: ${labels.slice(0, -1).join(', ')} and ${labels.at(-1)}. Whatever it sees, it says one of these.`
    : '';
}

/** @param share of what is read, from 0 to 1; undefined when nothing is */
export function showProgress(share: number | undefined): void {
  const bar = element<HTMLProgressElement>('progress');
  bar.hidden = share === undefined;
  if (share !== undefined) bar.value = share;
}

export function showNote(text: string): void {
  element('note').textContent = text;
}

/** Lanewise's errors, and the page's own, are sentences for people, without the full stop; the others go to the console too. */
export function showError(error: unknown): void {
  if (!(error instanceof LanewiseError) && (!(error instanceof Error) || error.name !== 'Error')) console.error(error);
  element('error').textContent = `${error instanceof Error ? error.message : error}.`;
  if (element('classes').childElementCount === 0) showVerdict('Nothing classified yet');
  main.dataset.state = 'failed';
}
