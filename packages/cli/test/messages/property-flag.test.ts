import { describe, expect, test } from 'vitest';
import { parseFlags } from '../../src/flags/parse-flags.ts';
import { collectProperties, PROPERTY_FLAG, takeProperty } from '../../src/messages/property-flag.ts';
import { UsageError } from '../../src/usage-error.ts';

const TABLE = { properties: PROPERTY_FLAG };

function propertiesOf(...lines: readonly string[][]) {
  const words = lines.flatMap((line) => ['-D', ...line]);
  return collectProperties(parseFlags(TABLE, words).values.properties);
}

function errorOf(...words: string[]): UsageError {
  try {
    takeProperty(words);
  } catch (error) {
    if (error instanceof UsageError) return error;
    throw error;
  }
  throw new Error(`expected ${words.join(' ')} to be refused`);
}

describe('The flag -D', () => {
  test('takes each property with the packet it is for', () => {
    const given = propertiesOf(
      ['connect', 'authentication-method', 'SCRAM'],
      ['connect', 'authentication-data', 'é'],
      ['connect', 'maximum-packet-size', '1000'],
      ['connect', 'receive-maximum', '65535'],
      ['connect', 'request-problem-information', '0'],
      ['connect', 'request-response-information', '1'],
      ['connect', 'session-expiry-interval', '4294967295'],
      ['connect', 'topic-alias-maximum', '0'],
      ['PUBLISH', 'Content-Type', 'text/plain'],
      ['publish', 'correlation-data', 'abc'],
      ['publish', 'message-expiry-interval', '5'],
      ['publish', 'payload-format-indicator', '1'],
      ['publish', 'response-topic', 'a/b'],
      ['publish', 'topic-alias', '3'],
      ['subscribe', 'subscription-identifier', '268435455'],
      ['disconnect', 'session-expiry-interval', '0'],
      ['disconnect', 'reason-string', 'enough'],
      ['will', 'will-delay-interval', '7'],
    );
    expect(given).toEqual({
      connect: {
        authenticationMethod: 'SCRAM',
        authenticationData: Uint8Array.of(0xc3, 0xa9),
        maximumPacketSize: 1000,
        receiveMaximum: 65_535,
        requestProblemInformation: false,
        requestResponseInformation: true,
        sessionExpiryInterval: 4_294_967_295,
        topicAliasMaximum: 0,
      },
      publish: {
        contentType: 'text/plain',
        correlationData: Uint8Array.of(97, 98, 99),
        messageExpiryInterval: 5,
        payloadFormatIndicator: 1,
        responseTopic: 'a/b',
        topicAlias: 3,
      },
      subscribe: { subscriptionIdentifier: 268_435_455 },
      unsubscribe: {},
      disconnect: { sessionExpiryInterval: 0, reasonString: 'enough' },
      will: { willDelayInterval: 7 },
    });
  });

  test('keeps user properties in order, with those that have a name twice', () => {
    const commands = ['connect', 'publish', 'subscribe', 'unsubscribe', 'disconnect', 'will'] as const;
    for (const command of commands) {
      const given = propertiesOf(
        [command, 'user-property', 'a', '-1'],
        [command, 'user-property', 'b', ''],
        [command, 'user-property', 'a', '2'],
      );
      expect(given[command]).toEqual({
        userProperties: [
          ['a', '-1'],
          ['b', ''],
          ['a', '2'],
        ],
      });
    }
  });

  test.each([
    [[], 'expected one of connect,', 'Invalid command given in --property argument.'],
    [['publisch', 'content-type', 'x'], "got 'publisch'; did you mean publish?", 'Invalid command given'],
    [
      ['pubrel', 'user-property', 'a', 'b'],
      'that packet can be given no property',
      'not supported for pubrel',
    ],
    [['publish'], 'got too few words', 'not enough arguments'],
    [['publish', 'content-type'], 'a value after publish content-type', 'not enough arguments'],
    [['publish', 'user-property', 'a'], 'a name and a value', 'not enough arguments'],
    [['publish', 'contenttype', 'x'], 'did you mean content-type?', 'Invalid property name given'],
    [
      ['connect', 'content-type', 'x'],
      'got content-type, which is one of publish and will',
      'content-type property not allowed for connect in --property argument.',
    ],
    [
      ['publish', 'message-expiry-interval', '-1'],
      "from 0 to 4294967295 for message-expiry-interval, got '-1'",
      'Property value (-1) out of range for property message-expiry-interval.',
    ],
    [['publish', 'message-expiry-interval', '4294967296'], 'got', 'Property value (4294967296) out of range'],
    [['publish', 'message-expiry-interval', 'soon'], "got 'soon'", 'Property value (soon) out of range'],
    [['publish', 'payload-format-indicator', '2'], 'from 0 to 1', 'Property value (2) out of range'],
    [['connect', 'receive-maximum', '0'], 'from 1 to 65535', 'out of range'],
    [['publish', 'topic-alias', '0'], 'from 1 to 65535', 'out of range'],
    [['publish', 'content-type', 'a\udce9'], 'in UTF-8 without NUL', 'adding property content-type 6'],
    [['publish', 'content-type', '\ud800'], 'in UTF-8 without NUL', 'adding property content-type 6'],
  ])('refuses %j', (words, text, mosquittoText) => {
    const error = errorOf(...words);
    expect(error.message).toContain(text);
    expect(error.mosquittoText).toContain(mosquittoText);
  });

  test('takes any bytes as data', () => {
    const given = propertiesOf(['publish', 'correlation-data', 'a\udce9ü']);
    expect(given.publish.correlationData).toEqual(Uint8Array.of(0x61, 0xe9, 0xc3, 0xbc));
  });

  test('refuses text that no packet can carry', () => {
    const error = errorOf('publish', 'correlation-data', 'x'.repeat(65_536));
    expect(error.message).toBe('expected at most 65535 bytes for correlation-data, got 65536');
  });

  test('refuses a property that is there twice, unless each packet has one', () => {
    const twice = ['publish', 'content-type', 'x'];
    expect(() => propertiesOf(twice, twice)).toThrow('expected content-type of publish once, got it twice');
    expect(propertiesOf(twice, ['will', 'content-type', 'y'])).toMatchObject({
      publish: { contentType: 'x' },
      will: { contentType: 'y' },
    });
  });
});
