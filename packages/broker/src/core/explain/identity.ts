/** For whom an explanation asks: the client as it is connected, as it was lately, or as the question says that it is. */
import type { CoreContext } from '../context.ts';
import type { ClientIdentity } from '../ports/authorizer.ts';
import type { Session } from '../session/session.ts';
import type { ExplainedIdentity, ExplanationQuery, GivenIdentity } from './explanation.ts';

interface Identified {
  readonly client: ClientIdentity;
  readonly identity: ExplainedIdentity;
}

export function identify(
  context: CoreContext,
  { clientId, identity }: ExplanationQuery,
  session: Session | undefined,
): Identified {
  if (identity !== undefined) return described('given', made(clientId, identity));
  const connected = session?.holder?.client;
  if (connected !== undefined) return described('connection', connected);
  const last = context.refusals.lastIdentityOf(clientId);
  if (last !== undefined) return described('last connection', last);
  return described('unknown', made(clientId, {}));
}

function described(source: ExplainedIdentity['source'], client: ClientIdentity): Identified {
  const { username = null, peer, origin, groups, protocolVersion } = client;
  return { client, identity: { source, username, peer, listener: origin.listener, groups, protocolVersion } };
}

function made(clientId: string, given: GivenIdentity): ClientIdentity {
  const { username, peer = '', listener = '', groups = [], protocolVersion = 5 } = given;
  return {
    clientId,
    username,
    protocolVersion,
    origin: { listener, kind: 'stream' },
    peer,
    proxyPeer: undefined,
    security: undefined,
    groups,
    permissions: undefined,
  };
}
