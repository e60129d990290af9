// Files of Mosquitto in a directory of their own, and what becomes of them.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Configuration, ConfigurationProblem } from '@martlet/broker/config';
import { ConfigurationError } from '@martlet/broker/config';
import type { LoadedMosquittoConfiguration, TranslationSurroundings } from '@martlet/broker/mosquitto';
import { loadMosquittoConfiguration } from '@martlet/broker/mosquitto';

export class MosquittoFiles {
  readonly directory: string;

  constructor() {
    this.directory = mkdtempSync(join(tmpdir(), 'martlet-conf-'));
  }

  get main(): string {
    return join(this.directory, 'mosquitto.conf');
  }

  write(name: string, text: string | Uint8Array): string {
    const path = join(this.directory, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
    return path;
  }

  surroundings(more: Partial<TranslationSurroundings> = {}): TranslationSurroundings {
    return { directory: this.directory, env: {}, hasIpv6Loopback: true, user: 'mosquitto', ...more };
  }

  load(
    text: string | Uint8Array,
    more: Partial<TranslationSurroundings> = {},
  ): Promise<LoadedMosquittoConfiguration> {
    return loadMosquittoConfiguration(this.write('mosquitto.conf', text), this.surroundings(more));
  }

  async configuration(text: string, more: Partial<TranslationSurroundings> = {}): Promise<Configuration> {
    return (await this.load(text, more)).configuration;
  }

  /** What is wrong; none: nothing. */
  async errors(text: string | Uint8Array): Promise<readonly ConfigurationProblem[]> {
    try {
      await this.load(text);
      return [];
    } catch (error) {
      if (error instanceof ConfigurationError) return error.problems;
      throw error;
    }
  }

  /** The same in lines: `2: max_qos: expected …`. */
  async errorLines(text: string | Uint8Array): Promise<readonly string[]> {
    return (await this.errors(text)).map(({ line, key, text: says }) => `${line}: ${key}: ${says}`);
  }

  remove(): void {
    rmSync(this.directory, { recursive: true, force: true });
  }
}
