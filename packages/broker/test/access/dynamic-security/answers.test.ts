import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import { SecurityRig } from './security-rig.ts';

/** What Debian's Mosquitto 2.0.11 answered, one after the other; `test/e2e/dynamic-security.test.ts` asks it anew. */
const { commands, messages }: { commands: [unknown, unknown][]; messages: [string, string][] } = JSON.parse(
  readFileSync(new URL('mosquitto-answers.json', import.meta.url), 'utf8'),
);
const FIRST = readFileSync(new URL('mosquitto-first.json', import.meta.url), 'utf8');

let rig: SecurityRig;
afterEach(() => rig.close());

describe('Answers to commands', () => {
  it('are those of Mosquitto, one command after the other', async () => {
    rig = await SecurityRig.open({ content: FIRST });
    for (const [command, expected] of commands) {
      const answer = await rig.run(command);
      expect(JSON.stringify(answer), JSON.stringify(command)).toBe(JSON.stringify(expected));
    }
    for (const [payload, expected] of messages) expect(await rig.message(payload), payload).toBe(expected);
    expect(commands.length).toBeGreaterThan(200);
  });
});
