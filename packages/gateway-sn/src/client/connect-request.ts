/**
 * CONNECT, and the will that the gateway asks for (section 6.2). Each step is sent again until it is answered.
 *
 *   CONNECT ──WILLTOPICREQ──▶ WILLTOPIC ──WILLMSGREQ──▶ WILLMSG ──▶ CONNACK, which may come at every step
 */
import type { SnMessage } from '../core/codec/message.ts';
import type { ResolvedSnOptions } from './checked.ts';
import type { Request } from './one-request.ts';

const PROTOCOL_ID = 1;

/** @param onConnack with its return code */
export function connectRequest(
  options: ResolvedSnOptions,
  onConnack: (returnCode: number) => void,
  onFailed: Request['onFailed'],
): Request {
  const { clientId, cleanSession, keepAlive, will } = options;
  const step = (message: SnMessage, onAnswer: (type: SnMessage['type']) => Request | undefined): Request => ({
    message: () => message,
    onAnswer: (answer) => {
      if (answer.type !== 'connack') return onAnswer(answer.type);
      onConnack(answer.returnCode);
      return 'done';
    },
    onFailed,
  });
  const message = step({ type: 'willmsg', payload: will?.payload ?? new Uint8Array(0) }, () => undefined);
  const topic = step({ type: 'willtopic', will: will?.topic ?? null }, (type) =>
    type === 'willmsgreq' ? message : undefined,
  );
  const connect: SnMessage = {
    type: 'connect',
    will: will !== undefined,
    cleanSession,
    protocolId: PROTOCOL_ID,
    duration: keepAlive,
    clientId,
  };
  return step(connect, (type) => (type === 'willtopicreq' ? topic : undefined));
}
