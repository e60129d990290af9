// Requests and responses with other people's programs, through Mosquitto: what the specification says is enough.

import type { Client } from '@martlet/client';
import { connect } from '@martlet/client';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { debianTool } from '../../../../test/debian-tools.ts';
import { Program } from '../../../../test/e2e/program.ts';
import { MosquittoBroker } from '../../../../test/mosquitto-broker.ts';

const mosquitto = debianTool('mosquitto');
const rr = debianTool('mosquitto_rr');
const pub = debianTool('mosquitto_pub');
const sub = debianTool('mosquitto_sub');
const missing = [mosquitto, rr, pub, sub].find(({ path }) => path === undefined);

describe.skipIf(missing !== undefined)(`Mosquitto's programs ${missing?.label ?? ''}`, () => {
  let broker: MosquittoBroker;
  const clients: Client[] = [];
  const programs: Program[] = [];

  beforeAll(async () => {
    broker = await MosquittoBroker.start(mosquitto.path!);
  });
  afterEach(async () => {
    for (const client of clients.splice(0)) await client.close();
    for (const program of programs.splice(0)) await program.stop();
  });
  afterAll(() => broker.close());

  function ours(protocolVersion: 5 | 4 = 5): Client {
    const client = connect(`mqtt://127.0.0.1:${broker.tcpPort}`, { protocolVersion });
    clients.push(client);
    return client;
  }

  function theirs(path: string | undefined, ...args: readonly string[]): Program {
    const program = new Program(path!, ['-h', '127.0.0.1', '-p', `${broker.tcpPort}`, '-V', '5', ...args]);
    programs.push(program);
    return program;
  }

  test('mosquitto_rr gets what our handler returns, the first of a stream, and the text of an error', async () => {
    const client = ours();
    await client.respond('upper', (request) => request.text().toUpperCase());
    await client.respond('stream', async function* () {
      yield 'first';
      yield 'second';
    });
    await client.respond('fails', () => {
      throw new Error('out of order');
    });
    const ask = async (topicName: string, ...args: readonly string[]): Promise<string> => {
      const { stdout } = await theirs(rr.path, '-t', topicName, '-e', 'answers', '-m', 'abc', ...args).exit;
      return stdout;
    };
    expect(await ask('upper')).toBe('ABC\n');
    expect(await ask('upper', '-q', '2', '-D', 'publish', 'correlation-data', 'x1', '-F', '%p %D')).toBe(
      'ABC x1\n',
    );
    expect(await ask('stream', '-q', '1')).toBe('first\n');
    expect(await ask('fails', '-F', '%p %P')).toBe('out of order martlet:error\n');
  });

  test('our request is answered by a shell script of mosquitto_sub and mosquitto_pub', async () => {
    const client = ours();
    await client.publish('ready', 'ready', { qos: 1, retain: true });
    const responder = theirs(sub.path, '-t', 'shell', '-t', 'ready', '-F', '%R %D %p');
    await responder.line(/ready$/);
    const answer = async (): Promise<void> => {
      const line = await responder.line(/^martlet\/responses\//);
      const [responseTopic, correlationData, payload] = line.split(' ');
      await theirs(
        pub.path,
        ...['-t', responseTopic!, '-D', 'publish', 'correlation-data', correlationData!],
        ...['-m', `you said ${payload}`, '-q', '1'],
      ).exit;
    };
    const [response] = await Promise.all([client.request('shell', 'hello', { timeoutMs: 20_000 }), answer()]);
    expect(response.text()).toBe('you said hello');
  });

  test('a request to nobody is rejected by what Mosquitto says', async () => {
    await expect(ours().request('nobody', 'x')).rejects.toMatchObject({ code: 'REFUSED', reasonCode: 0x10 });
  });

  test('clients of ours stream through it, in MQTT 5.0 and 3.1.1', async () => {
    for (const version of [5, 4] as const) {
      const answering = ours(version);
      await answering.respond(`count/${version}`, async function* () {
        for (let i = 0; i < 50; i++) yield `${i}`;
      });
      let sum = 0;
      for await (const message of ours(version).requestMany(`count/${version}`, ''))
        sum += Number(message.text());
      expect(sum).toBe(1225);
    }
  });
});
