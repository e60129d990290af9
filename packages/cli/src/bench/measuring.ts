/** Carries out a plan against a real server, in threads of this process. */
import { cpus, release, totalmem, type } from 'node:os';
import process, { memoryUsage } from 'node:process';
import type { CommandIo } from '../command.ts';
import { clientFor } from '../connection/client-for.ts';
import { connectOptionsFor } from '../connection/connect-options-for.ts';
import { serverUrlsFor } from '../connection/server-urls-for.ts';
import type { FlagValues } from '../flags/flag.ts';
import { textStyleFor } from '../text-style.ts';
import { versionText } from '../version-text.ts';
import type { BenchFlags } from './bench-flags.ts';
import type { BenchPlan } from './bench-plan.ts';
import { DEFAULT_VERSION } from './bench-plan.ts';
import { BenchProgress } from './bench-progress.ts';
import type { BenchResult } from './bench-result.ts';
import { runBench } from './bench-run.ts';
import { DeliveryCredits } from './delivery-credits.ts';
import type { StartThreads } from './load-threads.ts';
import { startWorkers } from './load-threads.ts';
import { planText } from './plan-text.ts';
import { ProcessSampler } from './process-sampler.ts';
import { requireProcess, usageOfProcess } from './process-usage.ts';
import { buildResult } from './result-building.ts';
import { sharedNowMs } from './run-clock.ts';
import { refuseBeyond, ServerObserver } from './server-observer.ts';
import { ThreadEvents } from './thread-events.ts';

/**
 * @param start threads, for tests
 * @throws {ConnectionFailure} when the server cannot be reached or lets nobody in
 * @throws {CommandFailure} when it cannot do what is asked for
 */
export async function measure(
  plan: BenchPlan,
  given: FlagValues<BenchFlags>,
  io: CommandIo,
  start: StartThreads = startWorkers,
): Promise<BenchResult> {
  const { brokerPid } = given;
  if (brokerPid !== undefined) requireProcess(brokerPid);
  const values = await withPassword(withClientId(given, plan), io);
  const client = await clientFor(values, io, {
    protocolVersion: DEFAULT_VERSION,
    options: {
      clientId: `${values.clientId}-o`,
      reconnect: false,
      cleanStart: true,
      sessionExpiryInterval: 0,
    },
  });
  const observer = new ServerObserver(client);
  const server = client.server!;
  const startedAt = new Date(io.wallMs()).toISOString();
  const progress = new BenchProgress(io.stderr, textStyleFor(io.stderr as NodeJS.WriteStream), plan);
  try {
    refuseBeyond(server, plan);
    await observer.listen();
    const events = new ThreadEvents(plan.threads);
    const creditMemory = DeliveryCredits.memoryFor(plan.publishers);
    const tasks = Array.from({ length: plan.threads }, (_, thread) => ({
      ...{ thread, plan, creditMemory, env: { ...io.env } },
      values: plainValues(values),
    }));
    const sampler = new ProcessSampler({
      nowMs: sharedNowMs,
      broker: () => {
        if (brokerPid !== undefined) return usageOfProcess(brokerPid);
        return observer.heapBytes === null ? null : { memoryBytes: observer.heapBytes };
      },
      generatorCpuMs,
    });
    const threads = start(tasks, events);
    try {
      const outcome = await runBench(plan, {
        threads,
        events,
        sampler,
        nowMs: sharedNowMs,
        pause: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
        signal: io.signal,
        onProgress: (state) => {
          if (!values.quiet) progress.show(state);
        },
      });
      return buildResult(plan, outcome, {
        title: values.title ?? planText(plan),
        startedAt,
        machine: machine(),
        server: {
          url: (await serverUrlsFor(values))[0]!,
          version: observer.version,
          protocolVersion: server.protocolVersion,
        },
        sampler,
        brokerSource: brokerPid !== undefined ? 'process' : observer.heapBytes === null ? null : '$SYS',
        generatorMemoryBytes: memoryUsage.rss(),
      });
    } finally {
      await threads.end();
    }
  } finally {
    progress.end();
    await observer.close();
  }
}

/** Each connection has this with a number behind it. */
function withClientId<Values extends FlagValues<BenchFlags>>(values: Values, plan: BenchPlan): Values {
  const prefix = values.clientId ?? values.clientIdPrefix ?? 'bench-';
  return { ...values, clientId: `${prefix}${plan.runId.toString(36)}`, clientIdPrefix: undefined };
}

/** Asks for the password once, if at all: threads cannot. */
async function withPassword<Values extends FlagValues<BenchFlags>>(
  values: Values,
  io: CommandIo,
): Promise<Values> {
  const { username, password } = await connectOptionsFor(values, io, { protocolVersion: DEFAULT_VERSION });
  return {
    ...values,
    username,
    password: password as string | undefined,
    passwordPrompt: false,
    passwordFile: undefined,
    passwordEnv: undefined,
    debug: false,
  };
}

/** What can be handed to a thread. */
function plainValues<Values extends object>(values: Values): Values {
  return structuredClone(values);
}

function generatorCpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

function machine(): BenchResult['machine'] {
  const processors = cpus();
  return {
    system: `${type()} ${release()}`,
    processors: `${processors.length} × ${processors[0]?.model.trim() ?? 'unknown'}`,
    memoryBytes: totalmem(),
    runtime: `Node.js ${process.versions.node}`,
    martlet: versionText(),
  };
}
