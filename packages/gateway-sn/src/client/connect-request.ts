/**
 * CONNECT, and the will that the gateway asks for (section 6.2). Each step is sent again until it is answered.
 *
 *   CONNECT ──WILLTOPICREQ──▶ WILLTOPIC ──WILLMSGREQ──▶ WILLMSG ──▶ CONNACK, which may come at every step
 *
 * A gateway that has had the last message does not know it any more when its answer was lost. So every other time a step is
 * sent again it is CONNECT instead, and what the gateway asks for then is given to it, from the topic on.
 */
import type { SnMessage } from '../core/codec/message.ts';
import type { ResolvedSnOptions } from './checked.ts';
import type { Request } from './one-request.ts';

const PROTOCOL_ID = 1;
/** A gateway that asks again and again, and never accepts, is as good as one that does not answer. */
const MOST_RESTARTS = 3;

/** @param onConnack with its return code */
export function connectRequest(
  options: ResolvedSnOptions,
  onConnack: (returnCode: number) => void,
  onFailed: Request['onFailed'],
): Request {
  const { clientId, cleanSession, keepAlive, will } = options;
  const connect: SnMessage = {
    type: 'connect',
    will: will !== undefined,
    cleanSession,
    protocolId: PROTOCOL_ID,
    duration: keepAlive,
    clientId,
  };
  let restarts = 0;
  const answered = (answer: SnMessage): 'done' | undefined => {
    if (answer.type !== 'connack') return undefined;
    onConnack(answer.returnCode);
    return 'done';
  };
  const step = (message: SnMessage, takesMessage: boolean): Request => {
    let repeats = 0;
    return {
      message: (again) => {
        if (again) repeats++;
        return again && repeats % 2 === 0 ? connect : message;
      },
      onAnswer: (answer) => {
        // Without CONNECT sent again, what asks for an earlier step was answered already.
        const begunAnew = repeats > 1;
        const asksAnew = answer.type === 'willtopicreq' || (answer.type === 'willmsgreq' && !takesMessage);
        if (asksAnew) return begunAnew && restarts++ < MOST_RESTARTS ? stepFor(answer.type) : undefined;
        return answer.type === 'willmsgreq' ? messageStep() : answered(answer);
      },
      onFailed,
    };
  };
  const stepFor = (asked: SnMessage['type']): Request =>
    asked === 'willtopicreq' ? topicStep() : messageStep();
  const topicStep = (): Request => step({ type: 'willtopic', will: will?.topic ?? null }, true);
  const messageStep = (): Request =>
    step({ type: 'willmsg', payload: will?.payload ?? new Uint8Array(0) }, false);
  return {
    message: () => connect,
    onAnswer: (answer) => (answer.type === 'willtopicreq' ? topicStep() : answered(answer)),
    onFailed,
  };
}
