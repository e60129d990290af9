import type { RuleReference } from '../ports/authorizer.ts';

/** Such as `acl:12: topic read sensors/#`. */
export function ruleText({ source, line, text }: RuleReference): string {
  return line === undefined ? `${source}: ${text}` : `${source}:${line}: ${text}`;
}
