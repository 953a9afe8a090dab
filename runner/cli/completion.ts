/**
 * `runner completion bash|zsh|fish`: shell completion, drawn from the commands themselves.
 *
 * The script holds every command with its options; nothing is asked of the program while typing.
 */
import { Argument, type Command } from 'commander';
import { SHIPPED } from '../topology-catalog.js';
import { say } from './terminal.js';
import { shortNames } from './topic-names.js';

/** One place in the tree, and what may follow there. */
interface Place {
  /** Words after `runner`, such as `state get`. */
  readonly path: string;
  readonly commands: readonly { readonly name: string; readonly about: string }[];
  readonly options: readonly { readonly flag: string; readonly about: string }[];
  /** Words that fit the first argument. */
  readonly words: readonly string[];
}

const SHELLS = ['bash', 'zsh', 'fish'] as const;
type Shell = (typeof SHELLS)[number];

export function addCompletion(program: Command): void {
  program
    .command('completion')
    .description('print a completion script for a shell')
    .addArgument(new Argument('<shell>').choices(SHELLS))
    .addHelpText(
      'after',
      '\nExamples:\n  source <(runner completion bash)\n  runner completion zsh > ~/.zfunc/_runner\n  runner completion fish > ~/.config/fish/completions/runner.fish',
    )
    .action((shell: Shell) => {
      say(completionScript(program, shell));
    });
}

export function completionScript(program: Command, shell: Shell): string {
  const places = placesOf(program, '');
  switch (shell) {
    case 'bash':
      return bash(places);
    case 'zsh':
      // zsh runs bash completions through its own bridge.
      return `#compdef runner\nautoload -U +X bashcompinit && bashcompinit\n${bash(places)}`;
    case 'fish':
      return fish(places);
  }
}

function placesOf(command: Command, path: string): readonly Place[] {
  const { commands } = command;
  const topLevel = path === '' ? ['--version'] : [];
  return [
    {
      path,
      commands: commands.map((one) => ({ name: one.name(), about: one.description() })),
      options: [
        ...command.options.map((one) => ({ flag: one.long ?? one.flags, about: one.description })),
        { flag: '--help', about: 'show help' },
      ].filter(({ flag }) => !topLevel.includes(flag) || path === ''),
      words: wordsOf(command),
    },
    ...commands.flatMap((one) => placesOf(one, path === '' ? one.name() : `${path} ${one.name()}`)),
  ];
}

function wordsOf(command: Command): readonly string[] {
  const [first] = command.registeredArguments;
  if (command.commands.length > 0 || first === undefined) return [];
  if (first.argChoices) return first.argChoices;
  if (first.name() === 'topic') return shortNames;
  return ['name', 'names', 'topology', 'task'].includes(first.name()) ? Object.keys(SHIPPED) : [];
}

function bash(places: readonly Place[]): string {
  const cases = places.map(({ path, commands, options, words }) => {
    const follow = [...commands.map((one) => one.name), ...words];
    const flags = options.map((one) => one.flag);
    return `    '${path}') words='${follow.join(' ')}'; flags='${flags.join(' ')}' ;;`;
  });
  const paths = places.filter(({ path }) => path !== '').map(({ path }) => `'${path}'`);
  return `# completion of runner for bash
_runner() {
  local current="\${COMP_WORDS[COMP_CWORD]}" path='' word words='' flags=''
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "\${path:+$path }$word" in
      ${paths.join('|')}) path="\${path:+$path }$word" ;;
    esac
  done
  case "$path" in
${cases.join('\n')}
  esac
  if [[ "$current" == -* ]]; then
    COMPREPLY=($(compgen -W "$flags" -- "$current"))
  else
    COMPREPLY=($(compgen -W "$words" -- "$current"))
    [[ \${#COMPREPLY[@]} -gt 0 ]] || COMPREPLY=($(compgen -f -- "$current"))
  fi
}
complete -F _runner runner`;
}

function fish(places: readonly Place[]): string {
  const lines = places.flatMap(({ path, commands, options, words }) => {
    const here = fishCondition(path, commands);
    return [
      ...commands.map(({ name, about }) => fishLine(here, `-f -a ${name}`, about)),
      ...words.map((word) => fishLine(here, `-a ${word}`, '')),
      ...options.map(({ flag, about }) => fishLine(here, `-l ${flag.replace(/^--/, '')}`, about)),
    ];
  });
  return ['# completion of runner for fish', ...lines].join('\n');
}

const fishCondition = (path: string, commands: Place['commands']): string => {
  if (path === '') return '__fish_use_subcommand';
  const seen = path.split(' ').map((word) => `__fish_seen_subcommand_from ${word}`);
  const names = commands.map((one) => one.name).join(' ');
  const open = names === '' ? [] : [`not __fish_seen_subcommand_from ${names}`];
  return [...seen, ...open].join('; and ');
};

const fishLine = (condition: string, what: string, about: string): string =>
  `complete -c runner -n '${condition}' ${what}${about === '' ? '' : ` -d '${about.replaceAll("'", "\\'")}'`}`;
