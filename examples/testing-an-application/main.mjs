// The thermostat, on a broker: `node examples/testing-an-application/main.mjs mqtt://localhost 20`

import { connect } from '@martlet/client';
import { startThermostat } from './thermostat.mjs';

const [url = 'mqtt://localhost', target = '20'] = process.argv.slice(2);
const client = connect(url, { clientId: 'thermostat' });
client.on('offline', ({ error }) => console.error(error.message));
await startThermostat(client, Number(target));
console.log(`keeps ${target} degrees by home/thermometer and home/heater at ${url}`);
