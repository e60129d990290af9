import type { AppendableFiles } from '../../src/server/log/file-destination.ts';

/** Files in memory whose writes end when the test says so, and as it says. */
export class LogFiles implements AppendableFiles {
  readonly contents: Map<string, string> = new Map();
  readonly closed: number[] = [];
  readonly #paths: string[] = [];
  readonly #ends: (() => void)[] = [];
  /** What the next writes end with. */
  failure: string | null = null;
  /** Bytes that the next write writes at most. */
  room: number = Number.POSITIVE_INFINITY;
  unopenable: string | null = null;

  open(path: string): number {
    if (this.unopenable !== null) throw Object.assign(new Error('no'), { code: this.unopenable });
    this.contents.set(path, this.contents.get(path) ?? '');
    return this.#paths.push(path) - 1;
  }

  append(descriptor: number, bytes: Buffer, done: (error: Error | null, written: number) => void): void {
    this.#ends.push(() => {
      const written = Math.min(this.room, bytes.length);
      this.room = Number.POSITIVE_INFINITY;
      if (this.failure !== null && written === bytes.length) return done(new Error(this.failure), 0);
      const path = this.#paths[descriptor]!;
      this.contents.set(path, this.contents.get(path)! + bytes.subarray(0, written).toString('utf8'));
      done(null, written);
    });
  }

  close(descriptor: number): void {
    this.closed.push(descriptor);
  }

  get writesUnderWay(): number {
    return this.#ends.length;
  }

  /** Moves what is there to another name, as a tool that rotates logs does. */
  rename(from: string, to: string): void {
    const text = this.contents.get(from)!;
    this.contents.delete(from);
    this.contents.set(to, text);
    for (const [descriptor, path] of this.#paths.entries()) if (path === from) this.#paths[descriptor] = to;
  }

  /** Ends the writes that are under way, and those that follow from that. */
  settle(): void {
    while (this.#ends.length > 0) this.#ends.shift()!();
  }
}
