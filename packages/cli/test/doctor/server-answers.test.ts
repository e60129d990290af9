// What `martlet doctor` says of what a server answers: to CONNECT, to SUBSCRIBE, to messages.

import type { ConnackPacket, PublishPacket, ReasonCode } from '@martlet/protocol';
import { afterEach, describe, expect, test } from 'vitest';
import type { Answer } from '../odd-server.ts';
import { OddServer, speaking } from '../odd-server.ts';
import type { Examined } from './examined.ts';
import { examined } from './examined.ts';

const servers: OddServer[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

async function found(answer: Answer, ...words: readonly string[]): Promise<Examined> {
  const server = await OddServer.start(speaking(answer));
  servers.push(server);
  return examined(`127.0.0.1:${server.port}`, '-t', 'a', '-i', 'me', ...words);
}

function connack(reasonCode: ReasonCode, properties: ConnackPacket['properties'] = {}): ConnackPacket {
  return { type: 'connack', sessionPresent: false, reasonCode, properties };
}

/** A server that is well, but for some answers. */
function well(but: Partial<Record<string, Answer>>): Answer {
  return (packet) => {
    const other = but[packet.type];
    if (other !== undefined) return other(packet);
    switch (packet.type) {
      case 'connect':
        return [connack(0)];
      case 'subscribe': {
        const reasonCodes: readonly ReasonCode[] = [2];
        return [{ type: 'suback', packetId: packet.packetId, reasonCodes, properties: {} }];
      }
      case 'publish':
        return [...acknowledgement(packet), { ...packet, qos: 0, packetId: 0 }];
      case 'pubrel':
        return [{ type: 'pubcomp', packetId: packet.packetId, reasonCode: 0, properties: {} }];
      case 'disconnect':
        return ['close'];
      default:
        return [];
    }
  };
}

function acknowledgement({ qos, packetId }: PublishPacket, reasonCode: ReasonCode = 0): ReturnType<Answer> {
  if (qos === 0) return [];
  return [{ type: qos === 1 ? 'puback' : 'pubrec', packetId, reasonCode, properties: {} }];
}

test('a server that is well', async () => {
  expect(await found(well({}))).toMatchObject({ code: 0, diagnosis: 'All is well.' });
});

describe('CONNECT is refused', () => {
  test.each<readonly [code: ReasonCode, words: readonly string[], advice: string]>([
    [0x85, [], 'The server does not like the client identifier.'],
    [0x86, ['-u', 'ann', '-P', 'x'], 'User and password are not right together.'],
    [0x87, ['-u', 'ann', '-P', 'x'], 'The server knows no such user with this password'],
    [0x87, [], 'The server wants a user and a password'],
    [0x88, [], 'has too much to do, or is only starting'],
    [0x89, [], 'has too much to do, or is only starting'],
    [0x8a, [], 'has banned this client'],
    [0x8c, [], 'does not know this way to authenticate'],
    [0x97, [], 'A quota is used up'],
    [0x9d, [], 'wants this client to use another one'],
    [0x9f, [], 'Too many connections in too short a time'],
  ])('with %i', async (reasonCode, words, advice) => {
    const { code, text, diagnosis } = await found(() => [connack(reasonCode), 'close'], ...words);
    expect(code).toBe(1);
    expect(text).toContain(`bad CONNECT: MQTT 5.0 is refused with 0x${reasonCode.toString(16)} `);
    expect(text).toContain(advice);
    expect(diagnosis).toBe('It ends at CONNECT.');
  });

  test('by MQTT 3.1.1 with a return code', async () => {
    const { text } = await found(() => [connack(0x88), 'close'], '-V', '311');
    expect(text).toContain('bad CONNECT: MQTT 3.1.1 is refused with 0x88');
  });

  test('with the words of the server', async () => {
    const { text } = await found(() => [connack(0x87, { reasonString: 'not on Sundays' }), 'close']);
    expect(text).toContain(': “not on Sundays” →');
  });
});

describe('a server that is older', () => {
  test.each<readonly [how: string, refusal: ReturnType<Answer>]>([
    ['says so', [connack(0x84), 'close']],
    ['closes', ['close']],
  ])('%s, and is asked in MQTT 3.1.1', async (_how, refusal) => {
    const connect: Answer = (packet) =>
      packet.type === 'connect' && packet.protocolVersion === 5 ? refusal : [connack(0)];
    const { code, text } = await found(well({ connect }));
    expect(code, text).toBe(0);
    expect(text).toContain('warning version: the server takes MQTT 3.1.1, and not MQTT 5.0');
  });
});

test('the limits of the server are shown', async () => {
  const limits = {
    maximumQos: 1,
    retainAvailable: false,
    maximumPacketSize: 131_072,
    serverKeepAlive: 30,
  } as const;
  const { text } = await found(well({ connect: () => [connack(0, limits)] }));
  expect(text).toContain(
    'good limits: QoS up to 1 only; no retained messages; packets up to 131,072 bytes; keep alive 30 s',
  );
  expect(text).not.toContain('round trip: QoS 2');
});

describe('a right is missing', () => {
  const subscribe =
    (code: ReasonCode): Answer =>
    (packet) =>
      packet.type === 'subscribe'
        ? [{ type: 'suback', packetId: packet.packetId, reasonCodes: [code], properties: {} }]
        : [];

  test('to subscribe, but not to publish', async () => {
    const { code, text, diagnosis } = await found(well({ subscribe: subscribe(0x87) }));
    expect(code).toBe(1);
    expect(text).toContain(
      'bad SUBSCRIBE: a is refused with 0x87 Not authorized → This user may not do that there.',
    );
    expect(text).toContain('good PUBLISH: a is acknowledged');
    expect(diagnosis).toBe('It ends at the right to subscribe.');
  });

  test('to subscribe, in MQTT 3.1.1', async () => {
    const { text } = await found(well({ subscribe: subscribe(0x80) }), '-V', '311');
    expect(text).toContain('bad SUBSCRIBE: a is refused with 0x80');
  });

  test('to publish', async () => {
    const publish: Answer = (packet) => (packet.type === 'publish' ? acknowledgement(packet, 0x87) : []);
    const { text } = await found(well({ publish }));
    expect(text).toContain('bad round trip: a message of QoS 0 to a does not come back');
    expect(text).toContain('bad PUBLISH: a is refused with 0x87 Not authorized →');
  });

  test('to publish, in MQTT 3.1.1, where nobody says so', async () => {
    const publish: Answer = (packet) => (packet.type === 'publish' ? acknowledgement(packet) : []);
    const { findings } = await found(well({ publish }), '-V', '311');
    expect(findings.filter(({ kind }) => kind === 'bad').map(({ text }) => text)).toEqual([
      'a message of QoS 0 to a does not come back',
    ]);
  });

  test('which the server shows by closing', async () => {
    const at = async (type: string): Promise<string> =>
      (await found(well({ [type]: () => ['close'] }), '-V', '311')).text;
    expect(await at('subscribe')).toContain(
      'the server closes the connection instead of letting a be subscribed to',
    );
    expect(await at('publish')).toContain('the server closes the connection for a message of QoS 0 to a');
  });
});

describe('the server ends the connection with a reason', () => {
  test.each(['subscribe', 'publish'])('after %s: somebody else has this client identifier', async (type) => {
    const taken: Answer = () => [{ type: 'disconnect', reasonCode: 0x8e, properties: {} }, 'close'];
    const { code, text } = await found(well({ [type]: taken }));
    expect(code).toBe(1);
    expect(text).toContain('the server ends the connection with 0x8e Session taken over →');
    expect(text).toContain(
      'Another client has connected with the identifier me: each client needs one of its own.',
    );
  });
});

test('messages that are not acknowledged', async () => {
  const publish: Answer = (packet) => (packet.type === 'publish' ? [{ ...packet, qos: 0, packetId: 0 }] : []);
  const { text } = await found(well({ publish }));
  expect(text).toContain('good round trip: QoS 0');
  expect(text).toContain(
    'bad round trip: a message of QoS 1 is not acknowledged → The server may wait for its disk',
  );
});

test('what was retained does not stand in the way', async () => {
  const subscribe: Answer = (packet) => {
    if (packet.type !== 'subscribe') return [];
    const old = {
      topicName: 'a',
      payload: Buffer.from('old'),
      qos: 0,
      retain: true,
      dup: false,
      packetId: 0,
    } as const;
    return [
      { type: 'publish', ...old, properties: {} },
      { type: 'suback', packetId: packet.packetId, reasonCodes: [2], properties: {} },
    ];
  };
  expect((await found(well({ subscribe }), '-V', '311')).code).toBe(0);
});

test('a server that never closes after DISCONNECT is well, too', async () => {
  expect((await found(well({ disconnect: () => [] }))).code).toBe(0);
});
