import { load } from 'lanewise';
import { cifar10, pictureFromBlob, topK, toTensor } from 'lanewise/vision';

/** What classifying needs, kept for when there is no network. */
const FILES = ['model.onnx'];
const CACHE = 'lanewise-1';

self.addEventListener('install', (event) => {
  self.skipWaiting();
  event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll(FILES)));
});
self.addEventListener('activate', (event) => event.waitUntil(self.clients.claim()));

let loading;

/** The model, loaded once for as long as the browser keeps the worker running. */
function network() {
  loading ??= caches
    .match('model.onnx')
    .then((cached) => load(cached ?? 'model.onnx'))
    .catch((error) => {
      loading = undefined;
      throw error;
    });
  return loading;
}

async function classify(blob) {
  const model = await network();
  const { logits } = model.runSync({ input: toTensor(await pictureFromBlob(blob), cifar10) });
  const [best] = topK(logits.data, 1);
  return cifar10.labels[best.index];
}

self.addEventListener('fetch', (event) => {
  const { pathname } = new URL(event.request.url);
  if (event.request.method !== 'POST' || !pathname.endsWith('/classify')) return;
  event.respondWith(
    event.request
      .blob()
      .then(classify)
      .then(
        (label) => Response.json({ label }),
        (error) => Response.json({ error: error.message }, { status: 500 }),
      ),
  );
});
