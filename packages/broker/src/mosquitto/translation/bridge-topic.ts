/**
 * The value of a bridge's `topic` line: `pattern [[[out|in|both] QoS] local-prefix remote-prefix]`.
 *
 * `""` stands for nothing. A pattern with a space in it stands in double quotes. From a word on that begins with `#`, after the
 * pattern, the rest is a comment.
 */
import { quoted } from '../reading/configuration-lines.ts';

export interface BridgeTopic {
  readonly pattern: string;
  readonly direction: 'out' | 'in' | 'both';
  readonly qos: 0 | 1 | 2;
  readonly localPrefix: string;
  readonly remotePrefix: string;
}

const DIRECTIONS: readonly string[] = ['out', 'in', 'both'];

/** @returns what was expected and what came, if it is no topic */
export function parseBridgeTopic(text: string): BridgeTopic | string {
  const [, inQuotes, bare = '', rest = ''] = /^(?:"([^"]*)"|(\S+))(?: +(.*))?$/s.exec(text.trim()) ?? [];
  const words = rest.split(/ +/).filter((word) => word !== '');
  const comment = words.findIndex((word) => word.startsWith('#'));
  const [direction = 'out', qosText = '0', local = '', remote = '', ...more] =
    comment < 0 ? words : words.slice(0, comment);
  if (!DIRECTIONS.includes(direction)) return `expected out, in or both, got ${quoted(direction)}`;
  if (!/^[012]$/.test(qosText)) return `expected QoS 0, 1 or 2, got ${quoted(qosText)}`;
  if (more.length > 0)
    return `expected at most a pattern, direction, QoS and two prefixes, got ${quoted(more.join(' '))}, too`;
  const topic: BridgeTopic = {
    pattern: inQuotes ?? bare,
    direction: direction as BridgeTopic['direction'],
    qos: Number(qosText) as BridgeTopic['qos'],
    localPrefix: withoutMarker(local),
    remotePrefix: withoutMarker(remote),
  };
  // One topic here stands for one topic there: both must be named.
  if (topic.pattern === '' && (topic.localPrefix === '' || topic.remotePrefix === '')) {
    return 'expected a pattern, or both a local and a remote prefix';
  }
  return topic;
}

function withoutMarker(prefix: string): string {
  return prefix === '""' ? '' : prefix;
}
