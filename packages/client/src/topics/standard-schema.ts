/**
 * Standard Schema, version 1 (https://standardschema.dev): what Zod, Valibot, ArkType and others have in common, in
 * types of our own. A validator by hand is as good:
 *
 *     const celsius: StandardSchema<number> = {
 *       '~standard': {
 *         version: 1,
 *         vendor: 'example',
 *         validate: (value) =>
 *           typeof value === 'number' ? { value } : { issues: [{ message: 'expected a number' }] },
 *       },
 *     };
 */
export interface StandardSchema<Input = unknown, Output = Input> {
  readonly '~standard': {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => StandardResult<Output> | Promise<StandardResult<Output>>;
    /** There for the compiler only. */
    readonly types?: { readonly input: Input; readonly output: Output } | undefined;
  };
}

export type StandardResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly StandardIssue[] };

/** What is wrong with a value, and where in it. */
export interface StandardIssue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

/** What a schema takes: the form that travels. */
export type InputOf<Schema extends StandardSchema> = NonNullable<Schema['~standard']['types']>['input'];

/** What a schema gives: the form that a subscriber gets. */
export type OutputOf<Schema extends StandardSchema> = NonNullable<Schema['~standard']['types']>['output'];
