/**
 * The broker that clients are measured on, in a process of its own: with metrics, `$SYS` and an authoriser on, everything in
 * memory. Over the channel to its parent it tells its port, and when asked what it has counted.
 */
import { createBroker } from '../../packages/broker/dist/index.js';

const ALLOWED = { allowed: true };

const broker = createBroker({ authorizer: { authorize: () => ALLOWED } });
const { address } = await broker.listen({ host: '127.0.0.1', port: 0 });
process.send({ port: address.port });
process.on('message', () => process.send({ metrics: broker.metrics, outcomes: broker.outcomes }));
process.on('disconnect', async () => {
  await broker.close();
  process.exit(0);
});
