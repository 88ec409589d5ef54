import { describe, expect, test } from 'vitest'
import { chooseLayers, type OfferedLayer } from '../../src/worker/layers/layer-choice.ts'

const pair = (spatialLayer: number, temporalLayer: number) => ({ spatialLayer, temporalLayer })
const offered = (...live: boolean[]): OfferedLayer[] => live.map((isLive) => ({ isLive, temporalLayers: 3 }))
const ALL = offered(true, true, true)

describe('chooseLayers()', () => {
  test.each([
    ['the preferred layers, where nothing limits them', ALL, pair(1, 1), 'unlimited', pair(1, 1)],
    ['the granted layers below the preferred ones', ALL, pair(2, 2), pair(0, 1), pair(0, 1)],
    ['the preferred layers below the granted ones', ALL, pair(0, 0), pair(2, 2), pair(0, 0)],
    ['the lower temporal layer of the same spatial one', ALL, pair(1, 2), pair(1, 0), pair(1, 0)],
    ['nothing, where nothing is granted', ALL, pair(2, 2), 'none', undefined],
    [
      'the next lower live layer at full frame rate',
      offered(true, true, false),
      pair(2, 0),
      'unlimited',
      pair(1, 2),
    ],
    [
      'a higher layer, where no lower one is live',
      offered(false, true, true),
      pair(0, 0),
      'unlimited',
      pair(1, 2),
    ],
    ['nothing, where nothing is live', offered(false, false, false), pair(2, 2), 'unlimited', undefined],
    [
      'no more temporal layers than there are',
      [{ isLive: true, temporalLayers: 1 }],
      pair(0, 2),
      'unlimited',
      pair(0, 0),
    ],
  ] as const)('%s', (_what, layers, preferred, grant, chosen) => {
    expect(chooseLayers(layers, preferred, grant)).toEqual(chosen)
  })
})
