// A service by https: whom we trust, and as whom we come.

import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { ReasonCode } from '@martlet/protocol';
import { expect, it } from 'vitest';
import { authority, clientPair, serverPair } from '../../../../client/test/transports/certificates.ts';
import { AuthenticationKit, credentials, httpOf } from './authentication-kit.ts';

const kit = new AuthenticationKit();

/** Lets in whoever comes with a certificate of ours. @returns its address */
async function service(): Promise<string> {
  const options = { ...serverPair(), ca: authority(), requestCert: true, rejectUnauthorized: false };
  const server = createServer(options, (request, response) => {
    response.writeHead((request.socket as TLSSocket).authorized ? 204 : 403).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  kit.onEnd(() => {
    server.closeAllConnections();
    server.close();
  });
  return `https://localhost:${(server.address() as AddressInfo).port}/`;
}

it('A service is asked by https, with a certificate of ours', async () => {
  const { key, cert } = clientPair();
  const [caFile, certificateFile, keyFile] = [kit.file(authority()), kit.file(cert), kit.file(key)];
  const { ask, built } = await kit.build([
    httpOf({ url: await service(), caFile, certificateFile, keyFile }),
  ]);
  expect(await ask(credentials('ann', 'x'))).toEqual({ kind: 'accept' });
  expect(built.files).toEqual([caFile, certificateFile, keyFile]);
  const bare = await kit.build([httpOf({ url: await service(), caFile })]);
  expect(await bare.ask(credentials('ann', 'x'))).toMatchObject({
    reasonCode: ReasonCode.BadUserNameOrPassword,
  });
});

it('A service that another authority certifies is down, and no password goes to it', async () => {
  const { ask, log } = await kit.build([httpOf({ url: await service() })]);
  expect(await ask(credentials('ann', 'hunter2'))).toMatchObject({
    reasonCode: ReasonCode.ServerUnavailable,
  });
  expect(log.textsOf('authentication-service-down')).toEqual([
    expect.stringMatching(
      /is not reached: (UNABLE_TO_VERIFY_LEAF_SIGNATURE|SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_GET_ISSUER_CERT_LOCALLY);/,
    ),
  ]);
});

it('A certificate of ours that does not fit its key is a problem of the configuration', async () => {
  const certificateFile = kit.file(clientPair().cert);
  const keyFile = kit.file(serverPair().key);
  const problems = await kit.problems(httpOf({ url: 'https://auth.example/', certificateFile, keyFile }));
  expect(problems).toEqual([
    expect.stringContaining('expected a certificate and the key that belongs to it'),
  ]);
});
