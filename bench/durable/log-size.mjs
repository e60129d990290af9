/**
 * The size of the log under a steady load: durable sessions that are online and keep up, at full speed, with and without a
 * backlog that nobody comes for. What is acknowledged must free its space, the backlog must not hold back the rest.
 */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { generate } from '../load-generator.mjs';
import { bytesIn } from './data-directory.mjs';
import { startKeeper } from './keepers.mjs';

const BACKLOG = 100_000;

/**
 * @returns {Promise<{ secs: number, series: { backlog: number, points: { acked: number, bytes: number }[], result: object }[] }>}
 * points in order of time, one a second
 */
export async function measureSize(run) {
  const series = [];
  for (const backlog of [0, BACKLOG]) {
    run.onStep(`keep-size: ${run.steadySecs} s with ${backlog} messages waiting`);
    series.push(await steadyLoad(run, backlog));
  }
  return { secs: run.steadySecs, series };
}

async function steadyLoad(run, backlog) {
  const broker = await startKeeper('disk', run);
  const where = ['--host', broker.host, '--port', `${broker.port}`, '--pid', `${broker.pid}`, '--qos', '1'];
  try {
    if (backlog > 0) {
      const cold = ['--prefix', 'cold', '--subs', '1', '--pubs', '1', '--offline', '--each', `${backlog}`];
      const { result, error } = await generate(run.generator, [...where, ...cold]);
      if (result === undefined) throw new Error(`keep-size: ${error}`);
    }
    const points = [];
    const load = [
      '--pubs',
      '50',
      '--subs',
      '50',
      '--window',
      '50',
      '--burst',
      '10',
      '--persist',
      '--report',
      '1',
    ];
    const result = await steady(
      run.generator,
      [...where, ...load, '--secs', `${run.steadySecs}`],
      (acked) => {
        points.push({ acked, bytes: bytesIn(broker.directory) });
      },
    );
    return { backlog, points, result };
  } finally {
    await broker.end();
  }
}

/** Runs the generator and tells what it has had acknowledged, each second. @returns {Promise<object>} what it printed last */
async function steady(program, args, onSecond) {
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  let last;
  for await (const line of createInterface({ input: child.stdout })) {
    last = JSON.parse(line);
    if (last.name === undefined) onSecond(last.acked);
  }
  if (last?.name === undefined) throw new Error('keep-size: the generator ended early');
  return last;
}
