import { crc32 } from 'node:zlib';
import type { DeliveryState } from '@martlet/protocol';
import { checkTopicFilter, TOPIC_PROBLEMS } from '@martlet/protocol';
import type { SessionRecord, ShareOwner } from '../../../../core/ports/store.ts';
import { MESSAGE_OWN_BYTES } from '../../../../core/publish/message.ts';
import type { ByteSink } from '../../bytes/byte-sink.ts';
import { writeMessageParts } from '../../records/message-data.ts';
import type { RecordWriter } from '../../records/record-writer.ts';
import type { ExportCounts } from '../export/export-lines.ts';
import { EXPORT_FORMAT, EXPORT_VERSION, noCounts, STATE_NAMES } from '../export/export-lines.ts';
import { NEVER_SECONDS } from '../export/line-forms.ts';
import { LineError, LineFields } from './line-fields.ts';
import { MOST_LEVELS, readShare, readTopicName, readWill, sharedFilterProblem } from './line-values.ts';

const MOST_IDENTIFIER = 268_435_455;

const TYPES = [
  'session',
  'subscription',
  'received',
  'message',
  'retained',
  'queued',
  'in-flight',
  'lost',
  'end',
] as const;

const STATES: readonly string[] = Object.values(STATE_NAMES);

interface ImportedOwner {
  readonly ownerId: number;
  nextKey: number;
  /** Packet identifiers in flight; made when there is one. */
  packetIds: Set<number> | null;
}

/**
 * Makes records of an export's lines, one after the other. What a line refers to must have been before it. It remembers
 * who there is, and no messages: these are as many as the lines said.
 */
export class LineImport {
  readonly counts: ExportCounts;
  readonly #writer: RecordWriter;
  readonly #sessions = new Map<string, ImportedOwner>();
  readonly #groups = new Map<string, ImportedOwner>();
  readonly #retained = new Set<string>();
  #hasHead: boolean;
  #hasEnd: boolean;
  #lost: number;

  constructor(writer: RecordWriter) {
    this.counts = noCounts();
    this.#writer = writer;
    this.#hasHead = false;
    this.#hasEnd = false;
    this.#lost = 0;
  }

  get hasEnd(): boolean {
    return this.#hasEnd;
  }

  /**
   * Writes the records of one line.
   * @param data the data area of the batch that the writer is at
   * @throws {LineError} when it is not what an export says
   */
  take(text: string, data: ByteSink): void {
    if (this.#hasEnd) throw new LineError('expected nothing behind the end');
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch (error) {
      throw new LineError(`expected a JSON object, got ${text.slice(0, 60)}`, { cause: error });
    }
    const fields = new LineFields(value, 'the line');
    if (!this.#hasHead) this.#head(fields);
    else this.#line(fields, data);
    fields.end();
  }

  #head(fields: LineFields): void {
    fields.oneOf('format', [EXPORT_FORMAT]);
    const version = fields.integer('version', 1, Number.MAX_SAFE_INTEGER);
    if (version > EXPORT_VERSION) {
      throw new LineError(
        `expected version ${EXPORT_VERSION} of the export format, got ${version}: a newer Martlet wrote it; import it with that one`,
      );
    }
    if (fields.has('salvaged')) fields.flag('salvaged');
    this.#hasHead = true;
  }

  #line(fields: LineFields, data: ByteSink): void {
    const type = fields.oneOf('type', TYPES);
    switch (type) {
      case 'session':
        this.#session(fields);
        return;
      case 'subscription':
        this.#subscription(fields);
        return;
      case 'received':
        this.#received(fields);
        return;
      case 'message':
        this.#message(fields, data);
        return;
      case 'retained':
        this.#retain(fields);
        return;
      case 'queued':
        this.#queued(fields);
        return;
      case 'in-flight':
        this.#inFlight(fields);
        return;
      case 'lost':
        this.#lostLine(fields);
        return;
      case 'end':
        this.#end(fields);
        return;
    }
  }

  #session(fields: LineFields): void {
    const clientId = fields.text('clientId');
    if (this.#sessions.has(clientId))
      throw new LineError(`expected session "${clientId}" once, got it again`);
    const record: SessionRecord = {
      clientId,
      sessionExpiryInterval: fields.secondsOrNever('sessionExpiryInterval', NEVER_SECONDS),
      disconnectedAtWallMs: fields.has('disconnectedAt') ? fields.time('disconnectedAt') : undefined,
      will: fields.has('will') ? readWill(fields.object('will')) : undefined,
    };
    const owner = this.#newOwner();
    this.#sessions.set(clientId, owner);
    this.#writer.session(owner.ownerId, record);
    this.counts.sessions++;
  }

  #subscription(fields: LineFields): void {
    const { ownerId } = this.#sessionOf(fields);
    const topicFilter = fields.text('topicFilter');
    const problem = topicFilter.startsWith('$share/')
      ? sharedFilterProblem(topicFilter)
      : checkTopicFilter(topicFilter, MOST_LEVELS);
    if (problem !== null)
      throw new LineError(`expected a topic filter, "${topicFilter}" ${TOPIC_PROBLEMS[problem]}`);
    this.#writer.subscription(ownerId, {
      topicFilter,
      qos: fields.qos(),
      noLocal: fields.flag('noLocal'),
      retainAsPublished: fields.flag('retainAsPublished'),
      retainHandling: fields.integer('retainHandling', 0, 2) as 0 | 1 | 2,
      subscriptionIdentifier: fields.has('subscriptionIdentifier')
        ? fields.integer('subscriptionIdentifier', 1, MOST_IDENTIFIER)
        : 0,
    });
    this.counts.subscriptions++;
  }

  #received(fields: LineFields): void {
    const { ownerId } = this.#sessionOf(fields);
    const packetIds = fields.integers('packetIds', 1, 65_535);
    for (const packetId of packetIds) this.#writer.received(ownerId, packetId);
    this.counts.receivedPacketIds += packetIds.length;
  }

  #message(fields: LineFields, data: ByteSink): void {
    const next = this.counts.messages + 1;
    const messageId = fields.integer('message', next, next);
    const name = readTopicName(fields);
    const qos = fields.qos();
    const retain = fields.flag('retain');
    const expiresAtWallMs = fields.has('expiresAt') ? fields.time('expiresAt') : Number.POSITIVE_INFINITY;
    const topic = Buffer.from(name, 'utf8');
    const payload = fields.bytes('payload');
    const properties = fields.properties();
    const start = data.length;
    writeMessageParts(data, topic, properties, payload);
    this.#writer.message(
      messageId,
      start,
      data.length - start,
      crc32(data.slice(start, data.length)),
      payload.length,
      payload.length + properties.length + topic.length + MESSAGE_OWN_BYTES,
      qos,
      retain,
      expiresAtWallMs,
    );
    this.counts.messages++;
  }

  #retain(fields: LineFields): void {
    const name = readTopicName(fields);
    if (this.#retained.has(name))
      throw new LineError(`expected one retained message for "${name}", got another`);
    this.#retained.add(name);
    this.#writer.retained(this.#messageOf(fields), name);
    this.counts.retained++;
  }

  #queued(fields: LineFields): void {
    const owner = fields.has('group')
      ? this.#groupOf(readShare(fields.object('group')))
      : this.#sessionOf(fields);
    this.#push(owner, fields);
    this.counts.queued++;
  }

  #inFlight(fields: LineFields): void {
    const owner = this.#sessionOf(fields);
    const packetId = fields.integer('packetId', 1, 65_535);
    owner.packetIds ??= new Set();
    if (owner.packetIds.has(packetId)) {
      throw new LineError(`expected packet identifier ${packetId} once for this session, got it again`);
    }
    owner.packetIds.add(packetId);
    const state = STATES.indexOf(fields.oneOf('state', STATES)) as DeliveryState;
    const key = this.#push(owner, fields);
    this.#writer.sent(owner.ownerId, key, key, packetId, state);
    this.counts.inFlight++;
  }

  #push(owner: ImportedOwner, fields: LineFields): number {
    const key = owner.nextKey++;
    this.#writer.push(
      owner.ownerId,
      key,
      this.#messageOf(fields),
      fields.qos(),
      fields.flag('retain'),
      fields.has('subscriptionIdentifiers')
        ? fields.integers('subscriptionIdentifiers', 1, MOST_IDENTIFIER)
        : [],
      fields.has('share') ? readShare(fields.object('share')) : null,
    );
    return key;
  }

  #lostLine(fields: LineFields): void {
    fields.text('code');
    fields.text('file');
    fields.integer('offset', 0, Number.MAX_SAFE_INTEGER);
    fields.anyText('text');
    this.#lost++;
  }

  #end(fields: LineFields): void {
    for (const [name, count] of Object.entries(this.counts)) {
      const told = fields.integer(name, 0, Number.MAX_SAFE_INTEGER);
      const isRight = name === 'lost' ? told >= this.#lost : told === count;
      if (!isRight)
        throw new LineError(`expected ${count} as "${name}", which is how many there were, got ${told}`);
      if (name === 'lost') this.counts.lost = told;
    }
    this.#hasEnd = true;
  }

  #sessionOf(fields: LineFields): ImportedOwner {
    const clientId = fields.text('clientId');
    const owner = this.#sessions.get(clientId);
    if (owner === undefined) throw new LineError(`expected the line of session "${clientId}" before`);
    return owner;
  }

  #groupOf(group: ShareOwner): ImportedOwner {
    const name = `${group.shareName}/${group.topicFilter}`;
    let owner = this.#groups.get(name);
    if (owner === undefined) {
      owner = this.#newOwner();
      this.#groups.set(name, owner);
      this.#writer.share(owner.ownerId, group);
    }
    return owner;
  }

  #newOwner(): ImportedOwner {
    return { ownerId: this.#sessions.size + this.#groups.size + 1, nextKey: 0, packetIds: null };
  }

  #messageOf(fields: LineFields): number {
    const message = fields.integer('message', 1, Number.MAX_SAFE_INTEGER);
    if (message > this.counts.messages) throw new LineError(`expected the line of message ${message} before`);
    return message;
  }
}
