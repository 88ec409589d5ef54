import type { EventEmitter } from 'node:events'

/**
 * A type with what does not matter to applications taken off: entities become the fact that they are one (each is compared
 * under its own name), and an optional field may be given as undefined.
 */
export type Plain<T> = T extends Buffer
  ? 'Buffer'
  : T extends Error
    ? 'Error'
    : T extends Promise<infer Value>
      ? { promised: Plain<Value> }
      : T extends { readonly observer: unknown; close(): void }
        ? 'entity'
        : T extends (...args: never[]) => unknown
          ? 'function'
          : T extends readonly unknown[]
            ? { [K in keyof T]: Plain<T[K]> }
            : T extends object
              ? {
                  [K in keyof T]: Record<never, never> extends Pick<T, K>
                    ? Plain<Exclude<T[K], undefined>>
                    : Plain<T[K]>
                }
              : T

/** Methods that the reference marks as private, or has for itself, in interfaces that applications see. */
type Private =
  | 'transportClosed'
  | 'routerClosed'
  | 'listenServerClosed'
  | 'workerClosed'
  | 'handleWebRtcTransport'
  | `@${string}`
type Members<Noun> = Exclude<keyof Noun, keyof EventEmitter | 'safeEmit' | Private>

type IsUsableAs<Given, Wanted> = [Plain<Given>] extends [Plain<Wanted>] ? true : false

/** Whether a member can stand in for the reference's: takes what that takes, gives what that gives. */
type IsSameMember<Reference, Ours> = [Reference] extends [
  (...args: infer ReferenceArgs) => infer ReferenceResult,
]
  ? [Ours] extends [(...args: infer OurArgs) => infer OurResult]
    ? [IsUsableAs<ReferenceArgs, OurArgs>, IsUsableAs<OurResult, ReferenceResult>] extends [true, true]
      ? true
      : false
    : false
  : IsUsableAs<Ours, Reference>

/** Names of the members of a noun that ours lacks, or has otherwise. */
export type NounDifferences<Reference, Ours> = {
  [K in Members<Reference>]: K extends keyof Ours
    ? IsSameMember<Reference[K], Ours[K]> extends true
      ? never
      : K
    : K
}[Members<Reference>]

type EventNames<Events> = Exclude<keyof Events, `@${string}`>

/** Names of the events that ours lacks, or whose listeners get something else. */
export type EventDifferences<Reference, Ours> = {
  [K in EventNames<Reference>]: K extends keyof Ours
    ? IsUsableAs<Ours[K], Reference[K]> extends true
      ? never
      : K
    : K
}[EventNames<Reference>]

type KeysOfAny<Union> = Union extends object ? keyof Union : never

/** Options that ours does not know, and `Name` unless ours takes whatever the reference takes. */
export type InputDifference<Name, Reference, Ours> =
  | (IsUsableAs<Reference, Ours> extends true ? never : Name)
  | Exclude<KeysOfAny<Reference>, KeysOfAny<Ours>>

/** Fields that ours lacks in what it gives, or has otherwise. */
export type OutputDifferences<Reference, Ours> = {
  [K in keyof Reference]-?: K extends keyof Ours
    ? IsUsableAs<Ours[K], Reference[K]> extends true
      ? never
      : K
    : K
}[keyof Reference]

/** Compiles only where nothing differs; the compiler's error names what does. */
export type None<Differences extends never> = Differences
