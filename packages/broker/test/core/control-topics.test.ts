import { ProtocolVersion } from '@martlet/protocol';
import { beforeEach, describe, expect, it } from 'vitest';
import { TestAuthorizer } from '../rights/test-authorizer.ts';
import { bytesOf, World } from '../world/world.ts';

const { V31, V311, V5 } = ProtocolVersion;
const TOPIC = '$CONTROL/lights/v1';

let world: World;
let handled: string[];

function handle(topicName = TOPIC): () => void {
  return world.core.controls.on(topicName, ({ payload, qos }, client) => {
    handled.push(`${client.clientId} ${qos} ${new TextDecoder().decode(payload)}`);
  });
}

beforeEach(() => {
  world = new World({ authorizer: new TestAuthorizer() });
  handled = [];
});

describe('a control topic', () => {
  it('gives what is published to its handler, once, and acknowledges it in every version', () => {
    handle();
    for (const protocolVersion of [V31, V311, V5]) {
      const client = world.connect({ clientId: `v${protocolVersion}`, protocolVersion });
      for (const qos of [0, 1, 2] as const) client.publish(TOPIC, 'on', { qos, packetId: qos });
      client.publish(TOPIC, 'on', { qos: 2, packetId: 2, dup: true });
      expect(client.take()).toMatchObject([
        { type: 'puback', packetId: 1, reasonCode: 0 },
        { type: 'pubrec', packetId: 2, reasonCode: 0 },
        { type: 'pubrec', packetId: 2, reasonCode: 0 },
      ]);
      client.send({ type: 'pubrel', packetId: 2, reasonCode: 0, properties: {} });
      expect(client.takeOne('pubcomp').reasonCode).toBe(0);
      client.publish(TOPIC, 'off', { qos: 1 });
      expect(client.takeOne('puback').reasonCode).toBe(0);
      expect(handled.splice(0)).toEqual(
        [0, 1, 2].map((qos) => `v${protocolVersion} ${qos} on`).concat(`v${protocolVersion} 1 off`),
      );
    }
  });

  it('gives nothing to any subscriber, retains nothing, and is not $SYS', () => {
    handle();
    const seen: string[] = [];
    world.core.subscribe('$CONTROL/#', ({ topic }) => seen.push(topic.name));
    const subscriber = world.connect();
    expect(
      subscriber.subscribe([{ topicFilter: '$CONTROL/#' }, { topicFilter: TOPIC }, { topicFilter: '#' }]),
    ).toEqual([0, 0, 0]);
    const client = world.connect({ clientId: 'c' });
    client.publish(TOPIC, 'kept?', { retain: true, qos: 1 });
    expect(client.takeOne('puback').reasonCode).toBe(0);
    expect([subscriber.take(), seen, world.core.gauges.retainedMessages]).toEqual([[], [], 0]);
    expect(handled).toEqual(['c 1 kept?']);
  });

  it('without handler is refused, and so after the handler has gone', () => {
    const client = world.connect({ clientId: 'c' });
    const publish = () => {
      client.publish(TOPIC, 'x', { qos: 1 });
      return client.takeOne('puback');
    };
    const refused = { reasonCode: 0x87, properties: { reasonString: `no such control topic: ${TOPIC}` } };
    expect(publish()).toMatchObject(refused);
    const off = handle();
    expect(publish().reasonCode).toBe(0);
    off();
    off();
    expect(publish()).toMatchObject(refused);
    client.publish(TOPIC, 'x', { qos: 2 });
    expect(client.takeOne('pubrec').reasonCode).toBe(0x87);
    const old = world.connect({ protocolVersion: V311 });
    old.publish(TOPIC, 'x', { qos: 1 });
    expect([old.takeOne('puback').packetId, old.closed]).toEqual([1, false]);
    expect(handled).toEqual(['c 1 x']);
    expect(world.dropped('not-authorized')).toBe(4);
  });

  it('is for nobody without an authoriser, and for those whom the authoriser lets', () => {
    world = new World();
    handle();
    const client = world.connect({ clientId: 'c' });
    client.publish(TOPIC, 'x', { qos: 1 });
    expect(client.takeOne('puback').reasonCode).toBe(0x87);
    const authorizer = new TestAuthorizer();
    authorizer.rule = ({ client: { clientId } }) => ({ allowed: clientId === 'admin' });
    world.reconfigure({ authorizer });
    client.publish(TOPIC, 'x', { qos: 1 });
    expect(client.takeOne('puback').reasonCode).toBe(0x87);
    world.connect({ clientId: 'admin' }).publish(TOPIC, 'y');
    expect(handled).toEqual(['admin 0 y']);
  });

  it('has one handler at a time', () => {
    handle();
    expect(() => handle()).toThrow(TypeError);
    handle('$CONTROL/other');
  });

  it('cannot be the topic of a will', () => {
    const will = { topicName: TOPIC, payload: bytesOf('x'), qos: 0, retain: false, properties: {} } as const;
    expect(world.connecting({ will }).takeOne('connack').reasonCode).toBe(0x90);
  });

  it('refuses what comes beyond the limit of messages that wait for the application', () => {
    world = new World({ authorizer: new TestAuthorizer(), limits: { localMessages: 2 } });
    handle();
    const client = world.connect({ clientId: 'c' });
    const packet = (packetId: number) =>
      ({
        type: 'publish',
        topicName: TOPIC,
        payload: bytesOf('x'),
        qos: 1,
        retain: false,
        dup: false,
        packetId,
        properties: {},
      }) as const;
    client.send(packet(1), packet(2), packet(3));
    expect(client.take()).toMatchObject([{ reasonCode: 0 }, { reasonCode: 0 }, { reasonCode: 0x97 }]);
    client.send(packet(4));
    expect(client.takeOne('puback').reasonCode).toBe(0);
    expect(handled).toHaveLength(3);
  });

  it('lives outside of mount points', () => {
    handle();
    world.listenerPolicy = { mountPoint: 'm/' };
    const client = world.connect();
    client.publish(TOPIC, 'x', { qos: 1 });
    expect(client.takeOne('puback').reasonCode).toBe(0x10);
    expect(handled).toEqual([]);
  });
});

describe('a message to one client', () => {
  const give = (clientId: string, topicName: string, qos: 0 | 1 | 2 = 0): boolean => {
    const given = world.core.publishTo(clientId, {
      topicName,
      payload: bytesOf('x'),
      qos,
      retain: false,
      properties: { contentType: 't' },
    });
    world.turn();
    return given;
  };

  it('comes without a subscription, at every QoS, and to nobody else', () => {
    const client = world.connect({ clientId: 'c' });
    const other = world.connect();
    other.subscribe([{ topicFilter: '#' }, { topicFilter: '$CONTROL/#' }]);
    for (const qos of [0, 1, 2] as const) {
      expect(give('c', `${TOPIC}/response`, qos)).toBe(true);
      expect(client.takeAndAcknowledge()).toMatchObject([
        { topicName: `${TOPIC}/response`, qos, retain: false, properties: { contentType: 't' } },
      ]);
    }
    expect(other.take()).toEqual([]);
  });

  it('waits for a client that is away, above QoS 0', () => {
    const options = { clientId: 'c', cleanStart: false, properties: { sessionExpiryInterval: 60 } };
    world.connect(options).drop();
    expect([give('c', 'a', 0), give('c', 'b', 1)]).toEqual([true, true]);
    expect(
      world
        .connect(options)
        .takePublishes()
        .map(({ topicName }) => topicName),
    ).toEqual(['b']);
    expect(world.dropped('offline-qos0')).toBe(1);
  });

  it('is not for a client without session, nor for one that may not receive it', () => {
    expect(give('nobody', 'a')).toBe(false);
    const authorizer = Object.assign(new TestAuthorizer(), { asks: { receive: true } });
    authorizer.rule = ({ action }) => (action === 'receive' ? { allowed: false } : undefined);
    world.reconfigure({ authorizer });
    const client = world.connect({ clientId: 'c' });
    for (const qos of [0, 1] as const) {
      expect(give('c', 'a', qos)).toBe(false);
      expect(give('c', `${TOPIC}/response`, qos)).toBe(true);
    }
    expect(client.takePublishes()).toHaveLength(2);
  });

  it('must be one that could be published', () => {
    world.connect({ clientId: 'c' });
    expect(() =>
      world.core.publishTo('c', {
        topicName: 'a',
        payload: 'x' as never,
        qos: 0,
        retain: false,
        properties: {},
      }),
    ).toThrow(TypeError);
  });
});
