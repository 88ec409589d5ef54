import { describe, expect, test } from 'vitest'
import type {
  AllocationReason,
  AvailableLayer,
  LayerChoice,
} from '../../src/worker/congestion/bitrate-allocation.ts'
import {
  type GrantedLayers,
  LayerAllocation,
  type LayerDemand,
  type LayeredConsumer,
} from '../../src/worker/congestion/layer-allocation.ts'

const SIMULCAST: readonly AvailableLayer[] = [
  { spatial: 0, temporal: 0, bitrateBps: 100_000 },
  { spatial: 1, temporal: 0, bitrateBps: 400_000 },
  { spatial: 2, temporal: 0, bitrateBps: 1_200_000 },
]

class FakeConsumer implements LayeredConsumer {
  priority = 1
  wanted = true
  usesTransportCc = true
  bitrateBps = 0
  preferred: LayerChoice | undefined
  allocationReason: AllocationReason | undefined
  readonly grants: GrantedLayers[] = []
  readonly id: string
  layers: readonly AvailableLayer[]

  constructor(id: string, layers: readonly AvailableLayer[] = SIMULCAST) {
    this.id = id
    this.layers = layers
  }

  layerDemand(): LayerDemand {
    return { layers: this.layers, ...(this.preferred === undefined ? {} : { preferred: this.preferred }) }
  }

  setTargetLayers(grant: GrantedLayers): void {
    this.grants.push(grant)
  }
}

describe('LayerAllocation', () => {
  test('tells a consumer what it is granted once, and again when that changes', () => {
    const consumer = new FakeConsumer('a')
    const allocation = new LayerAllocation()
    for (const bps of [500_000, 510_000, 490_000, 2_000_000, 2_000_000]) allocation.apply([consumer], bps)
    expect(consumer.grants).toEqual([
      { spatialLayer: 1, temporalLayer: 0 },
      { spatialLayer: 2, temporalLayer: 0 },
    ])
    expect(consumer.allocationReason).toBe('preferred')
  })

  test('an estimate that swings by a tenth around a layer switches once, not with every swing', () => {
    const consumer = new FakeConsumer('a')
    const allocation = new LayerAllocation()
    for (let i = 0; i < 20; i++) allocation.apply([consumer], i % 2 === 0 ? 1_250_000 : 1_380_000)
    expect(consumer.grants).toHaveLength(1)
    expect(consumer.allocationReason).toBe('hysteresis')
  })

  test('what has no layers is taken off first', () => {
    const consumer = new FakeConsumer('a')
    const audio = new FakeConsumer('audio', [])
    audio.bitrateBps = 100_000
    new LayerAllocation().apply([audio, consumer], 500_000)
    expect(audio.grants).toEqual([])
    expect(audio.allocationReason).toBeUndefined()
    expect(consumer.grants).toEqual([{ spatialLayer: 0, temporalLayer: 0 }])
    expect(consumer.allocationReason).toBe('bandwidth')
  })

  test('what the estimate leaves out is not taken off it again', () => {
    const consumer = new FakeConsumer('a')
    const audio = new FakeConsumer('audio', [])
    audio.bitrateBps = 100_000
    audio.usesTransportCc = false
    const allocation = new LayerAllocation()
    allocation.apply([audio, consumer], 510_000)
    allocation.apply([audio, consumer], 510_000, 'withoutTransportCc')
    audio.usesTransportCc = true
    allocation.apply([audio, consumer], 510_000, 'withoutTransportCc')
    expect(consumer.grants.map((grant) => (grant === 'none' ? -1 : grant.spatialLayer))).toEqual([0, 1, 0])
  })

  test('a paused consumer takes nothing from the others', () => {
    const paused = new FakeConsumer('paused')
    paused.wanted = false
    const consumer = new FakeConsumer('a')
    new LayerAllocation().apply([paused, consumer], 600_000)
    expect(paused.grants).toEqual([])
    expect(consumer.grants).toEqual([{ spatialLayer: 1, temporalLayer: 0 }])
  })

  test('nobody is granted more than preferred', () => {
    const consumer = new FakeConsumer('a')
    consumer.preferred = { spatial: 1, temporal: 0 }
    new LayerAllocation().apply([consumer], 9_000_000)
    expect(consumer.grants).toEqual([{ spatialLayer: 1, temporalLayer: 0 }])
    expect(consumer.allocationReason).toBe('preferred')
  })

  test('nothing is granted where not even the lowest layer fits', () => {
    const consumer = new FakeConsumer('a')
    new LayerAllocation().apply([consumer], 50_000)
    expect(consumer.grants).toEqual(['none'])
    expect(consumer.allocationReason).toBe('starved')
  })
})
