/**
 * The codecs' synchronous view of a registry: what was registered or asked for before, resident.
 *
 * `registerTopics` fills `idOf` at start; `ensure` fetches writer ids before a round decodes them. An
 * id nobody fetched reads as unknown, and the codec diverts the record (SCHEMA_UNKNOWN): so the runner
 * calls `ensure` with the ids of a batch, which costs nothing once they are resident.
 *
 * K1. An id's text never changes (G1), so nothing is ever invalidated.
 * bound: `schemasMax` texts (default 10,000); beyond it the oldest fetched goes and is fetched again.
 * Errors: HaltError REGISTRY_REFUSED when a subject's schema was not registered before its first use.
 */
import { HaltError } from '../../schemas/errors.js';
import type { SchemaLookup } from '../../schemas/schema-lookup.js';
import { RegistryError } from './registry-error.js';
import type { RegisteredSchema } from './registry.js';

/** What the lookup asks of a registry; the embedded one also answers at once. */
export interface SchemaSource {
  wholeText(id: number): Promise<string>;
  /** Undefined for an unknown id. */
  wholeTextNow?(id: number): string | undefined;
}

export class ResidentLookup implements SchemaLookup {
  readonly #source: SchemaSource;
  readonly #textsMax: number;
  readonly #texts = new Map<number, string>();
  readonly #ids = new Map<string, number>();

  constructor(source: SchemaSource, textsMax = 10_000) {
    this.#source = source;
    this.#textsMax = textsMax;
  }

  byId(id: number): string | undefined {
    const known = this.#texts.get(id);
    if (known !== undefined) return known;
    const text = this.#source.wholeTextNow?.(id);
    if (text !== undefined) this.#keep(id, text);
    return text;
  }

  idOf(subject: string, schemaJson: string): number {
    const id = this.#ids.get(`${subject}\n${schemaJson}`);
    if (id === undefined)
      throw new HaltError(
        'REGISTRY_REFUSED',
        `the schema of ${subject} was not registered before its first use`,
      );
    return id;
  }

  /** Remembers what a registration answered. */
  registered(schemaJson: string, { subject, id }: RegisteredSchema): void {
    this.#ids.set(`${subject}\n${schemaJson}`, id);
    this.#keep(id, schemaJson);
  }

  /** Fetches the ids not yet resident; an id the registry does not have stays unknown. */
  async ensure(ids: Iterable<number>): Promise<void> {
    for (const id of new Set(ids)) {
      if (this.#texts.has(id)) continue;
      const text = await this.#fetch(id);
      if (text !== undefined) this.#keep(id, text);
    }
  }

  async #fetch(id: number): Promise<string | undefined> {
    try {
      return await this.#source.wholeText(id);
    } catch (error) {
      if (error instanceof RegistryError && error.status === 404) return undefined;
      throw error;
    }
  }

  #keep(id: number, text: string): void {
    const oldest = this.#texts.keys().next();
    if (this.#texts.size >= this.#textsMax && oldest.done === false)
      this.#texts.delete(oldest.value);
    this.#texts.set(id, text);
  }
}
