/** Completion for zsh: a file `_martlet` in its `fpath`. */
import type { CompletedCommand, CompletedFlag } from './completed-command.ts';

export function zshScript(commands: readonly CompletedCommand[]): string {
  const aliases = commands.filter(({ alias }) => alias !== undefined);
  return `#compdef martlet${aliases.map(({ alias }) => ` ${alias}`).join('')}
# Completion of martlet for zsh; made by: martlet completion zsh
${commands.map((command) => functionOf(command, commands)).join('\n')}

_martlet() {
  case $service in
${aliases.map(({ alias, words }) => `    ${alias}) ${functionName(words)}; return ;;`).join('\n')}
  esac
  local -a commands
  commands=(
${commands
  .filter(({ words }) => words.length === 1)
  .map(({ words, summary }) => `    ${quoted(`${words[0]}:${summary}`)}`)
  .join('\n')}
    'help:print what can be said of a command'
  )
  if (( CURRENT == 2 )); then
    _describe -t commands 'command' commands
    return
  fi
  local name=$words[2]
  shift words
  (( CURRENT-- ))
  case $name in
${commands
  .filter(({ words }) => words.length === 1)
  .map(({ words }) => `    ${words[0]}) ${functionName(words)} ;;`)
  .join('\n')}
    help) _describe -t commands 'command' commands ;;
  esac
}

_martlet "$@"
`;
}

function functionName(words: readonly string[]): string {
  return `_martlet_${words.join('_')}`;
}

function functionOf(command: CompletedCommand, all: readonly CompletedCommand[]): string {
  const { words } = command;
  const parts = all.filter((other) => other.words.length > words.length && other.words[0] === words[0]);
  return `${functionName(words)}() {\n${parts.length > 0 ? partsBody(parts) : flagsBody(command)}\n}`;
}

function flagsBody({ flags, others }: CompletedCommand): string {
  const rest = others.length === 0 ? "'*:file:_files'" : `'*:what:(${others.join(' ')})'`;
  return `  _arguments \\\n${[...flags.flatMap(specsOf), rest].map((spec) => `    ${spec}`).join(' \\\n')}`;
}

/** The word after the command is the name of a part, and what follows is the part's. */
function partsBody(parts: readonly CompletedCommand[]): string {
  return `  local -a parts
  parts=(
${parts.map(({ words, summary }) => `    ${quoted(`${words[1]}:${summary}`)}`).join('\n')}
  )
  if (( CURRENT == 2 )); then
    _describe -t commands 'command' parts
    return
  fi
  local name=$words[2]
  shift words
  (( CURRENT-- ))
  case $name in
${parts.map(({ words }) => `    ${words[1]}) ${functionName(words)} ;;`).join('\n')}
  esac`;
}

/** One for each name: `'*-t[where to publish]:value: '`. */
function specsOf({ names, text, value }: CompletedFlag): readonly string[] {
  const described = text.replaceAll(/[[\]]/g, '').replaceAll(':', '\\:');
  const action =
    value === 'file'
      ? ':file:_files'
      : value === 'directory'
        ? ':directory:_files -/'
        : value === 'any'
          ? ':value: '
          : value === undefined
            ? ''
            : `:value:(${value.join(' ')})`;
  return names.map((name) => quoted(`*${name}[${described}]${action}`));
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
