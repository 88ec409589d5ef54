import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import * as mediasoup from 'mediasoup'
import { describe, expect, test } from 'vitest'
import * as sangam from '../../src/index.ts'

const require = createRequire(import.meta.url)
const referenceFolder = dirname(require.resolve('mediasoup'))
const apiFolder = join(import.meta.dirname, '../../src/api')

/** The classes of a module of the reference, which its package does not export. */
function referenceClass(name: string): { prototype: object } {
  return require(join(referenceFolder, `${name}.js`))[`${name}Impl`]
}

/** Names of what a class and its bases have, without privates, internals and Node's emitter. */
function memberNames(prototype: object): Set<string> {
  const names = new Set<string>()
  for (let at = prototype; at !== Object.prototype && at !== null; at = Object.getPrototypeOf(at)) {
    for (const name of Object.getOwnPropertyNames(at)) names.add(name)
  }
  return names
}

const NOUNS = {
  Worker: ['worker', 'WorkerImpl'],
  WebRtcServer: ['webrtc-server', 'WebRtcServerImpl'],
  Router: ['router', 'RouterImpl'],
  WebRtcTransport: ['webrtc-transport', 'WebRtcTransportImpl'],
  PlainTransport: ['plain-transport', 'PlainTransportImpl'],
  PipeTransport: ['pipe-transport', 'PipeTransportImpl'],
  DirectTransport: ['direct-transport', 'DirectTransportImpl'],
  Producer: ['producer', 'ProducerImpl'],
  Consumer: ['consumer', 'ConsumerImpl'],
  DataProducer: ['data-producer', 'DataProducerImpl'],
  DataConsumer: ['data-consumer', 'DataConsumerImpl'],
  ActiveSpeakerObserver: ['active-speaker-observer', 'ActiveSpeakerObserverImpl'],
  AudioLevelObserver: ['audio-level-observer', 'AudioLevelObserverImpl'],
} as const
/** Of the reference's own making: how its objects find their counterparts, and each other. */
const INTERNAL =
  /ForTesting$|^(constructor|handle\w+|addPipeTransportPair|allocateSctpStreamId|createPipeTransportPair|workerDied)$/

describe('what the classes have at run time', () => {
  test.each(Object.entries(NOUNS))('%s has all that the reference has', async (name, [file, className]) => {
    const module = (await import(join(apiFolder, `${file}.ts`))) as Record<string, { prototype: object }>
    const ours = memberNames(module[className]!.prototype)
    const reference = [...memberNames(referenceClass(name).prototype)].filter((m) => !INTERNAL.test(m))
    expect(reference.length).toBeGreaterThan(8)
    expect(reference.filter((member) => !ours.has(member))).toEqual([])
  })

  test('a getter with a setter has both', () => {
    const names = Object.keys(NOUNS) as (keyof typeof NOUNS)[]
    for (const name of names) expect(memberNames(referenceClass(name).prototype)).toContain('appData')
  })
})

/** Names of the types that a declaration file exports. */
function exportedTypes(file: string): string[] {
  const text = readFileSync(file, 'utf8')
  const declared = [...text.matchAll(/^export (?:declare )?(?:type|interface|class) (\w+)/gm)]
  const listed = [...text.matchAll(/^export (?:type )?\{([^}]*)\}/gm)]
  return [
    ...declared.map(([, name]) => name!),
    ...listed.flatMap(([, names]) => names!.split(',').map((name) => name.trim())),
  ]
}

/** Files that a module of re-exported types names. */
function namedFiles(text: string): string[] {
  return [...text.matchAll(/from '\.\/([\w-]+(?:\.ts)?)'/g)].map(([, name]) => name!)
}

test('every type that the reference exports is exported here', () => {
  const types = readFileSync(join(referenceFolder, 'types.d.ts'), 'utf8')
  const wanted = namedFiles(types).flatMap((name) => exportedTypes(join(referenceFolder, `${name}.d.ts`)))
  expect(wanted.length).toBeGreaterThan(150)
  const own = readFileSync(join(apiFolder, 'types.ts'), 'utf8')
  const ours = new Set([
    ...namedFiles(own).flatMap((name) => exportedTypes(join(apiFolder, name))),
    ...exportedTypes(join(apiFolder, 'types.ts')),
  ])
  // `Index` is the type of the reference's module object.
  expect(wanted.filter((name) => name !== 'Index' && !ours.has(name)).sort()).toEqual([])
})

describe('what the module exports', () => {
  test('functions that need no worker answer alike', () => {
    for (const mode of ['L1T3', 'L3T3_KEY', 'S2T1', 'L10T10', 'nonsense', undefined]) {
      expect(sangam.parseScalabilityMode(mode)).toEqual(mediasoup.parseScalabilityMode(mode))
    }
    expect(typeof sangam.workerBin).toBe(typeof mediasoup.workerBin)
    expect(typeof sangam.version).toBe(typeof mediasoup.version)
    expect(() => sangam.setLogEventListeners()).not.toThrow()
  })

  test('every codec and header extension of the reference is supported', () => {
    const reference = mediasoup.getSupportedRtpCapabilities()
    const ours = sangam.getSupportedRtpCapabilities()
    const codec = ({ mimeType, clockRate, channels = 1 }: (typeof reference.codecs & object)[number]) =>
      `${mimeType.toLowerCase()}/${clockRate}/${channels}`
    const codecs = new Set(ours.codecs?.map(codec))
    expect(reference.codecs?.map(codec).filter((name) => !codecs.has(name))).toEqual([])
    const extension = ({ kind, uri }: (typeof reference.headerExtensions & object)[number]) =>
      `${kind} ${uri}`
    const extensions = new Set(ours.headerExtensions?.map(extension))
    // The reference's own, for pipes between its routers.
    const isPublic = (name: string): boolean => !name.includes('urn:mediasoup:')
    expect(
      reference.headerExtensions?.map(extension).filter((name) => isPublic(name) && !extensions.has(name)),
    ).toEqual([])
  })

  test('errors have the names of the reference', () => {
    for (const name of Object.keys(mediasoup.errors) as (keyof typeof mediasoup.errors)[]) {
      const reference = new mediasoup.errors[name]('why')
      expect(new sangam.errors[name]('why')).toMatchObject({ name: reference.name, message: 'why' })
    }
  })
})
