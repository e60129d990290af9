/** What is known of a client between its CONNECT and its CONNACK, and as whom it is shown to those who decide. */
import type { ConnectPacket } from '@martlet/protocol';
import { checkTopicName } from '@martlet/protocol';
import type { AuthenticationAnswer, AuthenticationAttempt } from '../ports/authenticator.ts';
import type { ClientIdentity } from '../ports/authorizer.ts';
import type { Authentication } from './authentication.ts';
import type { Agreement } from './handshake.ts';
import type { ConnectionHandle } from './phase.ts';
import type { Rights } from './rights.ts';

/** What an authenticator says of a client that it accepts. */
export type Accepting = AuthenticationAnswer & { readonly kind: 'accept' };

const NO_GROUPS: readonly string[] = Object.freeze([]);
/** Of clients that nobody authenticates. */
const ACCEPTED: Accepting = Object.freeze({ kind: 'accept' });

/** What is known once a CONNECT has come and can be accepted as far as it goes. */
export interface Attempt {
  readonly connect: ConnectPacket;
  agreement: Agreement;
  readonly authentication: Authentication | null;
  /** What the authenticator has said. */
  accepted: Accepting;
  identity: ClientIdentity | null;
  rights: Rights | null;
}

/** CONNECT with its will on the topic that the broker knows; one that cannot be a topic name stays, and is refused. */
export function withWillUnder(mountPoint: string, connect: ConnectPacket): ConnectPacket {
  const { will } = connect;
  if (mountPoint === '' || will === undefined || checkTopicName(will.topicName) !== null) return connect;
  return { ...connect, will: { ...will, topicName: mountPoint + will.topicName } };
}

export function attemptOf(
  connect: ConnectPacket,
  agreement: Agreement,
  authentication: Authentication | null,
): Attempt {
  return { connect, agreement, authentication, accepted: ACCEPTED, identity: null, rights: null };
}

/** A CONNECT as the authenticator sees it first. */
export function authenticationAttempt(
  connect: ConnectPacket,
  { clientId }: Agreement,
  { origin, peer, proxyPeer, security }: ConnectionHandle,
): AuthenticationAttempt {
  return {
    clientId,
    username: connect.username,
    password: connect.password,
    protocolVersion: connect.protocolVersion,
    origin,
    peer,
    proxyPeer,
    security,
    authenticationMethod: connect.properties.authenticationMethod,
    authenticationData: undefined,
    reauthentication: false,
    state: undefined,
  };
}

/** An authenticated client as the authoriser sees it. */
export function identityOf(
  { connect, agreement, accepted }: Attempt,
  { origin, peer, proxyPeer, security }: ConnectionHandle,
): ClientIdentity {
  return {
    clientId: agreement.clientId,
    username: accepted.username ?? connect.username,
    protocolVersion: connect.protocolVersion,
    origin,
    peer,
    proxyPeer,
    security,
    groups: accepted.groups ?? NO_GROUPS,
    permissions: accepted.permissions,
  };
}

/** A connected client after another authentication: the same one, unless that said something of groups or permissions. */
export function identifiedAnew(client: ClientIdentity, { groups, permissions }: Accepting): ClientIdentity {
  if (groups === undefined && permissions === undefined) return client;
  return { ...client, groups: groups ?? NO_GROUPS, permissions };
}
