// What a program does with the client, over each URL that it is given; it prints what it got. Its sessions are kept under
// a directory. Run by the runtimes under test, as the sources are; it must end by itself.

import { readFileSync } from 'node:fs';
import type { ConnectOptions, Qos } from '@martlet/client';
import { connect } from '@martlet/client';
import { fileStore } from '@martlet/client/file-store';

const [directory, authority, ...urls] = process.argv.slice(2);
const levels: readonly Qos[] = [0, 1, 2];

for (const url of urls) {
  const scheme = url.slice(0, url.indexOf(':'));
  const clientId = `over-${scheme.replace('+', '-')}`;
  const options: ConnectOptions = { clientId, store: fileStore({ directory: `${directory}/${clientId}` }) };
  const isEncrypted = scheme === 'mqtts' || scheme === 'wss';
  const client = connect(url, isEncrypted ? { ...options, tls: { ca: readFileSync(authority!) } } : options);
  const subscription = await client.subscribe(`${clientId}/#`);
  await Promise.all(levels.map((qos) => client.publish(`${clientId}/${qos}`, `at QoS ${qos}`, { qos })));
  const got: string[] = [];
  for await (const message of subscription) {
    got.push(message.text());
    if (got.length === levels.length) break;
  }
  await client.close();
  console.log(`${scheme}: ${got.join(', ')}; ${client.state}`);
}
