/** A client's line in the file of clients: JSON, which a stranger can read. */
import type { Remembered, SubscribedAs } from '../core/ports/memory.ts';

interface Line {
  readonly clientId: string;
  /** Absent: the client is forgotten. */
  readonly forSeconds?: number;
  readonly topicIds?: readonly (readonly [string, number])[];
  readonly subscribedAs?: readonly (readonly [string, SubscribedAs])[];
  readonly packetIdOffset?: number;
  readonly will?: {
    readonly topicName: string;
    readonly qos: 0 | 1 | 2;
    readonly retain: boolean;
    /** Base64. */
    readonly payload: string;
  };
}

/** What a line says; `remembered` is undefined if the client is forgotten. */
export interface RememberedLine {
  readonly clientId: string;
  readonly remembered: Remembered | undefined;
  readonly forSeconds: number;
}

export function lineFor({ clientId, remembered, forSeconds }: RememberedLine): string {
  if (remembered === undefined) return `${JSON.stringify({ clientId } satisfies Line)}\n`;
  const { topicIds, subscribedAs, packetIdOffset, will } = remembered;
  const line: Line = {
    clientId,
    forSeconds,
    topicIds,
    subscribedAs,
    packetIdOffset,
    ...(will !== null && { will: { ...will.topic, payload: Buffer.from(will.payload).toString('base64') } }),
  };
  return `${JSON.stringify(line)}\n`;
}

/** Null for what is no line: the end of a file that was being written when the machine stopped. */
export function parseLine(text: string): RememberedLine | null {
  try {
    const line = JSON.parse(text) as Line | null;
    return line === null || typeof line.clientId !== 'string' ? null : contentOf(line);
  } catch {
    return null;
  }
}

/** @throws {TypeError} for a will that is none */
function contentOf({
  clientId,
  forSeconds,
  topicIds,
  subscribedAs,
  packetIdOffset,
  will,
}: Line): RememberedLine | null {
  if (forSeconds === undefined) return { clientId, remembered: undefined, forSeconds: 0 };
  if (!Array.isArray(topicIds) || !Array.isArray(subscribedAs) || typeof packetIdOffset !== 'number')
    return null;
  const stated =
    will === undefined
      ? null
      : {
          topic: { topicName: will.topicName, qos: will.qos, retain: will.retain },
          payload: new Uint8Array(Buffer.from(will.payload, 'base64')),
        };
  return { clientId, forSeconds, remembered: { topicIds, subscribedAs, packetIdOffset, will: stated } };
}
