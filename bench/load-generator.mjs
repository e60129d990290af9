/** The load generators: C programs that are built once into `.cache/bench` and print one line of JSON at their end. */
import { execFile } from 'node:child_process';
import { mkdirSync, statSync } from 'node:fs';
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
 * @returns {Promise<{ result: object } | { error: string }>} What the generator printed, or its complaint.
 */
export async function generate(program, args) {
  try {
    const { stdout } = await run(program, args, { maxBuffer: 1 << 24 });
    return { result: JSON.parse(stdout.trim().split('\n').at(-1)) };
  } catch (error) {
    return { error: (error.stderr || error.stdout || error.message).trim().split('\n').at(-1) };
  }
}
