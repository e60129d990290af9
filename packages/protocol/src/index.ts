export * from './packet.ts';
export * from './packet-type.ts';
export * from './protocol-error.ts';
export * from './reason-code.ts';
export * from './version.ts';
