/**
 * Packets as people write them: hexadecimal bytes, "text" for a string with its two-byte length, and [ … ] for a section
 * with its length as a Variable Byte Integer before it. So `10 ["MQTT" 05 02 003c [] "id"]` is a whole CONNECT.
 */
import { variableByteIntegerLength, writeVariableByteInteger } from '@martlet/protocol';

const TOKEN = /\s*(?:"(?<text>[^"]*)"|(?<open>\[)|(?<close>\])|(?<hex>[0-9a-f]{2}))\s*/gy;

export function wire(notation: string): Uint8Array {
  const sections: number[][] = [[]];
  let end = 0;
  for (const match of notation.matchAll(TOKEN)) {
    end = match.index + match[0].length;
    const { text, open, close, hex } = match.groups as Record<string, string | undefined>;
    const current = sections.at(-1)!;
    if (text !== undefined) {
      const bytes = new TextEncoder().encode(text);
      current.push(bytes.length >> 8, bytes.length & 0xff, ...bytes);
    } else if (open !== undefined) {
      sections.push([]);
    } else if (close !== undefined) {
      sections.pop();
      sections.at(-1)?.push(...lengthBytes(current.length), ...current);
    } else if (hex !== undefined) {
      current.push(Number.parseInt(hex, 16));
    }
  }
  const [bytes, ...unclosed] = sections;
  if (bytes === undefined || unclosed.length > 0 || end !== notation.length) {
    throw new SyntaxError(`not wire notation: ${notation}`);
  }
  return Uint8Array.from(bytes);
}

function lengthBytes(length: number): Uint8Array {
  const bytes = new Uint8Array(variableByteIntegerLength(length));
  writeVariableByteInteger(length, bytes, 0);
  return bytes;
}

export function hexOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(' ');
}
