/**
 * The numbered points: every place between staging, commit, write, sync and flush, and around the files of the store,
 * where the broker under test kills itself.
 */

/**
 * @typedef {object} Point
 * @property {string} name
 * @property {string} text
 * @property {readonly [low: number, high: number]} occurrences At which of its passages the broker dies: drawn between these.
 * @property {readonly string[]} [durability] The levels at which a broker comes by; all unless given.
 */

/** @type {readonly Point[]} */
export const POINTS = [
  { name: 'staged', text: 'a change is staged; no commit covers it yet', occurrences: [1, 60] },
  {
    name: 'commit-called',
    text: 'a commit has been asked for; nothing of it is on its way',
    occurrences: [1, 30],
  },
  {
    name: 'write-begun',
    text: 'a batch is to be written; no byte of it is in the file',
    occurrences: [1, 30],
  },
  { name: 'write-torn', text: 'a part of the batch is in the file', occurrences: [1, 30] },
  { name: 'written', text: 'the batch is in the file and not synced', occurrences: [1, 30] },
  {
    name: 'sync-begun',
    text: 'what was told is to be synced at last, some time after it was told',
    occurrences: [1, 1],
    durability: ['os'],
  },
  { name: 'synced', text: 'the file is synced; the log does not know it yet', occurrences: [1, 3] },
  {
    name: 'commit-done',
    text: 'the store says that the commit is done; the core does not know it yet',
    occurrences: [1, 30],
  },
  {
    name: 'told',
    text: 'the core knows it; acknowledgements wait for the end of the turn',
    occurrences: [1, 30],
  },
  { name: 'flushed', text: 'the turn is over; acknowledgements are on their way', occurrences: [1, 30] },
  { name: 'segment-created', text: 'the file of a new segment exists and is empty', occurrences: [1, 2] },
  {
    name: 'segment-begun',
    text: 'a part of its first batches is in it, or its header is missing',
    occurrences: [1, 2],
  },
  {
    name: 'removal-begun',
    text: 'what lived in the oldest segment is written anew; it is still there',
    occurrences: [1, 2],
  },
  { name: 'removal-ended', text: 'the oldest segment is gone; nothing follows', occurrences: [1, 2] },
  { name: 'recovery-begun', text: 'the next process has listed the files', occurrences: [1, 1] },
  { name: 'recovery-reading', text: 'it has read a part of them', occurrences: [1, 3] },
  { name: 'recovered', text: 'the store is open; nobody is listening yet', occurrences: [1, 1] },
];

/**
 * Those that a broker of this level comes by.
 * @param {string} durability
 */
export function pointsAt(durability) {
  return POINTS.filter((point) => point.durability?.includes(durability) ?? true);
}
