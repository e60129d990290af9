import { createBroker } from '@martlet/broker';

const broker = createBroker();
await broker.listen({ port: 1883 });
broker.subscribe('home/+/temperature', (message) => console.log(message.topicName, message.text()));
await broker.publish('home/kitchen/temperature', '21.5', { retain: true });
await broker.close();
