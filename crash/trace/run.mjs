/**
 * `npm run crash:trace`: shows from a trace of the system calls that no acknowledgement leaves before what it tells of is
 * on the disk. Ends with code 1 when one did.
 */
import { parseArgs } from 'node:util';
import { findDebianTool, installCommand } from '../../scripts/debian-tools.mjs';
import { traceAcknowledgements } from './traced-run.mjs';

const HELP = `npm run crash:trace -- [options]   traces a broker, and looks for acknowledgements that came too early

  --messages N    so many are published, at QoS 1 and 2 in turn (default 200)
  --mutant NAME   break the broker on purpose, such as syncs-late: the trace must show it
  --help          this`;

const { values } = parseArgs({
  options: { messages: { type: 'string' }, mutant: { type: 'string' }, help: { type: 'boolean' } },
});
const strace = findDebianTool('strace');
if (values.help) {
  console.log(HELP);
} else if (strace.path === undefined) {
  console.error(`strace is not on this machine: ${installCommand([strace])}`);
  process.exitCode = 2;
} else {
  const { mutant } = values;
  const { told, early, syncs } = await traceAcknowledgements({
    strace: strace.path,
    durability: 'disk',
    messages: Number(values.messages ?? 200),
    ...(mutant === undefined ? {} : { mutant }),
  });
  for (const [type, count] of Object.entries(told)) {
    console.log(`${count.toString().padStart(6)} ${type.toUpperCase()} told of something that must be kept`);
  }
  console.log(`${syncs.toString().padStart(6)} system calls put something on the disk`);
  console.log(`${early.length.toString().padStart(6)} packets left before what they told of was there`);
  for (const text of early.slice(0, 10)) console.log(`       ${text}`);
  if (early.length > 0) process.exitCode = 1;
}
