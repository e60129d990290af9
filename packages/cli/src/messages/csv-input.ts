/**
 * Messages from CSV (RFC 4180) whose first record names the columns, as `martlet sub --csv` prints it:
 *
 *     topic,payload,qos,retain,content-type
 *     home/light,on,1,true,text/plain
 *     home/note,"a, b and ""c""",0,false,
 *
 * A field in quotation marks may hold commas, ends of lines and doubled quotation marks. Records may end in CR LF or LF.
 */
import { quoted } from '../flags/value-parsers.ts';
import { InputError } from './input-message.ts';

/** One record, and the line on which it begins, from 1 on. */
export interface CsvRecord {
  readonly fields: readonly string[];
  readonly line: number;
}

/** The longest record, in characters: a mark that is never closed must not take all memory. */
export const LONGEST_RECORD = 268_435_455;

/** Splits text that comes in parts into records. */
export class CsvRecords {
  /** Characters that mean nothing but themselves. */
  readonly #withinMarks = /[^"]{1,65536}/y;
  readonly #outsideMarks = /[^",\r\n]{1,65536}/y;
  #fields: string[] = [];
  #field = '';
  #isQuoted = false;
  /** A quotation mark has just been seen within marks: the next character says whether it was the last one. */
  #isMark = false;
  #line = 1;
  #firstLine = 1;
  #isEmpty = true;
  /** Characters of the record so far. */
  #length = 0;

  /**
   * The records that end in this text.
   * @throws {InputError} for what stands beside a field in quotation marks
   */
  push(text: string): readonly CsvRecord[] {
    const records: CsvRecord[] = [];
    for (let at = 0; at < text.length; ) {
      const run = this.#isQuoted ? this.#withinMarks : this.#outsideMarks;
      run.lastIndex = at;
      const plain = this.#isMark ? undefined : run.exec(text)?.[0];
      if (plain !== undefined) {
        this.#take(plain);
        at += plain.length;
        continue;
      }
      const record = this.#next(text[at]!);
      if (record !== undefined) records.push(record);
      at++;
    }
    return records;
  }

  /** @throws {InputError} for a quotation mark that was not closed */
  end(): CsvRecord | undefined {
    if (this.#isQuoted && !this.#isMark)
      throw new InputError(
        `expected a closing quotation mark for that of line ${this.#firstLine}, got the end`,
      );
    return this.#isEmpty ? undefined : this.#takeRecord();
  }

  /** Takes a character that may mean something. */
  #next(character: string): CsvRecord | undefined {
    if (this.#isQuoted && character === '"') {
      // The second one of two stands for itself.
      if (this.#isMark) this.#take(character);
      this.#isMark = !this.#isMark;
      return undefined;
    }
    switch (character) {
      case ',':
        this.#endField();
        return undefined;
      case '\n':
        return this.#endLine();
      case '\r':
        // Its line feed follows.
        return undefined;
      case '"':
        if (this.#field !== '')
          throw this.#error('expected a quotation mark at the beginning of a field only');
        this.#isQuoted = true;
        this.#isEmpty = false;
        return undefined;
      default:
        throw this.#error(`expected a comma after the closing quotation mark, got ${quoted(character)}`);
    }
  }

  #take(text: string): void {
    this.#isEmpty = false;
    this.#field += text;
    this.#length += text.length;
    for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) this.#line++;
    if (this.#length > LONGEST_RECORD)
      throw new InputError(`expected a record of at most ${LONGEST_RECORD} characters, got a longer one`);
  }

  #error(text: string): InputError {
    return new InputError(`line ${this.#line}: ${text}`);
  }

  #endField(): void {
    this.#fields.push(this.#field);
    this.#field = '';
    this.#isQuoted = false;
    this.#isMark = false;
    this.#isEmpty = false;
  }

  /** A line with nothing on it is no record. */
  #endLine(): CsvRecord | undefined {
    const record = this.#isEmpty ? undefined : this.#takeRecord();
    this.#line++;
    this.#firstLine = this.#line;
    return record;
  }

  #takeRecord(): CsvRecord {
    this.#endField();
    const record = { fields: this.#fields, line: this.#firstLine };
    this.#fields = [];
    this.#isEmpty = true;
    this.#length = 0;
    return record;
  }
}
