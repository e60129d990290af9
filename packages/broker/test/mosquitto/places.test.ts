// Where the values of a mosquitto.conf are from, and what they are called in messages.

import { configurationYaml } from '@martlet/broker/config';
import { checkConfiguration } from '@martlet/broker/server';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { MosquittoFiles } from './mosquitto-files.ts';

let files: MosquittoFiles;
beforeEach(() => {
  files = new MosquittoFiles();
});
afterEach(() => files.remove());

test('what is given has its file and line, in included files too, and listeners are there', async () => {
  files.write('conf.d/a.conf', 'listener 1884 127.0.0.1\nmax_connections 3\nallow_anonymous true\n');
  const { configuration, source } = await files.load(
    `log_type warning\nlog_type error\ninclude_dir ${files.directory}/conf.d\n`,
  );
  const text = configurationYaml(configuration, source, { given: true, origins: true });
  expect(text.replaceAll(files.directory, '')).toBe(`profile: mosquitto # /mosquitto.conf
store:
  directory: false # /mosquitto.conf
listeners:
  - host: 127.0.0.1 # /conf.d/a.conf:1
    port: 1884 # /conf.d/a.conf:1
    maximumConnections: 3 # /conf.d/a.conf:2
authentication:
  anonymous: true # /conf.d/a.conf:3
  failures:
    delayMs: 0 # /mosquitto.conf
    banAfter: 0 # /mosquitto.conf
authorization:
  default: allow # /mosquitto.conf
log:
  destinations:
    - type: stderr # /mosquitto.conf
  types:
    - error # /mosquitto.conf:2
    - warning # /mosquitto.conf:2
  format: mosquitto # /mosquitto.conf
  timestamps: epoch # /mosquitto.conf
user: mosquitto # /mosquitto.conf
`);
});

test('what is wrong is told by the names of options', async () => {
  expect(await files.errorLines('listener 1884\nlistener 1884\n')).toEqual([
    "2: listener: expected another one than listeners[0] has, got '*:1884' again",
  ]);
});

test('what is wrong with the default listener is told once, though it is opened at two addresses', async () => {
  expect(await files.errorLines('mount_point a/#\n')).toEqual([
    '1: mount_point: expected a listener line above it',
    '1: mount_point: expected the beginning of topic names, got "a/#", which contains a wildcard, which only topic filters may',
  ]);
});

test('what is wrong with a file that several listeners use is told once, by the name of the option', async () => {
  const loaded = await files.load(
    `password_file ${files.directory}/none\nlistener 1884\nlistener 1885\nuse_username_as_clientid true\n`,
  );
  const problems = await checkConfiguration(loaded);
  expect(problems.filter(({ severity }) => severity === 'error')).toEqual([
    {
      file: `${files.directory}/none`,
      line: undefined,
      key: 'password_file',
      severity: 'error',
      code: 'file-unreadable',
      text: 'expected a file that is there: there is none of this name',
    },
  ]);
});
