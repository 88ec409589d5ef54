import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  canConsume,
  generateRouterRtpCapabilities,
  getConsumableRtpParameters,
  getConsumerRtpParameters,
  getProducerRtpParametersMapping,
  type RtpCapabilities,
  type RtpParameters,
  UnsupportedError,
  validateAndNormalizeRtpCapabilities,
  validateAndNormalizeRtpParameters,
} from '../src/index.ts'
import { chromiumCapabilities, opusParameters, routerCapabilities, simulcastParameters } from './fixtures.ts'

/** What JSON from a stranger may hold in the place of anything. */
const strange = fc.oneof(
  fc.constantFrom(null, true, -1, 0, 1.5, 2 ** 40, Number.NaN, '', 'audio', 'video/VP8', '__proto__', [], {}),
  fc.string({ maxLength: 12 }),
  fc.array(fc.anything({ maxDepth: 1 }), { maxLength: 3 }),
  fc.dictionary(fc.constantFrom('mimeType', 'kind', '__proto__', 'apt', 'constructor'), fc.string(), {
    maxKeys: 3,
  }),
)

/** Every path to a value, the inner ones too. */
function pathsOf(value: unknown, path: readonly string[] = []): string[][] {
  if (typeof value !== 'object' || value === null) return [[...path]]
  const below = Object.entries(value).flatMap(([key, inner]) => pathsOf(inner, [...path, key]))
  return path.length === 0 ? below : [[...path], ...below]
}

function change(root: object, path: readonly string[], value: unknown, remove: boolean): void {
  let at = root as Record<string, unknown>
  for (const key of path.slice(0, -1)) {
    const next = at[key]
    // An earlier change of the same round cut this branch off.
    if (typeof next !== 'object' || next === null) return
    at = next as Record<string, unknown>
  }
  const last = path.at(-1)
  if (last === undefined) return
  // JSON has no arrays with holes: an earlier change may have taken elements out.
  if (Array.isArray(at)) {
    if (remove) at.splice(Number(last), 1)
    else at[Math.min(Number(last), at.length)] = value
  } else if (remove) delete at[last]
  else at[last] = value
}

function spoilt<T extends object>(make: () => T): fc.Arbitrary<T> {
  const paths = pathsOf(make())
  const edits = fc.array(fc.tuple(fc.nat(paths.length - 1), strange, fc.boolean()), {
    minLength: 1,
    maxLength: 4,
  })
  return edits.map((list) => {
    const copy = structuredClone(make())
    for (const [index, value, remove] of list) change(copy, paths[index] ?? [], value, remove)
    return copy
  })
}

/** Runs something that may refuse its input, but only with one of the two errors that callers know. */
function mayRefuse(run: () => void): void {
  try {
    run()
  } catch (error) {
    if (error instanceof UnsupportedError) return
    expect(error).toBeInstanceOf(TypeError)
    // A TypeError of the engine's own ("Cannot read properties of undefined") would be a mistake here, not an answer.
    expect((error as TypeError).message).not.toMatch(/Cannot|is not a function|not iterable|undefined \(/)
  }
}

test('parameters with anything in any place are taken or refused with a reason, and never change Object.prototype', () => {
  fc.assert(
    fc.property(fc.oneof(spoilt(simulcastParameters), spoilt(opusParameters)), (parameters) => {
      mayRefuse(() => {
        const router = routerCapabilities()
        const mine = parameters as RtpParameters
        validateAndNormalizeRtpParameters(mine)
        const mapping = getProducerRtpParametersMapping(mine, router)
        const consumable = getConsumableRtpParameters('video', mine, router, mapping)
        const theirs = chromiumCapabilities()
        validateAndNormalizeRtpCapabilities(theirs)
        if (canConsume(consumable, theirs)) {
          getConsumerRtpParameters({
            consumableRtpParameters: consumable,
            remoteRtpCapabilities: theirs,
            pipe: false,
            enableRtx: true,
          })
        }
      })
      expect(({} as Record<string, unknown>).mimeType).toBeUndefined()
    }),
    { numRuns: 2000 },
  )
})

test('capabilities with anything in any place are taken or refused with a reason', () => {
  fc.assert(
    fc.property(spoilt(chromiumCapabilities), (capabilities) => {
      mayRefuse(() => {
        const router = routerCapabilities()
        const mine = simulcastParameters()
        validateAndNormalizeRtpParameters(mine)
        const consumable = getConsumableRtpParameters(
          'video',
          mine,
          router,
          getProducerRtpParametersMapping(mine, router),
        )
        validateAndNormalizeRtpCapabilities(capabilities as RtpCapabilities)
        canConsume(consumable, capabilities as RtpCapabilities)
      })
    }),
    { numRuns: 1000 },
  )
})

test("a router's codecs with anything in any place are taken or refused with a reason", () => {
  const codecs = () => [
    {
      kind: 'audio',
      mimeType: 'audio/opus',
      clockRate: 48_000,
      channels: 2,
      parameters: { useinbandfec: 1 },
    },
    { kind: 'video', mimeType: 'video/VP8', clockRate: 90_000, rtcpFeedback: [{ type: 'nack' }] },
  ]
  fc.assert(
    fc.property(spoilt(codecs), (list) => {
      mayRefuse(() =>
        generateRouterRtpCapabilities(list as Parameters<typeof generateRouterRtpCapabilities>[0]),
      )
    }),
    { numRuns: 1000 },
  )
})
