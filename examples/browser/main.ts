import type { Outputs, Tensor } from 'lanewise';
import { type Picture, pictureFrom, pictureFromBlob } from 'lanewise/vision';
import { cifar10Labels } from 'lanewise/vision/labels';
import catUrl from '../../models/cat.png?url';
import modelUrl from '../../models/cifar10-resnet20/model.onnx?url';
import { type Camera, cameraSentence, Pace, startCamera } from './camera.ts';
import {
  DEFAULT_SIDE,
  infer,
  isModelName,
  isOpen,
  isSteady,
  likelyValues,
  type Network,
  openNetwork,
  prepare,
  type Settings,
  seenBy,
  sharesOf,
  type ValuesName,
} from './network.ts';
import {
  element,
  labelsOf,
  main,
  showClasses,
  showError,
  showKnown,
  showNetwork,
  showNote,
  showNumbers,
  showOutputs,
  showPicture,
  showProgress,
  showSeen,
} from './page.ts';

const WARM_RUNS = 15;
/** Milliseconds: large networks are run less often for the clock. */
const WARM_TIME = 1500;

let network: Network | undefined;
let bundledLoading: Promise<Network> | undefined;

/** The network that the page runs: the bundled one, loaded once, or the visitor's. After a failure the next picture tries again. */
async function ready(): Promise<Network> {
  if (network) return network;
  bundledLoading ??= openNetwork(modelUrl, showProgress)
    .then((opened) => {
      // The visitor's own may have come meanwhile.
      if (network) opened.model.dispose();
      else use(opened, true);
      return opened;
    })
    .finally(() => {
      bundledLoading = undefined;
    });
  await bundledLoading;
  return network as unknown as Network;
}

function use(opened: Network, bundled: boolean): void {
  network?.model.dispose();
  network = opened;
  showNote('');
  showNetwork(opened, likelyValues(opened), bundled);
  showKnown(bundled ? cifar10Labels : undefined);
}

const sideInput = element<HTMLInputElement>('side');

/** What is chosen. @throws Error, a sentence, for a size that is none */
function settings(): Settings {
  const side = sideInput.valueAsNumber;
  if (network && isOpen(network) && !(Number.isInteger(side) && side >= 1 && side <= 2048))
    throw new Error('The size is a whole number from 1 to 2048');
  return { values: element<HTMLSelectElement>('values').value as ValuesName, side: Number.isInteger(side) ? side : DEFAULT_SIDE };
}

/** In hexadecimal. Undefined where the page did not come over HTTPS or from this machine: browsers hash nothing there. */
async function sha256(data: Tensor['data']): Promise<string | undefined> {
  const hash = await crypto.subtle?.digest('SHA-256', data as BufferSource);
  return hash && Array.from(new Uint8Array(hash), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

interface Shown {
  readonly blob: Blob;
  readonly name: string;
  readonly picture: Picture;
}

/** The picture that was shown last, for another network or other settings. */
let shown: Shown | undefined;

async function decode(source: Blob | Promise<Blob>, name: string): Promise<Shown> {
  const blob = await source;
  return { blob, name, picture: await pictureFromBlob(blob) };
}

function showResult(outputs: Readonly<Record<string, Tensor>>): void {
  const shares = sharesOf(outputs);
  if (shares) showClasses(shares, labelsOf(shares.length));
  else showOutputs(outputs);
}

let latest = 0;

/** Does something that ends in a result; where something newer began meanwhile, that one is shown. */
async function turn(action: (isLatest: () => boolean) => Promise<void>): Promise<void> {
  latest++;
  const own = latest;
  const isLatest = () => own === latest;
  main.dataset.state = 'busy';
  element('error').textContent = '';
  try {
    await action(isLatest);
    if (isLatest()) main.dataset.state = 'done';
  } catch (error) {
    if (isLatest()) showError(error);
  } finally {
    if (isLatest()) showProgress(undefined);
  }
}

/** Classifies a picture, then some more times for the clock, and shows what came out. */
async function classify(given: Shown, isLatest: () => boolean): Promise<void> {
  const current = await ready();
  if (!isLatest()) return;
  const chosen = settings();
  const tensor = prepare(current, given.picture, chosen);
  const { outputs } = await infer(current, tensor);
  const times: number[] = [];
  for (const start = performance.now(); times.length < WARM_RUNS && isLatest(); ) {
    times.push((await infer(current, tensor)).ms);
    if (performance.now() - start > WARM_TIME) break;
  }
  const [output] = Object.values(outputs);
  const hash = output && (await sha256(output.data));
  if (!isLatest()) return;
  shown = given;
  const seen = seenBy(current, given.picture, chosen);
  showPicture(given.blob, given.name, given.picture, seen);
  showSeen(seen);
  showResult(outputs);
  const runs = times.length;
  const warmMs = times.sort((a, b) => a - b)[runs >> 1] as number;
  showNumbers(current, { firstMs: current.firstMs as number, warmMs, runs, sha256: hash });
}

function show(source: Blob | Promise<Blob>, name: string): Promise<void> {
  stopCamera();
  return turn(async (isLatest) => {
    // The picture and, the first time, the network are fetched side by side.
    const [given] = await Promise.all([decode(source, name), ready()]);
    if (isLatest()) await classify(given, isLatest);
  });
}

/** After a change of the network or of what is chosen: the same picture again, unless the camera gives the next one anyway. */
const again = (): Promise<void> | undefined => (camera || !shown ? undefined : turn((isLatest) => classify(shown as Shown, isLatest)));

/** The visitor's network; if it cannot be used, the one before stays. */
const openOwn = (files: readonly File[]): Promise<void> =>
  turn(async (isLatest) => {
    showProgress(0);
    const opened = await openNetwork(files, (share) => isLatest() && showProgress(share));
    if (!isLatest()) return opened.model.dispose();
    use(opened, false);
    if (shown && !camera) await classify(shown, isLatest);
  });

async function catPhoto(): Promise<Blob> {
  const response = await fetch(catUrl);
  if (!response.ok) throw new Error(`The photo of the cat could not be fetched: HTTP ${response.status}`);
  return response.blob();
}

let camera: Camera | undefined;
const cameraButton = element<HTMLButtonElement>('camera');
const video = element<HTMLVideoElement>('video');

function showCamera(on: boolean): void {
  cameraButton.textContent = on ? 'Stop camera' : 'Camera';
  cameraButton.setAttribute('aria-pressed', String(on));
  main.dataset.camera = on ? 'on' : 'off';
  video.hidden = !on;
  element('picture').hidden = on || !shown;
  if (!on) element('pace').textContent = '';
}

function stopCamera(): void {
  if (!camera) return;
  camera.stop();
  camera = undefined;
  showCamera(false);
}

/** Milliseconds between two looks at what the network sees of the camera. */
const SEEN_PERIOD = 300;
let seenAt = Number.NEGATIVE_INFINITY;

/** What is filled again for every frame, so that the loop allocates nothing. */
let kept: { readonly network: Network; readonly side: number; input?: Tensor; outputs?: Outputs } | undefined;

/** One frame: all that is done for each is here. */
async function classifyFrame(pace: Pace): Promise<void> {
  const current = await ready();
  const start = performance.now();
  const chosen = settings();
  if (kept?.network !== current || kept.side !== chosen.side) kept = { network: current, side: chosen.side };
  const own = kept;
  own.input = prepare(current, video, chosen, own.input);
  try {
    const { outputs } = await infer(current, own.input, own.outputs);
    if (isSteady(current)) own.outputs = outputs;
    if (!camera) return;
    pace.add(performance.now() - start);
    showResult(outputs);
    if (start - seenAt > SEEN_PERIOD) {
      seenAt = start;
      showSeen(seenBy(current, pictureFrom(video), chosen));
    }
  } catch (error) {
    // A network that was replaced meanwhile ends its runs.
    if (current === network) throw error;
  }
  element('pace').textContent = pace.text ?? '';
}

const startFrames = (): Promise<void> =>
  turn(async (isLatest) => {
    await ready();
    const pace = new Pace();
    const failed = (error: unknown) => {
      stopCamera();
      showError(error);
    };
    let started: Camera;
    try {
      started = await startCamera(video, () => classifyFrame(pace), failed);
    } catch (error) {
      throw new Error(cameraSentence(error));
    }
    if (!isLatest()) return started.stop();
    camera = started;
    showCamera(true);
    element('name').textContent = 'Camera';
    element('size').textContent = `${video.videoWidth} × ${video.videoHeight} pixels; they stay on this device`;
  });

/** Calls back with the files that are picked; the same ones may be picked again. */
function onPicked(id: string, action: (files: readonly File[]) => void): void {
  const input = element<HTMLInputElement>(id);
  input.addEventListener('change', () => {
    const files = [...(input.files ?? [])];
    if (files.length > 0) action(files);
    input.value = '';
  });
}

onPicked('file', ([file]) => file && show(file, file.name));
onPicked('model', openOwn);
element('cat').addEventListener('click', () => show(catPhoto(), 'cat.png'));
cameraButton.addEventListener('click', () => {
  if (!camera) startFrames();
  else {
    stopCamera();
    again();
  }
});
element('bundled').addEventListener('click', () =>
  turn(async (isLatest) => {
    const opened = await openNetwork(modelUrl, showProgress);
    if (!isLatest()) return opened.model.dispose();
    use(opened, true);
    if (shown && !camera) await classify(shown, isLatest);
  }),
);
for (const id of ['values', 'names', 'side']) element(id).addEventListener('change', again);

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
  const files = [...(event.dataTransfer?.files ?? [])];
  const [file] = files;
  if (files.some(({ name }) => isModelName(name))) openOwn(files);
  else if (file) show(file, file.name);
});

show(catPhoto(), 'cat.png');
