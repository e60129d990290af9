/** Section 4.12 of the specification, and who is let in: as far as it shows to somebody who has no account of their own. */
import type { Check } from '../check.ts';
import type { CheckWorld } from '../check-world.ts';
import { bytesOf, expectEqual, expectThat } from '../expectations.ts';
import { packetsText } from '../packets-text.ts';
import type { RawClient } from '../raw-client.ts';

/** Methods whose first message needs no secret: RFC 5802, RFC 7677. */
const METHODS: readonly string[] = ['SCRAM-SHA-256', 'SCRAM-SHA-512', 'SCRAM-SHA-1'];

/** Begins an authentication, with the first of the methods that the server has. */
async function begun(world: CheckWorld): Promise<readonly [RawClient, string]> {
  for (const authenticationMethod of METHODS) {
    const client = await world.open(authenticationMethod);
    client.send(
      world.connectPacket('client', {
        properties: {
          authenticationMethod,
          authenticationData: bytesOf('n,,n=nobody,r=fyko+d2lbbFgONRv9qkx'),
        },
      }),
    );
    const answer = await client.nextOrClosed('AUTH, CONNACK or the end of the connection');
    if (answer === 'closed' || answer.type !== 'auth') continue;
    expectEqual(answer.reasonCode, 0x18, 'the reason code of AUTH: Continue authentication');
    expectEqual(answer.properties.authenticationMethod, authenticationMethod, 'the Authentication Method');
    return [client, authenticationMethod];
  }
  return world.skip(`the server has none of the methods ${METHODS.join(', ')}`);
}

export const AUTHENTICATION_CHECKS: readonly Check[] = [
  {
    id: 'auth-method',
    title: 'goes on with an authentication by AUTH 0x18 of the same method, and closes when it fails',
    v5: ['MQTT-4.12.0-2', 'MQTT-4.12.0-4', 'MQTT-4.12.0-5', 'MQTT-3.15.2-1'],
    run: async (world) => {
      const [client, authenticationMethod] = await begun(world);
      client.send({
        type: 'auth',
        reasonCode: 0x18,
        properties: { authenticationMethod, authenticationData: bytesOf('c=biws,r=wrong,p=AAAA') },
      });
      const { packets } = await client.closes('an authentication that fails');
      const [first] = packets;
      const isRefusal = first === undefined || (first.type === 'connack' && first.reasonCode >= 0x80);
      expectThat(isRefusal, 'a CONNACK that refuses, or none', packetsText(packets));
    },
  },
  {
    id: 'connect-wrong-password',
    title: 'closes the connection of a client that it does not let in',
    v5: ['MQTT-3.1.4-2', 'MQTT-3.2.2-6', 'MQTT-3.2.2-7'],
    v311: ['MQTT-3.1.4-2', 'MQTT-3.2.2-4', 'MQTT-3.2.2-5'],
    run: async (world) => {
      const client = await world.open('client');
      const clientId = world.clientId('client');
      const password = bytesOf(`wrong-${clientId}`);
      const { username = `nobody-${clientId}` } = world.target;
      client.send(world.connectPacket('client', { username, password }));
      const answer = await client.nextOrClosed('CONNACK, or the end of the connection');
      if (answer === 'closed') return;
      if (answer.type === 'connack' && answer.reasonCode === 0) world.skip('the server lets everybody in');
      const isRefusal = answer.type === 'connack' && !answer.sessionPresent;
      expectThat(isRefusal, 'a CONNACK that refuses, without a session', packetsText([answer]));
      await client.closes('a user whom it does not let in');
    },
  },
];
