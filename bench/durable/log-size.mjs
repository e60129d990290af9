/**
 * The size of the log under a steady load: durable sessions that are online and keep up, at full speed, with and without a
 * backlog that nobody comes for. What is acknowledged must free its space, the backlog must not hold back the rest.
 */
import { generate } from '../load-generator.mjs';
import { bytesIn } from './data-directory.mjs';
import { startKeeper } from './keepers.mjs';

const BACKLOG = 100_000;
const STEADY = '--pubs 50 --subs 50 --window 50 --burst 10 --persist --report 1'.split(' ');

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
    const args = [...where, ...STEADY, '--name', 'keep-size', '--secs', `${run.steadySecs}`];
    const { result, error } = await generate(run.generator, args, ({ acked }) => {
      points.push({ acked, bytes: bytesIn(broker.directory) });
    });
    if (result === undefined) throw new Error(`keep-size: ${error}`);
    return { backlog, points, result };
  } finally {
    await broker.end();
  }
}
