import { expect, test } from 'vitest'
import { WorkerLog } from '../../src/worker/worker-log.ts'

function log(settings: ConstructorParameters<typeof WorkerLog>[0]): { lines: string[]; log: WorkerLog } {
  const lines: string[] = []
  return { lines, log: new WorkerLog(settings, (level, text) => lines.push(`${level} ${text}`)) }
}

test('a level lets itself and what is graver through; none lets nothing', () => {
  for (const [logLevel, expected] of [
    ['debug', ['debug 1', 'warn 2', 'error 3']],
    ['warn', ['warn 2', 'error 3']],
    ['error', ['error 3']],
    ['none', []],
  ] as const) {
    const { lines, log: worker } = log({ logLevel })
    worker.write('debug', '1')
    worker.write('warn', '2')
    worker.write('error', '3')
    expect(lines).toEqual(expected)
  }
})

test('what happens is logged at level debug, under its tag only', () => {
  const happen = (worker: WorkerLog): void => {
    worker.request('worker.dump')
    worker.event('transport.iceState', 't', { iceState: 'connected' })
    worker.event('consumer.layers', 'c', { layers: { spatialLayer: 1 } })
    worker.event('consumer.trace', 'c', {
      type: 'rtp',
      timestamp: 0,
      direction: 'out',
      info: { isRtx: true },
    })
    worker.event('producer.trace', 'p', { type: 'nack', timestamp: 0, direction: 'out', info: {} })
    worker.event('consumer.rtp', 'c', { packet: new Uint8Array(3) })
  }
  const eventsWith = (logTags: string[], logLevel: 'debug' | 'warn' = 'debug'): string[] => {
    const { lines, log: worker } = log({ logLevel, logTags })
    happen(worker)
    return lines.map((line) => line.split(':')[0]!.replace('debug ', ''))
  }
  expect(eventsWith([])).toEqual([])
  expect(eventsWith(['ice', 'info'])).toEqual(['request worker.dump', 'transport.iceState of t'])
  expect(eventsWith(['svc'])).toEqual(['consumer.layers of c'])
  expect(eventsWith(['rtx'])).toEqual(['consumer.trace of c'])
  expect(eventsWith(['rtcp'])).toEqual(['producer.trace of p'])
  expect(eventsWith(['ice', 'info', 'rtp', 'rtcp'], 'warn')).toEqual([])
})

test('updates change what they name and leave the rest', () => {
  const { lines, log: worker } = log({ logLevel: 'debug', logTags: ['ice'] })
  worker.update({ logTags: ['dtls'] })
  worker.event('transport.iceState', 't', { iceState: 'connected' })
  worker.event('transport.dtlsState', 't', { dtlsState: 'connected' })
  worker.update({ logLevel: 'none' })
  worker.event('transport.dtlsState', 't', { dtlsState: 'closed' })
  worker.update({ logLevel: 'debug' })
  worker.event('transport.dtlsState', 't', { dtlsState: 'closed' })
  expect(lines.map((line) => line.split(': ')[1])).toEqual([
    '{"dtlsState":"connected"}',
    '{"dtlsState":"closed"}',
  ])
})
