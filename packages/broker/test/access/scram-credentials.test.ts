import { describe, expect, it } from 'vitest';
import type { ScramMechanism } from '../../src/access/scram-credentials.ts';
import {
  makeScramCredentials,
  parseScramCredentials,
  SCRAM_MECHANISMS,
  scramCredentialsText,
} from '../../src/access/scram-credentials.ts';

const PASSWORD = new TextEncoder().encode('pencil');
const SALT = new Uint8Array(Buffer.from('W22ZaJ0SNY7soEsUEjb6gQ==', 'base64'));
/** Computed by Python's hashlib and hmac, from the words of the example of RFC 7677. */
const OF_PYTHON: Readonly<Record<ScramMechanism, string>> = {
  'SCRAM-SHA-256':
    'SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=',
  'SCRAM-SHA-512':
    'SCRAM-SHA-512$4096:W22ZaJ0SNY7soEsUEjb6gQ==$6AAub3065EYRmyFpM2RNwqK+eGnrkYuEWbXn19LsEmBqzu8QaCXNc1FwpnX9NhH2hK/60dzj9DoO5DvVkOHbvg==:jZHbYjC1aHh0/hKbxyBuGFjDrgjgKTT1esA7awWiKcRZ0o/0b1yWEebBeSVkkCFewf91nLDfKF24mvD5nmE6rA==',
};

describe('Credentials of SCRAM', () => {
  it.each(SCRAM_MECHANISMS)(
    'of %s are those that others compute, and come back from their text',
    async (mechanism) => {
      const made = await makeScramCredentials(PASSWORD, mechanism, { salt: SALT, iterations: 4096 });
      expect(scramCredentialsText(made)).toBe(OF_PYTHON[mechanism]);
      expect(parseScramCredentials(OF_PYTHON[mechanism])).toEqual(made);
    },
  );

  it('have another salt each time', async () => {
    const one = await makeScramCredentials(PASSWORD, 'SCRAM-SHA-256', { iterations: 4096 });
    const other = await makeScramCredentials(PASSWORD, 'SCRAM-SHA-256', { iterations: 4096 });
    expect(one.salt).toHaveLength(16);
    expect(one.salt).not.toEqual(other.salt);
  });

  const [head, tail] = OF_PYTHON['SCRAM-SHA-256'].split('4096');
  it.each([
    '',
    'pencil',
    'SCRAM-SHA-256',
    `${head}4095${tail}`,
    `${head}10000001${tail}`,
    `${head}${tail}`,
    `SCRAM-SHA-1$4096${tail}`,
    `SCRAM-SHA-512$4096${tail}`,
    `${head}4096${tail}x`,
    `${head}4096:${Buffer.alloc(65).toString('base64')}${tail!.slice(tail!.indexOf('$'))}`,
    `${head}4096${tail!.replace('WG5d', '')}`,
  ])('are none: %j', (text) => {
    expect(parseScramCredentials(text)).toBeUndefined();
  });
});
