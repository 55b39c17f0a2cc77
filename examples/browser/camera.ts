// The webcam: a loop that takes a frame, waits until it is classified, and takes the next.

/** A camera that runs. */
export interface Camera {
  stop(): void;
}

/** Why a camera does not start, as a sentence. */
export function cameraSentence(error: unknown): string {
  const { name, message } = error as { name?: string; message?: string };
  if (name === 'NotAllowedError' || name === 'SecurityError')
    return 'The camera was refused. Allow it for this page in the browser and try again';
  if (name === 'NotFoundError' || name === 'OverconstrainedError') return 'No camera was found on this device';
  if (name === 'NotReadableError' || name === 'AbortError') return 'The camera could not be started: another program may be using it';
  return message || String(error);
}

/**
 * Starts the camera.
 * @param video shows it
 * @param each is awaited for every frame; then comes the newest one
 * @param ended is called if the camera goes away or `each` fails
 */
export async function startCamera(
  video: HTMLVideoElement,
  each: (video: HTMLVideoElement) => Promise<void>,
  ended: (error: unknown) => void,
): Promise<Camera> {
  if (!navigator.mediaDevices?.getUserMedia)
    throw new Error('Browsers give a camera only to pages that come over HTTPS or from this machine');
  const stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: 'environment', width: { ideal: 640 } }, audio: false });
  let stopped = false;
  const stop = () => {
    stopped = true;
    for (const track of stream.getTracks()) track.stop();
    video.srcObject = null;
  };
  const fail = (error: unknown) => {
    if (stopped) return;
    stop();
    ended(error);
  };
  for (const track of stream.getVideoTracks()) track.addEventListener('ended', () => fail(new Error('The camera went away')));
  video.srcObject = stream;
  try {
    await video.play();
  } catch (error) {
    stop();
    throw error;
  }

  const next = () => {
    if (stopped) return;
    if ('requestVideoFrameCallback' in video) video.requestVideoFrameCallback(frame);
    else requestAnimationFrame(frame);
  };
  const frame = () => {
    if (stopped) return;
    if (video.videoWidth === 0) next();
    else each(video).then(next, fail);
  };
  next();
  return { stop };
}

/** Frames a second and milliseconds a frame, over the last second or so. */
export class Pace {
  readonly #frames: { readonly end: number; readonly ms: number }[] = [];

  /** @param ms how long the frame that has just ended took */
  add(ms: number): void {
    const end = performance.now();
    this.#frames.push({ end, ms });
    while (this.#frames.length > 2 && end - (this.#frames[0]?.end ?? end) > 1500) this.#frames.shift();
  }

  /** Undefined before the second frame. */
  get text(): string | undefined {
    const [first, last] = [this.#frames[0], this.#frames.at(-1)];
    if (!first || !last || first === last) return undefined;
    const rate = ((this.#frames.length - 1) * 1000) / (last.end - first.end);
    const mean = this.#frames.reduce((sum, { ms }) => sum + ms, 0) / this.#frames.length;
    return `${rate.toFixed(1)} frames a second, ${mean.toFixed(1)} ms each`;
  }
}
