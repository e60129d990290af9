/** A client that may connect gets its session and its CONNACK: the last step of a CONNECT, done as a whole or refused. */
import { fitPacket, ReasonCode } from '@martlet/protocol';
import type { Durability } from '../ports/durability.ts';
import { OutboundAliases } from '../publish/outbound-aliases.ts';
import type { Session } from '../session/session.ts';
import { willRecord } from '../session/wills.ts';
import { describeClient } from '../telling/events.ts';
import type { Attempt } from './attempt.ts';
import { CREDENTIALS_EXPIRED } from './authentication.ts';
import { ConnectionInput } from './connection-input.ts';
import { ConnectionOutput } from './connection-output.ts';
import type { Refusal } from './handshake.ts';
import { accepted } from './handshake.ts';
import { MountPoint } from './mount-point.ts';
import type { ConnectionHandle, CoreParts } from './phase.ts';
import { Serving } from './serving.ts';
import { unkeptReasonCode } from './told-reason.ts';

/** @returns why the client is refused; null if it has been accepted, and its connection serves it */
export function accept(parts: CoreParts, connection: ConnectionHandle, attempt: Attempt): Refusal | null {
  const { context, sessions, events } = parts;
  const { connect, agreement } = attempt;
  const client = attempt.identity!;
  const refusal = refusalFor(parts, attempt);
  if (refusal !== null) return refusal;
  const durability = context.levels.ofListener(connection.origin.durability);
  const connack = accepted(
    connect,
    agreement,
    context.profile,
    context.levels.promised(durability),
    attempt.accepted.authenticationData,
  );
  if (fitPacket(connack, connect.protocolVersion, agreement.maximumPacketSize) === undefined) {
    return {
      reasonCode: ReasonCode.PacketTooLarge,
      reasonString: 'CONNACK is larger than the Maximum Packet Size',
    };
  }
  const excess = connection.admit(agreement.clientId, client.username);
  if (excess !== null) {
    context.metrics.connectsBeyondRate++;
    return excess;
  }
  const { outbox } = connection;
  const before = context.stagings;
  const { session, present } = sessions.open(
    agreement.clientId,
    connect.cleanStart,
    agreement.sessionExpiryInterval,
  );
  const output = new ConnectionOutput(
    agreement,
    outbox,
    connect.protocolVersion,
    agreement.outboundTopicAliases === 0 ? null : new OutboundAliases(agreement.outboundTopicAliases),
    agreement.mountPoint === '' ? null : new MountPoint(agreement.mountPoint),
    connect.properties.requestProblemInformation ?? true,
    context.profile.tellReasons,
    durability,
    context.metrics,
  );
  const input = new ConnectionInput(session, output, agreement, connection);
  const serving = new Serving(parts, connection, input, connect, client, agreement);
  session.connected(output, serving);
  session.will = connect.will === undefined ? null : willRecord(connect.will); // [MQTT-3.1.2-7]
  sessions.connect(session, client);
  input.countSubscriptions();
  // [MQTT-3.2.0-1] [MQTT-3.2.2-2] [MQTT-3.2.2-3] [MQTT-3.1.4-5] [MQTT-3.2.0-1] 3.1.1 [MQTT-3.2.2-1] 3.1.1 [MQTT-3.2.2-2] 3.1.1
  // [MQTT-3.2.2-3] 3.1.1 [MQTT-3.1.4-4] 3.1.1
  output.send({ ...connack, sessionPresent: present });
  outbox.notBefore(commitOf(parts, session, context.stagings !== before, durability));
  serving.expireAt(attempt.accepted.expiresAtWallMs);
  connection.become(serving, agreement.acceptedPacketSize); // [MQTT-3.2.0-2]
  events.emit('clientConnected', {
    ...describeClient(client),
    sessionPresent: present,
    keepAlive: agreement.keepAlive,
  });
  parts.outgoing.pump(session);
  return null;
}

function refusalFor(
  { context, sessions }: CoreParts,
  { connect, agreement, accepted: { expiresAtWallMs } }: Attempt,
): Refusal | null {
  if (expiresAtWallMs !== undefined && expiresAtWallMs <= context.wallMs) {
    return { reasonCode: ReasonCode.NotAuthorized, reasonString: CREDENTIALS_EXPIRED };
  }
  if (!sessions.hasRoomFor(agreement.clientId)) {
    return {
      reasonCode: ReasonCode.QuotaExceeded,
      reasonString: `the broker keeps ${context.profile.limits.sessions} sessions, as many as it may`,
    };
  }
  const refusal = context.keeping.entryRefusal;
  if (refusal === null || !sessions.mustBeKept(agreement, connect.will !== undefined)) return null;
  return { ...refusal, reasonCode: unkeptReasonCode(refusal.reasonCode) };
}

/** The commit that makes CONNACK true, and what is sent again behind it. */
function commitOf(
  { context, sessions }: CoreParts,
  session: Session,
  staged: boolean,
  durability: Durability,
): number {
  if (!staged) return sessions.forgotten.commitFor(session.clientId, durability);
  return context.commits.awaited(session.senderIfUsed === null ? durability : context.levels.ofIdentifiers);
}
