/**
 * Reads what `strace -f -yy -xx -s N -o FILE` has written: each system call as two moments, its beginning and its end,
 * in the order in which they happened. One tracer stops every thread at both, so that order is exact.
 */

/**
 * @typedef {object} Call
 * @property {string} name
 * @property {string} thread
 * @property {string} args As strace wrote them, what came with the result included.
 * @property {number} fd -1 if its first argument is none.
 * @property {string} fdName What the descriptor is: a path, or such as `TCP:[127.0.0.1:1->127.0.0.1:2]`.
 * @property {Buffer} data All strings among the arguments, one behind the other.
 * @property {number} result -1 before its end, and for an error.
 * @property {string} resultName What a returned descriptor is.
 */
/** @typedef {{ readonly kind: 'begin' | 'end', readonly call: Call }} Moment */

const WHOLE = /^(\d+)\s+(\w+)\((.*)\)\s+= (.*)$/s;
const UNFINISHED = /^(\d+)\s+(\w+)\((.*) <unfinished \.\.\.>$/s;
const RESUMED = /^(\d+)\s+<\.\.\. (\w+) resumed>(.*)\)\s+= (.*)$/s;
const STRING = /"((?:\\x[0-9a-f]{2})*)"(\.\.\.)?/g;

/**
 * @param {string} text
 * @returns {Generator<Moment>}
 */
export function* momentsOf(text) {
  /** @type {Map<string, Call>} By thread. */
  const open = new Map();
  for (const line of text.split('\n')) {
    const whole = WHOLE.exec(line);
    const unfinished = whole === null ? UNFINISHED.exec(line) : null;
    const resumed = RESUMED.exec(line);
    if (resumed !== null) {
      const [, thread = '', , rest = '', result = ''] = resumed;
      const call = open.get(thread);
      if (call === undefined) throw new Error(`the end of a call that never began: ${line.slice(0, 200)}`);
      open.delete(thread);
      call.args += rest;
      if (call.data.length === 0) call.data = dataIn(rest);
      finish(call, result);
      yield { kind: 'end', call };
    } else if (whole !== null) {
      const [, thread = '', name = '', args = '', result = ''] = whole;
      const call = callOf(thread, name, args);
      yield { kind: 'begin', call };
      finish(call, result);
      yield { kind: 'end', call };
    } else if (unfinished !== null) {
      const [, thread = '', name = '', args = ''] = unfinished;
      const call = callOf(thread, name, args);
      open.set(thread, call);
      yield { kind: 'begin', call };
    }
  }
}

/** @param {string} thread @param {string} name @param {string} args @returns {Call} */
function callOf(thread, name, args) {
  const [, fd = '-1', fdName = ''] = /^(\d+)<((?:->|[^<>])*)>/.exec(args) ?? [];
  const data = dataIn(args);
  return { name, thread, args, fd: Number(fd), fdName: decoded(fdName), data, result: -1, resultName: '' };
}

/** @param {Call} call @param {string} text */
function finish(call, text) {
  const [, number = '-1', name = ''] = /^(-?\d+)(?:<((?:->|[^<>])*)>)?/.exec(text) ?? [];
  call.result = Number(number);
  call.resultName = decoded(name);
}

/** @param {string} args */
function dataIn(args) {
  const pieces = [];
  for (const [, hex = '', cut] of args.matchAll(STRING)) {
    if (cut !== undefined) throw new Error('strace has cut a string: give it a larger -s');
    pieces.push(Buffer.from(hex.replaceAll('\\x', ''), 'hex'));
  }
  return Buffer.concat(pieces);
}

/** @param {string} text with bytes such as `\x2f` in it */
function decoded(text) {
  return text.replaceAll(/\\x([0-9a-f]{2})/g, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)));
}
