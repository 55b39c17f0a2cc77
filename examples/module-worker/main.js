const worker = new Worker(new URL('./worker.js', import.meta.url), { type: 'module' });

/** The label of a picture; rejects with the worker's error. */
function classify(blob) {
  return new Promise((resolve, reject) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = ({ data: { label, error } }) => (error ? reject(new Error(error)) : resolve(label));
    worker.postMessage(blob, [port2]);
  });
}

const response = await fetch(new URL('./cat.png', import.meta.url));
document.querySelector('#label').textContent = await classify(await response.blob());
