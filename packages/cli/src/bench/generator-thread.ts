/** Where a thread that makes load begins: it does what the command says over its port. */
import { performance } from 'node:perf_hooks';
import type { MessagePort } from 'node:worker_threads';
import { parentPort, workerData } from 'node:worker_threads';
import { connect } from '@martlet/client';
import { openNodeTransport } from '@martlet/client/node-transport';
import { connectOptionsFor } from '../connection/connect-options-for.ts';
import { DEFAULT_VERSION } from './bench-plan.ts';
import { Generator } from './generator.ts';
import { RunClock } from './run-clock.ts';
import { threadIo } from './thread-io.ts';
import type { ThreadCommand, ThreadEvent, ThreadTask } from './thread-messages.ts';

async function serve(port: MessagePort | null, task: ThreadTask): Promise<void> {
  if (port === null) throw new Error('expected to be started as a thread of martlet bench');
  const { plan, thread, values, env, creditMemory } = task;
  const extras = { protocolVersion: DEFAULT_VERSION } as const;
  const { tls, ...options } = await connectOptionsFor(values, threadIo(env), extras);
  // One for all connections: each would prepare TLS for itself, which takes longer than to connect.
  const transport = options.transport ?? openNodeTransport(tls === undefined ? {} : { tls });
  let asked = performance.eventLoopUtilization();
  const generator = new Generator(plan, thread, creditMemory, {
    clock: new RunClock(),
    connect,
    // A connection that is lost stays lost and is counted: the load is what was asked for, or the run says that it was not.
    // Aliases would make the packets of one client shorter than those of others.
    options: { ...options, transport, reconnect: false, outgoingTopicAliases: 0, topicAliasMaximum: 0 },
    tell: (event) => port.postMessage(event),
    takeSleepUs: () => {
      const now = performance.eventLoopUtilization();
      const { idle } = performance.eventLoopUtilization(now, asked);
      asked = now;
      return idle * 1000;
    },
    loop: {
      immediately: (callback) => {
        setImmediate(callback);
      },
      after: (delayMs, callback) => {
        const timer = setTimeout(callback, delayMs);
        return () => clearTimeout(timer);
      },
    },
  });
  port.on('message', (command: ThreadCommand) => {
    // What it rejects with is a defect, and ends the thread and the command as one.
    void generator.obey(command);
  });
  port.postMessage({ kind: 'ready' } satisfies ThreadEvent);
}

await serve(parentPort, workerData as ThreadTask);
