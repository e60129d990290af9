/** What `mosquitto -h` prints: the version on the first line, as scripts look for it, and a line for each option. */
import { MOSQUITTO_VERSION_TEXT } from '@martlet/broker/mosquitto';
import { versionText } from '../version-text.ts';
import { MOSQUITTO_FLAGS } from './mosquitto-flags.ts';

const NAME_COLUMNS = 13;

export function mosquittoHelp(): string {
  const lines = Object.values(MOSQUITTO_FLAGS).map(({ names, text }) => {
    const [name = ''] = names;
    return line(name, text);
  });
  return `${MOSQUITTO_VERSION_TEXT}

This is Martlet ${versionText()}, an MQTT v5.0/v3.1.1/v3.1 broker, in place of mosquitto.

Usage: mosquitto [-c config_file] [-d] [-h] [-p port] [-q] [-v]
                 [--test-config] [--tls-keylog file]

${[...lines, line('-h', 'print this')].join('\n')}

See docs/guides/from-mosquitto.md for what is different.

`;
}

function line(name: string, text: string): string {
  return ` ${name.padEnd(NAME_COLUMNS)} : ${text}.`;
}
