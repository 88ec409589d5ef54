import { Bottleneck, SeededRandom, TcpFlow, VirtualTime } from '@sangam/testkit/network'
import { describe, expect, test } from 'vitest'
import { SctpAssociation } from '../../../src/worker/sctp/association.ts'
import { DEFAULTS, RELIABLE } from './virtual-link.ts'

const RATE_BPS = 10_000_000
const DELAY_MS = 20
const SECONDS = 30
const MESSAGE = new Uint8Array(16_384)
/** UDP, IPv4, DTLS record: what a packet costs beside SCTP. */
const OVERHEAD_BYTES = 65

/** One association that always has something to send through a bottleneck; acknowledgements come back without loss. */
class SctpFlow {
  deliveredBytes = 0
  readonly sender: SctpAssociation

  constructor(time: VirtualTime, link: Bottleneck, seed: number) {
    const random = new SeededRandom(seed)
    const ends: SctpAssociation[] = []
    const nowMs = () => time.nowUs / 1000
    const end = (other: 0 | 1, carry: (bytes: Uint8Array, arrive: () => void) => void) =>
      new SctpAssociation(
        { ...DEFAULTS, random: (below) => Math.floor(random.uniform() * below) },
        {
          transmit: (bytes, length) => {
            const packet = bytes.slice(0, length)
            carry(packet, () => ends[other]?.receive(packet, 0, length, nowMs()))
          },
          stateChanged: () => {},
          message: (_stream, _ppid, payload) => {
            this.deliveredBytes += payload.length
          },
          streamsReset: () => {},
        },
      )
    ends.push(
      end(1, (packet, arrive) => link.send(packet.length + OVERHEAD_BYTES, DELAY_MS, arrive)),
      end(0, (_packet, arrive) => time.after(DELAY_MS * 1000, arrive)),
    )
    this.sender = ends[0] as SctpAssociation
    const feed = () => {
      while (this.sender.bufferedBytes < 500_000) this.sender.send(1, 53, MESSAGE, RELIABLE, nowMs())
    }
    feed()
    for (const association of ends) association.connect(nowMs())
    time.every(20_000, () => {
      for (const association of ends) association.tick(nowMs())
      feed()
    })
  }
}

function network(queueMs: number, lossShare = 0) {
  const time = new VirtualTime()
  const options = { rates: [{ fromSeconds: 0, bps: RATE_BPS }], queueMs, jitterMs: 0, lossShare }
  return { time, link: new Bottleneck(time, new SeededRandom(7), options) }
}

describe('through a link of 10 Mbit/s and 40 ms', () => {
  test.each([
    [20, 0],
    [40, 0],
    [200, 0],
    [40, 0.01],
  ])(
    'with a queue of %i ms and %f of the packets lost, one association uses at least 85 %%',
    (queueMs, lossShare) => {
      const { time, link } = network(queueMs, lossShare)
      const flow = new SctpFlow(time, link, 1)
      time.runUntil(SECONDS * 1e6)
      const share = (flow.deliveredBytes * 8) / SECONDS / RATE_BPS
      expect(share).toBeGreaterThan(0.85)
      expect(share).toBeLessThanOrEqual(1)
    },
  )

  // The TCP of this network has no selective acknowledgements: in deeper queues, where an overflow takes many packets, it falls behind
  // whatever the other does.
  test.each([
    [10, 0.25],
    [20, 0.4],
    [40, 0.4],
  ])(
    'with a queue of %i ms it leaves a TCP connection beside it a share of %f at least',
    (queueMs, least) => {
      const { time, link } = network(queueMs)
      const tcp = new TcpFlow(time, link, DELAY_MS, Number.POSITIVE_INFINITY)
      tcp.start()
      const flow = new SctpFlow(time, link, 1)
      time.runUntil(SECONDS * 1e6)
      const tcpShare = tcp.deliveredBytes / (tcp.deliveredBytes + flow.deliveredBytes)
      expect(tcpShare).toBeGreaterThan(least)
      expect(tcpShare).toBeLessThan(0.65)
    },
  )

  test('two associations share it within 60:40', () => {
    const { time, link } = network(40)
    const flows = [new SctpFlow(time, link, 1), new SctpFlow(time, link, 2)]
    time.runUntil(SECONDS * 1e6)
    const [one = 0, other = 0] = flows.map(({ deliveredBytes }) => deliveredBytes)
    expect(one / (one + other)).toBeGreaterThan(0.4)
    expect(one / (one + other)).toBeLessThan(0.6)
  })
})
