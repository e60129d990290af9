// `martlet sub --tree` in a pseudo-terminal: walking, searching, what is known of a topic, and clearing a retained message.

import type { Client } from '@martlet/client';
import { connect } from '@martlet/client';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { buildMartlet, MAIN } from '../martlet-command.ts';
import { Program } from '../program.ts';
import { ServedBroker } from '../served-broker.ts';
import type { TerminalOptions } from '../terminal-program.ts';
import { hasPseudoTerminals, TerminalProgram } from '../terminal-program.ts';

const DOWN = '\u001b[B';
const RIGHT = '\u001b[C';
const LEFT = '\u001b[D';

let served: ServedBroker;
let client: Client;
const opened: TerminalProgram[] = [];

beforeAll(async () => {
  buildMartlet();
  served = await ServedBroker.start();
  client = connect(`mqtt://127.0.0.1:${served.port}`, { protocolVersion: 5 });
  await client.connected();
});
afterEach(async () => {
  await Promise.all(opened.splice(0).map((program) => program.stop()));
});
afterAll(async () => {
  await client.close();
  await served.close();
});

/** Fulfils when it shows its tree and its subscription holds. */
async function tree(topicFilter: string, options: TerminalOptions = {}): Promise<TerminalProgram> {
  const subscribed = served.next('subscribed', (event) => event.topicFilter === topicFilter);
  const words = [MAIN, 'sub', '-h', '127.0.0.1', '-p', String(served.port), '-t', topicFilter, '--tree'];
  const program = new TerminalProgram(process.execPath, words, options);
  opened.push(program);
  await program.shows(/waiting for messages/);
  await subscribed;
  return program;
}

const title = `martlet sub --tree ${hasPseudoTerminals ? '' : '(skipped: needs script of util-linux)'}`;

describe.skipIf(!hasPseudoTerminals)(title, () => {
  test('is walked by keys, and shows all that is known of the selected topic', async () => {
    const program = await tree('walk/#', { columns: 100 });
    const properties = { contentType: 'application/json', userProperties: [['source', 'hall']] as const };
    await client.publish('walk/a/b', '{"on":true,"lux":[1,2]}', { qos: 1, ...properties });
    await client.publish('walk/c', '20');
    await client.publish('walk/c', '21.5');
    await program.shows(/▸ a \(1 topic\)/);
    await program.shows(/c = 21\.5/);
    program.type(`${DOWN}${RIGHT}${RIGHT}`);
    await program.shows(/› +b = \{"on":true,/);
    for (const pattern of [
      /│ walk\/a\/b$/,
      /│ +"on": true,$/,
      /│ content-type: application\/json$/,
      /│ source: hall$/,
      /│ \d\d:\d\d:\d\d, \ds ago, QoS 0, 23 bytes$/,
    ])
      await program.shows(pattern);
    program.type(`${LEFT}${LEFT}j`);
    await program.shows(/› +c = 21\.5/);
    await program.shows(/│ last 2: 20 to 21\.5$/);
    await program.shows(/│ █|│ {2}█|▁█$/);
    program.type('q');
    expect((await program.exit).code).toBe(0);
    expect(program.isAlternate).toBe(false);
  });

  test('opens and closes all, finds a topic, and shows its keys', async () => {
    const program = await tree('find/#', { columns: 60, rows: 30 });
    for (const name of ['find/a/x/one', 'find/b/y/two', 'find/c/y/three']) await client.publish(name, name);
    await program.shows(/▸ c/);
    program.type('/TW\r');
    await program.shows(/› +two = find\/b/);
    await program.shows(/^find\/b\/y\/two$/);
    expect(program.lines.join('\n')).not.toMatch(/three|one/);
    program.type('*');
    await program.until((lines) =>
      ['one', 'two', 'three'].every((name) => lines.join('\n').includes(`${name} = `)),
    );
    program.type('-');
    await program.until((lines) => /› ▸ find/.test(lines[1]!) && lines[2] === '');
    program.type('?');
    await program.shows(/search in the names of topics/);
    program.type('x');
    await program.shows(/› ▸ find/);
  });

  test('clears a retained message when that is confirmed, and not otherwise', async () => {
    await client.publish('kept/a', 'old', { retain: true, qos: 1 });
    const subscribed = served.next('subscribed', (event) => event.topicFilter === 'kept/#');
    const words = [MAIN, 'sub', '-h', '127.0.0.1', '-p', String(served.port), '-t', 'kept/#', '--tree'];
    const program = new TerminalProgram(process.execPath, words, { columns: 100 });
    opened.push(program);
    await subscribed;
    await program.shows(/a = old +R/);
    program.type('jd');
    await program.shows(/^clear the retained message of kept\/a\? y\/n/);
    program.type('n');
    await program.shows(/nothing was cleared/);
    program.type('dy');
    await program.until((lines) => lines.some((line) => /› +a = +2/.test(line)));
    const left = served.next('subscribed', (event) => event.topicFilter === 'kept/+');
    const other = new Program(process.execPath, [...words.slice(0, 6), '-t', 'kept/+', '-C', '1']);
    await left;
    await client.publish('kept/b', 'the first of all');
    expect((await other.exit).stdout).toBe('the first of all\n');
    program.type('d');
    await program.shows(/no retained message is known here/);
  });

  test('gives the terminal back at Ctrl-C', async () => {
    const program = await tree('end/#');
    program.type('\u0003');
    expect((await program.exit).code).toBe(130);
    expect(program.isAlternate).toBe(false);
  });
});
