/** `martlet proxy`: a man in the middle that shows every packet, and makes a bad network. */
import type { Command, CommandIo } from '../command.ts';
import { parseConnectedFlags } from '../connection/parse-connected-flags.ts';
import type { ProxyFlags } from './proxy-flags.ts';
import { PROXY_FLAGS } from './proxy-flags.ts';

export const command: Readonly<Command> = {
  name: 'proxy',
  summary: 'Show every packet between clients and a server, and make a bad network',
  usage: '[--listen port] [-h host] [-p port] [options]',
  flags: PROXY_FLAGS,
  examples: [
    { line: '--listen 1884 -h localhost', text: 'clients connect to 1884; each packet is shown' },
    {
      line: '-L mqtts://broker.example --cafile ca.crt --pcap out.pcapng',
      text: 'a server with TLS, and a capture for Wireshark',
    },
    {
      line: '--delay 200ms --jitter 50ms --drop puback:10%',
      text: 'a slow network, and acknowledgements that are lost',
    },
    { line: '--half-open-after 20', text: 'a connection that dies without a word' },
  ],
  run,
};

async function run(words: readonly string[], io: CommandIo): Promise<number> {
  const { values } = await parseConnectedFlags<ProxyFlags>(PROXY_FLAGS, words, io);
  const { runProxy } = await import('./proxy.ts');
  return runProxy(values, io);
}
