/** Every check that there is, by section of the specification. */
import type { Check } from './check.ts';
import { AUTHENTICATION_CHECKS } from './checks/authentication-checks.ts';
import { CONNECT_CHECKS } from './checks/connect-checks.ts';
import { CONNECTION_CHECKS } from './checks/connection-checks.ts';
import { MALFORMED_CONNECT_CHECKS } from './checks/malformed-connect-checks.ts';
import { PUBLISH_CHECKS } from './checks/publish-checks.ts';
import { QUALITY_OF_SERVICE_CHECKS } from './checks/quality-of-service-checks.ts';
import { RESUMPTION_CHECKS } from './checks/resumption-checks.ts';
import { RETAIN_CHECKS } from './checks/retain-checks.ts';
import { SENT_PACKET_CHECKS } from './checks/sent-packet-checks.ts';
import { SESSION_CHECKS } from './checks/session-checks.ts';
import { SHARED_SUBSCRIPTION_CHECKS } from './checks/shared-subscription-checks.ts';
import { SUBSCRIBE_CHECKS } from './checks/subscribe-checks.ts';
import { TOPIC_ALIAS_CHECKS } from './checks/topic-alias-checks.ts';
import { TOPIC_CHECKS } from './checks/topic-checks.ts';
import { WEBSOCKET_CHECKS } from './checks/websocket-checks.ts';
import { WILL_CHECKS } from './checks/will-checks.ts';

/** Checks that belong together, under the heading that reports show. */
export interface CheckGroup {
  readonly heading: string;
  readonly checks: readonly Check[];
}

export const CHECK_GROUPS: readonly CheckGroup[] = [
  {
    heading: 'Connecting',
    checks: [...CONNECT_CHECKS, ...MALFORMED_CONNECT_CHECKS, ...AUTHENTICATION_CHECKS],
  },
  { heading: 'Sessions', checks: [...SESSION_CHECKS, ...RESUMPTION_CHECKS] },
  { heading: 'Wills', checks: WILL_CHECKS },
  { heading: 'Publishing', checks: PUBLISH_CHECKS },
  { heading: 'Topic aliases', checks: TOPIC_ALIAS_CHECKS },
  { heading: 'Retained messages', checks: RETAIN_CHECKS },
  { heading: 'Quality of service and flow control', checks: QUALITY_OF_SERVICE_CHECKS },
  { heading: 'Subscribing', checks: SUBSCRIBE_CHECKS },
  { heading: 'Topics', checks: TOPIC_CHECKS },
  { heading: 'Shared subscriptions', checks: SHARED_SUBSCRIPTION_CHECKS },
  { heading: 'Connections and packets', checks: [...CONNECTION_CHECKS, ...SENT_PACKET_CHECKS] },
  { heading: 'WebSocket', checks: WEBSOCKET_CHECKS },
];
