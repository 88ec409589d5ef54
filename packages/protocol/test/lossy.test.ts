import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { addSender, decodeLossy, encodeLossy, isLossyFrame, type LossyJson, limits } from '../src/index.ts'

const topics = fc
  .string({ unit: 'binary', minLength: 1, maxLength: limits.lossyTopicBytes / 4 })
  .filter((topic) => topic.isWellFormed())
const payloads = fc.oneof(
  fc.uint8Array({ maxLength: limits.lossyPayloadBytes }),
  fc.jsonValue({ maxDepth: 2 }),
)

describe('a message that may get lost', () => {
  test('arrives as it was sent, with its sender', () => {
    void fc.assert(
      fc.property(topics, payloads, (topic, payload) => {
        const small = payload instanceof Uint8Array || JSON.stringify(payload).length < 300
        fc.pre(small)
        const frame = encodeLossy({ topic, payload: payload as LossyJson })
        expect(isLossyFrame(frame)).toBe(true)
        const expected = payload instanceof Uint8Array ? payload : JSON.parse(JSON.stringify(payload))
        expect(decodeLossy(addSender('p1', frame))).toEqual({ participantId: 'p1', topic, payload: expected })
      }),
    )
  })

  test('any bytes at all are decoded or refused, never thrown at', () => {
    void fc.assert(
      fc.property(fc.uint8Array({ maxLength: 1200 }), (bytes) => {
        const decoded = decodeLossy(bytes)
        expect(decoded === undefined || decoded.topic.length > 0).toBe(true)
      }),
    )
  })

  test.each([0, 1, limits.lossyPayloadBytes])('of %i bytes is as long as may be', (length) => {
    const frame = encodeLossy({ topic: 't', payload: new Uint8Array(length) })
    expect(isLossyFrame(frame)).toBe(true)
  })

  test('is refused when topic or payload are too long, on both sides', () => {
    const payload = new Uint8Array(limits.lossyPayloadBytes + 1)
    expect(() => encodeLossy({ topic: 't', payload })).toThrow(RangeError)
    expect(() => encodeLossy({ topic: 't'.repeat(limits.lossyTopicBytes + 1), payload: 1 })).toThrow(
      RangeError,
    )
    expect(() => encodeLossy({ topic: '', payload: 1 })).toThrow(RangeError)
    const whole = new Uint8Array(3 + payload.length)
    whole.set([1, 116, 0])
    expect(isLossyFrame(whole)).toBe(false)
  })
})
