/** `martlet doctor`: goes the way of a connection step by step, and says in plain words where it ends and what to do. */
import type { ServerAddress } from '@martlet/client';
import type { Command, CommandIo } from '../command.ts';
import { CheckInconclusive } from '../conformance/check-failure.ts';
import type { ConnectionValues } from '../connection/connection-flags.ts';
import { parseConnectedFlags } from '../connection/parse-connected-flags.ts';
import { ExitCode } from '../exit-code.ts';
import type { FlagValues } from '../flags/flag.ts';
import { textStyleFor } from '../text-style.ts';
import { UsageError } from '../usage-error.ts';
import { diagnosisOf } from './diagnosis.ts';
import type { DoctorFlags } from './doctor-flags.ts';
import { DOCTOR_FLAGS } from './doctor-flags.ts';
import type { Examination } from './examination.ts';
import { isOverTls, isOverWebSocket } from './examination.ts';
import { Findings } from './finding.ts';
import { findingText } from './findings-text.ts';

export const command: Readonly<Command> = {
  name: 'doctor',
  summary: 'Find out why a connection does not work',
  usage: '[URL | host] [options]',
  flags: DOCTOR_FLAGS,
  examples: [
    { line: 'mqtt://raspberrypi.local', text: 'name, TCP, CONNECT, rights and round trips' },
    {
      line: 'mqtts://broker.example:8883 --cafile ca.crt -u ann --password-prompt',
      text: 'with TLS and a user',
    },
    { line: 'wss://broker.example/mqtt -t test/doctor', text: 'over WebSocket, in a topic that may be used' },
  ],
  run,
};

const DEFAULT_TIMEOUT_MS = 5000;
const DEFAULT_COLUMNS = 100;

async function run(words: readonly string[], io: CommandIo): Promise<number> {
  const { values, positionals } = await parseConnectedFlags(DOCTOR_FLAGS, words, io, {
    positionals: { name: 'URL', minimum: 0, maximum: 1 },
  });
  const style = textStyleFor(io.stdout as NodeJS.WriteStream);
  const findings = new Findings((finding) => {
    const columns = io.stdout.columns ?? DEFAULT_COLUMNS;
    io.stdout.write(values.json ? `${JSON.stringify(finding)}\n` : findingText(finding, style, columns));
  });
  const examination = await examinationFor(positionals[0], values, findings, io);
  await examine(examination);
  io.signal.throwIfAborted();
  const diagnosis = diagnosisOf(findings.all);
  io.stdout.write(
    values.json
      ? `${JSON.stringify({ healthy: findings.isHealthy, diagnosis })}\n`
      : `\n${style('bold', diagnosis)}\n`,
  );
  return findings.isHealthy ? ExitCode.Success : ExitCode.Failure;
}

async function examine(examination: Examination): Promise<void> {
  const { server, findings } = examination;
  if (!(await examineNetwork(examination))) return;
  if (isOverTls(server)) {
    const { examineTls } = await import('./examine-tls.ts');
    if (!(await examineTls(examination))) return;
  }
  if (isOverWebSocket(server)) {
    const { examineWebSocket } = await import('./examine-web-socket.ts');
    if (!(await examineWebSocket(examination))) return;
  }
  const { examineMqtt } = await import('./examine-mqtt.ts');
  const { examineRights } = await import('./examine-rights.ts');
  try {
    const client = await examineMqtt(examination);
    if (client !== undefined) await examineRights(client, examination);
  } catch (error) {
    examination.signal.throwIfAborted();
    if (!(error instanceof CheckInconclusive)) throw error;
    findings.bad(
      'connection',
      (error.cause as Error).message,
      'It worked a moment ago: if it comes and goes, look at the network in between.',
    );
  }
}

/** @returns whether the server can be reached */
async function examineNetwork(examination: Examination): Promise<boolean> {
  const { server, dial, proxyName } = examination;
  if (server.scheme === 'mqtt+unix') {
    const { examineUnixSocket } = await import('./examine-unix-socket.ts');
    return examineUnixSocket(examination);
  }
  const { examineName } = await import('./examine-name.ts');
  const { examineDialed, examineTcp } = await import('./examine-tcp.ts');
  // A proxy looks up the name itself.
  if (proxyName !== undefined) return examineDialed(examination);
  const addresses = await examineName(examination);
  if (addresses.length === 0) return false;
  return dial === undefined ? examineTcp(examination, addresses) : examineDialed(examination);
}

async function examinationFor(
  word: string | undefined,
  values: FlagValues<DoctorFlags>,
  findings: Findings,
  io: CommandIo,
): Promise<Examination> {
  const { openNodeTransport, parseServerUrl } = await import('@martlet/client/node-transport');
  const { connectOptionsFor } = await import('../connection/connect-options-for.ts');
  const { dialFor } = await import('../connection/dial-for.ts');
  const given = word === undefined ? undefined : parsedUrl(word, parseServerUrl);
  const options = await connectOptionsFor(valuesFor(given, values), io, { protocolVersion: 5 });
  const { tls, transport } = options;
  const username = options.username ?? given?.username;
  const password = options.password ?? given?.password;
  const id = Math.floor(io.random() * 0x1_0000_0000).toString(36);
  const { proxy } = values;
  return {
    // What flags have no words for, such as the path of a WebSocket, only the URL says.
    server: hasPath(given?.server) ? given.server : parseServerUrl(options.servers![0]!).server,
    findings,
    tls,
    takesAnyName: values.insecure,
    dial: dialFor(values),
    proxyName: proxy?.replace(/\/\/[^@/]*@/, '//'),
    open: transport ?? openNodeTransport(tls === undefined ? {} : { tls }),
    username,
    password: typeof password === 'string' ? new TextEncoder().encode(password) : password,
    clientId: values.clientId ?? `doctor${id}`,
    protocolVersion: values.protocolVersion,
    topicName: values.topicName ?? `martlet-doctor/${id}`,
    timeoutMs: values.timeout ?? DEFAULT_TIMEOUT_MS,
    signal: io.signal,
    nowMs: () => io.nowMs(),
    wallMs: () => io.wallMs(),
  };
}

function hasPath(server: ServerAddress | undefined): server is ServerAddress {
  return server !== undefined && server.path !== '';
}

interface GivenUrl {
  readonly server: ServerAddress;
  readonly username: string | undefined;
  readonly password: string | undefined;
}

function parsedUrl(word: string, parse: (url: string) => GivenUrl): GivenUrl {
  const url = word.includes('://') ? word : `mqtt://${word}`;
  try {
    return parse(url);
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error), { cause: error });
  }
}

/** The flags with what a URL says put in: whether TLS is wanted depends on both. */
function valuesFor(given: GivenUrl | undefined, values: ConnectionValues): ConnectionValues {
  if (given === undefined) return values;
  const { scheme, host, port } = given.server;
  if (scheme === 'mqtt+unix') return values;
  const { username, password } = given;
  return {
    ...values,
    host: undefined,
    port: undefined,
    url: { scheme, host, port, username, password, topic: '' },
  };
}
