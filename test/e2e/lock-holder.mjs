// Takes the store in the directory of the first argument. It writes `held` once it has it and `<code>` if not, and
// holds it until its input ends, or until it is killed. Two that held it at one moment would both find the other's witness.

import { closeSync, existsSync, openSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { StoreLock } from '../../packages/broker/dist/stores/disk/store-lock.js';

const [, , directory, start, patienceMs = '5000'] = process.argv;
// A file that appears is the shot at which all start.
console.log('ready');
while (!existsSync(start));
try {
  const lock = await StoreLock.acquire(directory, { patienceMs: Number(patienceMs) });
  const witness = join(directory, 'witness');
  closeSync(openSync(witness, 'wx'));
  console.log('held');
  process.stdin.resume();
  process.stdin.once('end', async () => {
    rmSync(witness);
    await lock.release();
    console.log('released');
  });
} catch (error) {
  console.log(error.code, error.message);
}
