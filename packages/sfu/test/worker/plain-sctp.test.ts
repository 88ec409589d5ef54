import { describe, expect, test } from 'vitest'
import type { AddressedTransport } from '../../src/worker/transport/addressed-transport.ts'
import { EngineFixture } from './engine-fixture.ts'

const SCTP = {
  maxSendMessageSize: 300_000,
  maxReceiveMessageSize: 300_000,
  sendBufferSize: 2_000_000,
  perStreamSendQueueLimit: 2_000_000,
  maxReceiverWindowBufferSize: 5_242_880,
  bufferedAmountLowThreshold: 1024,
}
const IP = '127.0.0.1'

/** Two PlainTransports of one engine, each other's peer, in two routers; and what carries packets between them. */
class PlainPair {
  readonly fixture = new EngineFixture()
  readonly near: AddressedTransport
  readonly far: AddressedTransport

  constructor() {
    const { engine } = this.fixture
    engine.createRouter('elsewhere')
    const create = (routerId: string, transportId: string) =>
      engine.createPlainTransport({
        routerId,
        transportId,
        listenInfo: { protocol: 'udp', ip: IP, port: 0 },
        comedia: false,
        sctp: SCTP,
      })
    this.near = create('router', 'near')
    this.far = create('elsewhere', 'far')
    engine.createDirectTransport({ routerId: 'router', transportId: 'in', maxReceiveMessageSize: 300_000 })
    engine.createDirectTransport({ routerId: 'elsewhere', transportId: 'out', maxSendMessageSize: 300_000 })
  }

  connect(): void {
    this.near.connect({ ip: IP, port: this.far.listener.port })
    this.far.connect({ ip: IP, port: this.near.listener.port })
    this.shuttle()
  }

  /** Brings packets to the other side until there are none. */
  shuttle(): void {
    const { port, context } = this.fixture
    for (;;) {
      context.plan.flush()
      const packets = port.applicationData.splice(0)
      if (packets.length === 0) return
      for (const { session, bytes } of packets) {
        port.addApplicationData(session === this.near.session ? this.far.session : this.near.session, bytes)
        this.fixture.run()
      }
    }
  }

  /** A channel from `in` over the pair to `out`. */
  channel(streamId: number, id: string): void {
    const { data } = this.fixture.engine
    const common = { label: 'l', protocol: 'p', paused: false, subchannels: [] }
    const stream = { type: 'sctp', sctpStreamParameters: { streamId, ordered: true } } as const
    data.produce({ ...common, transportId: 'in', dataProducerId: `${id}-in`, type: 'direct' })
    data.consume({
      ...common,
      ...stream,
      transportId: 'near',
      dataConsumerId: `${id}-near`,
      dataProducerId: `${id}-in`,
    })
    data.produce({ ...common, ...stream, transportId: 'far', dataProducerId: `${id}-far` })
    data.consume({
      ...common,
      transportId: 'out',
      dataConsumerId: `${id}-out`,
      dataProducerId: `${id}-far`,
      type: 'direct',
    })
  }

  send(id: string, message: Uint8Array): void {
    this.fixture.engine.data.send(`${id}-in`, { ppid: 53, message, subchannels: [] })
    this.shuttle()
  }

  received(id: string): Uint8Array[] {
    return this.fixture.events
      .filter(({ event, target }) => event === 'dataConsumer.message' && target === `${id}-out`)
      .map(({ data }) => (data as { message: Uint8Array }).message)
  }

  states(transportId: string): string[] {
    return this.fixture.events
      .filter(({ event, target }) => event === 'transport.sctpState' && target === transportId)
      .map(({ data }) => (data as { sctpState: string }).sctpState)
  }
}

describe('SCTP between two PlainTransports', () => {
  test('connects once both know their peer, with checksums, and brings messages of 256 KiB', () => {
    const pair = new PlainPair()
    expect(pair.fixture.port.sessions[pair.near.session]?.carriesSctp).toBe(true)
    expect(pair.states('near')).toEqual([])
    pair.connect()
    expect([pair.states('near'), pair.states('far')]).toEqual([
      ['connecting', 'connected'],
      ['connecting', 'connected'],
    ])
    pair.channel(7, 'a')
    const message = Uint8Array.from({ length: 262_144 }, (_, i) => (i * 7) & 0xff)
    pair.send('a', message)
    expect(pair.received('a')).toEqual([message])
    expect(pair.near.dump()).toMatchObject({ sctpState: 'connected', dataConsumerIds: ['a-near'] })
    expect(pair.far.stats(0)).toMatchObject([{ sctpState: 'connected' }])
  })

  test('a packet with a wrong checksum is dropped', () => {
    const pair = new PlainPair()
    pair.connect()
    pair.channel(7, 'a')
    const { port, engine, context } = pair.fixture
    engine.data.send('a-in', { ppid: 53, message: Uint8Array.of(1), subchannels: [] })
    context.plan.flush()
    const [packet] = port.applicationData.splice(0)
    const broken = Uint8Array.from(packet!.bytes)
    broken[broken.length - 1] = (broken[broken.length - 1] ?? 0) ^ 1
    port.addApplicationData(pair.far.session, broken)
    pair.fixture.run()
    expect(pair.received('a')).toEqual([])
    expect(pair.far.sctp?.association.droppedPackets).toBe(1)
  })

  test('a DataConsumer that closes ends its stream in one direction only', () => {
    const pair = new PlainPair()
    pair.connect()
    pair.channel(7, 'a')
    const { engine } = pair.fixture
    // The same stream the other way belongs to somebody else.
    const back = pair.far.sctp!.association
    back.send(7, 53, Uint8Array.of(1), { unordered: false, maxRetransmits: -1, expiresMs: Infinity }, 0)
    engine.data.closeConsumer(engine.data.consumers.get('a-near')!)
    pair.shuttle()
    expect(back.stream(7).resetting).toBe(false)
    pair.fixture.tick(500)
    pair.shuttle()
    expect(back.stream(7).nextSequence).toBe(1)
  })

  test('ends for the peer when one of them closes', () => {
    const pair = new PlainPair()
    pair.connect()
    pair.fixture.engine.closeTransport('near')
    const [last] = pair.fixture.port.applicationData.splice(0)
    pair.fixture.port.addApplicationData(pair.far.session, last!.bytes)
    pair.fixture.run()
    expect(pair.states('far').at(-1)).toBe('closed')
  })
})

describe('the clock', () => {
  test('is wanted while something is unanswered, and not by an idle or closed association', () => {
    const pair = new PlainPair()
    const { impatient } = pair.fixture.context
    expect(impatient.size).toBe(0)
    pair.connect()
    pair.channel(7, 'a')
    expect(impatient.size).toBe(0)
    pair.fixture.engine.data.send('a-in', { ppid: 53, message: Uint8Array.of(1), subchannels: [] })
    expect(impatient.size).toBe(1)
    pair.shuttle()
    expect(impatient.size).toBe(0)
    pair.fixture.engine.data.send('a-in', { ppid: 53, message: Uint8Array.of(1), subchannels: [] })
    pair.fixture.engine.closeTransport('near')
    expect(impatient.size).toBe(0)
  })
})
