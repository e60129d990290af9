/** One rule of `authorization.rules`, checked and ready to be asked. */
import { checkTopicFilter, TOPIC_PROBLEMS } from '@martlet/protocol';
import type { RuleAction, RuleConfiguration } from '../../config/access-configuration.ts';
import type { KeyPath } from '../../config/key-path.ts';
import type { RuleReference } from '../../core/ports/authorizer.ts';
import type { Groups } from './rule-subject.ts';
import { RuleSubject } from './rule-subject.ts';
import { TopicTemplate } from './topic-template.ts';

export interface Rule {
  /** Its place in the list: the first rule that decides counts. */
  readonly index: number;
  readonly allows: boolean;
  readonly actions: ReadonlySet<RuleAction>;
  readonly topics: readonly TopicTemplate[];
  readonly subject: RuleSubject;
  /** To publish: the highest QoS it is about. To subscribe: the highest that is granted. Null: any. */
  readonly qos: 0 | 1 | 2 | null;
  /** To publish: only messages with this retain flag. Null: either. */
  readonly retain: boolean | null;
  readonly reference: RuleReference;
}

export interface RulePlace {
  readonly index: number;
  readonly groups: Groups;
  /** The file of the configuration, and the line of the rule. */
  readonly source: string;
  readonly line: number | undefined;
}

/** @param onProblem told what is wrong, and where in the rule */
export function ruleFrom(
  configuration: RuleConfiguration,
  { index, groups, source, line }: RulePlace,
  onProblem: (path: KeyPath, text: string) => void,
): Rule {
  const { allow, deny, topics, who, qos, retain } = configuration;
  if ((allow === null) === (deny === null))
    onProblem([], `expected either "allow" or "deny", got ${allow === null ? 'neither' : 'both'}`);
  const allows = allow !== null;
  const actions = new Set(allow ?? deny);
  if (!allows && qos !== null)
    onProblem(['qos'], 'expected "qos" in a rule that allows: it is the highest that is allowed');
  if (!allows && retain !== null && [...actions].some((action) => action !== 'publish'))
    onProblem(
      ['retain'],
      'expected "retain" in a rule that denies only "publish": other actions have no retain flag',
    );
  return {
    index,
    allows,
    actions,
    topics: topics.map((topic, at) => templateFrom(topic, (text) => onProblem(['topics', at], text))),
    subject: new RuleSubject(who, groups, (path, text) => onProblem(['who', ...path], text)),
    qos,
    retain,
    reference: { source, line, text: ruleText(configuration) },
  };
}

function templateFrom(text: string, onProblem: (text: string) => void): TopicTemplate {
  const problem = checkTopicFilter(text);
  if (problem !== null)
    onProblem(`expected a topic filter, got ${JSON.stringify(text)}, which ${TOPIC_PROBLEMS[problem]}`);
  else if (text.startsWith('$share/'))
    onProblem(
      `expected the topic filter without $share/ and the name of the group, got ${JSON.stringify(text)}`,
    );
  return new TopicTemplate(text);
}

/** As it could stand in YAML, on one line: `allow: [publish], topics: ["a/#"], who: {users: ["ann"]}, qos: 1`. */
function ruleText({ allow, deny, topics, who, qos, retain }: RuleConfiguration): string {
  const actions = (allow ?? deny ?? []).join(', ');
  const parts = [`${allow === null ? 'deny' : 'allow'}: [${actions}]`, `topics: ${list(topics)}`];
  const subject = Object.entries(who)
    .filter(([, value]) => value !== null)
    .map(([key, value]) => `${key}: ${Array.isArray(value) ? list(value) : String(value)}`);
  if (subject.length > 0) parts.push(`who: {${subject.join(', ')}}`);
  if (qos !== null) parts.push(`qos: ${qos}`);
  if (retain !== null) parts.push(`retain: ${retain}`);
  return parts.join(', ');
}

/** Of a long list its beginning. */
function list(entries: readonly string[]): string {
  const shown = entries.slice(0, 5).map((entry) => JSON.stringify(entry));
  if (entries.length > shown.length) shown.push(`… ${entries.length - shown.length} more`);
  return `[${shown.join(', ')}]`;
}
