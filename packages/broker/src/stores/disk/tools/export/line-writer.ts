import type { Writable } from 'node:stream';
import type { ExportLine } from './export-lines.ts';

/** Bytes (nearly) that are gathered for one write. */
const CHUNK_CHARACTERS = 64 * 1024;

/** Writes lines to a stream no faster than it takes them. The stream is not ended here. */
export class LineWriter {
  readonly #stream: Writable;
  readonly #gathered: string[];
  #characters: number;
  #failure: Error | null;

  constructor(stream: Writable) {
    this.#stream = stream;
    this.#gathered = [];
    this.#characters = 0;
    this.#failure = null;
    // A stream that fails between two writes would end the process if nobody listened.
    stream.on('error', (error) => {
      this.#failure ??= error;
    });
  }

  /** True when enough is gathered that `flush` should be awaited. */
  get isFull(): boolean {
    return this.#characters >= CHUNK_CHARACTERS;
  }

  add(line: ExportLine): void {
    const text = `${JSON.stringify(line)}\n`;
    this.#gathered.push(text);
    this.#characters += text.length;
  }

  /** Resolves when the stream has taken all that was added; rejects with the stream's error. */
  async flush(): Promise<void> {
    if (this.#failure !== null) throw this.#failure;
    const chunks = this.#gathered.splice(0);
    this.#characters = 0;
    for (const chunk of joined(chunks)) {
      await new Promise<void>((resolve, reject) => {
        this.#stream.write(chunk, 'utf8', (error) => (error ? reject(error) : resolve()));
      });
    }
  }
}

/** Small texts put together; one that is large by itself stays alone, so that no string becomes too long. */
function* joined(texts: readonly string[]): Generator<string> {
  let gathered = '';
  for (const text of texts) {
    if (gathered.length > 0 && gathered.length + text.length > 2 * CHUNK_CHARACTERS) {
      yield gathered;
      gathered = '';
    }
    gathered += text;
  }
  if (gathered.length > 0) yield gathered;
}
