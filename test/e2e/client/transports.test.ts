// Every way of reaching a server, in every version of the protocol.

import { afterEach, describe, expect, test } from 'vitest';
import { Clients, optionsOf, seen, take, VERSIONS } from './clients.ts';
import { describeEachServer } from './servers/all-servers.ts';
import { WAYS } from './servers/tested-server.ts';

const QOS = [0, 1, 2] as const;
const clients = new Clients();

afterEach(() => clients.closeAll());

describeEachServer((_tested, running) => {
  describe.each(WAYS)('over %s', (way) => {
    test.each(VERSIONS)('$name carries each QoS both ways', async ({ protocolVersion }) => {
      const options = { ...optionsOf(way), protocolVersion };
      const topicName = `ways/${way.replaceAll('+', '-')}/${protocolVersion}`;
      const [near, far] = [
        await clients.connect(running().url(way), options),
        await clients.connect(running().url('mqtt')),
      ];
      expect(near.server).toMatchObject({ protocolVersion, sessionPresent: false });
      const toFar = await far.subscribe(`${topicName}/up/+`);
      const toNear = await near.subscribe(`${topicName}/down/+`);
      expect(toNear.qos).toBe(2);
      const messages = QOS.map((qos) => ({ qos, text: `at ${qos}` }));
      await Promise.all(
        messages.map(({ qos, text }) => near.publish(`${topicName}/up/${qos}`, text, { qos })),
      );
      await Promise.all(
        messages.map(({ qos, text }) => far.publish(`${topicName}/down/${qos}`, text, { qos })),
      );
      const expected = (direction: string) =>
        QOS.map((qos) => `${topicName}/${direction}/${qos} ${qos} at ${qos}`);
      expect((await take(toFar, 3)).map(seen)).toEqual(expected('up'));
      expect((await take(toNear, 3)).map(seen)).toEqual(expected('down'));
      await near.close();
      expect(near.state).toBe('closed');
    });
  });

  test('a client certificate is demanded where it is wanted, and the error says so', async () => {
    const way = 'mqtts with a client certificate';
    const client = clients.start(running().url(way), { ...optionsOf('mqtts'), reconnect: false });
    const error = await client.connected().catch((reason: unknown) => reason);
    expect(error).toMatchObject({ kind: 'environment' });
    expect(String(error)).toMatch(/client certificate/);
  });

  test('a server that nobody trusted here has signed is not connected to', async () => {
    const client = clients.start(running().url('mqtts'), { reconnect: false });
    await expect(client.connected()).rejects.toMatchObject({ code: 'CONNECTION_FAILED' });
  });
});
