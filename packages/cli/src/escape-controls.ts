/** Text of peers and files as people may see it: without what would command their terminal. */

export function escapeControls(text: string): string {
  // C0, DEL, C1, the line separators, and what turns the direction of writing.
  return text.replaceAll(
    /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu,
    (character) => {
      if (character === '\n') return '\\n';
      if (character === '\t') return '\\t';
      return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
    },
  );
}
