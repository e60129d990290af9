export * from './packet.ts';
export * from './packet-type.ts';
export * from './protocol-error.ts';
export * from './reason-code.ts';
export * from './version.ts';
export * from './utf8.ts';
export * from './topic-filter.ts';
export * from './topic-name.ts';
