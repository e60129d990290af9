/** A server of a test: on free ports, with nothing on the disk, its log in lines, and clients that speak MQTT 5. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LoadedConfiguration } from '../../src/config/load-configuration.ts';
import { configurationFrom, parseConfiguration } from '../../src/config/load-configuration.ts';
import type { ListenerAddress } from '../../src/listeners/listener.ts';
import type { Server } from '../../src/server/server.ts';
import type { ServerDependencies } from '../../src/server/server-dependencies.ts';
import { startServer } from '../../src/server/start-server.ts';

export class ServedTest {
  readonly directory: string;
  readonly lines: string[];
  readonly #servers: Server[];

  constructor() {
    this.directory = mkdtempSync(join(tmpdir(), 'martlet-server-'));
    this.lines = [];
    this.#servers = [];
  }

  /** A configuration in memory; listeners are on free ports unless they say otherwise. */
  configuration(input: Readonly<Record<string, unknown>> = {}): LoadedConfiguration {
    return configurationFrom(withTestDefaults(input));
  }

  /** The same as from a file, whose lines errors name. */
  parsed(yaml: string): LoadedConfiguration {
    return parseConfiguration(yaml, join(this.directory, 'martlet.yaml'));
  }

  async start(loaded: LoadedConfiguration, dependencies: ServerDependencies = {}): Promise<Server> {
    const stderr = { write: (text: string) => this.lines.push(text.trimEnd()) };
    const server = await startServer(loaded, { log: { stderr }, ...dependencies });
    this.#servers.push(server);
    return server;
  }

  async end(): Promise<void> {
    await Promise.all(this.#servers.splice(0).map((server) => server.close('the test ends')));
    rmSync(this.directory, { recursive: true });
  }
}

function withTestDefaults(input: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return {
    listeners: [{ name: 'main', port: 0 }],
    store: { directory: false },
    control: { socket: 'none' },
    log: { timestamps: 'none' },
    ...input,
  };
}

export function portOf(server: Server, name: string): number {
  const listener = server.listeners.find((each) => each.name === name);
  if (listener === undefined) throw new Error(`no listener ${name}`);
  return portAt(listener.address);
}

function portAt(address: ListenerAddress): number {
  if (address.kind !== 'tcp') throw new Error('expected a port');
  return address.port;
}
