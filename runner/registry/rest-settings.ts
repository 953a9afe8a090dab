/**
 * The registry contract's settings: compatibility level and mode, global and by subject.
 *
 * GET answers what is set; for a subject without its own setting 40408 or 40409, unless
 * `defaultToGlobal=true`. PUT and DELETE answer as the contract does. Errors: 42203, 42204, 42205.
 */
import type { CompatibilityLevel } from '../../schemas/compatibility.js';
import type { FastifyInstance } from 'fastify';
import { refuse } from './registry-error.js';
import type { RegistryMode } from './registry-rows.js';
import type { RegistryStore } from './registry-store.js';
import { isCompatibilityLevel } from './registry.js';
import { flag, recordOf } from './rest-request.js';

interface Settings {
  readonly Params: { readonly subject?: string };
  readonly Querystring: Readonly<Record<string, string | undefined>>;
}

const levelOf = (body: unknown): CompatibilityLevel => {
  const { compatibility } = recordOf(body);
  const level = typeof compatibility === 'string' ? compatibility.toUpperCase() : '';
  if (!isCompatibilityLevel(level)) throw refuse.invalidLevel();
  return level;
};

const modeOf = (body: unknown): RegistryMode => {
  const { mode } = recordOf(body);
  switch (typeof mode === 'string' ? mode.toUpperCase() : '') {
    case 'READWRITE':
      return 'READWRITE';
    case 'READONLY':
      return 'READONLY';
    case 'IMPORT':
      return 'IMPORT';
    default:
      throw refuse.invalidMode();
  }
};

export const restSettings = (app: FastifyInstance, store: RegistryStore): void => {
  const { catalog } = store;
  for (const path of ['/config', '/config/:subject']) {
    app.get<Settings>(path, (request) => {
      const { subject = '' } = request.params;
      const own = catalog.ownLevel(subject);
      if (own === undefined && subject !== '' && !flag(request.query['defaultToGlobal']))
        throw refuse.levelNotConfigured(subject);
      return { compatibilityLevel: own ?? catalog.level(subject) };
    });
    app.put<Settings>(path, async (request) => {
      const compatibility = levelOf(request.body);
      await store.setCompatibilityLevel(compatibility, request.params.subject ?? '');
      return { compatibility };
    });
    app.delete<Settings>(path, async (request) => ({
      compatibilityLevel: await store.clearCompatibilityLevel(request.params.subject ?? ''),
    }));
  }
  for (const path of ['/mode', '/mode/:subject']) {
    app.get<Settings>(path, (request) => {
      const { subject = '' } = request.params;
      const own = catalog.ownMode(subject);
      if (own === undefined && subject !== '' && !flag(request.query['defaultToGlobal']))
        throw refuse.modeNotConfigured(subject);
      return { mode: own ?? catalog.mode(subject) };
    });
    app.put<Settings>(path, async (request) => {
      const mode = modeOf(request.body);
      await store.setMode(mode, request.params.subject ?? '', flag(request.query['force']));
      return { mode };
    });
  }
  app.delete<Settings>('/mode/:subject', async (request) => ({
    mode: await store.clearMode(request.params.subject ?? ''),
  }));
};
