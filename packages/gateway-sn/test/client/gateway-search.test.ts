import { Deadlines } from '@martlet/protocol';
import { expect, test } from 'vitest';
import type { GatewaySearchParts } from '../../src/client/gateway-search.ts';
import { GatewaySearch } from '../../src/client/gateway-search.ts';
import { decodeGatewayAddress, encodeGatewayAddress } from '../../src/client/gwinfo-address.ts';
import { decodeMessage } from '../../src/core/codec/decode-message.ts';
import { encodeMessage } from '../../src/core/codec/encode-message.ts';
import type { SnMessage } from '../../src/core/codec/message.ts';

const GATEWAY = { host: '192.0.2.1', port: 1883 };
const OTHER = { host: '192.0.2.9', port: 5000 };

class Searching {
  readonly search: GatewaySearch;
  readonly sent: { readonly seconds: number; readonly message: SnMessage }[] = [];
  readonly told: string[] = [];
  readonly #deadlines = new Deadlines();
  #nowMs = 0;

  constructor(parts: Partial<GatewaySearchParts> = {}) {
    this.search = new GatewaySearch(
      {
        random: () => 0.5,
        ...parts,
        deadlines: this.#deadlines,
        broadcast: (bytes) =>
          this.sent.push({ seconds: this.#nowMs / 1000, message: decodeMessage(bytes) as SnMessage }),
        onGateway: ({ gatewayId, host, port }) => this.told.push(`+${gatewayId} ${host}:${port}`),
        onGone: ({ gatewayId }) => this.told.push(`-${gatewayId}`),
      },
      0,
    );
  }

  advance(seconds: number): this {
    const endMs = this.#nowMs + seconds * 1000;
    while (this.#deadlines.nextMs() <= endMs) {
      this.#nowMs = this.#deadlines.nextMs();
      this.#deadlines.run(this.#nowMs);
    }
    this.#nowMs = endMs;
    return this;
  }

  hear(message: SnMessage, from = GATEWAY): this {
    this.search.receive(encodeMessage(message), from, this.#nowMs);
    return this;
  }

  times(): number[] {
    return this.sent.splice(0).map(({ seconds }) => seconds);
  }
}

const gwinfo = (gatewayAddress: Uint8Array = new Uint8Array(0), gatewayId = 3): SnMessage => ({
  type: 'gwinfo',
  gatewayId,
  gatewayAddress,
});

test('the first search comes after a random part of T_SEARCHGW, the next at intervals that double up to five minutes', () => {
  expect(new Searching({ random: () => 0 }).advance(0).times()).toEqual([0]);
  expect(new Searching({ random: () => 0.999 }).advance(4.9).times()).toEqual([]);
  const searching = new Searching({ radius: 3 }).advance(2000);
  expect(searching.sent[0]!.message).toEqual({ type: 'searchgw', radius: 3 });
  const times = searching.times();
  expect(times[0]).toBe(2.5);
  expect(times.slice(1).map((time, i) => time - times[i]!)).toEqual([
    5, 10, 20, 40, 80, 160, 300, 300, 300, 300, 300,
  ]);
});

test('the same search of somebody else takes the place of the own one, another radius does not', () => {
  const searching = new Searching().advance(2).hear({ type: 'searchgw', radius: 1 }, OTHER);
  expect(searching.advance(4.9).times()).toEqual([]);
  expect(searching.advance(0.1).times()).toEqual([7]);
  const other = new Searching().advance(2).hear({ type: 'searchgw', radius: 2 }, OTHER);
  expect(other.advance(1).times()).toEqual([2.5]);
});

test('a gateway is told of once, wherever it is heard from, and another one of its own', () => {
  const searching = new Searching().hear(gwinfo()).hear(gwinfo());
  searching.hear({ type: 'advertise', gatewayId: 3, duration: 900 }).hear(gwinfo(undefined, 4));
  expect(searching.told).toEqual(['+3 192.0.2.1:1883', '+4 192.0.2.1:1883']);
  expect(searching.search.gateways.map(({ gatewayId, duration }) => [gatewayId, duration])).toEqual([
    [3, 900],
    [4, undefined],
  ]);
});

test('a gateway that advertised itself is given up when N_ADV of its ADVERTISE have not come', () => {
  for (const [missedAdvertisements, lasts] of [
    [3, 310],
    [2, 210],
  ] as const) {
    const searching = new Searching({ missedAdvertisements });
    const advertise = (): void => void searching.hear({ type: 'advertise', gatewayId: 3, duration: 100 });
    advertise();
    searching.advance(200);
    advertise();
    searching.advance(lasts - 1);
    expect(searching.told).toEqual(['+3 192.0.2.1:1883']);
    searching.advance(2);
    expect(searching.told.slice(1)).toEqual(['-3']);
    expect(searching.search.gateways).toEqual([]);
    advertise();
    expect(searching.told.slice(2)).toEqual(['+3 192.0.2.1:1883']);
  }
});

test('a gateway that only answered is kept', () => {
  const searching = new Searching().hear(gwinfo()).advance(1_000_000);
  expect(searching.told).toEqual(['+3 192.0.2.1:1883']);
});

test('as many gateways are kept as there are identifiers', () => {
  const searching = new Searching();
  for (let port = 1; port <= 300; port++) searching.hear(gwinfo(), { host: '192.0.2.1', port });
  expect(searching.search.gateways).toHaveLength(256);
});

test('who knows a gateway answers for it after a random part of T_GWINFO, if asked to', () => {
  const searching = new Searching({ answers: true }).advance(3).hear(gwinfo());
  searching.sent.length = 0;
  searching.hear({ type: 'searchgw', radius: 9 }, OTHER).hear({ type: 'searchgw', radius: 9 }, OTHER);
  const gatewayAddress = Uint8Array.from([192, 0, 2, 1, 0x07, 0x5b]);
  searching.advance(4);
  expect(searching.sent).toEqual([
    { seconds: 5.5, message: { type: 'gwinfo', gatewayId: 3, gatewayAddress } },
  ]);
});

test('nobody answers who was not asked to, knows none, or hears a quicker one', () => {
  const quicker = new Searching({ answers: true }).advance(3).hear(gwinfo());
  quicker.hear({ type: 'searchgw', radius: 9 }, OTHER).advance(1).hear(gwinfo());
  for (const searching of [new Searching().hear(gwinfo()), new Searching({ answers: true }), quicker]) {
    searching.hear({ type: 'searchgw', radius: 9 }, OTHER).sent.length = 0;
    if (searching === quicker) searching.hear(gwinfo());
    searching.advance(100);
    expect(searching.sent.filter(({ message }) => message.type === 'gwinfo')).toEqual([]);
  }
});

test('an answer of another client says where the gateway is; in a form that is not known it says nothing', () => {
  const searching = new Searching().hear(gwinfo(Uint8Array.from([10, 0, 0, 7, 0x07, 0x5b])), OTHER);
  searching.hear(gwinfo(Uint8Array.from([1, 2, 3])), OTHER).hear(gwinfo(new Uint8Array(6)), OTHER);
  expect(searching.told).toEqual(['+3 10.0.0.7:1883']);
});

test.each([
  ['192.0.2.1', 'c00002 01 075b'],
  ['2001:db8::1', '20010db8000000000000000000000001 075b'],
  ['::1', '00000000000000000000000000000001 075b'],
  ['fe80::1:2', 'fe800000000000000000000000010002 075b'],
])('%s has an address in GWINFO, with an octet of length or without', (host, hex) => {
  const bytes = Buffer.from(hex.replaceAll(' ', ''), 'hex');
  expect(encodeGatewayAddress({ host, port: 1883 })).toEqual(new Uint8Array(bytes));
  expect(decodeGatewayAddress(bytes)).toEqual({ host, port: 1883 });
  expect(decodeGatewayAddress(Buffer.concat([Buffer.from([bytes.length]), bytes]))).toEqual({
    host,
    port: 1883,
  });
});

test('names and zones have none', () => {
  for (const host of ['gateway.example', 'fe80::1%eth0']) {
    expect(encodeGatewayAddress({ host, port: 1883 })).toBeNull();
  }
});

test('after its end nothing is sent or told', () => {
  const searching = new Searching({ answers: true }).hear({ type: 'advertise', gatewayId: 3, duration: 10 });
  searching.hear({ type: 'searchgw', radius: 1 }, OTHER).search.stop();
  searching.advance(10_000);
  expect([searching.sent, searching.told]).toEqual([[], ['+3 192.0.2.1:1883']]);
});

test('bytes that are no message are not heard', () => {
  const searching = new Searching();
  searching.search.receive(Uint8Array.from([9, 9, 9]), GATEWAY, 0);
  searching.hear({ type: 'pingresp' });
  expect(searching.told).toEqual([]);
});
