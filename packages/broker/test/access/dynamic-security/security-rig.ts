/** Dynamic security on a file of its own, asked as commands are. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DynamicSecurity } from '../../../src/access/dynamic-security/dynamic-security.ts';
import { PasswordHashing } from '../../../src/access/password-hashing.ts';
import type { LogLevel } from '../../../src/core/ports/log.ts';

export interface RigOptions {
  /** What is in the file. @default there is none */
  readonly content?: string;
  readonly initialPassword?: string;
  readonly environment?: Readonly<Record<string, string>>;
}

export interface Answer {
  readonly command: string;
  readonly error?: string;
  readonly data?: unknown;
  readonly correlationData?: string;
}

export class SecurityRig {
  readonly directory: string;
  readonly file: string;
  /** `level code text` of each line. */
  readonly log: string[] = [];
  security!: DynamicSecurity;
  readonly #hashing = new PasswordHashing();

  private constructor() {
    this.directory = mkdtempSync(join(tmpdir(), 'martlet-dynsec-'));
    this.file = join(this.directory, 'security.json');
  }

  static async open(options: RigOptions = {}): Promise<SecurityRig> {
    const rig = SecurityRig.unopened(options);
    await rig.reopen(options);
    return rig;
  }

  static unopened({ content, initialPassword }: RigOptions = {}): SecurityRig {
    const rig = new SecurityRig();
    if (content !== undefined) writeFileSync(rig.file, content);
    if (initialPassword !== undefined) writeFileSync(join(rig.directory, 'init'), `${initialPassword}\n`);
    return rig;
  }

  /** As at a start of the server. */
  async reopen({ initialPassword, environment = {} }: RigOptions = {}): Promise<void> {
    const initialPasswordFile = initialPassword === undefined ? null : join(this.directory, 'init');
    this.security = await DynamicSecurity.open(
      { file: this.file, initialPasswordFile },
      {
        log: { write: (level: LogLevel, code, text) => void this.log.push(`${level} ${code} ${text}`) },
        hashing: this.#hashing,
        environment,
      },
    );
  }

  /** The payload of the answer to these bytes. */
  async message(payload: string): Promise<string> {
    const { text } = await this.security.handle(new TextEncoder().encode(payload), 'test/admin');
    return text;
  }

  /** The responses to these commands in one message. */
  async run(...commands: unknown[]): Promise<readonly Answer[]> {
    const { responses } = JSON.parse(await this.message(JSON.stringify({ commands })));
    return responses;
  }

  close(): void {
    this.#hashing.close();
    rmSync(this.directory, { recursive: true, force: true });
  }
}
