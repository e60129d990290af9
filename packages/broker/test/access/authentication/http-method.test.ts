import { ReasonCode } from '@martlet/protocol';
import { describe, expect, it, vi } from 'vitest';
import type { HttpConfiguration } from '../../../src/config/access-configuration.ts';
import type { AuthenticationTest } from './authentication-kit.ts';
import {
  AuthenticationKit,
  attemptOf,
  bytesOf,
  credentials,
  failuresOf,
  httpOf,
} from './authentication-kit.ts';
import { respondJson, respondStatus, TestService } from './test-service.ts';

const kit = new AuthenticationKit();
const ACCEPTED = { kind: 'accept' };
const WRONG = { kind: 'refuse', reasonCode: ReasonCode.BadUserNameOrPassword };
const UNAVAILABLE = {
  kind: 'refuse',
  reasonCode: ReasonCode.ServerUnavailable,
  reasonString: 'the server cannot check credentials at the moment',
};

async function serviceOf(respond: TestService['respond'] = respondStatus(204)): Promise<TestService> {
  const service = await TestService.start(respond);
  kit.onEnd(() => service.stop());
  return service;
}

function build(service: TestService, method: Partial<HttpConfiguration> = {}): Promise<AuthenticationTest> {
  return kit.build([httpOf({ url: `${service.origin}/mqtt`, ...method })]);
}

describe('What a service is asked', () => {
  const attempt = attemptOf({
    clientId: 'sensor',
    username: 'ann',
    password: bytesOf('pässword&='),
    peer: '[2001:db8::1]:50000',
    protocolVersion: 4,
    security: {
      protocol: 'TLSv1.3',
      cipher: 'x',
      certificate: {
        commonName: 'device',
        subject: 'CN=device',
        subjectAlternativeNames: [],
        fingerprint256: 'AA:BB',
        serialNumber: '1',
        issuer: 'CN=ca',
      },
    },
  });
  const question = {
    clientId: 'sensor',
    username: 'ann',
    password: 'pässword&=',
    address: '2001:db8::1',
    listener: 'tcp:1883',
    protocolVersion: '3.1.1',
    certificateCommonName: 'device',
    certificateFingerprint: 'AA:BB',
  };

  it('is JSON by POST, with the headers of the configuration', async () => {
    const service = await serviceOf();
    const valueFile = kit.file('Bearer s3cr3t\n');
    const { ask, built } = await build(service, { headers: [{ name: 'Authorization', valueFile }] });
    expect(await ask(attempt)).toEqual(ACCEPTED);
    const [request] = service.requests;
    expect(request).toMatchObject({ method: 'POST', path: '/mqtt' });
    expect(request!.headers).toMatchObject({
      authorization: 'Bearer s3cr3t',
      'content-type': 'application/json',
    });
    expect(JSON.parse(request!.body)).toEqual(question);
    expect(built.files).toEqual([valueFile]);
  });

  it('is a form where that is asked for', async () => {
    const service = await serviceOf();
    const { ask } = await build(service, { format: 'form' });
    expect(await ask(attempt)).toEqual(ACCEPTED);
    expect(service.requests[0]!.headers['content-type']).toBe('application/x-www-form-urlencoded');
    expect(Object.fromEntries(new URLSearchParams(service.requests[0]!.body))).toEqual(question);
  });

  it('has a password that is no text in base64, and none that was not given', async () => {
    const service = await serviceOf();
    const { ask } = await build(service);
    await ask(credentials('ann', new Uint8Array([0xff, 0x00])));
    await ask(attemptOf({ peer: 'in-process' }));
    expect(JSON.parse(service.requests[0]!.body)).toMatchObject({ passwordBase64: '/wA=' });
    expect(JSON.parse(service.requests[0]!.body)).not.toHaveProperty('password');
    expect(JSON.parse(service.requests[1]!.body)).toEqual({
      clientId: 'c',
      listener: 'tcp:1883',
      protocolVersion: '5.0',
    });
  });
});

describe('What a service answers', () => {
  it.each([
    [respondStatus(204), ACCEPTED],
    [respondJson({ result: 'allow' }), ACCEPTED],
    [respondJson({ result: 'deny' }), WRONG],
    [respondJson({ result: 'ignore' }), WRONG],
    [respondStatus(400), WRONG],
    [respondStatus(401), WRONG],
    [respondStatus(403), WRONG],
    [respondStatus(404), WRONG],
    [respondStatus(429), { kind: 'refuse', reasonCode: ReasonCode.ServerBusy }],
    [respondStatus(408), { kind: 'refuse', reasonCode: ReasonCode.ServerBusy }],
    [respondStatus(500), UNAVAILABLE],
    [respondStatus(302, { Location: '/elsewhere' }), UNAVAILABLE],
    [respondStatus(200), UNAVAILABLE],
    [respondJson({ result: 'yes' }), UNAVAILABLE],
    [respondJson(['allow']), UNAVAILABLE],
    [respondJson({ result: 'allow', groups: 'admins' }), UNAVAILABLE],
    [respondJson({ result: 'allow', groups: [1] }), UNAVAILABLE],
    [respondJson({ result: 'allow', username: '' }), UNAVAILABLE],
    [respondJson({ result: 'allow', username: 'a\u0000' }), UNAVAILABLE],
    [respondJson({ result: 'allow', expiresAt: 'soon' }), UNAVAILABLE],
    [respondJson({ result: 'allow', isSuperuser: 1 }), UNAVAILABLE],
    [respondJson({ result: 'allow', permissions: 'all' }), UNAVAILABLE],
  ])('means what the guide says (%#)', async (respond, expected) => {
    const { ask } = await build(await serviceOf(respond));
    expect(await ask(credentials('ann', 'x'))).toMatchObject(expected);
  });

  it('says another user name, groups, permissions and when they end', async () => {
    const permissions = { publish: ['a/%c'], subscribe: [] };
    const service = await serviceOf(
      respondJson({
        result: 'allow',
        username: 'anna',
        groups: ['x'],
        permissions,
        expiresAt: 1_800_000_000,
      }),
    );
    const { ask } = await build(service);
    const answer = { kind: 'accept', username: 'anna', groups: ['x'], permissions };
    expect(await ask(credentials('ann', 'x'))).toEqual({ ...answer, expiresAtWallMs: 1_800_000_000_000 });
    service.respond = respondJson({ result: 'allow', expiresAt: '2030-01-01T00:00:00Z', isSuperuser: true });
    expect(await ask(credentials('ann', 'x'))).toEqual({
      kind: 'accept',
      permissions: { publish: ['#'], subscribe: ['#', '$SYS/#'] },
      expiresAtWallMs: Date.UTC(2030, 0, 1),
    });
  });

  it('leaves to the next method whom it does not know', async () => {
    const [first, second] = [await serviceOf(respondStatus(404)), await serviceOf(respondStatus(204))];
    const { ask } = await kit.build([httpOf({ url: first.origin }), httpOf({ url: second.origin })]);
    expect(await ask(credentials('ann', 'x'))).toEqual(ACCEPTED);
    expect([first.requests.length, second.requests.length]).toEqual([1, 1]);
  });
});

describe('An answer that is remembered', () => {
  it('is not asked for again, until its time is over; a denial is forgotten sooner', async () => {
    const service = await serviceOf();
    const { ask, clock } = await build(service, { cacheSeconds: 60 });
    const asked = async (password: string): Promise<number> => {
      await ask(credentials('ann', password));
      return service.requests.length;
    };
    expect(await asked('x')).toBe(1);
    clock.advance(59_999);
    expect(await asked('x')).toBe(1);
    expect(await asked('y')).toBe(2);
    clock.advance(1);
    expect(await asked('x')).toBe(3);
    service.respond = respondStatus(401);
    expect(await asked('z')).toBe(4);
    clock.advance(4999);
    expect(await asked('z')).toBe(4);
    clock.advance(1);
    expect(await asked('z')).toBe(5);
  });

  it('is for the very same credentials at the same listener, whatever their boundaries', async () => {
    const service = await serviceOf();
    const { ask } = await build(service, { cacheSeconds: 60 });
    const attempts = [
      attemptOf({ clientId: 'a', username: 'bc', password: bytesOf('d') }),
      attemptOf({ clientId: 'ab', username: 'c', password: bytesOf('d') }),
      attemptOf({ clientId: 'ab', username: 'cd', password: bytesOf('') }),
      attemptOf({ clientId: 'ab', username: 'cd' }),
      attemptOf({ clientId: 'ab', username: 'cd', peer: '192.0.2.2:1' }),
      attemptOf({ clientId: 'ab', username: 'cd', origin: { listener: 'x', kind: 'stream' } }),
    ];
    for (const attempt of [...attempts, ...attempts]) await ask(attempt);
    expect(service.requests).toHaveLength(attempts.length);
    await ask({ ...attempts[0]!, peer: '192.0.2.1:60000' });
    expect(service.requests).toHaveLength(attempts.length);
  });

  it('is not one that says when it ends after that, nor that the service is down', async () => {
    const service = await serviceOf(respondStatus(500));
    const { ask, clock } = await build(service, { cacheSeconds: 60 });
    await ask(credentials('ann', 'x'));
    service.respond = respondJson({ result: 'allow', expiresAt: clock.wallMs() / 1000 + 10 });
    expect(await ask(credentials('ann', 'x'))).toMatchObject(ACCEPTED);
    clock.advance(9999);
    await ask(credentials('ann', 'x'));
    expect(service.requests).toHaveLength(2);
    clock.advance(1);
    await ask(credentials('ann', 'x'));
    expect(service.requests).toHaveLength(3);
  });

  it('gives way to newer ones when there are too many', async () => {
    const service = await serviceOf();
    const { ask } = await build(service, { cacheSeconds: 60, cacheEntries: 2 });
    for (const password of ['a', 'b', 'c', 'a']) await ask(credentials('ann', password));
    expect(service.requests).toHaveLength(4);
    await ask(credentials('ann', 'c'));
    expect(service.requests).toHaveLength(4);
  });
});

describe('A service that is down', () => {
  it.each([
    ['refuse', UNAVAILABLE],
    ['next', WRONG],
    ['allow', ACCEPTED],
  ] as const)('has the answer that whenDown says: %s', async (whenDown, expected) => {
    const service = await serviceOf(respondStatus(503));
    const { ask, log } = await build(service, { whenDown });
    for (let count = 0; count < 7; count++)
      expect(await ask(credentials('ann', 'x'))).toMatchObject(expected);
    expect(log.textsOf('authentication-service-down')[0]).toBe(
      `${service.origin}/mqtt answered 503; ${{ refuse: 'clients are refused', next: 'the next method decides', allow: 'everyone may connect' }[whenDown]}`,
    );
  });

  it('is left alone after five failures, then tried by one, and told to be back', async () => {
    const service = await serviceOf(respondStatus(500));
    const { ask, clock, log } = await build(service, { retryAfterSeconds: 5 });
    for (let count = 0; count < 20; count++) await ask(credentials('ann', 'x'));
    expect(service.requests).toHaveLength(5);
    clock.advance(5000);
    await Promise.all([1, 2, 3].map(() => ask(credentials('ann', 'x'))));
    expect(service.requests).toHaveLength(6);
    service.respond = respondStatus(204);
    clock.advance(5000);
    expect(await ask(credentials('ann', 'x'))).toEqual(ACCEPTED);
    expect(await ask(credentials('ann', 'x'))).toEqual(ACCEPTED);
    expect(service.requests).toHaveLength(8);
    expect(log.textsOf('authentication-service-up')).toHaveLength(1);
  });

  it('is one that is not reached, or breaks off', async () => {
    const service = await serviceOf((_request, response) => response.socket?.destroy());
    const broken = await build(service);
    expect(await broken.ask(credentials('ann', 'x'))).toMatchObject(UNAVAILABLE);
    service.respond = (_request, response) => {
      response.writeHead(200, { 'Content-Length': '100' });
      response.write('{"result"');
      setImmediate(() => response.socket?.destroy());
    };
    expect(await broken.ask(credentials('ann', 'x'))).toMatchObject(UNAVAILABLE);
    const gone = await TestService.start(respondStatus(204));
    const { origin } = gone;
    const { ask, log } = await build(gone);
    await gone.stop();
    expect(await ask(credentials('ann', 'x'))).toMatchObject(UNAVAILABLE);
    expect(log.textsOf('authentication-service-down')).toEqual([
      `${origin}/mqtt is not reached: ECONNREFUSED; clients are refused`,
    ]);
  });

  it('is one that does not answer in time', async () => {
    const service = await serviceOf(() => {});
    const { ask, clock } = await build(service, { timeoutMs: 3000 });
    const answer = ask(credentials('ann', 'x'));
    await service.came(1);
    clock.advance(3000);
    expect(await answer).toMatchObject(UNAVAILABLE);
    expect(clock.timers).toBe(0);
  });

  it('is one that answers without end, of which a bounded part is read', async () => {
    let written = 0;
    const service = await serviceOf((_request, response) => {
      const more = (): void => {
        while (!response.destroyed && response.write(Buffer.alloc(65_536))) written += 65_536;
      };
      response.on('drain', more);
      more();
    });
    const { ask } = await build(service);
    expect(await ask(credentials('ann', 'x'))).toMatchObject(UNAVAILABLE);
    expect(written).toBeLessThan(100_000_000);
  });

  it('counts against nobody who tried', async () => {
    const service = await serviceOf(respondStatus(500));
    const { ask, memory } = await kit.build([httpOf({ url: service.origin })], {
      failures: failuresOf({ banAfter: 1 }),
    });
    await ask(credentials('ann', 'x'));
    expect(memory.counters).toMatchObject({ unavailableRefused: 1, refused: 0, bansGiven: 0 });
  });
});

describe('Questions to a service', () => {
  it('wait in a bounded number, beyond which a client is refused with 0x89', async () => {
    const open: (() => void)[] = [];
    const service = await serviceOf((_request, response) => {
      open.push(() => respondStatus(204)({ method: '', path: '', headers: {}, body: '' }, response, 0));
    });
    const { ask } = await build(service, { concurrency: 2, queue: 1 });
    const answers = [1, 2, 3, 4].map((index) => ask(credentials(`user${index}`, 'x')));
    expect(await answers[3]).toMatchObject({ reasonCode: ReasonCode.ServerBusy });
    await service.came(2);
    while (open.length < 2) await new Promise(setImmediate);
    expect(service.requests).toHaveLength(2);
    for (const answer of open.splice(0)) answer();
    await service.came(3);
    while (open.length < 1) await new Promise(setImmediate);
    open[0]!();
    expect(await Promise.all(answers.slice(0, 3))).toEqual([ACCEPTED, ACCEPTED, ACCEPTED]);
  });

  it('go to the service itself, whatever proxy the environment names', async () => {
    const proxy = await serviceOf(respondStatus(204));
    for (const name of ['HTTP_PROXY', 'http_proxy', 'ALL_PROXY', 'NODE_USE_ENV_PROXY'])
      vi.stubEnv(name, name === 'NODE_USE_ENV_PROXY' ? '1' : proxy.origin);
    try {
      const service = await serviceOf(respondStatus(401));
      const { ask } = await build(service);
      expect(await ask(credentials('ann', 'x'))).toMatchObject(WRONG);
      expect(proxy.requests).toEqual([]);
    } finally {
      vi.unstubAllEnvs();
    }
  });
});

describe('The configuration of a service', () => {
  it.each([
    ['nothing', 'expected an address such as'],
    ['ftp://example.org/', 'expected an address that begins with https: or http:, got ftp:'],
    ['https://user:hunter2@example.org/', 'expected an address without user and password'],
  ])('is refused with the address %s', async (url, words) => {
    const [problem] = await kit.problems(httpOf({ url }));
    expect(problem).toContain(words);
    expect(problem).not.toContain('hunter2');
  });

  it('is refused with a header or certificate that is none, whose content is not shown', async () => {
    const url = 'https://auth.example/';
    const valueFile = kit.file('hunter2\u0007');
    const problems = await kit.problems(
      httpOf({ url, headers: [{ name: 'Authorization', valueFile }] }),
      httpOf({ url, caFile: kit.file('hunter2') }),
      httpOf({ url, keyFile: kit.file('hunter2') }),
    );
    expect(problems).toHaveLength(3);
    expect(problems.join()).not.toContain('hunter2');
  });
});
