/** What is logged, where and how, resolved. What each key means stands in tables/log-rows.ts. */

export interface LogConfiguration {
  readonly destinations: readonly LogDestinationConfiguration[];
  readonly types: readonly LogType[];
  readonly format: 'text' | 'json' | 'mosquitto';
  /** `iso`, `epoch`, `none`, or a format of strftime. */
  readonly timestamps: string;
  readonly connectionMessages: boolean;
}

export type LogDestinationConfiguration =
  | { readonly type: 'stderr' }
  | { readonly type: 'stdout' }
  | { readonly type: 'file'; readonly path: string }
  | { readonly type: 'syslog'; readonly facility: SyslogFacility; readonly tag: string }
  | { readonly type: 'topic' }
  | { readonly type: 'none' };

export type LogType =
  | 'error'
  | 'warning'
  | 'notice'
  | 'info'
  | 'debug'
  | 'subscribe'
  | 'unsubscribe'
  | 'websockets';

export type SyslogFacility =
  | 'daemon'
  | 'user'
  | 'local0'
  | 'local1'
  | 'local2'
  | 'local3'
  | 'local4'
  | 'local5'
  | 'local6'
  | 'local7';
