/** Clients that ask, and what they are answered, in short. */
import type { AuthorizationMethod } from '../../../src/access/authorization/authorization-method.ts';
import type {
  AuthorizationAnswer,
  AuthorizationRequest,
  AuthorizedAction,
  ClientIdentity,
} from '../../../src/core/ports/authorizer.ts';

/** `c1`, anonymous, through the listener `tcp:1883`, unless it is told otherwise. */
export function identity(of: Partial<ClientIdentity> = {}): ClientIdentity {
  return {
    clientId: 'c1',
    username: undefined,
    protocolVersion: 5,
    origin: { listener: 'tcp:1883', kind: 'stream' },
    peer: '127.0.0.1:50000',
    proxyPeer: undefined,
    security: undefined,
    groups: [],
    permissions: undefined,
    ...of,
  };
}

export function request(
  client: ClientIdentity,
  action: AuthorizedAction,
  topic: string,
  more: Partial<Pick<AuthorizationRequest, 'qos' | 'retain'>> = {},
): AuthorizationRequest {
  return { client, action, topic, qos: 0, retain: false, ...more };
}

/** `allowed`, `denied` or `undecided`. */
export function verdict(answer: AuthorizationAnswer | undefined): string {
  if (answer === undefined) return 'undecided';
  return answer.allowed ? 'allowed' : 'denied';
}

export function ask(
  method: AuthorizationMethod,
  client: ClientIdentity,
  action: AuthorizedAction,
  topic: string,
  more: Partial<Pick<AuthorizationRequest, 'qos' | 'retain'>> = {},
): string {
  return verdict(method.decide(request(client, action, topic, more)));
}
