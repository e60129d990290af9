import { ReasonCode } from '@martlet/protocol';
import { beforeEach, describe, expect, test } from 'vitest';
import type { LogConfiguration } from '../../src/config/log-configuration.ts';
import type { TransportSink } from '../../src/core/ports/transport.ts';
import { endingLine } from '../../src/mosquitto/log/ending-line.ts';
import type { ConnectionWatcher } from '../../src/mosquitto/log/watched-connection.ts';
import { WatchedConnection } from '../../src/mosquitto/log/watched-connection.ts';
import { logLine } from '../../src/server/log/log-line.ts';

describe('The end of a connection', () => {
  const text = (reasonCode: ReasonCode, reason = '', clientId: string | undefined = 'c'): string =>
    endingLine({ clientId, reasonCode, reason }).text;

  test.each([
    [ReasonCode.NormalDisconnection, '', 'Client c disconnected.'],
    [ReasonCode.DisconnectWithWillMessage, '', 'Client c disconnected.'],
    [ReasonCode.UnspecifiedError, 'the network connection was closed', 'Client c closed its connection.'],
    [ReasonCode.KeepAliveTimeout, '', 'Client c has exceeded timeout, disconnecting.'],
    [ReasonCode.SessionTakenOver, '', 'Client c already connected, closing old connection.'],
    [ReasonCode.ProtocolError, '', 'Client c disconnected due to protocol error.'],
    [ReasonCode.MalformedPacket, '', 'Client c disconnected due to malformed packet.'],
    [ReasonCode.NotAuthorized, '', 'Client c disconnected, not authorised.'],
    [ReasonCode.BadUserNameOrPassword, '', 'Client c disconnected, not authorised.'],
    [ReasonCode.PacketTooLarge, '', 'Client c disconnected due to oversize packet.'],
    [ReasonCode.UnspecifiedError, 'ECONNRESET', 'Client c disconnected: ECONNRESET.'],
  ])('with 0x%i %j is said as Mosquitto says it', (reasonCode, reason, line) => {
    expect(text(reasonCode, reason)).toBe(line);
  });

  test('is said of an unknown client, too', () => {
    expect(text(ReasonCode.NotAuthorized, '', '')).toBe('Client <unknown> disconnected, not authorised.');
  });
});

describe('A connection whose packets are told of', () => {
  const CONNECT = '101200044d5154540406000a0001610001770000';
  const CONNACK = '20020000';
  let lines: string[];
  let connects: number;
  let closed: number;
  let handedIn: string[];
  const watcher: ConnectionWatcher = {
    onLine: (line) => lines.push(line),
    onConnect: () => connects++,
    onClosed: () => closed++,
  };
  const inner: TransportSink = {
    receive: (bytes, start, end) => handedIn.push(Buffer.from(bytes.subarray(start, end)).toString('hex')),
    onDrained: () => {},
    onClosed: () => {},
  };

  beforeEach(() => {
    lines = [];
    connects = 0;
    closed = 0;
    handedIn = [];
  });

  function watched(showsPackets: boolean): {
    readonly connection: WatchedConnection;
    readonly sink: TransportSink;
    readonly written: string[];
    read(hex: string): void;
    write(hex: string): void;
  } {
    const connection = new WatchedConnection('tcp:1 127.0.0.1:9', '127.0.0.1', showsPackets, watcher);
    const sink = connection.watchedSink(inner);
    const written: string[] = [];
    const transport = connection.watchedTransport({
      peer: '127.0.0.1:9',
      write: (bytes) => written.push(Buffer.from(bytes).toString('hex')) > 0,
      writeAll: () => true,
      pause: () => {},
      resume: () => {},
      end: () => {},
      destroy: () => {},
    });
    const bytesOf = (hex: string): Uint8Array => Buffer.from(hex, 'hex');
    return {
      connection,
      sink,
      written,
      read: (hex) => sink.receive(bytesOf(hex), 0, hex.length / 2),
      write: (hex) => transport.write(bytesOf(hex)),
    };
  }

  test('has its lines from CONNACK on told when the client is known, in their order', () => {
    const { connection, read, write } = watched(true);
    read(CONNECT.slice(0, 10));
    read(CONNECT.slice(10));
    expect(connects).toBe(1);
    write(CONNACK);
    read('c000');
    expect(lines).toEqual([]);
    connection.identify('a');
    expect(lines).toEqual([
      'Will message specified (0 bytes) (r0, q0).',
      '\tw',
      'Sending CONNACK to a (0, 0)',
      'Received PINGREQ from a',
    ]);
    write('d000');
    expect(lines.at(-1)).toBe('Sending PINGRESP to a');
  });

  test('has a refusal told with its address', () => {
    const { read, write } = watched(true);
    read(CONNECT);
    write('20020005');
    expect(lines).toEqual(['Sending CONNACK to 127.0.0.1 (0, 5)']);
  });

  test('is handed on as it is, and nothing is told of it, without packets', () => {
    const { connection, read, write, written } = watched(false);
    for (const hex of [CONNECT, 'c000']) read(hex);
    for (const hex of [CONNACK, 'd000']) write(hex);
    connection.identify('a');
    expect([handedIn, written, lines, connects]).toEqual([[CONNECT, 'c000'], [CONNACK, 'd000'], [], 1]);
    expect(connection.cleanStart).toBe(true);
  });

  test('that makes no sense is handed on, too, and not looked at any more', () => {
    const { read, sink } = watched(true);
    for (const hex of ['ffffffffffff', CONNECT]) read(hex);
    sink.onClosed(null);
    expect([handedIn.length, lines, connects, closed]).toEqual([2, [], 0, 1]);
  });

  test('has a bound for what is remembered of its PUBLISH packets', () => {
    const { connection, read, write } = watched(true);
    read(CONNECT);
    write(CONNACK);
    connection.identify('a');
    for (let number = 10; number < 99; number++)
      read(`30060002${Buffer.from(String(number)).toString('hex')}7878`);
    expect(connection.publishTextOf('98')).toBe("(d0, q0, r0, m0, '98', ... (2 bytes))");
    expect(connection.publishTextOf('10')).toBeUndefined();
  });
});

test('a line of the log begins with a tab where Mosquitto has one, and has no other control characters', () => {
  const style: Pick<LogConfiguration, 'format' | 'timestamps'> & { timeText: () => string } = {
    format: 'mosquitto',
    timestamps: 'epoch',
    timeText: () => '',
  };
  const line = (text: string): string =>
    logLine({ wallMs: 5000, level: 'debug', code: 'packet', text }, style);
  expect(line('\ta/# (QoS 1)')).toBe('5: \ta/# (QoS 1)');
  expect(line('Client \t\n\u001b[2J connected')).toBe('5: Client \\t\\n\\u001b[2J connected');
});
