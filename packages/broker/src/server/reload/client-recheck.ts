/**
 * Which connected clients a change of the configuration ends: those whose listener goes, those who would not be let in any more or
 * would have to show other credentials, and those for whom their listener would be another one. All others stay.
 */
import type { AuthenticationConfiguration } from '../../config/access-configuration.ts';
import type { Configuration } from '../../config/configuration.ts';
import type { ListenerConfiguration } from '../../config/listener-configuration.ts';
import type { ClientIdentity } from '../../core/ports/authorizer.ts';
import type { CertificateIdentity } from '../../core/ports/transport.ts';
import type { FatedListener } from '../listeners/listener-fates.ts';
import type { DisconnectedClient } from './reload-report.ts';

/** What knows clients by their credentials: see `BuiltAuthenticator.credentialOf`. */
export interface Credentials {
  credentialOf(client: ClientIdentity): string | null | undefined;
}

export interface RecheckedChange {
  readonly before: Configuration;
  readonly after: Configuration;
  readonly credentialsBefore: Credentials;
  readonly credentialsAfter: Credentials;
  readonly fates: readonly FatedListener[];
}

/** A client that is disconnected, and whether its listener ends it anyway. */
export interface EndedClient extends DisconnectedClient {
  readonly byListener: boolean;
}

export function endedClients(
  clients: Iterable<ClientIdentity>,
  change: RecheckedChange,
): readonly EndedClient[] {
  const listeners = new Map(change.fates.map((fated) => [fated.before?.name, fated]));
  const ended: EndedClient[] = [];
  for (const client of clients) {
    const { clientId, username = null, origin } = client;
    const fated = listeners.get(origin.listener);
    const closing = fated === undefined ? null : closingReason(fated);
    const reason = closing ?? recheckReason(client, fated ?? null, change);
    if (reason === null) continue;
    ended.push({ clientId, username, listener: origin.listener, reason, byListener: closing !== null });
  }
  return ended;
}

/** Those whose certificates have been revoked since they came. */
export function revokedClients(
  clients: Iterable<ClientIdentity>,
  isRevoked: (listener: string, certificate: CertificateIdentity) => boolean,
): readonly EndedClient[] {
  const reason = 'its certificate has been revoked';
  return [...clients].flatMap(({ clientId, username = null, origin: { listener }, security }) => {
    const certificate = security?.certificate;
    return certificate === undefined || !isRevoked(listener, certificate)
      ? []
      : [{ clientId, username, listener, reason, byListener: false }];
  });
}

function closingReason({ fate, after }: FatedListener): string | null {
  switch (fate) {
    case 'closed':
      return 'its listener is closed';
    case 'moved':
      return 'its listener has moved';
    case 'reopened':
      return `its listener is opened anew${after === null ? '' : ` as ${after.name}`}`;
    case 'kept':
    case 'updated':
    case 'opened':
      return null;
  }
}

function recheckReason(
  client: ClientIdentity,
  fated: FatedListener | null,
  change: RecheckedChange,
): string | null {
  const { before, after, credentialsBefore, credentialsAfter } = change;
  if (
    fated?.before != null &&
    fated.after !== null &&
    identityKeys(fated.before) !== identityKeys(fated.after)
  )
    return 'its listener now knows clients otherwise: connect again';
  const was = authenticationFor(before, fated?.before ?? null);
  const is = authenticationFor(after, fated?.after ?? null);
  if (client.username === undefined && was.anonymous && !is.anonymous)
    return 'nobody may be connected without a user name any more';
  const credentialAfter = credentialsAfter.credentialOf(client);
  if (credentialAfter === undefined) return 'its user would not be let in any more';
  const hasOtherMethods = JSON.stringify(was.methods) !== JSON.stringify(is.methods);
  if (credentialAfter === null)
    return hasOtherMethods && client.username !== undefined
      ? 'users are now known otherwise: connect again'
      : null;
  const credentialBefore = credentialsBefore.credentialOf(client);
  return credentialBefore === credentialAfter
    ? null
    : 'the credentials of its user have changed: connect again';
}

/** What makes a client who it is, and where it lives. */
function identityKeys({
  mountPoint,
  usernameFrom,
  useUsernameAsClientId,
  tls,
}: ListenerConfiguration): string {
  return JSON.stringify([
    mountPoint,
    usernameFrom,
    useUsernameAsClientId,
    tls?.clientCertificates === 'require',
  ]);
}

function authenticationFor(
  { authentication }: Configuration,
  listener: ListenerConfiguration | null,
): AuthenticationConfiguration {
  return listener?.authentication ?? authentication;
}
