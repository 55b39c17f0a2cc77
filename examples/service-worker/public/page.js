await navigator.serviceWorker.register('service-worker.js');
await navigator.serviceWorker.ready;
// On a first visit the page is the worker's as soon as the worker claims it.
if (!navigator.serviceWorker.controller) {
  await new Promise((resolve) => navigator.serviceWorker.addEventListener('controllerchange', resolve, { once: true }));
}

const picture = await fetch('cat.png');
const answer = await fetch('classify', { method: 'POST', body: await picture.blob() });
const { label, error } = await answer.json();
document.querySelector('#label').textContent = label ?? error;
