import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ConfigurationError, problemText } from '../../src/config/configuration-error.ts';
import { configurationFrom } from '../../src/config/load-configuration.ts';
import { checkConfiguration } from '../../src/server/check-configuration.ts';
import { startServer } from '../../src/server/start-server.ts';

const directory = mkdtempSync(join(tmpdir(), 'martlet-check-'));
const pipe = join(directory, 'pipe.pem');
beforeAll(() => void execFileSync('mkfifo', [pipe]));
afterAll(() => rmSync(directory, { recursive: true }));

const configuration = () =>
  configurationFrom({
    listeners: [
      { name: 'plain', port: 0 },
      {
        name: 'tls',
        port: 0,
        tls: {
          certificates: [{ certificateFile: join(directory, 'none.pem'), keyFile: pipe }],
          clientCertificates: 'require',
          caFile: directory,
        },
      },
    ],
    store: { directory: false },
    control: { socket: 'none' },
    log: { destinations: ['none'] },
  });

const found = (problems: ConfigurationError['problems']) =>
  problems.map((problem) => problemText({ ...problem, file: basename(problem.file) }));

const expected = [
  'none.pem: listeners[1].tls.certificates[0].certificateFile: expected a file that is there: there is none of this name',
  'pipe.pem: listeners[1].tls.certificates[0].keyFile: expected a file, got a pipe',
  `${basename(directory)}: listeners[1].tls.caFile: expected a file, got a directory`,
];

test('files of TLS that are none are told by the keys of the configuration, and a pipe is not waited for', async () => {
  expect(found(await checkConfiguration(configuration()))).toEqual(expected);
});

test('what is no configuration is told so, and not by what it lacks', async () => {
  expect(() => configurationFrom(null)).toThrow(
    'configuration: expected keys such as listeners, got null; {} alone says that every default holds',
  );
  expect(() => configurationFrom([])).toThrow('got a list');
  const { configuration: alone } = configuration();
  for (const wrong of [alone, {}, undefined])
    await expect(startServer(wrong as never)).rejects.toThrow(
      'startServer: expected what loadConfiguration or configurationFrom gives',
    );
});

test('a server that is started with them says the same', async () => {
  const error = await startServer(configuration()).catch((caught) => caught);
  expect(error).toBeInstanceOf(ConfigurationError);
  expect(found((error as ConfigurationError).problems)).toEqual(expected);
});
