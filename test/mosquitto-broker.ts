// Debian's Mosquitto as a broker on free loopback ports, over TCP and WebSocket, without persistence.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../crash/broker-process.mjs';
import { Program } from './e2e/program.ts';

/** Its log has this line when its listeners are open. */
const RUNNING = /mosquitto version .* running/;

export class MosquittoBroker {
  readonly tcpPort: number;
  readonly webSocketPort: number;
  readonly #program: Program;
  readonly #directory: string;

  private constructor(program: Program, directory: string, tcpPort: number, webSocketPort: number) {
    this.#program = program;
    this.#directory = directory;
    this.tcpPort = tcpPort;
    this.webSocketPort = webSocketPort;
  }

  /**
   * @param path where the program is, as `debianTool('mosquitto')` says
   * @param settings further lines of its configuration
   */
  static async start(path: string, settings: readonly string[] = []): Promise<MosquittoBroker> {
    const directory = mkdtempSync(join(tmpdir(), 'martlet-mosquitto-'));
    const [tcpPort, webSocketPort] = [await freePort(), await freePort()];
    const file = join(directory, 'mosquitto.conf');
    const lines = [
      'allow_anonymous true',
      // Left to itself it changes to a user that may not exist, or may not read the directory.
      ...(process.getuid?.() === 0 ? ['user root'] : []),
      `listener ${tcpPort} 127.0.0.1`,
      `listener ${webSocketPort} 127.0.0.1`,
      'protocol websockets',
      ...settings,
    ];
    writeFileSync(file, `${lines.join('\n')}\n`);
    const program = new Program(path, ['-c', file]);
    await program.line(RUNNING, 'stderr');
    return new MosquittoBroker(program, directory, tcpPort, webSocketPort);
  }

  /** The first line of its log that matches, now or later. */
  line(pattern: RegExp): Promise<string> {
    return this.#program.line(pattern, 'stderr');
  }

  /** Lets it end in its own way, in which it writes what it keeps. */
  async finish(): Promise<void> {
    this.#program.signal('SIGTERM');
    await this.#program.exit;
    await this.close();
  }

  async close(): Promise<void> {
    await this.#program.stop();
    rmSync(this.#directory, { recursive: true, force: true });
  }
}
