import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  type AllocationRequest,
  type AvailableLayer,
  allocateBitrate,
} from '../../src/worker/congestion/bitrate-allocation.ts'

const LAYERS: readonly AvailableLayer[] = [
  { spatial: 0, temporal: 0, bitrateBps: 100_000 },
  { spatial: 1, temporal: 0, bitrateBps: 400_000 },
  { spatial: 2, temporal: 0, bitrateBps: 1_200_000 },
]
const AUDIO: readonly AvailableLayer[] = [{ spatial: 0, temporal: 0, bitrateBps: 40_000 }]

function request(consumerId: string, rest: Partial<AllocationRequest> = {}): AllocationRequest {
  return { consumerId, priority: 1, layers: LAYERS, ...rest }
}

/** "id:spatial:reason" of each, "-" for nothing. */
function allocate(requests: readonly AllocationRequest[], bps: number): string[] {
  return allocateBitrate(requests, bps).map((a) => `${a.consumerId}:${a.target?.spatial ?? '-'}:${a.reason}`)
}

describe('allocateBitrate()', () => {
  test('everybody gets a lowest layer before anybody gets two', () => {
    expect(allocate([request('a'), request('b'), request('c')], 320_000)).toEqual([
      'a:0:bandwidth',
      'b:0:bandwidth',
      'c:0:bandwidth',
    ])
  })

  test('equal priorities grow in turns', () => {
    expect(allocate([request('a'), request('b')], 1_000_000)).toEqual(['a:1:bandwidth', 'b:1:bandwidth'])
  })

  test('a higher priority is served to its end first, but takes nobody the lowest layer', () => {
    expect(allocate([request('low'), request('high', { priority: 10 })], 1_500_000)).toEqual([
      'low:0:bandwidth',
      'high:2:preferred',
    ])
  })

  test('a pinned consumer comes before all, and audio with it', () => {
    const pinned = request('pinned', { pinned: true, preferred: { spatial: 1, temporal: 0 } })
    const audio = request('audio', { pinned: true, priority: 255, layers: AUDIO })
    expect(allocate([request('other', { priority: 200 }), pinned, audio], 510_000)).toEqual([
      'other:-:starved',
      'pinned:1:preferred',
      'audio:0:preferred',
    ])
  })

  test('nobody gets more than preferred; what the producer lacks is said', () => {
    expect(allocate([request('a', { preferred: { spatial: 1, temporal: 0 } })], 9e6)).toEqual([
      'a:1:preferred',
    ])
    expect(allocate([request('a', { preferred: { spatial: 2, temporal: 2 } })], 9e6)).toEqual([
      'a:2:highestAvailable',
    ])
  })

  test('a layer that one has is kept as long as it fits; a new one needs 15 % to spare', () => {
    const bps = 1_250_000
    expect(allocate([request('a', { current: { spatial: 2, temporal: 0 } })], bps)).toEqual(['a:2:preferred'])
    expect(allocate([request('a', { current: { spatial: 1, temporal: 0 } })], bps)).toEqual([
      'a:1:hysteresis',
    ])
    expect(allocate([request('a', { current: { spatial: 1, temporal: 0 } })], 1_380_000)).toEqual([
      'a:2:preferred',
    ])
    expect(allocate([request('a', { current: { spatial: 2, temporal: 0 } })], 1_199_999)).toEqual([
      'a:1:bandwidth',
    ])
  })

  test('nothing to send and nothing to send it with are different things', () => {
    expect(allocate([request('a', { layers: [] }), request('b')], 50_000)).toEqual([
      'a:-:noLayers',
      'b:-:starved',
    ])
  })

  const anyRequest = fc.record({
    consumerId: fc.string(),
    priority: fc.integer({ min: 1, max: 3 }),
    pinned: fc.boolean(),
    layers: fc.array(fc.integer({ min: 1, max: 1_000_000 }), { maxLength: 5 }).map((steps) =>
      steps.map((_, i) => ({
        spatial: i,
        temporal: 0,
        bitrateBps: steps.slice(0, i + 1).reduce((x, y) => x + y),
      })),
    ),
  })

  test('never spends more than there is, and answers everybody in order', () => {
    fc.assert(
      fc.property(
        fc.array(anyRequest, { maxLength: 8 }),
        fc.integer({ min: 0, max: 5_000_000 }),
        (requests, bps) => {
          const spent = allocateBitrate(requests, bps).reduce((sum, a) => sum + a.bitrateBps, 0)
          expect(spent).toBeLessThanOrEqual(bps)
          expect(allocateBitrate(requests, bps).map((a) => a.consumerId)).toEqual(
            requests.map((r) => r.consumerId),
          )
        },
      ),
    )
  })
})
