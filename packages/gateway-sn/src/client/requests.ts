/** What a client asks of a gateway that is one message and one answer. */
import type { SnMessage, TopicReference } from '../core/codec/message.ts';
import { ReturnCode } from '../core/codec/return-code.ts';
import type { Congestion } from './congestion.ts';
import type { Request } from './one-request.ts';
import { rejected } from './rejected.ts';
import type { Settle } from './sn-client-options.ts';

/** @param isAnswer whether this is the answer; then it is done */
function simple(
  message: (again: boolean) => SnMessage,
  isAnswer: (answer: SnMessage) => boolean,
  settle: Settle<void>,
): Request {
  return {
    message,
    onAnswer: (answer) => {
      if (!isAnswer(answer)) return undefined;
      settle(null);
      return 'done';
    },
    onFailed: settle,
  };
}

export function sleepRequest(seconds: number, settle: Settle<void>): Request {
  return simple(
    () => ({ type: 'disconnect', duration: seconds }),
    (answer) => answer.type === 'disconnect',
    settle,
  );
}

/** It is over either way: nobody is told of an answer that does not come. */
export function goodbyeRequest(settle: Settle<void>): Request {
  const end: Settle<void> = () => settle(null);
  return simple(
    () => ({ type: 'disconnect', duration: undefined }),
    (answer) => answer.type === 'disconnect',
    end,
  );
}

/** @param clientId of a sleeper that wakes */
export function pingRequest(clientId: string | undefined, settle: Settle<void>): Request {
  return simple(
    () => ({ type: 'pingreq', clientId }),
    (answer) => answer.type === 'pingresp',
    settle,
  );
}

/** @param settle with the QoS that was granted, and the identifier of a topic without wildcards, or 0 */
export function subscribeRequest(
  packetId: number,
  topic: TopicReference,
  qos: 0 | 1 | 2,
  settle: Settle<{ readonly qos: 0 | 1 | 2; readonly topicId: number }>,
  congestion: Congestion,
  nowMs: () => number,
): Request {
  return {
    message: (dup) => ({ type: 'subscribe', dup, qos, packetId, topic }),
    onAnswer: (answer) => {
      if (answer.type !== 'suback' || answer.packetId !== packetId) return undefined;
      if (answer.returnCode === ReturnCode.Accepted) settle(null, answer);
      else if (answer.returnCode === ReturnCode.Congestion) settle(congestion.begin('SUBSCRIBE', nowMs()));
      else settle(rejected('SUBSCRIBE', answer.returnCode));
      return 'done';
    },
    onFailed: settle,
  };
}

export function unsubscribeRequest(packetId: number, topic: TopicReference, settle: Settle<void>): Request {
  return simple(
    () => ({ type: 'unsubscribe', packetId, topic }),
    (answer) => answer.type === 'unsuback' && answer.packetId === packetId,
    settle,
  );
}

export function willRequest(
  message: SnMessage,
  answerType: 'willtopicresp' | 'willmsgresp',
  settle: Settle<void>,
): Request {
  return {
    message: () => message,
    onAnswer: (answer) => {
      if (answer.type !== answerType) return undefined;
      if (answer.returnCode === ReturnCode.Accepted) settle(null);
      else settle(rejected('the new will', answer.returnCode));
      return 'done';
    },
    onFailed: settle,
  };
}
