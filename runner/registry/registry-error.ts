/**
 * What a registry refuses, with the contract's numeric code. The embedded store throws it, the REST
 * plugin turns it into `{error_code, message}`, and the remote client turns that back into it, so a
 * caller sees the same error from every implementation.
 *
 * Source: the error codes of Confluent's REST contract; HTTP status = the code's first three digits.
 */
import { WeirError } from '../../schemas/errors.js';
import type { CompatibilityIssue } from './registry.js';

export class RegistryError extends WeirError {
  /** Five digits, or 409 for an incompatible schema. */
  readonly errorCode: number;
  readonly status: number;
  /** What broke, for 409 only. */
  readonly issues: readonly CompatibilityIssue[];

  constructor(
    errorCode: number,
    message: string,
    options: { issues?: readonly CompatibilityIssue[]; cause?: unknown } = {},
  ) {
    super('REGISTRY_REFUSED', message, options);
    this.errorCode = errorCode;
    this.status = errorCode < 1000 ? errorCode : Math.floor(errorCode / 100);
    this.issues = options.issues ?? [];
  }
}

const shown = (subject: string, version: number): string =>
  `Subject '${subject}' Version ${version}`;

/** One constructor per refusal, so that codes and wording stand in one place. */
export const refuse = {
  subjectNotFound: (subject: string) => new RegistryError(40401, `Subject '${subject}' not found.`),
  versionNotFound: (version: number | string) =>
    new RegistryError(40402, `Version ${version} not found.`),
  schemaNotFound: (id?: number) =>
    new RegistryError(40403, id === undefined ? 'Schema not found' : `Schema ${id} not found`),
  subjectSoftDeleted: (subject: string) =>
    new RegistryError(
      40404,
      `Subject '${subject}' was soft deleted. Set permanent=true to delete permanently`,
    ),
  subjectNotSoftDeleted: (subject: string) =>
    new RegistryError(
      40405,
      `Subject '${subject}' was not deleted first before being permanently deleted`,
    ),
  versionSoftDeleted: (subject: string, version: number) =>
    new RegistryError(
      40406,
      `${shown(subject, version)} was soft deleted. Set permanent=true to delete permanently`,
    ),
  versionNotSoftDeleted: (subject: string, version: number) =>
    new RegistryError(
      40407,
      `${shown(subject, version)} was not deleted first before being permanently deleted`,
    ),
  levelNotConfigured: (subject: string) =>
    new RegistryError(
      40408,
      `Subject '${subject}' does not have subject-level compatibility configured`,
    ),
  modeNotConfigured: (subject: string) =>
    new RegistryError(40409, `Subject '${subject}' does not have subject-level mode configured`),
  invalidSchema: (why: string, cause?: unknown) =>
    new RegistryError(42201, `Invalid schema: ${why}`, { cause }),
  invalidVersion: (version: string) =>
    new RegistryError(
      42202,
      `The specified version '${version}' is not a valid version id. ` +
        'Allowed values are between [1, 2^31-1] and the string "latest"',
    ),
  invalidLevel: () =>
    new RegistryError(
      42203,
      'Invalid compatibility level. Valid values are none, backward, forward, full, ' +
        'backward_transitive, forward_transitive, and full_transitive',
    ),
  invalidMode: () =>
    new RegistryError(42204, 'Invalid mode. Valid values are READWRITE, READONLY, and IMPORT'),
  notPermitted: (why: string) => new RegistryError(42205, why),
  referenced: (subject: string, version: number) =>
    new RegistryError(
      42206,
      `One or more references exist to the schema {subject=${subject},version=${version}}.`,
    ),
  invalidSubject: (subject: string) =>
    new RegistryError(42208, `The specified subject '${subject}' is not a valid subject.`),
  full: (schemasMax: number) =>
    new RegistryError(50001, `The registry holds its maximum of ${schemasMax} schemas`),
  incompatible: (subject: string, issues: readonly CompatibilityIssue[]) =>
    new RegistryError(
      409,
      `Schema being registered is incompatible with an earlier schema for subject "${subject}": ` +
        issues.map((issue) => `version ${issue.version}: ${issue.message}`).join('; '),
      { issues },
    ),
} as const;
