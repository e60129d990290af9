/** Reads the files that options of TLS name. What cannot be read is a problem with the file's name, and so all are found. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { readListedFile } from '../../access/listed-file.ts';
import type { ConfigurationProblem } from '../../config/configuration-error.ts';
import { ConfigurationError } from '../../config/configuration-error.ts';

/** A bundle of all public CAs has 250 KB, and long revocation lists some MB. */
const MAXIMUM_FILE_BYTES = 64 * 1024 * 1024;
const CA_FILE_NAME: Readonly<RegExp> = /\.(pem|crt|cer)$|^[0-9a-f]{8}\.\d+$/;

/** A text and the name under which problems with it are told. */
export interface NamedText {
  /** The file, or the option if it was given as text. */
  readonly name: string;
  readonly text: string;
}

export class TlsFiles {
  readonly problems: ConfigurationProblem[] = [];
  /** Read, or tried to be read. */
  readonly files: string[] = [];

  /** What is wrong with a file, or with the options as a whole. */
  problem(file: string, code: string, text: string): void {
    this.problems.push({ file, line: undefined, key: '', severity: 'error', code, text });
  }

  /** The text that was given, or that of the file; undefined if there is neither, or if the file cannot be read. */
  async text(
    option: string,
    given: string | undefined,
    file: string | null | undefined,
  ): Promise<NamedText | undefined> {
    if (given !== undefined) return { name: option, text: given };
    if (file === undefined || file === null) return undefined;
    const bytes = await this.bytes(option, file);
    return bytes === undefined ? undefined : { name: file, text: bytes.toString('utf8') };
  }

  async bytes(option: string, file: string): Promise<Buffer | undefined> {
    this.files.push(file);
    try {
      const { bytes } = await readListedFile(file, option, MAXIMUM_FILE_BYTES);
      return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    } catch (error) {
      if (!(error instanceof ConfigurationError)) throw error;
      this.problems.push(...error.problems);
      return undefined;
    }
  }

  /** The files of a directory that look like certificates. */
  async directory(option: string, directory: string): Promise<readonly NamedText[]> {
    this.files.push(directory);
    let names: string[];
    try {
      names = (await readdir(directory)).filter((name) => CA_FILE_NAME.test(name)).sort();
    } catch (error) {
      this.problem(
        directory,
        'file-unreadable',
        `${option} cannot be read: ${(error as NodeJS.ErrnoException).code}`,
      );
      return [];
    }
    const texts = await Promise.all(names.map((name) => this.text(option, undefined, join(directory, name))));
    return texts.filter((text) => text !== undefined);
  }
}
