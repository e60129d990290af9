/** The load generators: C programs that are built once into `.cache/bench` and print one line of JSON at their end. */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, statSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const CACHE = fileURLToPath(new URL('../.cache/bench/', import.meta.url));

/**
 * @param {'mqload' | 'mqmix'} name
 * @returns {Promise<string>} the path of the program
 */
export async function buildGenerator(name) {
  const source = fileURLToPath(new URL(`${name}.c`, import.meta.url));
  const program = `${CACHE}${name}`;
  mkdirSync(CACHE, { recursive: true });
  const built = statSync(program, { throwIfNoEntry: false });
  if (built !== undefined && built.mtimeMs > statSync(source).mtimeMs) return program;
  try {
    await run('cc', ['-O2', '-w', '-o', program, source]);
  } catch (error) {
    if (error.code === 'ENOENT') {
      throw new Error('the load generator needs a C compiler (apt-get install gcc libc6-dev)', {
        cause: error,
      });
    }
    throw error;
  }
  return program;
}

/**
 * One run against one broker.
 * @param {(line: object) => void} [onLine] told each line of JSON that it prints on its way
 * @returns {Promise<{ result: object } | { error: string }>} What the generator printed at its end, or its complaint.
 */
export async function generate(program, args, onLine = () => {}) {
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const exited = once(child, 'close');
  let complaint = '';
  child.stderr.setEncoding('utf8').on('data', (text) => {
    complaint += text;
  });
  let result;
  for await (const line of createInterface({ input: child.stdout })) {
    const told = parsed(line);
    if (told === null) complaint += `${line}\n`;
    else if (told.name === undefined) onLine(told);
    else result = told;
  }
  const [code] = await exited;
  if (code === 0 && result !== undefined) return { result };
  return { error: (complaint || `it ended with ${code}`).trim().split('\n').at(-1) };
}

function parsed(line) {
  try {
    return JSON.parse(line);
  } catch {
    return null;
  }
}
