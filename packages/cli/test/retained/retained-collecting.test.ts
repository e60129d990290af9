// How `martlet retained` knows that it has seen everything, at servers that show it in their own way.

import type { ConnackPacket, Packet, PublishPacket, ReasonCode } from '@martlet/protocol';
import { afterEach, describe, expect, test } from 'vitest';
import { command } from '../../src/retained/retained-command.ts';
import { runCommand } from '../../src/run-command.ts';
import { testIo } from '../command-io.ts';
import type { Answer } from '../odd-server.ts';
import { OddServer, speaking } from '../odd-server.ts';

const servers: OddServer[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

async function list(answer: Answer, ...words: readonly string[]) {
  const server = await OddServer.start(speaking(answer));
  servers.push(server);
  const io = testIo({}, 'martlet retained');
  const at = ['-h', '127.0.0.1', '-p', String(server.port), '--quiet-time', '40ms'];
  const code = await runCommand(command, ['ls', '--json', ...at, ...words], io);
  const lines = io.written('stdout').split('\n').slice(0, -1);
  const topics = lines.map((line) => (JSON.parse(line) as { readonly topic: string }).topic);
  return { code, topics, stderr: io.written('stderr') };
}

const CONNACK: ConnackPacket = { type: 'connack', sessionPresent: false, reasonCode: 0, properties: {} };

function retained(topicName: string): PublishPacket {
  const payload = Buffer.from('x');
  return {
    type: 'publish',
    topicName,
    payload,
    qos: 0,
    retain: true,
    dup: false,
    packetId: 0,
    properties: {},
  };
}

interface OddShowing {
  /** What is shown after each packet: of the first SUBSCRIBE, and then of each PUBLISH. */
  readonly parts: readonly (readonly string[])[];
  /** Of PUBACK. */
  readonly reasonCode?: ReasonCode;
  /** What was published comes back. */
  readonly isBack?: boolean;
}

function showing({ parts, reasonCode = 0, isBack = true }: OddShowing): Answer {
  const left = [...parts];
  const next = (): readonly PublishPacket[] => (left.shift() ?? []).map(retained);
  let subscriptions = 0;
  return (packet: Packet) => {
    switch (packet.type) {
      case 'connect':
        return [CONNACK];
      case 'subscribe': {
        subscriptions += 1;
        const suback = {
          type: 'suback',
          packetId: packet.packetId,
          reasonCodes: [0],
          properties: {},
        } as const;
        return subscriptions === 1 ? [suback, ...next()] : [suback];
      }
      case 'unsubscribe':
        return [{ type: 'unsuback', packetId: packet.packetId, reasonCodes: [0], properties: {} }];
      case 'publish': {
        const puback = { type: 'puback', packetId: packet.packetId, reasonCode, properties: {} } as const;
        const back = { ...packet, qos: 0, packetId: 0, retain: false } as const;
        return [...next(), puback, ...(isBack ? [back] : [])];
      }
      default:
        return [];
    }
  };
}

const versions = ['5', '311'];

describe.each(versions)('in version %s everything is seen', (version) => {
  test('at a server that has nothing', async () => {
    expect(await list(showing({ parts: [] }), '-V', version)).toEqual({ code: 0, topics: [], stderr: '' });
  });

  test('at a server that shows all at once', async () => {
    expect(await list(showing({ parts: [['a', 'b']] }), '-V', version)).toMatchObject({ topics: ['a', 'b'] });
  });

  test('at a server that shows it bit by bit', async () => {
    const parts = [['a'], ['b', 'c'], ['d'], ['e']];
    expect(await list(showing({ parts }), '-V', version)).toMatchObject({
      topics: ['a', 'b', 'c', 'd', 'e'],
    });
  });

  test('at a server that drops our own message without a word', async () => {
    const { code, topics } = await list(showing({ parts: [['a'], ['b']], isBack: false }), '-V', version);
    expect({ code, topics }).toEqual({ code: 0, topics: ['a', 'b'] });
  });
});

test('a server that refuses our own message is waited for until it is silent', async () => {
  const answer = showing({ parts: [['a'], ['b']], reasonCode: 0x87, isBack: false });
  expect(await list(answer)).toEqual({ code: 0, topics: ['a', 'b'], stderr: '' });
});

test('what is published meanwhile is not what was retained', async () => {
  const answer = showing({ parts: [['a']] });
  const live = { ...retained('live'), retain: false };
  const more: Answer = (packet) => [...(packet.type === 'publish' ? [live] : []), ...answer(packet)];
  expect(await list(more)).toMatchObject({ topics: ['a'] });
});

test('a server that refuses the filter is told', async () => {
  const answer: Answer = (packet) =>
    packet.type === 'subscribe'
      ? [{ type: 'suback', packetId: packet.packetId, reasonCodes: [0x87], properties: {} }]
      : showing({ parts: [] })(packet);
  const { code, stderr } = await list(answer);
  expect(code).toBe(1);
  expect(stderr).toMatch(/^martlet retained: .*#.*\n$/);
});

test.each(['subscribe', 'publish'])(
  'a connection that is lost after %s is an error, and not the end',
  async (type) => {
    const well = showing({ parts: [['a'], ['b']], isBack: false });
    let seen = 0;
    const answer: Answer = (packet) => {
      if (packet.type === type) seen += 1;
      return packet.type === type && seen === (type === 'subscribe' ? 2 : 1)
        ? [...well(packet), 'close']
        : well(packet);
    };
    const { code, stderr } = await list(answer);
    expect(code).not.toBe(0);
    expect(stderr).toMatch(/^martlet retained: .*\n$/);
  },
);
