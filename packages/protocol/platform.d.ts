// The whole of the platform that this package uses beyond ECMAScript: what Node.js, browsers and workers all have.
// Neither Node.js's types nor the DOM's are loaded here, so anything else does not compile.

export {};

declare global {
  class TextEncoder {
    encode(input?: string): Uint8Array<ArrayBuffer>;
    /** `read` counts UTF-16 code units of the source, `written` bytes of the destination. */
    encodeInto(source: string, destination: Uint8Array): { readonly read: number; readonly written: number };
  }

  class TextDecoder {
    constructor(label?: 'utf-8', options?: { readonly fatal?: boolean; readonly ignoreBOM?: boolean });
    decode(input?: Uint8Array): string;
  }
}
