/** What the compiler finds out about the patterns of typed topics. At run time, `topic-pattern.ts` finds the same. */

/** The parameters of a pattern: `{ readonly room: string }` for `home/{room}/temperature`. */
export type ParametersOf<Pattern extends string> = { readonly [Name in ParameterName<Pattern>]: string };

type ParameterName<Pattern extends string> = Pattern extends `${infer Level}/${infer Rest}`
  ? LevelName<Level> | ParameterName<Rest>
  : LevelName<Pattern>;

type LevelName<Level extends string> = Level extends `{${infer Name}...}`
  ? Name
  : Level extends `{${infer Name}}`
    ? Name
    : never;

/**
 * The pattern, of several, that a topic name belongs to: of those that it fits, the one that is literal where the others
 * first differ; `{level}` goes before `{rest...}`. `never` when it fits none.
 */
export type PatternOf<Patterns extends string, Name extends string> = Closest<
  Candidate<Fitting<Patterns, Name>>,
  Name
>;

type Fitting<Patterns extends string, Name extends string> = Patterns extends string
  ? Fits<Patterns, Name> extends true
    ? Patterns
    : never
  : never;

type Fits<Pattern extends string, Name extends string> = Pattern extends `{${string}...}`
  ? IsParameterValue<Name>
  : Pattern extends `${infer Level}/${infer Levels}`
    ? Name extends `${infer NameLevel}/${infer NameLevels}`
      ? FitsLevel<Level, NameLevel> extends true
        ? Fits<Levels, NameLevels>
        : false
      : false
    : Name extends `${string}/${string}`
      ? false
      : FitsLevel<Pattern, Name>;

type FitsLevel<Level extends string, NameLevel extends string> = Level extends `{${string}}`
  ? IsParameterValue<NameLevel>
  : NameLevel extends Level
    ? true
    : false;

type IsParameterValue<Value extends string> = Value extends '' | `${string}${'+' | '#'}${string}`
  ? false
  : true;

/** A pattern that fits, and its levels that have not been compared. */
type Candidate<Pattern extends string> = Pattern extends string ? readonly [Pattern, Pattern] : never;
type AnyCandidate = readonly [pattern: string, levels: string];

type Closest<Candidates extends AnyCandidate, Name extends string> = Name extends `${string}/${infer Levels}`
  ? Closest<Next<Preferred<Candidates>>, Levels>
  : Preferred<Candidates>[0];

type Preferred<Candidates extends AnyCandidate> =
  Literal<Candidates> extends never
    ? OneLevel<Candidates> extends never
      ? Candidates
      : OneLevel<Candidates>
    : Literal<Candidates>;

type Literal<Candidates extends AnyCandidate> = Candidates extends AnyCandidate
  ? FirstLevel<Candidates[1]> extends `{${string}}`
    ? never
    : Candidates
  : never;

type OneLevel<Candidates extends AnyCandidate> = Candidates extends AnyCandidate
  ? FirstLevel<Candidates[1]> extends `{${string}...}`
    ? never
    : Candidates
  : never;

type Next<Candidates extends AnyCandidate> = Candidates extends readonly [
  infer Pattern extends string,
  `${string}/${infer Levels}`,
]
  ? readonly [Pattern, Levels]
  : Candidates;

type FirstLevel<Levels extends string> = Levels extends `${infer Level}/${string}` ? Level : Levels;
