/** What a translation needs to know beside the files, so that it is the same wherever and whenever it runs. */
export interface TranslationSurroundings {
  /** What relative paths are relative to. Absolute. */
  readonly directory: string;
  /** Mosquitto's variables are looked at. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Ports of `-p`, which count where the files define no listener. @default none */
  readonly ports?: readonly number[];
  /** `-v` or `-q`: which lines are logged, whatever the files say. */
  readonly logged?: 'everything' | 'nothing';
  /** Whether `::1` can be listened on. @default what the system says */
  readonly hasIpv6Loopback?: boolean;
  /** Whose rights are taken on if no `user` line says and root starts the broker. @default `mosquitto` if there is such a user, else `nobody` */
  readonly user?: string;
}
