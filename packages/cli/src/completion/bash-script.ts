/** Completion for bash 4 and newer, without the package bash-completion. */
import type { CompletedCommand, CompletedFlag } from './completed-command.ts';

/**
 * One function for `martlet`: by the words of the command it finds the flags, and by the flag before the cursor what is
 * completed. Mosquitto's names are completed as the commands that they stand for.
 */
export function bashScript(commands: readonly CompletedCommand[]): string {
  const roots = [...new Set(commands.map(({ words }) => words[0]!)), 'help'];
  const aliases = commands.filter(({ alias }) => alias !== undefined);
  return `# Completion of martlet for bash; made by: martlet completion bash
_martlet() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD-1]} command word
  local flags= others=
  COMPREPLY=()
  case \${COMP_WORDS[0]##*/} in
${aliases.map(({ alias, words }) => `    ${alias}) command='${words.join(' ')}' ;;`).join('\n')}
    *)
      if [ "$COMP_CWORD" -eq 1 ]; then
        COMPREPLY=($(compgen -W '${roots.join(' ')} --help --version' -- "$cur"))
        return
      fi
      command=\${COMP_WORDS[1]}
      if [ "$command" = help ]; then
        COMPREPLY=($(compgen -W '${roots.join(' ')}' -- "$cur"))
        return
      fi
${branchesOf(commands)}
      ;;
  esac
  case "$command" in
${commands.map(caseOf).join('\n')}
  esac
  if [[ $cur == -* ]]; then
    COMPREPLY=($(compgen -W "$flags" -- "$cur"))
  elif [ -n "$others" ]; then
    COMPREPLY=($(compgen -W "$others" -- "$cur"))
  else
    compopt -o default 2>/dev/null
  fi
}
complete -F _martlet martlet${aliases.map(({ alias }) => ` ${alias}`).join('')}
`;
}

/** Where a command has parts, the second word belongs to its name once it is there. */
function branchesOf(commands: readonly CompletedCommand[]): string {
  const parts = commands.filter(({ words }) => words.length > 1).map(({ words }) => words.join(' '));
  if (parts.length === 0) return '      :';
  return `      case "$command \${COMP_WORDS[2]}" in
        ${parts.map((part) => `'${part}'`).join('|')}) [ "$COMP_CWORD" -gt 2 ] && command="$command \${COMP_WORDS[2]}" ;;
      esac`;
}

function caseOf({ words, flags, others }: CompletedCommand): string {
  const values = flags.filter(({ value }) => value !== undefined);
  return `    '${words.join(' ')}')
      flags='${flags.flatMap(({ names }) => names).join(' ')}'
${others.length === 0 ? '' : `      others='${others.join(' ')}'\n`}      case "$prev" in
${values.map(valueCaseOf).join('\n')}
      esac
      ;;`;
}

function valueCaseOf({ names, value }: CompletedFlag): string {
  const pattern = names.join('|');
  if (value === 'any') return `        ${pattern}) return ;;`;
  const action =
    value === 'file'
      ? 'compopt -o filenames 2>/dev/null; COMPREPLY=($(compgen -f -- "$cur"))'
      : value === 'directory'
        ? 'compopt -o filenames 2>/dev/null; COMPREPLY=($(compgen -d -- "$cur"))'
        : `COMPREPLY=($(compgen -W '${value?.join(' ')}' -- "$cur"))`;
  return `        ${pattern}) ${action}; return ;;`;
}
