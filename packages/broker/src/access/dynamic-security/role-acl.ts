/** What one entry of a role says, and the six types that there are. */
import { checkTopicFilter } from '@martlet/protocol';
import { TopicTemplate } from '../authorization/topic-template.ts';

export type AclType =
  | 'publishClientSend'
  | 'publishClientReceive'
  | 'subscribeLiteral'
  | 'subscribePattern'
  | 'unsubscribeLiteral'
  | 'unsubscribePattern';

/** In the order in which Mosquitto lists them. */
export const ACL_TYPES: readonly AclType[] = [
  'publishClientSend',
  'publishClientReceive',
  'subscribeLiteral',
  'subscribePattern',
  'unsubscribeLiteral',
  'unsubscribePattern',
];

export interface RoleAcl {
  readonly acltype: AclType;
  /** A topic filter; `%c` and `%u` as whole levels stand for the client's names, but not in a literal. */
  readonly topic: string;
  readonly priority: number;
  readonly allow: boolean;
}

/** Of priorities, upwards and downwards. */
const MOST_PRIORITY = 100_000;

/** @returns undefined for a name that is none; upper and lower case are the same */
export function aclTypeFrom(name: string): AclType | undefined {
  const lower = name.toLowerCase();
  return ACL_TYPES.find((type) => type.toLowerCase() === lower);
}

export function isValidAclTopic(topic: string): boolean {
  return checkTopicFilter(topic) === null;
}

/** A whole number within the bounds of Mosquitto; what is none is `otherwise`. */
export function priorityFrom(value: unknown, otherwise: number): number {
  if (typeof value !== 'number' || Number.isNaN(value)) return otherwise;
  return Math.trunc(Math.max(-MOST_PRIORITY, Math.min(MOST_PRIORITY, value)));
}

/** By type, then the higher priority first; equals stay in the order in which they came. */
export function inOrderOfAsking(acls: readonly RoleAcl[]): readonly RoleAcl[] {
  return [...acls].sort(
    (a, b) => ACL_TYPES.indexOf(a.acltype) - ACL_TYPES.indexOf(b.acltype) || b.priority - a.priority,
  );
}

export function isLiteral(acltype: AclType): boolean {
  return acltype === 'subscribeLiteral' || acltype === 'unsubscribeLiteral';
}

export function templateOf({ acltype, topic }: RoleAcl): TopicTemplate {
  return new TopicTemplate(topic, !isLiteral(acltype));
}
