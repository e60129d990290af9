/**
 * Modules of Node.js that most programs never need and all would wait for: together they take longer to load than the client.
 * They are loaded when they are first asked for; the functions that need them cannot wait for an `import()`.
 */

export function tlsModule(): typeof import('node:tls') {
  return process.getBuiltinModule('node:tls');
}

export function httpModule(): typeof import('node:http') {
  return process.getBuiltinModule('node:http');
}
