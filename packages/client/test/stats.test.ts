import { describe, expect, test } from 'vitest'
import { connectionInfoOf, type StatsRecord, sampleOf, summarizeStats } from '../src/media/stats.ts'

type Fields = Record<string, unknown>

const report = (...records: Fields[]): [string, Fields][] => records.map((one) => [one.id as string, one])
const sample = (atMs: number, ...records: Fields[]) =>
  sampleOf([{ prefix: '', report: report(...records) }], atMs)
const ownerOf = (record: StatsRecord) => ({ trackId: record.id })

/** One connection as Chromium reports it. */
const connection = (sent: number, received: number, localType = 'host', remoteType = 'host'): Fields[] => [
  { id: 'T', type: 'transport', selectedCandidatePairId: 'P' },
  {
    id: 'P',
    type: 'candidate-pair',
    bytesSent: sent,
    bytesReceived: received,
    currentRoundTripTime: 0.025,
    localCandidateId: 'L',
    remoteCandidateId: 'R',
  },
  {
    id: 'L',
    type: 'local-candidate',
    candidateType: localType,
    protocol: 'udp',
    address: '10.0.0.1',
    port: 5000,
  },
  { id: 'R', type: 'remote-candidate', candidateType: remoteType, protocol: 'udp' },
]

describe('media statistics', () => {
  test('rates are of the span between two samples, totals those of the transport', () => {
    const before = sample(1_000, ...connection(0, 0), {
      id: 'O',
      type: 'outbound-rtp',
      kind: 'video',
      bytesSent: 0,
    })
    const after = sample(3_000, ...connection(25_000, 5_000), {
      id: 'O',
      type: 'outbound-rtp',
      kind: 'video',
      bytesSent: 20_000,
      frameWidth: 640,
    })
    expect(summarizeStats(before, after, ownerOf)).toEqual({
      uploadBps: 100_000,
      downloadBps: 20_000,
      rttMs: 25,
      uploadedStreams: 1,
      downloadedStreams: 0,
      tracks: [{ trackId: 'O', kind: 'video', direction: 'upload', bitrateBps: 80_000, width: 640 }],
    })
  })

  test('the first sample has no rates, and a counter that went back gives none either', () => {
    const first = sample(0, ...connection(500, 500))
    expect(summarizeStats(undefined, first, ownerOf).uploadBps).toBe(0)
    expect(summarizeStats(first, sample(1_000, ...connection(100, 900)), ownerOf)).toMatchObject({
      uploadBps: 0,
      downloadBps: 3_200,
    })
  })

  test('two transports are added up although their ids are the same, and the longer way counts', () => {
    const both = (sent: number) =>
      sampleOf(
        [
          { prefix: 'send:', report: report(...connection(sent, 0)) },
          { prefix: 'receive:', report: report(...connection(sent, 0)) },
        ],
        sent,
      )
    expect(summarizeStats(both(0), both(1_000), ownerOf)).toMatchObject({ uploadBps: 16_000, rttMs: 25 })
  })

  test('a muted stream does not count as an uploaded one', () => {
    const muted = (bytesSent: number, atMs: number) =>
      sample(atMs, { id: 'O', type: 'outbound-rtp', kind: 'audio', bytesSent })
    expect(summarizeStats(muted(0, 0), muted(60, 1_000), ownerOf).uploadedStreams).toBe(0)
    expect(summarizeStats(muted(0, 0), muted(3_000, 1_000), ownerOf).uploadedStreams).toBe(1)
  })

  test.each([
    ['host', 'host', 'direct'],
    ['srflx', 'prflx', 'direct'],
    ['relay', 'host', 'relayed'],
    ['host', 'relay', 'relayed'],
  ])('a pair of %s and %s is %s', (local, remote, path) => {
    const info = connectionInfoOf(sample(0, ...connection(0, 0, local, remote)), 'Ravi')
    expect(info).toMatchObject({ path, protocol: 'udp', rttMs: 25, local: { type: local, port: 5000 } })
    expect(info.description).toContain('Ravi')
  })

  test('without a selected pair the path is unknown', () => {
    expect(connectionInfoOf(sample(0), 'Ravi').path).toBe('unknown')
  })
})
