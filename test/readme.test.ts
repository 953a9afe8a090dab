/** What README and docs/ tell a reader to type is what the program takes; the example runs as written. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { makeProgram } from '../runner/cli/program.js';
import { drive, type DriverInput } from '../runner/driver.js';
import { findTopology } from '../runner/topology-catalog.js';
import { topic } from '../schemas/topic.js';

const EXAMPLE = 'docs/examples/card-velocity.topology.js';
const PAGES = [
  'README.md',
  'docs/topologies.md',
  'docs/replay.md',
  'docs/operations.md',
  'docs/features.md',
];
const LINKING = [...PAGES, 'ARCHITECTURE.md', 'CHANGELOG.md'];

const textOf = (path: string): string => readFileSync(path, 'utf8');
const readme = textOf('README.md');
/** All commands, as they are loaded for `runner --help`. */
const program = await makeProgram(['node', 'runner']);

/** The contents of a page's fenced blocks of one language. */
const blocks = (page: string, language: string): readonly string[] =>
  [...page.matchAll(/^```(\w*)\n(.*?)^```$/gms)].flatMap(([, name, text]) =>
    name === language && text !== undefined ? [text] : [],
  );

/** The commands of a shell line, each as its words; comments, quotes and redirections taken away. */
function commandsOf(line: string): readonly (readonly string[])[] {
  const tokens =
    line.match(/"(?:[^"\\]|\\.)*"|'[^']*'|\$\(|[|;()<>&]+|#.*$|[^\s|;()<>&"']+/g) ?? [];
  const commands: string[][] = [[]];
  let redirected = false;
  for (const token of tokens) {
    if (token.startsWith('#')) break;
    if (/^[<>]/.test(token)) redirected = true;
    else if (/^(\$\(|[|;()&]+)$/.test(token)) commands.push([]);
    else if (redirected) redirected = false;
    else commands.at(-1)?.push(token.replace(/^(["'])(.*)\1$/, '$2'));
  }
  return commands.filter((words) => words.length > 0);
}

const shellLines = (page: string): readonly string[] =>
  blocks(page, 'sh').flatMap((block) => block.split('\n').filter((line) => line.trim() !== ''));

/** Every `runner ...` a page tells to type, without the word itself. */
const runnerCommands = (page: string): readonly (readonly string[])[] =>
  shellLines(page)
    .filter((line) => !line.startsWith('runner()'))
    .flatMap(commandsOf)
    .filter(([name]) => name === 'runner')
    .map((words) => words.slice(1));

/** What is wrong with a command, by the help of the program; undefined when nothing is. */
function fault(words: readonly string[]): string | undefined {
  let command: Command = program;
  let left = words;
  while (command.commands.length > 0) {
    const next = command.commands.find((one) => one.name() === left[0]);
    if (!next) return `${command.name()} has no command ${left[0] ?? ''}`;
    command = next;
    left = left.slice(1);
  }
  const help = command.helpInformation();
  let given = 0;
  for (let at = 0; at < left.length; at += 1) {
    const word = left[at] ?? '';
    if (!word.startsWith('--')) {
      given += 1;
      continue;
    }
    const option = command.options.find((one) => one.long === word);
    if (!option || !help.includes(word)) return `${command.name()} has no option ${word}`;
    if (option.required) at += 1;
  }
  const wanted = command.registeredArguments;
  const least = wanted.filter((one) => one.required).length;
  const most = wanted.some((one) => one.variadic) ? Infinity : wanted.length;
  return given >= least && given <= most ? undefined : `${command.name()} takes no ${given} words`;
}

describe('README', () => {
  it('begins with the two commands', () => {
    const firstScreen = readme.split('\n').slice(0, 25).join('\n');
    expect(blocks(firstScreen, 'sh')[0]).toBe('npm ci && npm start\nnpm ci && npm test\n');
    const { scripts, bin } = JSON.parse(textOf('package.json')) as {
      scripts: Readonly<Record<string, string>>;
      bin: Readonly<Record<string, string>>;
    };
    expect(Object.keys(scripts)).toEqual(expect.arrayContaining(['start', 'test', 'pretest']));
    const named = shellLines(readme).filter((line) => line.startsWith('runner()'));
    expect(named.length).toBeGreaterThan(0);
    for (const line of named) expect(line).toContain(`node ${bin['runner'] ?? ''} "$@"`);
  });

  it('shows every daily command, each at least once', () => {
    const shown = new Set(runnerCommands(readme).map(([name]) => name));
    const daily = program.commands
      .map((one) => one.name())
      .filter((name) => !['demo', 'world', 'completion'].includes(name));
    expect([...shown].sort()).toEqual(daily.sort());
  });

  it.each(PAGES)('%s names only commands and options the program has', (page) => {
    const wrong = runnerCommands(textOf(page)).flatMap((words) => {
      const found = fault(words);
      return found === undefined ? [] : [`runner ${words.join(' ')}: ${found}`];
    });
    expect(wrong).toEqual([]);
  });

  it('a wrong command, option or number of words would be noticed', () => {
    expect(fault(['frobnicate'])).toBe('runner has no command frobnicate');
    expect(fault(['replay', 'rtdl', '--verfiy'])).toBe('replay has no option --verfiy');
    expect(fault(['state', 'get', 'rtdl', 'flows'])).toBe('get takes no 2 words');
    expect(commandsOf(`echo '{"a": 1}' | runner produce x # say "runner none"`)).toEqual([
      ['echo', '{"a": 1}'],
      ['runner', 'produce', 'x'],
    ]);
  });

  it('leads to every other page', () => {
    for (const page of LINKING.slice(1)) expect(readme).toContain(`](${page})`);
  });

  it.each(LINKING)('%s links only to files that are there', (page) => {
    const targets = [...textOf(page).matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g)]
      .flatMap(([, target]) => target ?? [])
      .filter((target) => !target.startsWith('http'));
    expect(targets.filter((target) => !existsSync(join(dirname(page), target)))).toEqual([]);
  });
});

interface ShopCount {
  readonly id: string;
  readonly limit: number;
  readonly count: number;
}

const payment = (id: string, card: string, shop: string, atMs: number): DriverInput => ({
  source: 'payments',
  value: { id, card, shop },
  atMs,
});
const card = (name: string, limit: number, atMs: number): DriverInput => ({
  source: 'cards',
  value: { card: name, limit },
  atMs,
});

describe('the example', () => {
  it('stands in README byte for byte', () => {
    expect(blocks(readme, 'js')).toEqual([textOf(EXAMPLE)]);
  });

  it('dedups, joins late cards, gives up after 900 ms, and counts by shop', async () => {
    const example = await findTopology(`./${EXAMPLE}`, { clock: 'wall' });
    const { schema } = example.sinks[0]?.topic ?? { schema: '' };
    const counts = topic<ShopCount>({ name: 'example.counts', schema, key: ({ id }) => id });
    const startMs = 1_700_000_000_000;
    const driver = await drive(example, { startMs });
    await driver.run([
      card('c1', 500, startMs),
      payment('p1', 'c1', 's1', startMs + 10),
      payment('p1', 'c1', 's1', startMs + 20),
      payment('p2', 'c2', 's1', startMs + 30),
      payment('p3', 'c3', 's2', startMs + 40),
      card('c2', 700, startMs + 530),
      { crash: 'now' },
    ]);
    await driver.settle(2000);
    const found = await driver.emitted<ShopCount>(counts);
    await driver.close();
    expect(found.map(({ value }) => value)).toEqual([
      { id: 'p1', limit: 500, count: 1 },
      { id: 'p2', limit: 700, count: 2 },
      { id: 'p3', limit: -1, count: 1 },
    ]);
    expect(found.map(({ timeMs }) => timeMs >= startMs + 940)).toEqual([false, false, true]);
  });
});
