// Types of what platforms have, as far as Lanewise asks for them: TypeScript knows the real ones only with lib.dom or
// @types/node, and projects without either compile, too.

/** An `AbortSignal`. */
export interface AbortSignalLike {
  readonly aborted: boolean;
  readonly reason?: unknown;
  addEventListener(type: 'abort', listener: () => void): void;
  removeEventListener(type: 'abort', listener: () => void): void;
}

/** A `URL`. */
export interface URLLike {
  readonly href: string;
  readonly protocol: string;
  readonly searchParams: object;
}

/** A `Blob`, or a `File`. */
export interface BlobLike {
  readonly size: number;
  readonly type: string;
  arrayBuffer(): Promise<ArrayBuffer>;
  stream(): object;
}

/** A `ReadableStream` of `Uint8Array`s. */
export interface StreamLike {
  readonly locked: boolean;
  cancel(reason?: unknown): Promise<void>;
  getReader(): { read(): Promise<{ readonly done: boolean; readonly value?: unknown }> };
}

/** A `Response`, as `fetch` gives it. */
export interface ResponseLike {
  readonly ok: boolean;
  readonly status: number;
  readonly url: string;
  readonly bodyUsed: boolean;
  readonly headers: { get(name: string): string | null };
  arrayBuffer(): Promise<ArrayBuffer>;
}

/** The method that `using` calls, where TypeScript's lib has it. */
export type Disposing = SymbolConstructor extends { readonly dispose: infer K extends symbol }
  ? { readonly [key in K]: () => void }
  : object;
