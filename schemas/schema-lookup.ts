/**
 * Where codecs find writer schemas: a synchronous view of the registry. The runner's registry fills
 * it before a round runs; nothing on the hot path awaits. `memoryLookup` is the implementation for
 * the topology driver and tests.
 */
import { UsageError } from './errors.js';

export interface SchemaLookup {
  /** JSON text of the schema with this id, or undefined when the registry does not have it. */
  byId(id: number): string | undefined;
  /** The id of a schema under a subject; throws a WeirError when it is not registered and cannot be. */
  idOf(subject: string, schemaJson: string): number;
}

/** Ids from 1 in order of first use; the same text has one id under every subject, as in a registry. */
export function memoryLookup(): SchemaLookup {
  const texts: string[] = [];
  const ids = new Map<string, number>();
  return {
    byId: (id) => texts[id - 1],
    idOf: (subject, schemaJson) => {
      if (subject === '') throw new UsageError('a schema needs a subject, e.g. <topic>-value');
      let id = ids.get(schemaJson);
      if (id === undefined) {
        texts.push(schemaJson);
        id = texts.length;
        ids.set(schemaJson, id);
      }
      return id;
    },
  };
}
