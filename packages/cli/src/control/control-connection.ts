/** One connection to a broker's control socket: a request at a time, each with its answer. */
import { connect } from 'node:net';
import { createInterface } from 'node:readline';
import type { ControlAnswer, ControlFailure } from '@martlet/broker/control';
import { CONTROL_VERSION } from '@martlet/broker/control';

/** The broker has said no, and why. */
export class BrokerRefusal extends Error {
  override readonly name = 'BrokerRefusal';
  readonly failure: ControlFailure;

  constructor(failure: ControlFailure) {
    super(failure.text);
    this.failure = failure;
  }
}

/**
 * Asks one thing.
 * @param timeoutMs for the connection and the answer
 * @throws {BrokerRefusal} if the broker says no
 * @throws {Error} of the system, such as ECONNREFUSED; with the code ETIMEDOUT if no answer comes in time
 */
export function askAt(
  path: string,
  request: string,
  parameters: Readonly<Record<string, unknown>>,
  timeoutMs: number,
): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const socket = connect(path);
    const end = (settle: () => void): void => {
      clearTimeout(timer);
      socket.destroy();
      settle();
    };
    const timer = setTimeout(() => {
      const error = new Error(`no answer came within ${timeoutMs / 1000} s`);
      end(() => reject(Object.assign(error, { code: 'ETIMEDOUT' })));
    }, timeoutMs);
    const lines = createInterface({ input: socket });
    // The lines tell errors of their input again.
    lines.on('error', () => {});
    lines.once('line', (line) => end(() => settleWith(line, resolve, reject)));
    socket.once('error', (error) => end(() => reject(error)));
    socket.once('close', () =>
      end(() => reject(new Error('the broker closed the connection without an answer'))),
    );
    socket.write(`${JSON.stringify({ version: CONTROL_VERSION, id: 1, request, ...parameters })}\n`);
  });
}

function settleWith(line: string, resolve: (result: unknown) => void, reject: (error: Error) => void): void {
  let answer: Partial<ControlAnswer> | null;
  try {
    answer = JSON.parse(line) as Partial<ControlAnswer> | null;
  } catch {
    reject(new Error('what listens there is no broker: expected a line of JSON'));
    return;
  }
  if (answer?.ok === true) resolve(answer.result);
  else if (answer?.ok === false && typeof answer.error?.text === 'string')
    reject(new BrokerRefusal(answer.error));
  else reject(new Error('what listens there is no broker: expected an answer'));
}
