/** Which way something goes through the proxy. */
export type Direction = 'toServer' | 'toClient';

export const ARROWS: Readonly<Record<Direction, string>> = { toServer: '→', toClient: '←' };

export function opposite(direction: Direction): Direction {
  return direction === 'toServer' ? 'toClient' : 'toServer';
}
