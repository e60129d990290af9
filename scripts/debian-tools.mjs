// The programs of other people that end-to-end tests talk to. They come from Debian, not from npm, so a machine
// may lack them: this file says which they are, finds them, and installs what is missing.

import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/**
 * @typedef {object} DebianTool
 * @property {string} program What a test calls.
 * @property {string} debianPackage The package that brings it.
 * @property {string | undefined} path Where it is on this machine; undefined when it is not.
 */

/** Debian keeps servers in sbin, which is not in every user's PATH. */
const extraDirectories = ['/usr/local/bin', '/usr/bin', '/usr/sbin'];

const packageOf = /** @type {const} */ ({
  chromium: 'chromium',
  mosquitto: 'mosquitto',
  mosquitto_ctrl: 'mosquitto',
  mosquitto_passwd: 'mosquitto',
  mosquitto_pub: 'mosquitto-clients',
  mosquitto_sub: 'mosquitto-clients',
  mosquitto_rr: 'mosquitto-clients',
  strace: 'strace',
  'python3 with paho.mqtt': 'python3-paho-mqtt',
});

/** @typedef {keyof typeof packageOf} DebianProgram */

/** @type {readonly DebianProgram[]} */
const programs = /** @type {DebianProgram[]} */ (Object.keys(packageOf));

/**
 * @param {string} path
 * @returns {boolean}
 */
function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/**
 * Every file of that name that can be run, in PATH's order.
 * @param {string} program
 * @returns {string[]}
 */
function pathsOf(program) {
  const directories = [...(process.env['PATH'] ?? '').split(delimiter), ...extraDirectories];
  const paths = directories
    // npm puts our own commands there, some of which bear the names of Debian's.
    .filter((directory) => directory !== '' && !directory.includes('node_modules'))
    .map((directory) => join(directory, program));
  return [...new Set(paths)].filter(isExecutable);
}

/**
 * Debian's python3 knows Debian's modules; another python3 often stands before it in PATH and does not.
 * @returns {string | undefined}
 */
function pythonWithPaho() {
  const candidates = new Set(['/usr/bin/python3', ...pathsOf('python3')].filter(isExecutable));
  return [...candidates].find(
    (python) =>
      spawnSync(python, ['-c', 'import paho.mqtt.client'], { stdio: 'ignore', timeout: 30_000 }).status === 0,
  );
}

/**
 * Looks for one program on this machine.
 * @param {DebianProgram} program
 * @returns {DebianTool}
 */
export function findDebianTool(program) {
  const path = program === 'python3 with paho.mqtt' ? pythonWithPaho() : pathsOf(program)[0];
  return { program, debianPackage: packageOf[program], path };
}

/**
 * What tests would use and this machine lacks.
 * @returns {DebianTool[]}
 */
export function missingDebianTools() {
  return programs.map(findDebianTool).filter((tool) => tool.path === undefined);
}

/**
 * The one command that brings these tools.
 * @param {readonly DebianTool[]} tools
 * @returns {string}
 */
export function installCommand(tools) {
  const packages = [...new Set(tools.map((tool) => tool.debianPackage))].sort();
  return `sudo apt-get install -y ${packages.join(' ')}`;
}

/** Debian's hook that decides whether installing a package may start its service; exit code 101 says no. */
const servicePolicy = '/usr/sbin/policy-rc.d';

/**
 * Runs `install` so that a package with a service does not start it: tests start their own brokers, on ports of their own.
 * @template T
 * @param {() => T} install
 * @returns {T}
 */
function withoutStartingServices(install) {
  if (existsSync(servicePolicy)) return install();
  writeFileSync(servicePolicy, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  try {
    return install();
  } finally {
    rmSync(servicePolicy, { force: true });
  }
}

/**
 * Installs what brings these tools, as root and without questions.
 * @param {readonly DebianTool[]} tools
 * @returns {{ ok: boolean, output: string }} `output` is apt's, with the addresses of its mirrors taken out.
 */
export function installDebianTools(tools) {
  const packages = [...new Set(tools.map((tool) => tool.debianPackage))].sort();
  const options = ['-q', '-y', '-o', 'DPkg::Lock::Timeout=300', '-o', 'Acquire::Retries=3'];
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  let output = '';
  /** @param {string[]} args */
  const apt = (args) => {
    const run = spawnSync('apt-get', args, { env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
    output += `${run.stdout ?? ''}${run.stderr ?? ''}${run.error ? `${run.error.message}\n` : ''}`;
    return run.status === 0;
  };
  let ok = false;
  try {
    ok = withoutStartingServices(
      () =>
        apt(['update', ...options]) && apt(['install', '--no-install-recommends', ...options, ...packages]),
    );
  } catch (error) {
    output += `${error instanceof Error ? error.message : String(error)}\n`;
  }
  return { ok, output: withoutAddresses(output) };
}

/**
 * A log is kept and shown; where a machine gets its packages from is that machine's business.
 * @param {string} log
 * @returns {string}
 */
export function withoutAddresses(log) {
  return log.replace(/\b[a-z][a-z+]*:\/\/\S+/g, '<address>');
}
