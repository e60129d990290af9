/** A running broker, for people. */
import type { ServerStatus } from '@martlet/broker/server';
import { counted } from '../amount-text.ts';
import type { CommandIo } from '../command.ts';
import { escapeControls } from '../escape-controls.ts';
import { textStyleFor } from '../text-style.ts';

const UNITS: readonly (readonly [ms: number, name: string])[] = [
  [24 * 3600 * 1000, 'day'],
  [3600 * 1000, 'hour'],
  [60 * 1000, 'minute'],
];

export function statusText(status: ServerStatus, { stdout, wallMs }: CommandIo): string {
  const style = textStyleFor(stdout as NodeJS.WriteStream);
  const { name, version, pid, file, storeDirectory, startedWallMs, reloadedWallMs } = status;
  const lines = [
    `${style('bold', escapeControls(name))}: Martlet ${version}, process ${pid}`,
    `  Configuration: ${file === null ? 'no file' : escapeControls(file)}`,
    `  Started: ${timeText(startedWallMs)}, ${ageText(wallMs() - startedWallMs)} ago`,
    ...(reloadedWallMs === null ? [] : [`  Reloaded: ${timeText(reloadedWallMs)}`]),
    `  Data: ${storeDirectory === null ? 'in memory only' : escapeControls(storeDirectory)}`,
    `  Clients: ${counted(status.connections, 'connection')}, ${counted(status.sessions, 'session')}`,
    ...status.listeners.map(
      (listener) =>
        `  Listener ${escapeControls(listener.name)}: ${escapeControls(listener.place)}, ${counted(listener.connections, 'connection')}`,
    ),
  ];
  return `${lines.join('\n')}\n`;
}

/** As the log has it. */
function timeText(wallMs: number): string {
  return `${new Date(wallMs).toISOString().slice(0, 19)}Z`;
}

/** Such as `2 days 1 hour`, `5 minutes`, `12 seconds`. */
export function ageText(ms: number): string {
  const first = UNITS.findIndex(([unitMs]) => ms >= unitMs);
  if (first < 0) return counted(Math.max(0, Math.floor(ms / 1000)), 'second');
  const [unitMs, name] = UNITS[first]!;
  const next = UNITS[first + 1];
  const rest = next === undefined ? 0 : Math.floor((ms % unitMs) / next[0]);
  return `${counted(Math.floor(ms / unitMs), name)}${rest === 0 ? '' : ` ${counted(rest, next![1])}`}`;
}
