/** `martlet sn`: clients, a gateway and tools for MQTT-SN, which sensors speak over UDP and serial lines. */
import type { Command, CommandIo } from '../command.ts';
import { nearest } from '../flags/nearest.ts';
import { parseFlags } from '../flags/parse-flags.ts';
import { quoted } from '../flags/value-parsers.ts';
import { UsageError } from '../usage-error.ts';
import { SN_FLAGS } from './sn-flags.ts';

const ACTIONS = ['pub', 'sub', 'gateway', 'discover', 'dump'] as const;
type Action = (typeof ACTIONS)[number];

export const command: Readonly<Command> = {
  name: 'sn',
  summary: 'Speak MQTT-SN: publish, subscribe, a gateway, and finding one',
  usage: 'pub | sub | gateway | discover | dump  [options]',
  flags: SN_FLAGS,
  words: ACTIONS,
  examples: [
    {
      line: 'pub -t sensors/1/temperature -m 21.5 -q 1',
      text: 'one message, through the gateway on this machine',
    },
    { line: 'pub -T 5 -m on -q -1', text: 'without a connection, to a predefined topic' },
    { line: "sub -t 'sensors/#' -v", text: 'print what comes' },
    { line: "sub -t 'sensors/#' -c -i me --sleep 60s", text: 'sleep, and look for messages every minute' },
    { line: 'gateway --broker mqtts://broker.example --bind 0.0.0.0', text: 'in front of any MQTT broker' },
    { line: 'gateway --serial /dev/ttyUSB0 --framing xbee2', text: 'for XBee modules' },
    { line: 'discover -W 10s', text: 'which gateways are there' },
    { line: 'dump -p 1884', text: 'show every MQTT-SN message that comes to a port' },
  ],
  run,
};

async function run(words: readonly string[], io: CommandIo): Promise<number> {
  const { values, positionals } = parseFlags(SN_FLAGS, words, {
    positionals: { name: `command (${ACTIONS.join(', ')})`, minimum: 1, maximum: 1 },
  });
  switch (actionFrom(positionals[0]!)) {
    case 'pub': {
      const { snPub } = await import('./sn-pub.ts');
      return snPub(values, io);
    }
    case 'sub': {
      const { snSub } = await import('./sn-sub.ts');
      return snSub(values, io);
    }
    case 'gateway': {
      const { snGateway } = await import('./sn-gateway.ts');
      return snGateway(values, io);
    }
    case 'discover': {
      const { snDiscover } = await import('./sn-discover.ts');
      return snDiscover(values, io);
    }
    case 'dump': {
      const { snDump } = await import('./sn-dump.ts');
      return snDump(values, io);
    }
  }
}

/** @throws {UsageError} */
function actionFrom(given: string): Action {
  const action = ACTIONS.find((each) => each === given);
  if (action !== undefined) return action;
  const near = nearest(given, ACTIONS);
  const hint = near === undefined ? '' : `; did you mean ${near}?`;
  throw new UsageError(`expected ${ACTIONS.join(', ')}, got ${quoted(given)}${hint}`);
}
