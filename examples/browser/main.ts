import { LanewiseError, load, type Model, type Tensor } from 'lanewise';
import { cifar10, fitPicture, type Picture, pictureFromBlob, softmax, topK, toTensor } from 'lanewise/vision';
import catUrl from '../../models/cat.png?url';
import modelUrl from '../../models/cifar10-resnet20/model.onnx?url';

const WARM_RUNS = 15;

const element = <T extends HTMLElement>(id: string): T => document.getElementById(id) as T;
const main = document.querySelector('main') as HTMLElement;
const formatMs = (ms: number): string => `${ms.toFixed(ms < 100 ? 1 : 0)} ms`;
const formatBytes = (bytes: number): string =>
  bytes < 1024 ** 2 ? `${(bytes / 1024).toFixed(0)} KiB` : `${(bytes / 1024 ** 2).toFixed(2)} MiB`;

interface Network {
  readonly model: Model;
  readonly loadMs: number;
  /** How long the very first run took. */
  firstMs?: number;
}

let loading: Promise<Network> | undefined;

/** The network, loaded once; after a failure the next picture tries again. */
function network(): Promise<Network> {
  loading ??= loadNetwork().catch((error) => {
    loading = undefined;
    throw error;
  });
  return loading;
}

async function loadNetwork(): Promise<Network> {
  const start = performance.now();
  const model = await load(modelUrl);
  return { model, loadMs: performance.now() - start };
}

interface Result {
  readonly logits: Tensor;
  readonly firstMs: number;
  readonly warmMs: number;
}

/** Runs the network on a picture, then some more times for the clock. */
function classify(ready: Network, picture: Picture): Result {
  const feeds = { input: toTensor(picture, cifar10) };
  const timedRun = () => {
    const start = performance.now();
    const { logits } = ready.model.runSync(feeds);
    return { logits: logits as Tensor, ms: performance.now() - start };
  };
  const { logits, ms } = timedRun();
  ready.firstMs ??= ms;
  const times = Array.from({ length: WARM_RUNS }, () => timedRun().ms).sort((a, b) => a - b);
  return { logits, firstMs: ready.firstMs, warmMs: times[WARM_RUNS >> 1] as number };
}

/** In hexadecimal. Undefined where the page did not come over HTTPS or from this machine: browsers hash nothing there. */
async function sha256(data: Tensor['data']): Promise<string | undefined> {
  const hash = await crypto.subtle?.digest('SHA-256', data as BufferSource);
  return hash && Array.from(new Uint8Array(hash), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

async function decode(source: Blob | Promise<Blob>): Promise<{ blob: Blob; picture: Picture }> {
  const blob = await source;
  return { blob, picture: await pictureFromBlob(blob) };
}

let latest = 0;

/** Classifies a picture and shows what came out; where a newer one was picked meanwhile, that one is shown. */
async function show(source: Blob | Promise<Blob>, name: string): Promise<void> {
  latest++;
  const turn = latest;
  main.dataset.state = 'busy';
  element('error').textContent = '';
  try {
    // The picture and, the first time, the network are fetched side by side.
    const [{ blob, picture }, ready] = await Promise.all([decode(source), network()]);
    if (turn !== latest) return;
    const result = classify(ready, picture);
    const hash = await sha256(result.logits.data);
    if (turn !== latest) return;
    showPicture(blob, name, picture);
    showClasses(result.logits);
    showNumbers(ready, result, hash);
    main.dataset.state = 'done';
  } catch (error) {
    if (turn === latest) showError(error);
  }
}

function showPicture(blob: Blob, name: string, picture: Picture): void {
  const image = element<HTMLImageElement>('picture');
  URL.revokeObjectURL(image.src);
  image.src = URL.createObjectURL(blob);
  image.alt = name;
  image.hidden = false;
  element('name').textContent = name;
  element('size').textContent = `${picture.width} × ${picture.height} pixels; the network sees the middle as 32 × 32`;

  const { data, width, height } = fitPicture(picture, cifar10);
  const rgba = new Uint8ClampedArray(width * height * 4).fill(255);
  for (let i = 0; i < width * height; i++) rgba.set(data.subarray(i * 3, i * 3 + 3), i * 4);
  element<HTMLCanvasElement>('seen')
    .getContext('2d')
    ?.putImageData(new ImageData(rgba, width, height), 0, 0);
}

const withArticle = (noun: string): string => `${/^[aeiou]/.test(noun) ? 'an' : 'a'} `;

function showClasses(logits: Tensor): void {
  const shares = softmax(logits.data);
  const best = topK(shares, 5).map(({ index, value }) => ({ label: cifar10.labels?.[index] ?? `class ${index}`, share: value }));
  const winner = best[0]?.label ?? 'nothing';
  const strong = make('strong', '', winner);
  element('verdict').replaceChildren(`This looks like ${withArticle(winner)}`, strong);
  element('classes').replaceChildren(
    ...best.map(({ label, share }) => {
      const percent = `${(share * 100).toFixed(1)} %`;
      const bar = make('div', 'bar');
      bar.style.width = `${share * 100}%`;
      const track = make('div', 'track');
      track.append(bar);
      const row = make('li');
      row.append(make('span', 'label', label), make('span', 'percent', percent), track);
      return row;
    }),
  );
}

function make(tag: string, className = '', text = ''): HTMLElement {
  return Object.assign(document.createElement(tag), { className, textContent: text });
}

function showNumbers({ model, loadMs }: Network, { firstMs, warmMs }: Result, hash: string | undefined): void {
  const { weights, activations, total } = model.memory;
  element('load').textContent = formatMs(loadMs);
  element('first').textContent = formatMs(firstMs);
  element('warm').textContent = formatMs(warmMs);
  element('runs').textContent = String(WARM_RUNS);
  element('memory').textContent = formatBytes(total);
  element('memory-parts').textContent = `weights ${formatBytes(weights)}, activations ${formatBytes(activations)}`;
  const fingerprint = element('fingerprint');
  fingerprint.textContent = hash?.slice(0, 12) ?? 'needs HTTPS';
  fingerprint.title = fingerprint.dataset.sha256 = hash ?? '';
}

/** Lanewise's errors are sentences for people, without the full stop; the others go to the console too. */
function showError(error: unknown): void {
  if (!(error instanceof LanewiseError)) console.error(error);
  const message = error instanceof Error ? error.message : String(error);
  element('error').textContent = `${message}.`;
  if (element('classes').childElementCount === 0) element('verdict').textContent = 'Nothing classified yet';
  main.dataset.state = 'failed';
}

async function catPhoto(): Promise<Blob> {
  const response = await fetch(catUrl);
  if (!response.ok) throw new Error(`The photo of the cat could not be fetched: HTTP ${response.status}`);
  return response.blob();
}

const fileInput = element<HTMLInputElement>('file');
fileInput.addEventListener('change', () => {
  const [file] = fileInput.files ?? [];
  if (file) show(file, file.name);
  // The same file may be picked again.
  fileInput.value = '';
});
element('cat').addEventListener('click', () => show(catPhoto(), 'cat.png'));

const hasFiles = (event: DragEvent): boolean => event.dataTransfer?.types.includes('Files') ?? false;
const dropSign = element('drop');
addEventListener('dragover', (event) => {
  if (!hasFiles(event)) return;
  event.preventDefault();
  dropSign.hidden = false;
});
addEventListener('dragleave', (event) => {
  // Only where the pointer leaves the window, not from element to element.
  if (!event.relatedTarget) dropSign.hidden = true;
});
addEventListener('drop', (event) => {
  if (!hasFiles(event)) return;
  event.preventDefault();
  dropSign.hidden = true;
  const [file] = event.dataTransfer?.files ?? [];
  if (file) show(file, file.name);
});

const labels = [...(cifar10.labels ?? [])];
element('known').textContent =
  `The network, a ResNet-20, knows ${labels.length} things: ${labels.slice(0, -1).join(', ')} and ${labels.at(-1)}. Whatever it sees, it says one of these.`;
show(catPhoto(), 'cat.png');
