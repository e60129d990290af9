import { ReasonCode } from '@martlet/protocol';
import { afterEach, describe, expect, it } from 'vitest';
import type {
  CommandHandler,
  ControlledBroker,
  MessageOutcome,
} from '../../../src/access/dynamic-security/control-channel.ts';
import { CONTROL_TOPIC, ControlChannel } from '../../../src/access/dynamic-security/control-channel.ts';
import type { ClientIdentity } from '../../../src/core/ports/authorizer.ts';
import { identity } from '../authorization/asking.ts';

/** What a channel does with its broker, in order. */
class RecordingBroker implements ControlledBroker {
  readonly done: string[] = [];
  readonly clients: ClientIdentity[] = [];
  handler: ((message: { readonly payload: Uint8Array }, client: ClientIdentity) => void) | null = null;

  onControl(topicName: string, handler: RecordingBroker['handler'] & object): () => void {
    expect(topicName).toBe(CONTROL_TOPIC);
    this.handler = handler;
    return () => {
      this.handler = null;
    };
  }

  publishTo(
    clientId: string,
    topicName: string,
    payload: string,
    { qos }: { readonly qos: 0 | 1 | 2 },
  ): void {
    this.done.push(`to ${clientId} ${topicName} ${qos} ${payload}`);
  }

  disconnectClient(clientId: string, reasonCode: ReasonCode): void {
    this.done.push(`disconnect ${clientId} ${reasonCode}`);
  }

  forgetRights(): void {
    this.done.push('forget');
  }

  send(text: string, client = identity({ clientId: 'admin' })): void {
    this.handler!({ payload: new TextEncoder().encode(text) }, client);
  }
}

/** Answers when it is told to. */
class WaitingHandler implements CommandHandler {
  readonly open: {
    readonly text: string;
    readonly resolve: (outcome: MessageOutcome) => void;
    readonly reject: (error: Error) => void;
  }[] = [];

  handle(payload: Uint8Array): Promise<MessageOutcome> {
    const text = new TextDecoder().decode(payload);
    return new Promise((resolve, reject) => this.open.push({ text, resolve, reject }));
  }
}

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));
const log: string[] = [];
const broker = { current: new RecordingBroker() };
const handler = { current: new WaitingHandler() };
afterEach(() => {
  log.length = 0;
});

function channel(): ControlChannel {
  broker.current = new RecordingBroker();
  handler.current = new WaitingHandler();
  return new ControlChannel(broker.current, handler.current, {
    write: (level, code) => void log.push(`${level} ${code}`),
  });
}

const RESPONSE = `${CONTROL_TOPIC}/response`;
const NOBODY: ReadonlySet<string | undefined> = new Set();

describe('Commands from a broker’s clients', () => {
  it('are answered to who sent them, and rights are forgotten before', async () => {
    channel();
    broker.current.send('a');
    handler.current.open[0]!.resolve({ text: 'done', kicked: NOBODY, hasChanged: true });
    await turn();
    expect(broker.current.done).toEqual(['forget', `to admin ${RESPONSE} 0 done`]);
  });

  it('that change nothing leave rights as they are remembered', async () => {
    channel();
    broker.current.send('a');
    handler.current.open[0]!.resolve({ text: 'done', kicked: NOBODY, hasChanged: false });
    await turn();
    expect(broker.current.done).toEqual([`to admin ${RESPONSE} 0 done`]);
  });

  it('end the connections of those concerned one turn after the answer', async () => {
    channel();
    broker.current.clients.push(
      identity({ clientId: 'c1', username: 'ann' }),
      identity({ clientId: 'c2', username: 'bob' }),
      identity({ clientId: 'c3' }),
      identity({ clientId: 'c4', username: 'ann' }),
    );
    broker.current.send('a');
    handler.current.open[0]!.resolve({ text: 'done', kicked: new Set(['ann', undefined]), hasChanged: true });
    await Promise.resolve();
    await Promise.resolve();
    expect(broker.current.done).toEqual(['forget', `to admin ${RESPONSE} 0 done`]);
    await turn();
    const code = ReasonCode.AdministrativeAction;
    expect(broker.current.done.slice(2)).toEqual(
      ['c1', 'c3', 'c4'].map((clientId) => `disconnect ${clientId} ${code}`),
    );
  });

  it('wait in a bounded number, and what comes then is answered at once', async () => {
    channel();
    for (let at = 0; at < 101; at++) broker.current.send('x');
    expect(handler.current.open).toHaveLength(100);
    expect(broker.current.done).toEqual([
      expect.stringContaining('Too many commands are waiting: try again later'),
    ]);
    handler.current.open[0]!.resolve({ text: 'done', kicked: NOBODY, hasChanged: false });
    await turn();
    broker.current.send('y');
    expect(handler.current.open).toHaveLength(101);
  });

  it('wait with a bounded number of bytes', () => {
    channel();
    const large = 'x'.repeat(9 * 1024 * 1024);
    broker.current.send(large);
    broker.current.send(large);
    expect(handler.current.open).toHaveLength(1);
    expect(broker.current.done[0]).toContain('Too many commands are waiting');
  });

  it('are carried out with bytes of their own, whatever becomes of the broker’s memory', () => {
    channel();
    const payload = new TextEncoder().encode('before');
    broker.current.handler!({ payload }, identity());
    payload.fill(0);
    expect(handler.current.open[0]!.text).toBe('before');
  });

  it('are answered when carrying them out fails, without the reason, which is in the log', async () => {
    channel();
    broker.current.send('x');
    handler.current.open[0]!.reject(new Error('out of threads'));
    await turn();
    expect(broker.current.done).toEqual([
      `to admin ${RESPONSE} 0 {"responses":[{"command":"Unknown command","error":"Internal error"}]}`,
    ]);
    expect(log).toEqual(['error dynamic-security-failed']);
  });

  it('are done when the broker is closed before the answer', async () => {
    channel();
    broker.current.publishTo = () => {
      throw new Error('the broker is closed');
    };
    broker.current.send('x');
    handler.current.open[0]!.resolve({ text: 'done', kicked: NOBODY, hasChanged: true });
    await turn();
    expect(log).toEqual(['info dynamic-security-unanswered']);
  });

  it('are not taken any more when the channel is closed, and nobody is told or disconnected', async () => {
    const closing = channel();
    broker.current.clients.push(identity({ clientId: 'c1', username: 'ann' }));
    broker.current.send('x');
    closing.close();
    closing.close();
    expect(broker.current.handler).toBeNull();
    handler.current.open[0]!.resolve({ text: 'done', kicked: new Set(['ann']), hasChanged: false });
    await turn();
    expect(broker.current.done).toEqual([]);
  });
});
