// The worker then fetches the one WebAssembly binary that it needs; as a classic script, Vite's default, it holds all four.
export default { worker: { format: 'es' } };
