import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import * as z from 'zod'
import { protocolPage } from '../scripts/protocol-page.ts'
import type { JsonSchema } from '../scripts/schema-text.ts'
import {
  type ClientEventName,
  clientEvents,
  commonErrorCodes,
  errorCodes,
  guestRequestSchema,
  handshakeSchema,
  limits,
  serverEvents,
  textSchema,
  validate,
} from '../src/index.ts'

const names = Object.keys(clientEvents) as ClientEventName[]
const fromClients: readonly (readonly [string, z.ZodType])[] = [
  ...names.map((name) => [name, clientEvents[name].request] as const),
  ['handshake', handshakeSchema],
  ['guest', guestRequestSchema],
]

/** Every schema below one, with its path. */
const walk = (schema: JsonSchema, path: string): [string, JsonSchema][] => [
  [path, schema],
  ...Object.entries(schema.properties ?? {}).flatMap(([name, inner]) => walk(inner, `${path}.${name}`)),
  ...[...(schema.anyOf ?? []), ...(schema.oneOf ?? []), ...(schema.allOf ?? [])].flatMap((inner, index) =>
    walk(inner, `${path}|${index}`),
  ),
  ...(schema.items === undefined ? [] : walk(schema.items, `${path}[]`)),
  ...(typeof schema.additionalProperties === 'object' ? walk(schema.additionalProperties, `${path}{}`) : []),
]

describe.each(fromClients)('what a client sends as %s', (name, schema) => {
  const all = walk(z.toJSONSchema(schema, { io: 'input', reused: 'inline' }) as JsonSchema, name)

  test('holds no text and no list without a bound', () => {
    const unbounded = all.filter(
      ([, { type, maxLength, maxItems, enum: values, const: value }]) =>
        (type === 'string' && maxLength === undefined && values === undefined && value === undefined) ||
        (type === 'array' && maxItems === undefined),
    )
    expect(unbounded.map(([path]) => path)).toEqual([])
  })

  test('holds no object that takes unknown keys', () => {
    const open = all.filter(
      ([, { properties, additionalProperties }]) =>
        properties !== undefined && additionalProperties !== false,
    )
    expect(open.map(([path]) => path)).toEqual([])
  })

  test('never makes validate() throw, whatever comes', () => {
    fc.assert(
      fc.property(
        fc.anything({
          withNullPrototype: true,
          withBigInt: true,
          withMap: true,
          withDate: true,
          withTypedArray: true,
        }),
        (value) => {
          const checked = validate(schema, value)
          if (checked.ok) return
          expect(checked.error.code).toBe('invalidMessage')
          expect(JSON.stringify(checked.error).length).toBeLessThan(1000)
        },
      ),
      { numRuns: 200 },
    )
  })

  test('is refused with a key that reaches a prototype, at any depth', () => {
    for (const key of ['__proto__', 'constructor', 'prototype']) {
      const planted = JSON.parse(
        `{"${key}":{"polluted":true},"nested":{"${key}":{"polluted":true}}}`,
      ) as unknown
      expect(validate(schema, planted)).toMatchObject({
        ok: false,
        error: { details: { path: '(message)' } },
      })
    }
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined()
  })
})

describe('validate()', () => {
  const list = z.strictObject({ list: z.array(z.unknown()) })

  test('bounds depth and size before the schema looks', () => {
    const nest = (depth: number): unknown => (depth === 0 ? {} : { list: nest(depth - 1) })
    expect(validate(z.unknown(), nest(limits.depth - 2)).ok).toBe(true)
    expect(validate(z.unknown(), nest(limits.depth)).ok).toBe(false)
    expect(validate(list, { list: Array(limits.nodes - 10).fill(1) }).ok).toBe(true)
    expect(validate(list, { list: Array(limits.nodes).fill(1) }).ok).toBe(false)
  })

  test('takes plain JSON only', () => {
    for (const value of [
      new Date(),
      new Map(),
      Buffer.from('x'),
      new Uint8Array(1),
      Object.create({ inherited: 1 }),
    ]) {
      expect(validate(z.unknown(), value).ok).toBe(false)
    }
  })

  test('names the deepest path, also within a union', () => {
    const signal = { callId: 'c', signal: { type: 'description', description: { type: 'offer', sdp: 5 } } }
    expect(validate(clientEvents['call.signal'].request, signal)).toMatchObject({
      error: { details: { path: 'signal.description.sdp' } },
    })
    expect(
      validate(clientEvents['conversation.open'].request, { conversationId: 'a', after: -1 }),
    ).toMatchObject({
      error: { details: { path: 'after' } },
    })
  })

  test('fills defaults in', () => {
    expect(validate(clientEvents['conversation.history'].request, { conversationId: 'a' })).toMatchObject({
      value: { limit: limits.openPageSize },
    })
  })
})

describe('a text', () => {
  const isValid = (text: string): boolean => textSchema.safeParse(text).success

  test('is bounded in bytes of UTF-8, not in characters', () => {
    for (const [character, bytes] of [
      ['a', 1],
      ['ß', 2],
      ['न', 3],
      ['🙂', 4],
    ] as const) {
      const most = limits.textBytes / bytes
      expect([character, isValid(character.repeat(Math.floor(most)))]).toEqual([character, true])
      expect([character, isValid(character.repeat(Math.floor(most) + 1))]).toEqual([character, false])
    }
  })

  test('is valid exactly when its UTF-8 fits and it is well formed', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', minLength: 1, maxLength: 50 }), (text) => {
        expect(isValid(text)).toBe(text.isWellFormed())
      }),
    )
  })
})

describe('the registry', () => {
  test('names only error codes of the table, and the common ones nowhere twice', () => {
    for (const name of names) {
      for (const code of clientEvents[name].errors) {
        expect(Object.keys(errorCodes)).toContain(code)
        expect(commonErrorCodes).not.toContain(code)
      }
    }
  })

  test('describes every event', () => {
    const undescribed = Object.entries({ ...clientEvents, ...serverEvents }).filter(
      ([, { description }]) => description.length < 10,
    )
    expect(undescribed).toEqual([])
  })

  test('docs/protocol.md is what the schemas say (node packages/protocol/scripts/write-docs.ts)', () => {
    expect(readFileSync(new URL('../../../docs/protocol.md', import.meta.url), 'utf8')).toBe(protocolPage())
  })
})
