/** The client tells of a failure a moment later, if nobody has asked for it until then: turns of the event loop, not time. */
export async function eventsTold(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
}
