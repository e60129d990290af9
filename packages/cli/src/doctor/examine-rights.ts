/** Whether this user may subscribe and publish, and how long a message takes to come back, at each QoS. */
import type { Qos, ReasonCode, ServerPacket } from '@martlet/protocol';
import { reasonText } from '../conformance/packet-text.ts';
import type { RawClient } from '../conformance/raw-client.ts';
import type { Examination } from './examination.ts';
import { SUCCESS } from './examine-mqtt.ts';
import { connectAdvice, rightsAdvice } from './reason-advice.ts';

const SESSION_TAKEN_OVER = 0x8e;

export async function examineRights(client: RawClient, examination: Examination): Promise<void> {
  const { findings } = examination;
  try {
    if (!(await maySubscribe(client, examination))) {
      await mayPublish(client, examination);
      return;
    }
    const maximumQos = client.connack?.properties.maximumQos ?? 2;
    for (const qos of [0, 1, 2] as const) {
      if (qos <= maximumQos && !(await roundTrip(client, qos, examination))) return;
    }
    client.send({ type: 'disconnect', reasonCode: SUCCESS, properties: {} });
    // Whether the server closes, too, says nothing about the way to it.
    await client.closes('DISCONNECT').catch(() => {});
  } catch (error) {
    examination.signal.throwIfAborted();
    findings.bad(
      'connection',
      `it went wrong in the middle: ${error instanceof Error ? error.message : error}`,
      'The log of the server says more. If it comes and goes, look at the network in between.',
    );
  } finally {
    client.drop();
  }
}

async function maySubscribe(client: RawClient, examination: Examination): Promise<boolean> {
  const { findings, topicName, nowMs } = examination;
  const startMs = nowMs();
  client.send({
    type: 'subscribe',
    packetId: client.nextPacketId(),
    subscriptions: [
      { topicFilter: topicName, qos: 2, noLocal: false, retainAsPublished: false, retainHandling: 2 },
    ],
    properties: {},
  });
  const suback = await nextAfterMessages(client, 'SUBACK');
  const tookMs = nowMs() - startMs;
  if (suback !== 'closed' && suback.type === 'disconnect') {
    tellDisconnect('SUBSCRIBE', suback.reasonCode, examination);
    return false;
  }
  if (suback === 'closed' || suback.type !== 'suback') {
    findings.bad(
      'SUBSCRIBE',
      `the server closes the connection instead of letting ${topicName} be subscribed to`,
      'Some servers do so to a client that may not subscribe there: look at the rights of this user, or try another topic with -t.',
      tookMs,
    );
    return false;
  }
  const code = suback.reasonCodes[0] ?? SUCCESS;
  if (code >= 0x80) {
    findings.bad(
      'SUBSCRIBE',
      `${topicName} is refused with ${reasonText(code, 'suback')}`,
      rightsAdvice(code),
      tookMs,
    );
    return false;
  }
  findings.good('SUBSCRIBE', `${topicName}, with QoS ${code}`, tookMs);
  return true;
}

/** Without a subscription there is only the acknowledgement to look at. */
async function mayPublish(client: RawClient, examination: Examination): Promise<void> {
  const { findings, topicName, nowMs } = examination;
  if (client.closed) return;
  const startMs = nowMs();
  const packetId = client.nextPacketId();
  sendMessage(client, topicName, 1, packetId, 'doctor');
  const answer = await client.nextOrClosed('PUBACK');
  if (answer !== 'closed' && answer.type === 'disconnect') {
    tellDisconnect('PUBLISH', answer.reasonCode, examination);
    return;
  }
  if (answer === 'closed' || answer.type !== 'puback') {
    findings.bad(
      'PUBLISH',
      `the server closes the connection for a message to ${topicName}`,
      rightsAdvice(0x87),
    );
    return;
  }
  tellPuback(answer.reasonCode, nowMs() - startMs, examination);
}

function tellPuback(reasonCode: ReasonCode, tookMs: number, { findings, topicName }: Examination): void {
  if (reasonCode >= 0x80)
    findings.bad(
      'PUBLISH',
      `${topicName} is refused with ${reasonText(reasonCode, 'puback')}`,
      rightsAdvice(reasonCode),
      tookMs,
    );
  else findings.good('PUBLISH', `${topicName} is acknowledged`, tookMs);
}

function sendMessage(client: RawClient, topicName: string, qos: Qos, packetId: number, text: string): void {
  const payload = new TextEncoder().encode(text);
  client.send({
    type: 'publish',
    topicName,
    payload,
    qos,
    retain: false,
    dup: false,
    packetId,
    properties: {},
  });
}

/** Publishes, and waits until it is acknowledged and has come back. @returns false where there is no more to look at */
async function roundTrip(client: RawClient, qos: Qos, examination: Examination): Promise<boolean> {
  const { findings, topicName, nowMs } = examination;
  const startMs = nowMs();
  const packetId = qos === 0 ? 0 : client.nextPacketId();
  const text = `doctor ${qos} ${packetId}`;
  sendMessage(client, topicName, qos, packetId, text);
  let isBack = false;
  let isDone = qos === 0;
  while (!isBack || !isDone) {
    const packet = await nextOrNothing(client, examination.signal);
    if (packet === undefined || packet === 'closed') {
      tellLost(packet, qos, isDone, examination, nowMs() - startMs);
      // Before MQTT 5.0 no other QoS says more.
      return packet === undefined && qos === 0 && client.version === 5;
    }
    switch (packet.type) {
      case 'publish':
        isBack ||= new TextDecoder().decode(packet.payload) === text;
        acknowledge(client, packet.qos, packet.packetId);
        break;
      case 'pubrel':
        client.send({ type: 'pubcomp', packetId: packet.packetId, reasonCode: SUCCESS, properties: {} });
        break;
      case 'puback':
      case 'pubrec':
        if (packet.reasonCode >= 0x80) {
          tellPuback(packet.reasonCode, nowMs() - startMs, examination);
          return false;
        }
        if (packet.type === 'puback') isDone = true;
        else client.send({ type: 'pubrel', packetId: packet.packetId, reasonCode: SUCCESS, properties: {} });
        break;
      case 'pubcomp':
        isDone = true;
        break;
      case 'disconnect':
        tellDisconnect('round trip', packet.reasonCode, examination);
        return false;
      default:
        break;
    }
  }
  findings.good('round trip', `QoS ${qos}`, nowMs() - startMs);
  return true;
}

/** What was retained may come first. */
async function nextAfterMessages(client: RawClient, expected: string): Promise<ServerPacket | 'closed'> {
  for (;;) {
    const packet = await client.nextOrClosed(expected);
    if (packet === 'closed' || packet.type !== 'publish') return packet;
  }
}

async function nextOrNothing(
  client: RawClient,
  signal: AbortSignal,
): Promise<ServerPacket | 'closed' | undefined> {
  try {
    return await client.nextOrClosed('an answer');
  } catch {
    signal.throwIfAborted();
    return undefined;
  }
}

function acknowledge(client: RawClient, qos: Qos, packetId: number): void {
  if (qos === 1) client.send({ type: 'puback', packetId, reasonCode: SUCCESS, properties: {} });
  if (qos === 2) client.send({ type: 'pubrec', packetId, reasonCode: SUCCESS, properties: {} });
}

function tellLost(
  packet: 'closed' | undefined,
  qos: Qos,
  isDone: boolean,
  { findings, topicName }: Examination,
  tookMs: number,
): void {
  if (packet === 'closed')
    findings.bad(
      'round trip',
      `the server closes the connection for a message of QoS ${qos} to ${topicName}`,
      rightsAdvice(0x87),
      tookMs,
    );
  else if (isDone)
    findings.bad(
      'round trip',
      `a message of QoS ${qos} to ${topicName} does not come back`,
      'Servers drop what a client may not publish, and say so only from MQTT 5.0 on. Look at the rights of this user, or try another topic with -t.',
      tookMs,
    );
  else
    findings.bad(
      'round trip',
      `a message of QoS ${qos} is not acknowledged`,
      'The server may wait for its disk, or be stuck: its log says more.',
      tookMs,
    );
}

function tellDisconnect(
  step: string,
  reasonCode: ReasonCode,
  { findings, username, clientId }: Examination,
): void {
  findings.bad(
    step,
    `the server ends the connection with ${reasonText(reasonCode, 'disconnect')}`,
    reasonCode === SESSION_TAKEN_OVER
      ? `Another client has connected with the identifier ${clientId}: each client needs one of its own.`
      : connectAdvice(reasonCode, username !== undefined),
  );
}
