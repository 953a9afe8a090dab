/**
 * `runner schemas list|check|register|diff`: the schema registry of a data directory, or a remote one.
 *
 * While an owner runs, what is registered here goes through it: two writers would give one id twice.
 */
import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { UsageError } from '../../schemas/errors.js';
import { topics } from '../../schemas/topics.js';
import { checkSchemas, diffSchemas, listSchemas, registerSchemas } from '../registry/commands.js';
import { connectRegistry } from '../registry/client.js';
import { issueLine, type SchemaTopic } from '../registry/register-topics.js';
import type { Registry } from '../registry/registry.js';
import { runtimeCalls } from '../runtime-calls.js';
import { EXIT } from './exit.js';
import { DATA_OPTION, wholeNumber } from './options.js';
import { withData } from './open-data.js';
import { say, table } from './terminal.js';

interface RegistryOptions {
  readonly data: string;
  readonly registry?: string;
  readonly subject?: string;
}

const REGISTRY_OPTION = [
  '--registry <url>',
  'a schema registry instead of the data directory',
] as const;
const SUBJECT_OPTION = ['--subject <subject>', 'subject of the schema in FILE'] as const;

export function addSchemas(program: Command): void {
  const schemas = program.command('schemas').description('the schema registry');
  schemas
    .command('list')
    .description('subjects, their versions, latest id and compatibility level')
    .option(...DATA_OPTION)
    .option(...REGISTRY_OPTION)
    .action(async (options: RegistryOptions) => {
      await reading(options, list);
    });
  schemas
    .command('check')
    .description("compare schemas with what is registered: this build's, or one in a file")
    .argument('[file]', 'an .avsc file; needs --subject')
    .option(...DATA_OPTION)
    .option(...REGISTRY_OPTION)
    .option(...SUBJECT_OPTION)
    .addHelpText(
      'after',
      '\nExit code 1 when something is incompatible.\n\nExamples:\n  runner schemas check\n  runner schemas check traffic.avsc --subject fp.bus.traffic.fraud.v1-value',
    )
    .action(async (file: string | undefined, options: RegistryOptions) => {
      const wanted = await schemasOf(file, options.subject);
      process.exitCode = await reading(options, (registry) => check(registry, wanted));
    });
  schemas
    .command('register')
    .description("register schemas: this build's, or one in a file; all or none")
    .argument('[file]', 'an .avsc file; needs --subject')
    .option(...DATA_OPTION)
    .option(...REGISTRY_OPTION)
    .option(...SUBJECT_OPTION)
    .action(async (file: string | undefined, options: RegistryOptions) => {
      await register(await schemasOf(file, options.subject), options);
    });
  schemas
    .command('diff')
    .description('what changed between two versions of a subject, by default the last two')
    .argument('<subject>')
    .option('--from <version>')
    .option('--to <version>')
    .option(...DATA_OPTION)
    .option(...REGISTRY_OPTION)
    .addHelpText('after', '\nExit code 1 when there are changes.')
    .action(
      async (
        subject: string,
        options: RegistryOptions & { readonly from?: string; readonly to?: string },
      ) => {
        const range = {
          ...(options.from === undefined ? {} : { from: wholeNumber('--from', options.from) }),
          ...(options.to === undefined ? {} : { to: wholeNumber('--to', options.to) }),
        };
        process.exitCode = await reading(options, (registry) => diff(registry, subject, range));
      },
    );
}

async function reading<T>(
  options: RegistryOptions,
  work: (registry: Registry) => Promise<T>,
): Promise<T> {
  if (options.registry === undefined) {
    return withData({ data: options.data, mode: 'read' }, ({ registry }) => work(registry));
  }
  return withRemote(options.registry, work);
}

async function withRemote<T>(url: string, work: (registry: Registry) => Promise<T>): Promise<T> {
  if (!URL.canParse(url)) throw new UsageError(`--registry is "${url}"; give a URL.`);
  const registry = await connectRegistry({ urls: [url] });
  try {
    return await work(registry);
  } finally {
    await registry.close();
  }
}

async function schemasOf(
  file: string | undefined,
  subject: string | undefined,
): Promise<readonly SchemaTopic[]> {
  if (file === undefined) {
    if (subject === undefined) return Object.values(topics);
    const own = Object.values(topics).filter((topic) => topic.subject === subject);
    if (own.length > 0) return own;
    throw new UsageError(`This build has no schema for ${subject}; name a file.`);
  }
  if (subject === undefined) throw new UsageError('A file needs --subject to say what it is for.');
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch {
    throw new UsageError(`There is no file ${file} to read.`);
  }
  try {
    return [{ name: file, subject, schema: JSON.stringify(JSON.parse(text)) }];
  } catch {
    throw new UsageError(`${file} is not JSON, so it is no Avro schema.`);
  }
}

async function list(registry: Registry): Promise<void> {
  const rows = (await listSchemas(registry)).map(({ subject, versions, latestId, level }) => [
    subject,
    versions.join(','),
    latestId,
    level,
  ]);
  say(table([['subject', 'versions', 'latest id', 'compatibility'], ...rows]));
}

async function check(registry: Registry, wanted: readonly SchemaTopic[]): Promise<number> {
  const rows = await checkSchemas(registry, wanted);
  say(
    table(
      rows.map(({ subject, status, version }) => [
        status,
        subject,
        version === undefined ? '' : `version ${version}`,
      ]),
    ),
  );
  for (const { subject, issues } of rows) {
    for (const issue of issues) say(issueLine(subject, issue));
  }
  return rows.some(({ status }) => status === 'incompatible') ? EXIT.difference : EXIT.done;
}

async function register(wanted: readonly SchemaTopic[], options: RegistryOptions): Promise<void> {
  const rows =
    options.registry === undefined
      ? await withData({ data: options.data, mode: 'use' }, ({ owner, registry }) =>
          owner === null
            ? registerSchemas(registry, wanted)
            : owner.call(
                runtimeCalls.register,
                wanted.map(({ name, subject, schema }) => ({ name, subject, schema })),
              ),
        )
      : await withRemote(options.registry, (registry) => registerSchemas(registry, wanted));
  say(
    table(
      rows.map(({ subject, version, id, added }) => [
        added ? 'registered' : 'was there',
        subject,
        `version ${version}`,
        `id ${id}`,
      ]),
    ),
  );
}

async function diff(
  registry: Registry,
  subject: string,
  range: { readonly from?: number; readonly to?: number },
): Promise<number> {
  const { from, to, changes } = await diffSchemas(registry, subject, range);
  if (changes.length === 0) {
    say(`${subject}: versions ${from} and ${to} say the same`);
    return EXIT.done;
  }
  say(`${subject}: version ${from} to ${to}`);
  for (const change of changes)
    say(`  ${change.path === '' ? 'the schema itself' : change.path}: ${change.words}`);
  return EXIT.difference;
}
