// One connection, with sides that the test plays: what passes, what is held, and how it ends.

import { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import type { Transport } from '@martlet/client';
import type { Packet } from '@martlet/protocol';
import { encodePacket } from '@martlet/protocol';
import { describe, expect, test } from 'vitest';
import { parseFaultRule } from '../../src/proxy/fault-rule.ts';
import { ProxiedConnection } from '../../src/proxy/proxied-connection.ts';
import type { ProxyRules } from '../../src/proxy/proxy-rules.ts';
import { answer, connack, connect, PINGREQ, publish } from './packets.ts';

class FakeSide extends EventEmitter implements Transport {
  readonly written: number[] = [];
  isPaused = false;
  hasRoom = true;
  state: 'open' | 'ended' | 'destroyed' = 'open';

  write(bytes: Uint8Array): boolean {
    this.written.push(...bytes);
    return this.hasRoom;
  }

  pause(): void {
    this.isPaused = true;
  }

  resume(): void {
    this.isPaused = false;
  }

  end(): void {
    this.state = 'ended';
  }

  destroy(): void {
    if (this.state === 'destroyed') return;
    this.state = 'destroyed';
    this.emit('close');
  }
}

const RULES: ProxyRules = {
  delayToServerMs: 0,
  delayToClientMs: 0,
  jitterMs: 0,
  drop: [],
  duplicate: [],
  cutAfterPackets: undefined,
  cutAfterBytes: undefined,
  halfOpenAfterPackets: undefined,
};

class World {
  readonly client: FakeSide = new FakeSide();
  readonly server: FakeSide = new FakeSide();
  readonly told: string[] = [];
  ends = 0;
  readonly connection: ProxiedConnection;

  constructor(rules: Partial<ProxyRules> = {}) {
    this.connection = new ProxiedConnection({
      number: 1,
      client: this.client as unknown as Socket,
      rules: { ...RULES, ...rules },
      capture: undefined,
      tell: (thing) =>
        this.told.push(
          thing.kind === 'event' ? thing.text : `${thing.packet.type} ${thing.fault ?? ''}`.trim(),
        ),
      nowMs: () => 0,
      wallMs: () => 0,
      random: () => 0.5,
      onEnd: () => {
        this.ends += 1;
      },
    });
    this.server.on('close', () => this.connection.onClose());
  }

  reached(): this {
    this.connection.attach(this.server);
    return this;
  }

  fromClient(...packets: readonly Packet[]): void {
    this.client.emit('data', bytesOf(...packets));
  }

  fromServer(...packets: readonly Packet[]): void {
    this.connection.onBytes(bytesOf(...packets));
  }
}

function bytesOf(...packets: readonly Packet[]): Uint8Array {
  return Buffer.concat(packets.map((packet) => encodePacket(packet, 5)));
}

const [CONNECT, CONNACK, PUBLISH] = [connect(5), connack(), publish(1, 1)];

describe('who is held back', () => {
  test('the client until the server is reached', () => {
    const world = new World();
    expect(world.client.isPaused).toBe(true);
    world.reached();
    expect(world.client.isPaused).toBe(false);
  });

  test('the client while the server does not keep up', () => {
    const world = new World().reached();
    world.server.hasRoom = false;
    world.fromClient(CONNECT);
    expect(world.client.isPaused).toBe(true);
    expect(world.server.isPaused).toBe(false);
    world.connection.onDrain();
    expect(world.client.isPaused).toBe(false);
  });

  test('the server while the client does not keep up', () => {
    const world = new World().reached();
    world.client.hasRoom = false;
    world.fromServer(CONNACK);
    expect(world.server.isPaused).toBe(true);
    world.client.emit('drain');
    expect(world.server.isPaused).toBe(false);
  });

  test('both while what is told is not taken, and until every reason is gone', () => {
    const world = new World().reached();
    world.server.hasRoom = false;
    world.fromClient(CONNECT);
    world.connection.holdForOutput(true);
    expect([world.client.isPaused, world.server.isPaused]).toEqual([true, true]);
    world.connection.onDrain();
    expect(world.client.isPaused).toBe(true);
    world.connection.holdForOutput(false);
    expect([world.client.isPaused, world.server.isPaused]).toEqual([false, false]);
  });

  test('who sends more than a megabyte into a delay', () => {
    const world = new World({ delayToServerMs: 1000 }).reached();
    const payload = new Uint8Array(600_000);
    world.fromClient(publish(0, 0, { payload }));
    expect(world.client.isPaused).toBe(false);
    world.fromClient(publish(0, 0, { payload }));
    expect(world.client.isPaused).toBe(true);
    world.connection.end('over');
  });
});

describe('faults', () => {
  test('what is dropped does not pass, and what is doubled passes twice', () => {
    const world = new World({
      drop: [parseFaultRule('pingreq')],
      duplicate: [parseFaultRule('publish')],
    }).reached();
    world.fromClient(CONNECT, PINGREQ, PUBLISH);
    expect(world.server.written).toEqual([...bytesOf(CONNECT, PUBLISH, PUBLISH)]);
    expect(world.told).toEqual(['connect', 'pingreq dropped', 'publish duplicated']);
  });

  test('after a count of packets both sides are cut off, and what came in the same piece is not passed', () => {
    const world = new World({ cutAfterPackets: 2 }).reached();
    world.fromClient(CONNECT, PINGREQ, PUBLISH);
    expect(world.server.written).toEqual([...bytesOf(CONNECT, PINGREQ)]);
    expect([world.client.state, world.server.state]).toEqual(['destroyed', 'destroyed']);
    expect(world.told).toEqual(['connect', 'pingreq', 'cut after 2 packets']);
    expect(world.ends).toBe(1);
  });

  test('after a count of bytes a packet is cut in two', () => {
    const world = new World({ cutAfterBytes: 20 }).reached();
    world.fromClient(CONNECT, PUBLISH);
    expect(world.server.written).toEqual([...bytesOf(CONNECT, PUBLISH).subarray(0, 20)]);
    expect(world.told.at(-1)).toBe('cut after 20 bytes');
    expect(world.client.state).toBe('destroyed');
  });

  test('half open: all is swallowed, the end of one side is kept from the other', () => {
    const world = new World({ halfOpenAfterPackets: 2 }).reached();
    world.fromClient(CONNECT);
    world.fromServer(CONNACK);
    world.fromClient(PINGREQ);
    world.fromServer(publish(0));
    expect(world.server.written).toEqual([...bytesOf(CONNECT)]);
    expect(world.client.written).toEqual([...bytesOf(CONNACK)]);
    world.connection.onClose();
    expect(world.client.state).toBe('open');
    expect(world.ends).toBe(0);
    world.client.destroy();
    expect(world.ends).toBe(1);
    expect(world.told).toEqual([
      'connect',
      'connack',
      'half open after 2 packets: nothing passes, nothing is closed',
      'pingreq swallowed',
      'publish swallowed',
      'the server has closed',
      'the connection of the client is gone',
    ]);
  });
});

describe('the end', () => {
  test('of the client is passed on, and that of the server ends it', () => {
    const world = new World().reached();
    world.fromClient(CONNECT);
    world.client.emit('end');
    expect(world.server.state).toBe('ended');
    world.fromServer(CONNACK);
    expect(world.client.written).toEqual([...bytesOf(CONNACK)]);
    world.server.destroy();
    expect(world.client.state).toBe('ended');
    world.client.destroy();
    expect(world.ends).toBe(1);
  });

  test('in the middle of a packet passes the part that has come', () => {
    const world = new World().reached();
    const part = bytesOf(CONNECT).subarray(0, 5);
    world.client.emit('data', part);
    world.client.emit('end');
    expect(world.server.written).toEqual([...part]);
    expect(world.told[0]).toBe('ends in the middle of a packet, after 5 bytes of it');
    world.connection.end('over');
  });

  test('of the client before the server is reached gives the attempt up', () => {
    const world = new World();
    world.client.destroy();
    expect(world.connection.openingSignal.aborted).toBe(true);
    world.connection.end('over');
    world.reached();
    expect(world.server.state).toBe('destroyed');
    expect(world.ends).toBe(1);
  });

  test('by the proxy is told once and breaks both', () => {
    const world = new World().reached();
    world.connection.end('over');
    world.connection.end('again');
    expect(world.told).toEqual(['over']);
    expect([world.client.state, world.server.state, world.ends]).toEqual(['destroyed', 'destroyed', 1]);
    world.fromClient(answer('puback', 1));
    expect(world.server.written).toEqual([]);
  });
});
