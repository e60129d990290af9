// The client as applications have it: promises, gateways that take each other's place, handlers that throw, and its end.
import { describe, expect, test } from 'vitest';
import type { OpenChannel } from '../../src/client/datagram-channel.ts';
import type { SnConnectOptions } from '../../src/client/sn-client.ts';
import { connectSn } from '../../src/client/sn-client.ts';
import { decodeMessage } from '../../src/core/codec/decode-message.ts';
import { encodeMessage } from '../../src/core/codec/encode-message.ts';
import type { SnMessage } from '../../src/core/codec/message.ts';
import { publishOf } from './scripted-gateway.ts';

/** A gateway in this process, which answers what a gateway answers until it is switched off. */
class Gateway {
  readonly received: SnMessage[] = [];
  /** Null: it is silent. */
  connack: number | null = 0;
  suback = 0;
  isOn = true;
  onSubscribe: () => void = () => {};
  opened = 0;
  closed = 0;
  #send: (bytes: Uint8Array) => void = () => {};
  #onClosed: (error: Error) => void = () => {};

  readonly channel: OpenChannel = async (onDatagram, onClosed) => {
    this.opened++;
    this.#send = onDatagram;
    this.#onClosed = onClosed;
    return {
      send: (bytes) => this.#take(decodeMessage(bytes) as SnMessage),
      close: async () => void this.closed++,
    };
  };

  send(...messages: readonly SnMessage[]): void {
    for (const message of messages) this.#send(encodeMessage(message));
  }

  unplug(): void {
    this.#onClosed(new Error('unplugged'));
  }

  #take(message: SnMessage): void {
    this.received.push(message);
    const answer = this.#answerTo(message);
    if (answer !== null && this.isOn) queueMicrotask(() => this.send(answer));
  }

  #answerTo(message: SnMessage): SnMessage | null {
    switch (message.type) {
      case 'connect':
        return this.connack === null ? null : { type: 'connack', returnCode: this.connack };
      case 'subscribe':
        this.onSubscribe();
        return { type: 'suback', qos: 1, topicId: 7, packetId: message.packetId, returnCode: this.suback };
      case 'register':
        return { type: 'regack', topicId: 8, packetId: message.packetId, returnCode: 0 };
      case 'publish':
        return { type: 'puback', topicId: 8, packetId: message.packetId, returnCode: 0 };
      case 'disconnect':
        return { type: 'disconnect', duration: undefined };
      default:
        return null;
    }
  }

  get types(): string[] {
    return this.received.splice(0).map(({ type }) => type);
  }
}

/** Answers are awaited for next to nothing: a gateway that is off is soon lost. */
function connect(gateway: Gateway, options: Partial<SnConnectOptions> = {}) {
  return connectSn({ clientId: 'dev', channel: gateway.channel, retryMs: 5, retries: 1, ...options });
}

/** Something that a handler is told, to be awaited. */
function deferred<Value>() {
  let resolve: (value: Value) => void = () => {};
  const promise = new Promise<Value>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}

const silent = (): Gateway => Object.assign(new Gateway(), { connack: null });

test('a client that is disposed of says goodbye and closes its way', async () => {
  const gateway = new Gateway();
  {
    await using client = await connect(gateway);
    expect(client.state).toBe('active');
  }
  expect(gateway.types).toEqual(['connect', 'disconnect']);
  expect(gateway.closed).toBe(1);
});

test('what is asked when the client is closed ends, and so does what is asked afterwards', async () => {
  const gateway = new Gateway();
  const client = await connect(gateway, { retryMs: 60_000 });
  gateway.isOn = false;
  const asked = [client.subscribe('a'), client.publish('b', 'x', { qos: 1 }), client.sleep(5)];
  const ended = Promise.allSettled(asked);
  await client.close();
  const codes = (await ended).map((each) => (each.status === 'rejected' ? each.reason.code : each.status));
  expect(codes).toEqual(['DISCONNECTED', 'DISCONNECTED', 'DISCONNECTED']);
  await expect(client.subscribe('a')).rejects.toMatchObject({ code: 'NOT_CONNECTED' });
  await expect(client.connect()).rejects.toMatchObject({ code: 'DISCONNECTED' });
  await client.close();
  expect(gateway.closed).toBe(1);
});

describe('A handler that throws', () => {
  test('is told, and breaks nothing: the message is acknowledged, and the next one comes', async () => {
    const gateway = new Gateway();
    const thrown: unknown[] = [];
    const told: string[] = [];
    await using client = await connect(gateway, {
      onMessage: ({ payload }) => {
        told.push(new TextDecoder().decode(payload));
        throw new Error('the application is wrong');
      },
      onHandlerError: (error) => thrown.push(error),
    });
    await client.subscribe('a', 1);
    gateway.types;
    gateway.send(publishOf(7, '1', 1, 5), publishOf(7, '2', 1, 6));
    expect([told, gateway.types]).toEqual([
      ['1', '2'],
      ['puback', 'puback'],
    ]);
    expect(thrown.map(String)).toEqual(new Array(2).fill('Error: the application is wrong'));
  });

  test('when the connection is lost is told, too', async () => {
    const gateway = new Gateway();
    const thrown: unknown[] = [];
    await using client = await connect(gateway, {
      onLost: () => {
        throw new Error('lost');
      },
      onHandlerError: (error) => thrown.push(error),
    });
    gateway.send({ type: 'disconnect', duration: undefined });
    expect([client.state, thrown.map(String)]).toEqual(['disconnected', ['Error: lost']]);
  });
});

describe('Connecting', () => {
  test('ends when its signal aborts, with the reason, and the gateway is told', async () => {
    const gateway = silent();
    const controller = new AbortController();
    const connecting = connect(gateway, { signal: controller.signal, retryMs: 60_000 });
    await new Promise<void>((resolve) => queueMicrotask(resolve));
    setImmediate(() => controller.abort(new Error('no more')));
    await expect(connecting).rejects.toThrow('no more');
    expect(gateway.types).toEqual(['connect', 'disconnect']);
    expect(gateway.closed).toBe(1);
  });

  test('does not begin when its signal has aborted', async () => {
    const gateway = new Gateway();
    await expect(connect(gateway, { signal: AbortSignal.abort(new Error('no')) })).rejects.toThrow('no');
    expect(gateway.opened).toBe(0);
  });

  test('ends while its way is opened, and the way is closed when it is there', async () => {
    const gateway = new Gateway();
    const controller = new AbortController();
    let open: () => void = () => {};
    const opening = new Promise<void>((resolve) => {
      open = resolve;
    });
    const slow: OpenChannel = async (...handlers) => {
      await opening;
      return gateway.channel(...handlers);
    };
    const connecting = connect(gateway, { channel: slow, signal: controller.signal });
    setImmediate(() => controller.abort(new Error('no more')));
    await expect(connecting).rejects.toThrow('no more');
    open();
    await new Promise<void>((resolve) => setImmediate(resolve));
    expect([gateway.opened, gateway.closed, gateway.received]).toEqual([1, 1, []]);
  });

  test('rejects with what opening the way met', async () => {
    const channel: OpenChannel = () => Promise.reject(new Error('no such device'));
    await expect(connectSn({ clientId: 'dev', channel })).rejects.toThrow('no such device');
  });

  test('rejects for an option that cannot be', async () => {
    await expect(connect(new Gateway(), { keepAlive: -1 })).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
    });
  });
});

test('arguments that cannot be are refused, whatever the types say', async () => {
  const gateway = new Gateway();
  await using client = await connect(gateway);
  const qos = 3 as 0;
  for (const asked of [client.publish('a', 'x', { qos }), client.subscribe('a', qos), client.sleep(0)]) {
    await expect(asked).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
  }
  await expect(client.publish('a/#', 'x')).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
});

describe('With several gateways', () => {
  test('the first that answers is taken', async () => {
    const [first, second, third] = [silent(), new Gateway(), new Gateway()];
    await using client = await connect(first, { gateways: [second, third] });
    expect([client.state, first.closed, second.opened, third.opened]).toEqual(['active', 1, 1, 0]);
  });

  test('one that has no room is passed by, one that refuses for good is not', async () => {
    const full = Object.assign(new Gateway(), { connack: 1 });
    const next = new Gateway();
    await using client = await connect(full, { gateways: [next] });
    expect(client.state).toBe('active');
    const refusing = Object.assign(new Gateway(), { connack: 3 });
    await expect(connect(refusing, { gateways: [next] })).rejects.toMatchObject({ code: 'NOT_SUPPORTED' });
  });

  test('another takes the place of one that is lost, with the subscriptions; topics are registered anew', async () => {
    const [first, second] = [new Gateway(), new Gateway()];
    const lost: unknown[] = [];
    const moved = deferred<unknown>();
    await using client = await connect(first, {
      gateways: () => [second],
      onMoved: (gateway, refused) => moved.resolve([gateway, refused]),
      onLost: (error) => lost.push(error),
    });
    await client.subscribe('a', 1);
    await client.publish('b', 'x', { qos: 1 });
    first.isOn = false;
    await expect(client.publish('b', 'y', { qos: 1 })).rejects.toMatchObject({ code: 'GATEWAY_LOST' });
    expect(await moved.promise).toEqual([second, []]);
    expect([client.state, first.closed, lost]).toEqual(['active', 1, []]);
    await client.publish('b', 'z', { qos: 1 });
    expect(second.types).toEqual(['connect', 'subscribe', 'register', 'publish']);
  });

  test('an application that connects again meanwhile gets the other, and no second connection', async () => {
    const [first, second] = [new Gateway(), new Gateway()];
    await using client = await connect(first, { gateways: [second] });
    await client.subscribe('a', 1);
    first.isOn = false;
    await client.publish('b', 'y', { qos: 1 }).catch(() => client.connect());
    expect([client.state, second.types]).toEqual(['active', ['connect', 'subscribe']]);
  });

  test('one that is lost while it grants subscriptions is left for the next', async () => {
    const [first, second, third] = [new Gateway(), new Gateway(), new Gateway()];
    const moved = deferred<unknown>();
    await using client = await connect(first, {
      gateways: [second, third],
      onMoved: (gateway) => moved.resolve(gateway),
    });
    await client.subscribe('a', 1);
    await client.subscribe('b', 1);
    first.isOn = false;
    second.onSubscribe = () => {
      second.isOn = false;
    };
    first.unplug();
    expect(await moved.promise).toBe(third);
    expect(third.types).toEqual(['connect', 'subscribe', 'subscribe']);
  });

  test('what the other does not grant is told', async () => {
    const [first, second] = [new Gateway(), Object.assign(new Gateway(), { suback: 3 })];
    const moved = deferred<unknown>();
    await using client = await connect(first, {
      gateways: [second],
      onMoved: (_, refused) => moved.resolve(refused),
    });
    await client.subscribe('a', 1);
    first.isOn = false;
    first.unplug();
    expect(await moved.promise).toEqual([{ topic: 'a', qos: 1 }]);
  });

  test('the lost one is asked last, and it is told when none answers', async () => {
    const [first, second] = [new Gateway(), silent()];
    const lost = deferred<string>();
    const client = await connect(first, {
      gateways: [second],
      onLost: (error) => lost.resolve(`${error.code}: ${error.message}`),
    });
    first.isOn = false;
    const published = client.publish('b', 'y', { qos: 1 }).catch(({ code }) => code);
    expect(await published).toBe('GATEWAY_LOST');
    expect(await lost.promise).toMatch(/^GATEWAY_LOST: .*nor does another gateway take its place/u);
    expect(second.types).toEqual(['connect', 'connect']);
    expect(first.types.slice(-2)).toEqual(['connect', 'connect']);
    first.isOn = true;
    await client.connect();
    expect([client.state, first.types]).toEqual(['active', ['connect']]);
    await client.disconnect();
  });
});

test('a way that is gone is told, and connecting again opens it again', async () => {
  const gateway = new Gateway();
  const lost: string[] = [];
  await using client = await connect(gateway, {
    onLost: ({ code, message }) => lost.push(`${code} ${message}`),
  });
  gateway.unplug();
  expect(lost).toEqual(['GATEWAY_LOST the way to the gateway is closed: unplugged']);
  await client.connect();
  expect([client.state, gateway.opened]).toEqual(['active', 2]);
});
