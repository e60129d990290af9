/**
 * The text of a password file: a line `user:hash` for each user. Comments (`#` at the beginning) and lines without a colon
 * are nobody's, and stay where they are.
 */
import type { PasswordHash } from './password-hash.ts';
import { parsePasswordHash, passwordHashText } from './password-hash.ts';

export interface PasswordLine {
  /** As it stands in the file, without its end. */
  readonly text: string;
  /** Undefined: nobody's. */
  readonly username: string | undefined;
  /** What stands behind the colon: a hash, or in old files the password itself. */
  readonly secret: string;
  /** Undefined if `secret` is none that is known. */
  readonly hash: PasswordHash | undefined;
}

export class PasswordFile {
  readonly #lines: PasswordLine[];

  constructor(lines: readonly PasswordLine[] = []) {
    this.#lines = [...lines];
  }

  static parse(text: string): PasswordFile {
    const lines = text.split(/\r?\n/);
    if (lines.at(-1) === '') lines.pop();
    return new PasswordFile(lines.map(lineFrom));
  }

  get lines(): readonly PasswordLine[] {
    return this.#lines;
  }

  /** The hash of a user; undefined for one who is not there, or whose hash is none. */
  hashOf(username: string): PasswordHash | undefined {
    return this.#lines.find((line) => line.username === username)?.hash;
  }

  /**
   * Puts a user's hash in place of the old one, or at the end. A user who is there several times is there once then, so that no old
   * password stays good.
   * @returns whether the user was there
   */
  set(username: string, hash: PasswordHash): boolean {
    return this.setSecrets(username, [passwordHashText(hash)]);
  }

  /** The same with what stands behind the colon, a line for each. */
  setSecrets(username: string, secrets: readonly string[]): boolean {
    const first = this.#lines.findIndex((line) => line.username === username);
    this.delete(username);
    const lines = secrets.map((secret) => lineFrom(`${username}:${secret}`));
    this.#lines.splice(first < 0 ? this.#lines.length : first, 0, ...lines);
    return first >= 0;
  }

  /** Puts a hash in place of what stands in the line of a user. @param at an index of `lines` */
  setLine(at: number, hash: PasswordHash): void {
    this.#lines[at] = lineFrom(`${this.#lines[at]!.username}:${passwordHashText(hash)}`);
  }

  /** @returns whether the user was there */
  delete(username: string): boolean {
    const kept = this.#lines.filter((line) => line.username !== username);
    const wasThere = kept.length < this.#lines.length;
    this.#lines.splice(0, this.#lines.length, ...kept);
    return wasThere;
  }

  toString(): string {
    return this.#lines.map(({ text }) => `${text}\n`).join('');
  }
}

function lineFrom(text: string): PasswordLine {
  const colon = text.indexOf(':');
  if (text.startsWith('#') || colon < 0) return { text, username: undefined, secret: '', hash: undefined };
  const secret = text.slice(colon + 1).trim();
  return { text, username: text.slice(0, colon), secret, hash: parsePasswordHash(secret) };
}

/** Why nobody can have this name in a password file; undefined if somebody can. */
export function usernameProblem(username: string): string | undefined {
  if (username === '') return 'expected a user name, got an empty one';
  if (username.includes(':')) return "expected a user name without ':', which ends it in the file";
  if (/\p{Cc}/u.test(username)) return 'expected a user name without control characters';
  if (username.startsWith('#'))
    return "expected a user name that does not begin with '#', which makes a comment of the line";
  if (Buffer.byteLength(username) > 65_535) return 'expected a user name of at most 65,535 bytes';
  return undefined;
}
