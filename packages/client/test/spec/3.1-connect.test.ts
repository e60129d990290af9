import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { World } from '../world/world.ts';
import { CONNACK, connect, keeping, reconnect, reconnecting, V5, V311, VERSIONS, Wire } from './exchange.ts';

const text = (string: string): number[] => [0, string.length, ...new TextEncoder().encode(string)];

/** CONNECT as it is written: its flags, and what follows the properties. */
async function written(wire: Wire): Promise<{ flags: number; payload: number[] }> {
  const bytes = await wire.send();
  expect([bytes[0], bytes[1]]).toEqual([0x10, bytes.length - 2]);
  const isV5 = bytes[8] === V5;
  expect(bytes.slice(2, 8)).toEqual(text('MQTT'));
  return { flags: bytes[9]!, payload: bytes.slice(12 + (isV5 ? 1 + bytes[12]! : 0)) };
}

describe.each(VERSIONS)('CONNECT of a client in version %i', (protocolVersion) => {
  let world: World;
  beforeEach(() => {
    world = new World();
  });
  afterEach(() => world.close());

  test('[MQTT-3.1.0-1] v5 v3.1.1 is the first packet, and the only one before CONNACK', async () => {
    const client = connect(world, { protocolVersion });
    client.publish('t', '', { qos: 1 });
    client.subscribe('t');
    const server = await world.accepting();
    expect(server.take('connect')).toMatchObject({ protocolVersion });
    await world.advance(20_000);
    expect(server.takeAll()).toEqual([]);
    server.send(CONNACK);
    await world.settle();
    expect(server.takeAll()).toHaveLength(2);
  });

  test('[MQTT-3.1.2-1] v5 [MQTT-3.1.3-3] v5 [MQTT-3.1.3-3] v3.1.1 names the protocol MQTT and begins its payload with the client identifier', async () => {
    const { payload } = await written(new Wire(world, { protocolVersion, clientId: 'device' }));
    expect(payload).toEqual(text('device'));
  });

  test('[MQTT-3.1.3-3] [MQTT-3.1.3-4] v5 v3.1.1 has an identifier that every server takes when the application gave none', async () => {
    connect(world, { protocolVersion, clientId: undefined as never });
    expect((await world.accepting()).take('connect').clientId).toMatch(/^[0-9a-zA-Z-]{1,23}$/);
  });

  test('[MQTT-3.1.3-7] v3.1.1 has an empty identifier only with a clean start', async () => {
    connect(world, { ...keeping(protocolVersion), clientId: '' });
    const server = await world.accepting();
    const { clientId, cleanStart } = server.take('connect');
    expect(clientId !== '' || cleanStart).toBe(true);
    const assigned = protocolVersion === V5 ? { assignedClientIdentifier: 'assigned' } : {};
    server.send({ ...CONNACK, properties: assigned });
    await world.settle();
    const second = await reconnect(world, server, {});
    expect(second.connect.clientId !== '' || second.connect.cleanStart).toBe(true);
  });

  test('[MQTT-3.1.2-11] [MQTT-3.1.2-13] [MQTT-3.1.2-16] [MQTT-3.1.2-18] v5 has no flag and no field for what it does not have', async () => {
    const { flags, payload } = await written(new Wire(world, { protocolVersion }));
    expect({ flags, payload }).toEqual({ flags: 0x02, payload: text('c') });
  });

  test('[MQTT-3.1.2-11] [MQTT-3.1.2-13] [MQTT-3.1.2-15] [MQTT-3.1.2-18] [MQTT-3.1.2-20] v3.1.1 has neither will nor user name nor password where none is given', async () => {
    const { flags, payload } = await written(new Wire(world, { protocolVersion }));
    expect({ flags, payload }).toEqual({ flags: 0x02, payload: text('c') });
  });

  test('[MQTT-3.1.2-9] [MQTT-3.1.2-12] [MQTT-3.1.2-17] [MQTT-3.1.2-19] [MQTT-3.1.3-1] v5 [MQTT-3.1.2-9] [MQTT-3.1.2-14] [MQTT-3.1.2-19] [MQTT-3.1.2-21] [MQTT-3.1.3-1] v3.1.1 has client identifier, will, user name and password in this order', async () => {
    const wire = new Wire(world, {
      protocolVersion,
      username: 'u',
      password: 'p',
      will: { topicName: 't', payload: 'w', qos: 2, retain: true },
    });
    const { flags, payload } = await written(wire);
    expect(flags).toBe(0b1111_0110);
    const willProperties = protocolVersion === V5 ? [0] : [];
    expect(payload).toEqual([
      ...text('c'),
      ...willProperties,
      ...text('t'),
      ...text('w'),
      ...text('u'),
      ...text('p'),
    ]);
  });

  test.each([
    ['clientId', { clientId: 'a\0' }],
    ['clientId', { clientId: '\ud800' }],
    ['username', { username: '\0' }],
    ['username', { username: '\udfff' }],
    ['will', { will: { topicName: 'a/#' } }],
    ['will', { will: { topicName: 'a\0' } }],
    ['will', { will: { topicName: '\ud800' } }],
  ])(
    '[MQTT-3.1.3-4] [MQTT-3.1.3-11] [MQTT-3.1.3-12] v5 [MQTT-3.1.3-4] [MQTT-3.1.3-10] [MQTT-3.1.3-11] v3.1.1 has only strings that may be sent: %s %j is refused at the call',
    (_name, options) => {
      const code = expect.stringMatching(/^INVALID_(OPTION|TOPIC)$/);
      expect(() => connect(world, { protocolVersion, ...options })).toThrow(
        expect.objectContaining({ code }),
      );
    },
  );

  test('[MQTT-3.1.3-2] v5 v3.1.1 has the same client identifier in each attempt, so that the session is found again', async () => {
    connect(world, { protocolVersion, clientId: undefined as never });
    const first = await world.accept();
    first.cut();
    await reconnecting(world);
    const second = await world.accept();
    expect(second.connect.clientId).toBe(first.connect.clientId);
  });
});

describe('CONNECT of a client', () => {
  let world: World;
  beforeEach(() => {
    world = new World();
  });
  afterEach(() => world.close());

  test('[MQTT-3.1.2-22] v3.1.1 a password without a user name is refused at the call', () => {
    expect(() => connect(world, { protocolVersion: V311, password: 'p' })).toThrow(
      expect.objectContaining({ code: 'INVALID_OPTION' }),
    );
  });

  test('[MQTT-3.1.2-19] v5 has a password without a user name', async () => {
    const { flags, payload } = await written(new Wire(world, { password: 'p' }));
    expect({ flags, payload }).toEqual({ flags: 0x42, payload: [...text('c'), ...text('p')] });
  });

  test('[MQTT-3.1.3-2] v5 has the client identifier that the server assigned from then on', async () => {
    const client = connect(world, { clientId: '' });
    const first = await world.accept({ properties: { assignedClientIdentifier: 'assigned' } });
    expect(client.clientId).toBe('assigned');
    first.cut();
    await reconnecting(world);
    expect((await world.accept()).connect.clientId).toBe('assigned');
  });
});
