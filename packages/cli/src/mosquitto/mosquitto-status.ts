/** What `mosquitto` tells the shell when it ends. */
export const MosquittoStatus = {
  Success: 0,
  /** The system refused: a port in use, a pid file that cannot be written, an unknown user. */
  Failure: 1,
  /** The command line or the configuration is wrong. */
  Invalid: 3,
  /** A file that the configuration names cannot be read. */
  NotFound: 13,
} as const;

export type MosquittoStatus = (typeof MosquittoStatus)[keyof typeof MosquittoStatus];
