// Martlet's broker, in this process; TLS is a relay in front of it.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Authenticator, Authorizer } from '@martlet/broker';
import { ReasonCode } from '@martlet/protocol';
import { authority, serverPair } from '../../../../packages/client/test/transports/certificates.ts';
import { urlOf } from '../../../mqtt-js.ts';
import { ServedBroker } from '../../served-broker.ts';
import { TlsRelay } from '../../tls-relay.ts';
import type { RunningServer, ServerSettings, TestedServer, Way } from './tested-server.ts';
import { USER } from './tested-server.ts';

const authenticator: Readonly<Authenticator> = {
  authenticate: ({ username, password }) =>
    username === USER.username && password !== undefined && Buffer.from(password).toString() === USER.password
      ? { kind: 'accept' }
      : { kind: 'refuse', reasonCode: ReasonCode.BadUserNameOrPassword },
};

const authorizer: Readonly<Authorizer> = {
  authorize: ({ topic }) =>
    topic.startsWith('open/') ? { allowed: true } : { allowed: false, reasonCode: ReasonCode.NotAuthorized },
};

async function start({ maximumKeepAlive, maximumPacketSize }: ServerSettings = {}): Promise<RunningServer> {
  const directory = mkdtempSync(join(tmpdir(), 'martlet-served-'));
  const limits = {
    ...(maximumKeepAlive === undefined ? {} : { maximumKeepAlive }),
    ...(maximumPacketSize === undefined ? {} : { maximumPacketSize }),
  };
  const served = await ServedBroker.start({ limits });
  const guarded = await ServedBroker.start({ authenticator, authorizer });
  const socketPath = join(directory, 'mqtt.sock');
  await served.broker.listen({ path: socketPath });
  const { address } = served.webSocket;
  if (address.kind !== 'tcp') throw new Error('expected a TCP port');
  const relays = await Promise.all([
    TlsRelay.start(serverPair(), served.port),
    TlsRelay.start(serverPair(), served.port, authority()),
    TlsRelay.start(serverPair(), address.port),
  ]);
  const urls: Readonly<Record<Way, string>> = {
    mqtt: urlOf(served.tcp),
    mqtts: `mqtts://localhost:${relays[0].port}`,
    'mqtts with a client certificate': `mqtts://localhost:${relays[1].port}`,
    'mqtt+unix': `mqtt+unix://${socketPath}`,
    ws: urlOf(served.webSocket, 'ws'),
    wss: `wss://localhost:${relays[2].port}/mqtt`,
  };
  return {
    port: served.port,
    guardedPort: guarded.port,
    url: (way) => urls[way],
    async close() {
      await Promise.all(relays.map((relay) => relay.close()));
      await served.close();
      await guarded.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

export const MARTLET: Readonly<TestedServer> = {
  name: 'Martlet',
  label: '',
  isMissing: false,
  differences: {
    receiveMaximum: 1000,
    keepsReceiveMaximum: true,
    givesTopicAliases: true,
    copiesOfOverlapping: 1,
    tellsOfTakeover: true,
    largestOverWebSocket: 1_048_576,
    pubrecTellsOfNobody: true,
    refusesSubscriptions: true,
  },
  start,
};
