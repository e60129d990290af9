/** Where no file says where a broker listens, errors about that name the flags that do. */
import { EnvironmentError } from '@martlet/broker';
import type { Configuration } from '@martlet/broker/config';

export async function withFlagsNamed<Result>(
  { listeners }: Pick<Configuration, 'listeners'>,
  work: () => Promise<Result>,
): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    throw error instanceof EnvironmentError ? named(error, listeners) : error;
  }
}

function named(error: EnvironmentError, listeners: Configuration['listeners']): EnvironmentError {
  const [, port] = /\bport (\d+)/.exec(error.message) ?? [];
  const isUdp = /\bUDP port/.test(error.message);
  const listener = listeners.find(
    (each) => each.path === null && String(each.port) === port && (each.protocol === 'mqtt-sn') === isUdp,
  );
  const flag = isUdp
    ? '--sn-port N'
    : listener?.protocol === 'websocket'
      ? '--ws-port N or --no-ws'
      : '--port N';
  const text = error.message.replace(/another port$/, flag).replace(/another path$/, '--socket PATH');
  return new EnvironmentError(error.code, text, error.cause);
}
