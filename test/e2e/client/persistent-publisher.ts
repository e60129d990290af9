// Publishes at QoS 2 with a session in a directory, and says which messages are stored, until it is killed; with a count,
// it ends when the server has so many more, and all those of before. It is bundled by the test, and runs in a process of its own.

import { connect } from '@martlet/client';
import { fileStore } from '@martlet/client/file-store';

const [url, directory, run, count] = process.argv.slice(2);
const MESSAGES_AT_ONCE = 10;
const TOPIC_NAME = 'persistence';

const client = connect(url!, {
  clientId: 'persistent-publisher',
  store: fileStore({ directory: directory! }),
  reconnect: { minimumDelayMs: 1, maximumDelayMs: 10 },
});
client.on('error', (error) => console.log(`failed: ${error.message}`));

async function publish(text: string): Promise<void> {
  const publication = client.publish(TOPIC_NAME, text, { qos: 2 });
  await publication.stored;
  console.log(`stored ${text}`);
}

let next = 0;
const last = count === undefined ? Number.POSITIVE_INFINITY : Number(count);
while (next < last) {
  const batch = Array.from({ length: MESSAGES_AT_ONCE }, () => publish(`${run} ${next++}`));
  await Promise.all(batch);
}
await client.publish(TOPIC_NAME, 'end', { qos: 2 });
await client.close();
