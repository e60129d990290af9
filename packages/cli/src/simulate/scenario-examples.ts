/** Scenarios to begin with: `martlet simulate --example home`. */

type Example = { readonly [key: string]: unknown };

const HOME: Readonly<Example> = {
  devices: [
    {
      name: 'thermometer',
      count: 5,
      clientId: 'thermometer-{{n}}',
      values: {
        temperature: { kind: 'drift', start: 21, step: 0.2, min: 16, max: 28, noise: 0.05, digits: 1 },
        humidity: { kind: 'wave', mean: 45, amplitude: 10, period: '10m', noise: 1, digits: 0 },
      },
      messages: [
        {
          topic: 'home/room{{n}}/climate',
          payload: { temperature: '{{temperature}}', humidity: '{{humidity}}', at: '{{now iso}}' },
          every: '5s',
          jitter: '1s',
          qos: 1,
          retain: true,
        },
      ],
      connection: {
        keepAlive: 30,
        will: { topic: 'home/room{{n}}/status', payload: 'offline', qos: 1, retain: true },
      },
    },
    {
      name: 'switch',
      count: 3,
      values: { state: { kind: 'choice', of: ['on', 'off'] } },
      messages: [
        {
          topic: 'home/switch{{n}}/state',
          payload: '{{state}}',
          every: '20s',
          jitter: '15s',
          qos: 1,
          retain: true,
        },
      ],
    },
    {
      name: 'doorbell',
      values: { battery: { kind: 'counter', start: 100, step: -0.1, digits: 1 } },
      messages: [{ topic: 'home/doorbell/battery', payload: '{{battery}}', every: '10s' }],
      connection: { onlineFor: '15s', offlineFor: '45s', jitter: '10s', sessionExpiryInterval: 300 },
    },
  ],
};

const FACTORY: Readonly<Example> = {
  devices: [
    {
      name: 'press',
      count: 20,
      clientId: 'press-{{n}}',
      values: {
        pressure: { kind: 'wave', mean: 180, amplitude: 25, period: '30s', noise: 2, digits: 1 },
        vibration: { kind: 'uniform', min: 0, max: 4, digits: 3 },
        parts: { kind: 'counter' },
      },
      messages: [
        {
          topic: 'factory/line1/press{{n}}/pressure',
          payload: '{{pressure}}',
          every: '200ms',
          jitter: '20ms',
        },
        { topic: 'factory/line1/press{{n}}/vibration', payload: '{{vibration}}', every: '100ms' },
        { topic: 'factory/line1/press{{n}}/parts', payload: '{{parts}}', every: '2s', qos: 1, retain: true },
      ],
      connection: {
        keepAlive: 15,
        will: { topic: 'factory/line1/press{{n}}/status', payload: 'lost', qos: 1, retain: true },
      },
    },
    {
      name: 'sensor',
      count: 100,
      values: { reading: { kind: 'drift', step: 1, min: 0, max: 1000 } },
      messages: [
        { topic: 'factory/sensors/{{n}}', payload: '{"v":{{reading}},"t":{{now}}}', every: '60s', qos: 1 },
      ],
      connection: {
        onlineFor: '5s',
        offlineFor: '55s',
        jitter: '5s',
        breaks: true,
        sessionExpiryInterval: 600,
      },
    },
  ],
};

export const SCENARIO_EXAMPLES: Readonly<Record<string, object>> = { home: HOME, factory: FACTORY };

/** As a file to begin with. */
export function exampleText(name: string): string {
  return `${JSON.stringify(SCENARIO_EXAMPLES[name], null, 2)}\n`;
}
