/**
 * What an acknowledgement promises. A level is asked for by whoever is told (a listener) or by what is told of (a topic
 * filter); a commit is made at the highest level that anything in it asked for.
 */
export const Durability = {
  /** Kept as long as the process lives. Nothing waits, and a message of this level is never written. */
  Memory: 0,
  /** Handed to the operating system: survives the process, and a power cut but for the last moments. */
  Os: 1,
  /** On the disk, synced. */
  Disk: 2,
} as const;
export type Durability = (typeof Durability)[keyof typeof Durability];

/** A level as options and clients name it. */
export type DurabilityName = 'disk' | 'os' | 'memory';

const LEVELS: Readonly<Record<DurabilityName, Durability>> = {
  disk: Durability.Disk,
  os: Durability.Os,
  memory: Durability.Memory,
};

/** @throws {RangeError} for what is no level; `option` says which option it was */
export function durabilityNamed(name: DurabilityName, option: string): Durability {
  if (Object.hasOwn(LEVELS, name)) return LEVELS[name];
  throw new RangeError(
    `option ${option}: expected one of ${Object.keys(LEVELS).join(', ')}, got ${String(name)}`,
  );
}

export function nameOfDurability(level: Durability): DurabilityName {
  switch (level) {
    case Durability.Disk:
      return 'disk';
    case Durability.Os:
      return 'os';
    case Durability.Memory:
      return 'memory';
  }
}
