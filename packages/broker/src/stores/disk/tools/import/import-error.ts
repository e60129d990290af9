/** An export that cannot be imported: nothing of it is in the directory. */
export class ImportError extends Error {
  override readonly name = 'ImportError';
  readonly code = 'import-refused';
  /** From 1 on; 0 when it is about the file as a whole. */
  readonly lineNumber: number;

  constructor(message: string, about: { readonly lineNumber: number; readonly cause?: unknown }) {
    const { lineNumber, cause } = about;
    super(lineNumber === 0 ? message : `line ${lineNumber}: ${message}`, { cause });
    this.lineNumber = lineNumber;
  }
}
