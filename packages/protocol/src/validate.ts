import type * as z from 'zod'
import type { WireError } from './errors.ts'
import { limits } from './limits.ts'

/** A value that fits its schema, or the error to answer with. */
export type Validated<Value> =
  | { readonly ok: true; readonly value: Value }
  | { readonly ok: false; readonly error: WireError }

const refused = (path: string, expected: string): { ok: false; error: WireError } => ({
  ok: false,
  error: {
    code: 'invalidMessage',
    message: `The message is not valid at ${path}: ${expected}.`,
    details: { path, expected },
  },
})

const forbiddenKeys = new Set(['__proto__', 'constructor', 'prototype'])

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null

/** First reason why a value may not even be looked at by a schema: too deep, too big, binary or with a key that reaches prototypes. */
const structureProblem = (root: unknown): string | undefined => {
  if (!isObject(root)) return undefined
  const pending: { value: object; depth: number }[] = [{ value: root, depth: 0 }]
  let values = 1
  for (const { value, depth } of pending) {
    if (depth >= limits.depth) return `at most ${limits.depth} levels`
    const prototype: unknown = Object.getPrototypeOf(value)
    if (!Array.isArray(value) && prototype !== Object.prototype && prototype !== null) return 'plain JSON'
    const keys = Object.keys(value)
    values += keys.length
    if (values > limits.nodes) return `at most ${limits.nodes} values`
    for (const key of keys) {
      if (forbiddenKeys.has(key)) return 'no key that reaches a prototype'
      const child = (value as { [key: string]: unknown })[key]
      if (isObject(child)) pending.push({ value: child, depth: depth + 1 })
    }
  }
  return undefined
}

const cut = (text: string, length: number): string =>
  text.length > length ? `${text.slice(0, length)}…` : text

/** The issue that tells most: of a union, the branch that came farthest. */
const deepestIssue = (issue: z.core.$ZodIssue): { path: PropertyKey[]; message: string } => {
  if (issue.code !== 'invalid_union' || issue.errors.length === 0) {
    return { path: issue.path, message: issue.message }
  }
  const branches = issue.errors
    .map((branch) => branch[0])
    .filter((first) => first !== undefined)
    .map(deepestIssue)
    .sort((a, b) => b.path.length - a.path.length)
  const best = branches[0]
  return best === undefined
    ? { path: issue.path, message: issue.message }
    : { path: [...issue.path, ...best.path], message: best.message }
}

/**
 * Checks a payload that came over the wire. Never throws.
 * A failure is `invalidMessage` with details `path` (dots, `(message)` for the whole) and `expected`;
 * the payload's own content is never repeated in it, beyond the names of keys.
 */
export const validate = <Schema extends z.ZodType>(
  schema: Schema,
  payload: unknown,
): Validated<z.output<Schema>> => {
  const problem = structureProblem(payload)
  if (problem !== undefined) return refused('(message)', problem)
  const parsed = schema.safeParse(payload)
  if (parsed.success) return { ok: true, value: parsed.data }
  const first = parsed.error.issues[0]
  if (first === undefined) return refused('(message)', 'a valid message')
  const issue = deepestIssue(first)
  const path = issue.path.length === 0 ? '(message)' : issue.path.map(String).join('.')
  return refused(cut(path, 200), cut(issue.message, 200))
}
