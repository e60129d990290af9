/** Memory of a client that is cut off and connects again, some thousand times. Needs `--expose-gc`. */

/**
 * @param {{ reconnect(task: object, onMessage: () => void): Promise<() => Promise<void>> }} client
 * @param {(message: object) => Promise<void>} tell told the result
 */
export async function measureReconnects(client, task, tell) {
  let connections = 0;
  let awaited = 0;
  let reached = () => {};
  const end = await client.reconnect(task, () => {
    if (++connections === awaited) reached();
  });
  const after = (count) =>
    new Promise((resolve) => {
      awaited = count;
      reached = resolve;
      if (connections >= count) resolve();
    });
  await after(task.firstReconnects);
  const first = memory();
  const cpu = process.cpuUsage();
  await after(task.reconnects);
  const { user, system } = process.cpuUsage(cpu);
  const last = memory();
  const more = task.reconnects - task.firstReconnects;
  await tell({
    result: {
      first_heap_kb: first.heapBytes / 1024,
      last_heap_kb: last.heapBytes / 1024,
      first_rss_mb: first.rssBytes / 1024 / 1024,
      last_rss_mb: last.rssBytes / 1024 / 1024,
      heap_bytes_each: (last.heapBytes - first.heapBytes) / more,
      cpu_us_each: (user + system) / more,
    },
    messages: connections,
  });
  await end();
}

/** What is reachable, buffers included, and what the process holds. */
function memory() {
  for (let i = 0; i < 4; i++) globalThis.gc();
  const { heapUsed, external, rss } = process.memoryUsage();
  return { heapBytes: heapUsed + external, rssBytes: rss };
}
